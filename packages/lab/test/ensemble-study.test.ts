/** @file Ensemble studies: scores against core's metrics, the search, the charts, and a whole study in small, gone on with. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fitPicture, type Model, measure, measureRemovals, Random } from '@ascribe/core'
import { load, nodeRuntime } from '@ascribe/core/node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { criticalDifference, indifferentRuns } from '../src/charts/critical-difference.js'
import { formMaps, learnedWeights, mapOf } from '../src/ensemble/combined.js'
import { candidates, defaults, type EnsembleEntry, labelOf, learnedScales } from '../src/ensemble/entry.js'
import { foldsOf } from '../src/ensemble/folds.js'
import { curveMetrics, higherIsBetter, type ScoreValue } from '../src/ensemble/identity.js'
import { keptMembers } from '../src/ensemble/junk.js'
import { checkMember, defaultMembers, type MemberSpec } from '../src/ensemble/members.js'
import { Resamples } from '../src/ensemble/resamples.js'
import { curveScores, fullScores, infidelityOf, makeScorer, maskOnlyScores, pixelOrder } from '../src/ensemble/scores.js'
import { rungsOf, survivors, worstMargin } from '../src/ensemble/search.js'
import type { Mapped, Session } from '../src/ensemble/session.js'
import { forwardSelection } from '../src/ensemble/stages/forward.js'
import { openImages } from '../src/greedy/image/images.js'
import { makeSubject, type Subject } from '../src/greedy/image/subject.js'
import { assembleEnsembleReport, ensemblePresetNamed, renderEnsembleReport, runEnsembleStudy } from '../src/index.js'
import { bootstrapDifference, bootstrapMean, bootstrapPValue, bootstrapRatio } from '../src/statistics/index.js'

const path = fileURLToPath(new URL('../../../examples/models/resnet-obj.onnx', import.meta.url))
const runtime = nodeRuntime({ threads: 1 })
let model: Model
let subject: Subject

beforeAll(async () => {
  model = await load(path, { runtime })
  const images = await openImages({ data: 'generated', size: 64, seed: 3, set: 'obj', limit: 10 })
  subject = await makeSubject(model, fitPicture(await images.picture(images.items[7]!.key), model.preprocessing!), 'grid:4')
}, 60_000)
afterAll(() => runtime.dispose())

describe('scores of a map', () => {
  it("are those of core's metrics", async () => {
    const random = new Random(4, 0)
    const map = Float64Array.from({ length: 64 * 64 }, (_, i) => Math.sin(i / 50) + 0.1 * random.normal())
    const evaluator = await subject.evaluator('4')
    const scorer = await makeScorer(subject, 4)
    const found = await curveScores(scorer, subject, pixelOrder(map), 6)
    const maps = { [subject.name]: { values: Float32Array.from(map), dims: [1, 64, 64] } }
    for (const name of curveMetrics) {
      const [metric, fill] = name.split(' ') as ['insertion' | 'deletion', 'blur' | 'mean']
      const { value } = await measure(metric, { evaluator, maps }, { fill: subject.fills[fill], link: 'softmax', steps: '6' })
      expect(found[name], name).toBeCloseTo(value, 5)
    }
    const irof = await measure('irof', { evaluator, maps }, { segments: subject.segments, fill: subject.fills.mean })
    const full = await fullScores(scorer, subject, pixelOrder(map), 6, map)
    expect(full).toEqual({ ...found, IROF: full.IROF })
    expect(full.IROF).toBeCloseTo(irof.value, 5)
  })

  it('of a mask alone: the picture itself is insertion over its mean, and nothing of it is in the other contents', async () => {
    const images = await openImages({ data: 'generated', size: 64, seed: 3, set: 'obj', limit: 10 })
    const picture = fitPicture(await images.picture(images.items[2]!.key), model.preprocessing!)
    const other = await makeSubject(model, picture, 'grid:4')
    const scorer = await makeScorer(subject, 4)
    const order = pixelOrder(Float64Array.from({ length: 64 * 64 }, (_, i) => Math.sin(i / 50)))
    const found = await maskOnlyScores(scorer, subject, other, order, 6, 1)
    const curves = await curveScores(scorer, subject, order, 6)
    expect(found.own).toBeCloseTo(curves['insertion mean']!, 5)
    const swapped = await maskOnlyScores(scorer, other, subject, order, 6, 1)
    expect(swapped.own).toBeCloseTo(found.other, 6)
    expect(await maskOnlyScores(scorer, subject, other, order, 6, 2)).not.toEqual(found)
  })

  it('infidelity is 0 for the changes themselves in any unit, 1 for a map that is inverted', async () => {
    const evaluator = await subject.evaluator('log-odds:4')
    const removals = await measureRemovals(evaluator, { segments: subject.segments, perturbations: 40, fill: 'mean', seed: 1 })
    expect(removals.regions).toBe(16)
    const map = Float64Array.from(removals.labels, label => [3, -1, 2, 5][label % 4]!)
    const linear = {
      ...removals,
      drops: Float64Array.from(removals.taken, mask => mask.reduce((sum, t, r) => sum + t * 256 * [3, -1, 2, 5][r % 4]!, 0)),
    }
    expect(infidelityOf(map, linear)).toBeCloseTo(0, 9)
    expect(
      infidelityOf(
        map.map(value => 1e-3 * value),
        linear,
      ),
    ).toBeCloseTo(0, 9)
    expect(
      infidelityOf(
        map.map(value => -value),
        linear,
      ),
    ).toBe(1)
    const fresh = await evaluator.forward({ [subject.name]: subject.input.data }, 1)
    expect(evaluator.value).toBeCloseTo(fresh[0]!, 4)
  })
})

describe('the search', () => {
  it('halves candidates while pictures grow', () => {
    expect(rungsOf(280, 32, 4, 0.25)).toEqual([
      { count: 280, pictures: 4 },
      { count: 70, pictures: 16 },
      { count: 18, pictures: 32 },
    ])
    expect(rungsOf(5, 4, 8, 0.5)).toEqual([{ count: 5, pictures: 4 }])
    expect(survivors([1, 3, 3, 2], 3)).toEqual([1, 2, 3])
  })

  it('takes the smallest margin over the best rival, lower deletion being better', () => {
    const scores = (rows: readonly (readonly number[])[]): ScoreValue[] =>
      rows.map(row => Object.fromEntries(curveMetrics.map((name, i) => [name, row[i]!])))
    const rivals = [
      scores([
        [0.5, 0.2, 0.5, 0.2],
        [0.7, 0.4, 0.7, 0.4],
      ]),
      scores([
        [0.1, 0.9, 0.1, 0.9],
        [0.1, 0.9, 0.1, 0.9],
      ]),
    ]
    const better = scores([
      [0.7, 0.1, 0.7, 0.2],
      [0.9, 0.3, 0.9, 0.3],
    ])
    // Deletion over the mean is 0.05 better; the best rival deviates by 0.1 sqrt 2.
    expect(worstMargin(better, rivals)).toBeCloseTo(0.05 / Math.SQRT1_2 / 0.2, 9)
    expect(worstMargin(rivals[0]!, rivals)).toBe(0)
  })

  it('keeps sources together, and knows every scheme', () => {
    expect(foldsOf(['a', 'b', 'a', 'c', 'd', 'b'], 3)).toEqual([0, 1, 0, 2, 0, 1])
    expect(candidates(false)).toHaveLength(12 * 22 + 2 + 9)
    expect(candidates(true).filter(({ scheme }) => scheme === 'kemeny')).toHaveLength(2)
  })
})

describe('members', () => {
  it('are eight with the worthless ones', () => {
    expect([1, 2].map(junk => keptMembers(defaultMembers.length, junk) + junk)).toEqual([8, 8])
    expect(keptMembers(3, 2)).toBe(3)
  })

  it('must not know the fills of the metrics', () => {
    expect(() => checkMember({ label: 'a', method: 'integrated-gradients', options: { baseline: 'blur:5' } })).toThrow(
      /must not know/,
    )
    expect(() => checkMember({ label: 'a', method: 'blur-ig', options: {} })).toThrow(/blurs the picture/)
    expect(() => checkMember({ label: 'a', method: 'xrai', options: { of: 'blur-ig' } })).toThrow(/blurs the picture/)
    for (const member of defaultMembers) expect(checkMember(member).name).toBe(member.method)
  })

  it('are combined with junk among them, weights learned over what is there', () => {
    const members = [Float64Array.of(1, 2, 3), Float64Array.of(3, 0, 1)]
    const junk = { grey: Float64Array.of(9, 9, 8), noise: Float64Array.of(0, 1, 0), edges: Float64Array.of(5, 5, 0) }
    const maps = { members, named: new Map([['x', Float64Array.of(-1, 2, 0)]]), junk, labels: Int32Array.of(0, 1, 1) }
    expect(formMaps(members, junk)).toHaveLength(7)
    const mean = { normaliser: 'none', absolute: false, scheme: 'mean' }
    expect(Array.from(mapOf(mean, maps, { seed: 0 }))).toEqual([2, 1, 2])
    expect(Array.from(mapOf(mean, maps, { seed: 0, kept: 1, junk: ['grey'] }))).toEqual([5, 5.5, 5.5])
    expect(Array.from(mapOf(mean, maps, { seed: 0, junk: ['inverted'], best: 1 }))).toEqual([1 / 3, 2 / 3, 1])
    expect(Array.from(mapOf({ single: 'x', absolute: true }, maps, { seed: 0 }))).toEqual([1, 2, 0])
    const kemeny = mapOf({ normaliser: 'none', absolute: false, scheme: 'kemeny' }, maps, { seed: 0 })
    expect(kemeny[1]).toBe(kemeny[2])
    // Of the seven maps of the forms only number 4 (grey) predicts anything.
    const unit = (which: number) => ({
      matrix: Array.from({ length: 7 }, (_, m) => Array.from({ length: 7 }, (__, n) => (m === n ? 1 : 0))),
      linear: Array.from({ length: 7 }, (_, m) => (m === which ? 1 : 0)),
      constant: 1,
    })
    const forms = learnedScales.map(scale => ({ ...scale, faithfulness: unit(4), robustness: unit(-1) }))
    const entry = defaults.find(({ weights }) => weights === 'faithfulness')!
    expect(Array.from(learnedWeights(entry, forms, [0, 1, 4]))).toEqual([0, 0, 1])
  })
})

describe('forward selection', () => {
  const pictures = Array.from({ length: 12 }, (_, i) => ({ item: { key: `p${i}` }, fold: i % 3 })) as unknown as Mapped[]
  // What a map is worth on the four curves; a mean of maps is worth the mean, and more where two different ones meet.
  const worth: Readonly<Record<string, readonly [number, number]>> = { good: [0.6, 0.5], other: [0.5, 0.6], bad: [0.1, 0.1] }
  const scoreOf = (labels: readonly string[], i: number): ScoreValue => {
    const part = (axis: 0 | 1): number =>
      labels.reduce((sum, label) => sum + worth[label]![axis], 0) / labels.length +
      (labels.includes('good') && labels.includes('other') ? 0.2 : 0) +
      0.01 * Math.sin(i)
    return Object.fromEntries(
      curveMetrics.map(metric => [metric, (higherIsBetter(metric) ? 1 : -1) * part(metric.endsWith('blur') ? 0 : 1)]),
    ) as ScoreValue
  }
  const rivals = Object.keys(worth).map(single => ({
    entry: { single, absolute: false },
    values: new Map(pictures.map(({ item }, i) => [item.key, scoreOf([single], i)] as const)),
  }))

  it('takes what complements, and stops where nothing more is gained', async () => {
    const stages: string[] = []
    const session = {
      preset: { folds: 3, forward: { pictures: 6, rounds: 5 } },
      scores: async (stage: string, asked: readonly { picture: Mapped; entry: EnsembleEntry }[]) => {
        stages.push(stage)
        return asked.map(({ picture, entry }) =>
          scoreOf(
            entry.picked!.map(({ single }) => single),
            pictures.indexOf(picture),
          ),
        )
      },
    } as unknown as Session
    const found = await forwardSelection(session, pictures, rivals)
    expect(found).toHaveLength(3)
    for (const { entry, margin } of found) {
      expect(labelOf(entry)).toBe('mean of min-max: 1 x good + 1 x other')
      expect(margin).toBeGreaterThan(0)
    }
    // Two maps, a third that does not help; the two on all pictures, and either of them once more.
    expect(stages).toEqual(['forward-1', 'forward-2', 'forward-3', 'forward-all', 'forward-all-1'])
  })

  it('combines what was picked, each as often as it was', () => {
    const maps = { a: [0, 1, 4, 2], b: [-3, 1, 0, 1] } as const
    const named = new Map(Object.entries(maps).map(([label, values]) => [label, Float64Array.from(values)] as const))
    const picked = [
      { single: 'a', absolute: false },
      { single: 'a', absolute: false },
      { single: 'b', absolute: true },
    ]
    const map = mapOf(
      { normaliser: 'min-max', absolute: false, scheme: 'mean', picked },
      { members: [], named, junk: {} as never, labels: new Int32Array(4) },
      { seed: 0 },
    )
    // a scaled: 0, 1/4, 1, 1/2, twice; |b| scaled: 1, 1/3, 0, 1/3.
    for (const [i, value] of [1 / 3, (1 / 2 + 1 / 3) / 3, 2 / 3, (1 + 1 / 3) / 3].entries()) expect(map[i]).toBeCloseTo(value, 12)
  })
})

describe('resamples', () => {
  it('give the numbers of the bootstraps, drawn once', () => {
    const random = new Random(9)
    const sources = Array.from({ length: 60 }, () => `s${random.integer(17)}`)
    const [first, second] = [1, 2].map(centre => sources.map(() => centre + random.normal())) as [number[], number[]]
    const resamples = new Resamples(sources, 3)
    const close = (found: object, expected: { value: number; low: number; high: number }): void => {
      for (const name of ['value', 'low', 'high'] as const) expect(found).toHaveProperty(name, expect.closeTo(expected[name], 10))
    }
    close(resamples.mean(first), bootstrapMean(first, sources, { seed: 3 }))
    close(resamples.ratio(first, second), bootstrapRatio(first, second, sources, { seed: 3 }))
    const difference = bootstrapDifference(first, second, sources, { seed: 3 })
    close(resamples.difference(first, second), difference)
    expect(resamples.difference(first, second).p).toBe(bootstrapPValue(difference))
  })
})

describe('critical differences', () => {
  it('join what is not told apart, and nothing inside another bar', () => {
    const ranks = [1, 1.4, 2.5, 2.7, 4]
    const differ = (a: number, b: number): boolean => Math.abs(ranks[a]! - ranks[b]!) > 1.2
    expect(indifferentRuns(5, differ)).toEqual([
      [0, 1],
      [1, 2],
      [2, 3],
    ])
    expect(indifferentRuns(3, () => false)).toEqual([[0, 2]])
  })

  it('draw every name once', () => {
    const svg = criticalDifference({
      title: 'ranks',
      items: [
        { label: 'a & b', rank: 2 },
        { label: 'c', rank: 1 },
        { label: 'd', rank: 3, muted: true },
      ],
      differ: () => false,
    })
    expect(svg).toContain('not told apart: c, a &amp; b, d')
    expect(svg.match(/<polyline/g)).toHaveLength(3)
  })
})

describe('a study', () => {
  it('runs, goes on with nothing to do, and reports', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ascribe-ensemble-'))
    try {
      const lines: string[] = []
      const options = {
        preset: ensemblePresetNamed('smoke'),
        model: path,
        members: [
          { label: 'gradient', method: 'gradient', options: {} },
          { label: 'occlusion', method: 'occlusion', options: { window: '16', stride: '16' } },
          { label: 'integrated-gradients', method: 'integrated-gradients', options: { points: '4' } },
        ] as readonly MemberSpec[],
        data: 'generated',
        // The model stands for its twin: it must then agree with itself everywhere.
        twin: path,
        folder,
        seed: 0,
        processes: 0,
        log: (line: string) => lines.push(line),
      }
      const study = await runEnsembleStudy(options)
      expect(study.failed).toEqual([])
      expect(study.scored).toHaveLength(4)
      expect(study.choices.map(({ fold }) => fold)).toEqual([0, 1])
      expect(study.choices.every(({ margin }) => Number.isFinite(margin))).toBe(true)
      expect(study.scores.selected.size).toBe(4)
      expect(study.scores.forward.size).toBe(4)
      for (const { forward } of study.choices) {
        // The first map that is taken is the best by itself: what follows must raise the margin.
        expect(forward.entry.picked!.length).toBeGreaterThanOrEqual(1)
        expect(forward.entry.picked!.length).toBeLessThanOrEqual(4)
        expect(Number.isFinite(forward.margin)).toBe(true)
      }
      expect(study.twin!.agreement).toBe(1)
      const [first] = study.scored
      expect(study.beside!.selected.get(first!.item.key)).toEqual(study.scores.selected.get(first!.item.key))
      // Three members stay with one and with two junk members: one clean run for each ensemble.
      expect(study.junk).toHaveLength(12 * 11)
      expect(study.junk.filter(({ junk }) => junk.length === 0).map(({ members }) => members)).toEqual(Array(12).fill(3))
      expect(study.twists).toHaveLength(2 * 16)
      expect(study.twists.every(({ values }) => values.size === 2)).toBe(true)
      expect(study.maskOnly).toHaveLength(17)
      expect(lines.some(line => /forward passes and [\d,]+ gradients; here a forward pass takes/.test(line))).toBe(true)
      const report = assembleEnsembleReport(study)
      expect(report.comparisons).toHaveLength(13)
      expect(report.comparisons[0]!.metrics.map(({ rivals }) => rivals)).toEqual(Array(6).fill(6))
      const page = renderEnsembleReport(report)
      for (const text of [
        'Worthless members added',
        'Right class minus wrong class',
        'Masks alone',
        'Each member: who beats it',
        'predicted by the model',
      ])
        expect(page).toContain(text)
      const wrong = report.twists.filter(({ twist, role }) => twist === 'wrong-class' && role === 'member')
      expect(wrong).toHaveLength(3 * 2)
      for (const { own, twisted, gain } of wrong) expect(gain.value).toBeCloseTo(own.value - twisted.value, 9)
      const infidelities = [...study.scores.rivals[0]!.values.values()].map(({ infidelity }) => infidelity!)
      expect(infidelities.some(value => value > 0 && value < 1)).toBe(true)
      expect(page.replace(/<script>[\s\S]*<\/script>/, '')).not.toMatch(/NaN|undefined/)
      const again = await runEnsembleStudy({
        ...options,
        log: () => {},
        onProgress: state => expect(state.done).toBe(state.total),
      })
      expect(renderEnsembleReport(assembleEnsembleReport(again))).toBe(page)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }, 240_000)
})
