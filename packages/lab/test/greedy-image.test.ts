/** @file Greedy PIG on pictures: curves against core's metrics, orders, statistics, and a whole study in small, gone on with. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fitPicture, type Model, measure } from '@ascribe/core'
import { load, nodeRuntime } from '@ascribe/core/node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Statistics } from '../src/greedy/image/analysis.js'
import { contestantCost } from '../src/greedy/image/contestants.js'
import { coursesOf, curvesOf } from '../src/greedy/image/curves.js'
import { openImages } from '../src/greedy/image/images.js'
import { featureOrder, orderMap } from '../src/greedy/image/order.js'
import { curveKinds, imageMetrics, isTrained, metricValue } from '../src/greedy/image/scores.js'
import { mosaicCells } from '../src/greedy/image/stages/mosaics.js'
import { makeSubject, type Subject } from '../src/greedy/image/subject.js'
import { assembleImageReport, imagePresetNamed, renderImageReport, runImageStudy } from '../src/index.js'
import { spread } from '../src/order.js'

const path = fileURLToPath(new URL('../../../examples/models/resnet-obj.onnx', import.meta.url))
const runtime = nodeRuntime({ threads: 1 })
const main = { contestant: 'greedy-pig', objective: 'log-odds', baseline: 'black', share: 1 / 16, points: 8 } as const
let model: Model
let subject: Subject

beforeAll(async () => {
  model = await load(path, { runtime })
  const images = await openImages({ data: 'generated', size: 64, seed: 3, set: 'obj', limit: 10 })
  subject = await makeSubject(model, fitPicture(await images.picture(images.items[7]!.key), model.preprocessing!), 'grid:4')
}, 60_000)
afterAll(() => runtime.dispose())

describe('curves along an order', () => {
  it("have the areas of core's metrics", async () => {
    expect(subject.features).toBe(16)
    const order = [5, 9, 6, 10, 0, 1, 15, 3, 4, 2, 7, 8, 11, 12, 13, 14]
    const evaluator = await subject.evaluator('4')
    const { counts, curves } = await curvesOf(evaluator, subject, order, 4, coursesOf(subject, curveKinds))
    const asked = { evaluator, maps: { map: orderMap(order, subject) } }
    const { segments, fills } = subject
    const value = (name: string): number => metricValue(imageMetrics.find(metric => metric.name === name)!, counts, curves)
    for (const fill of ['black', 'blur'] as const) {
      const options = { segments, fill: fills[fill] }
      const softmax = await measure('softmax-auc', asked, options)
      expect(value(`softmax-auc:${fill}`)).toBeCloseTo(softmax.value, 5)
      const kl = await measure('kl-auc', asked, options)
      expect(value(`kl-auc:${fill}`)).toBeCloseTo(kl.value, 4)
      expect(value(`kl-auc-normalised:${fill}`)).toBeCloseTo(kl.more!.normalised!, 4)
      expect(value(`reverse-kl-auc:${fill}`)).toBeCloseTo(kl.more!.reverse!, 4)
      expect(value(`jensen-shannon-auc:${fill}`)).toBeCloseTo(kl.more!.jensenShannon!, 5)
    }
    const options = { segments, fill: fills.mean, steps: '20' }
    expect(value('insertion')).toBeCloseTo((await measure('insertion', asked, options)).value, 5)
    expect(value('deletion')).toBeCloseTo((await measure('deletion', asked, options)).value, 5)
  })

  it('are marked where they are what was optimised', () => {
    const trained = (entry: Parameters<typeof isTrained>[1]): string[] =>
      imageMetrics.filter(metric => isTrained(metric, entry)).map(({ name }) => name)
    expect(trained(main)).toEqual(['softmax-auc:black'])
    expect(trained({ objective: 'kl', baseline: 'blur' })).toEqual(['kl-auc:blur', 'kl-auc-normalised:blur'])
    expect(trained({ objective: 'softmax', baseline: 'mean' })).toEqual(['insertion'])
  })
})

describe('an order of features', () => {
  it('goes by sums, equal ones by index, or by the order of selection', () => {
    const small = { ...subject, labels: Int32Array.of(0, 0, 1, 2, 2, 3), features: 4 }
    const values = Float32Array.of(1, 1, 3, 1, 1, -1)
    const map = { values, dims: [1, 2, 3] }
    expect(featureOrder({ maps: { [subject.name]: map } }, small)).toEqual([1, 0, 2, 3])
    const flat = { values: new Float32Array(6).fill(0.1), dims: [1, 2, 3] }
    expect(featureOrder({ maps: { [subject.name]: flat } }, small, 'mean')).toEqual([0, 1, 2, 3])
    const order = { [subject.name]: Int32Array.of(2, 2, 0, 1, 1, -1) }
    expect(featureOrder({ maps: { [subject.name]: map }, order }, small)).toEqual([1, 2, 0, 3])
  })

  it('costs as many gradients as Greedy PIG spends', () => {
    const gradients = (contestant: string): number => contestantCost({ ...main, contestant }, 64, 'slic:64').gradients
    for (const name of ['greedy-pig', 'integrated-gradients', 'guided-ig', 'blur-ig', 'xrai']) expect(gradients(name)).toBe(128)
    expect(gradients('integrated-gradients-one-round')).toBe(8)
    expect(gradients('sequential-gradient')).toBe(64)
    expect(gradients('greedy-gain')).toBe(0)
  })
})

describe('statistics', () => {
  it('say what is resolved, corrected over the family', () => {
    const keys = Array.from({ length: 20 }, (_, i) => `p${i}`)
    const scored = keys.map(key => ({ item: { key, name: key, source: key }, class: 0, probability: 1 }))
    const column = (value: (i: number) => number) => new Map(keys.map((key, i) => [key, value(i)]))
    const own = column(() => 0.5)
    const rivals = [column(i => 0.4 + 0.01 * (i % 3)), column(i => 0.5 + 0.1 * (i % 2 ? 1 : -1))]
    const pairs = rivals.map(rival => [own, rival] as const)
    const [better, unclear] = new Statistics({ scored }, 0).differences(pairs, true)
    expect(better).toMatchObject({ n: 20, verdict: 'better' })
    expect(better!.value).toBeCloseTo(0.0905, 6)
    // s_d of 0.1, 0.09, 0.08 in turn, 7, 7 and 6 times.
    expect(better!.detectable).toBeCloseTo((2.8 * 0.0082558) / Math.sqrt(20), 5)
    expect(better!.adjusted).toBeCloseTo(2 * better!.p, 9)
    expect(unclear).toMatchObject({ verdict: 'not resolved' })
    expect(new Statistics({ scored }, 0).differences(pairs, false)[0]!.verdict).toBe('worse')
    // Twenty pictures of five sources are five: too few for a verdict.
    const shared = scored.map((one, i) => ({ ...one, item: { ...one.item, source: `s${i % 5}` } }))
    expect(new Statistics({ scored: shared }, 0).differences(pairs, true)[0]).toMatchObject({ n: 20, verdict: 'not resolved' })
  })

  it('take few pictures from as many sources as there are, another one of each', () => {
    const scored = Array.from({ length: 12 }, (_, i) => {
      const [source, own] = [Math.floor(i / 4), i % 4]
      return { item: { key: `${source}.${own}`, name: '', source: String(source) }, class: own, probability: 1 }
    })
    const keys = spread(scored).map(({ item }) => item.key)
    expect(keys.slice(0, 6)).toEqual(['0.0', '1.1', '2.2', '0.1', '1.2', '2.3'])
    expect(new Set(keys).size).toBe(12)
    // Photos are sources of their own and stay in order.
    const photos = scored.map(one => ({ ...one, item: { ...one.item, source: one.item.key } }))
    expect(spread(photos)).toEqual(photos)
  })

  it('draw mosaics of different classes', () => {
    const scored = Array.from({ length: 30 }, (_, i) => ({
      item: { key: `p${i}`, name: '', source: '' },
      class: i % 10,
      probability: 1,
    }))
    const made = mosaicCells(scored, 3, 5, 0)
    expect(made).toHaveLength(5)
    for (const { options } of made) {
      const classes = options.members.map(key => Number(key.slice(1)) % 10)
      expect(new Set(classes).size).toBe(9)
      expect(classes[options.cell]).toBe(options.class)
    }
    expect(mosaicCells(scored.slice(0, 3), 2, 5, 0)).toEqual([])
  })
})

describe('a study', () => {
  it('refuses a twin of other classes', async () => {
    const twin = path.replace('resnet-obj', 'resnet-scene')
    const folder = join(tmpdir(), 'ascribe-no-study')
    const options = { preset: imagePresetNamed('smoke'), model: path, twin, data: 'generated', folder, seed: 0, processes: 0 }
    await expect(runImageStudy(options)).rejects.toThrow('its classes are not those of resnet-obj.onnx')
  })

  it('runs, goes on with nothing to do, and reports', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ascribe-greedy-image-'))
    try {
      const lines: string[] = []
      const options = {
        preset: imagePresetNamed('smoke'),
        model: path,
        data: 'generated',
        folder,
        seed: 0,
        processes: 0,
        log: (line: string) => lines.push(line),
      }
      const study = await runImageStudy(options)
      expect(study.failed).toEqual([])
      expect(study.scored).toHaveLength(2)
      expect(study.scored.every(({ item, class: own }) => item.label === own)).toBe(true)
      expect(lines.some(line => /forward passes and [\d,]+ gradients; here a forward pass takes/.test(line))).toBe(true)
      const report = assembleImageReport(study, '1')
      const greedy = report.means.find(({ contestant, metric }) => contestant === 'greedy-pig' && metric === 'softmax-auc:black')!
      expect(greedy).toMatchObject({ trained: true, mean: { n: 2 } })
      const page = renderImageReport(report)
      for (const { id } of report.tables) expect(page).toContain(`<section id="${id}">`)
      expect(report.tables.map(({ id }) => id)).toEqual(
        expect.arrayContaining(['differences-black', 'objectives', 'wrong-class', 'shuffled-weights', 'mask-only', 'ablation']),
      )
      expect(page).toContain('No SIC and AIC: pictures are 64 x 64')
      lines.length = 0
      const again = await runImageStudy(options)
      expect(lines.filter(line => /to do: [1-9]/.test(line))).toEqual([])
      expect(again.digest).toBe(study.digest)
      expect(renderImageReport(assembleImageReport(again, '1'))).toBe(page)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }, 120_000)
})
