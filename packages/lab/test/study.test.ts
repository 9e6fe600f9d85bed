/** @file A whole BAM study in small: trained, scored, gone on with after a loss, checked against a slow computation, reported. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { explain, type TensorValues } from '@ascribe/core'
import { load, nodeRuntime } from '@ascribe/core/node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  assembleReport,
  type BamReport,
  type BamSource,
  bamMetricNamed,
  buildStudy,
  imagesOf,
  listedMethods,
  openStudyData,
  type Preset,
  renderBamReport,
  type ScoreStudyOptions,
  scoreStudy,
  trainStudy,
} from '../src/index.js'
import { planted } from './support/planted.js'

/** Few pictures, and models that are good enough after seconds. */
const preset: Preset = {
  name: 'tiny',
  summary: 'for this test',
  size: 32,
  train: 3,
  validation: 3,
  roles: ['obj', 'scene', 'scene_only'],
  architectures: [{ name: 'resnet', options: { width: 8, stages: 2 }, perEpoch: 120, epochs: 14, batch: 20, learningRate: 0.05 }],
  methods: 'quick',
  images: 24,
  nestedImages: 4,
  fewerImages: { 'placebo-contrast': 4 },
  patches: 3,
  importanceImages: 20,
  conceptImages: 6,
  admission: false,
  accuracy: 0.8,
  jointlyCorrect: 0.7,
}

const wanted = ['gradient', 'grad-cam', 'smooth-grad-squared', 'random', 'gradient-wrong-class', 'gradient-shuffled-weights']
const methods = listedMethods('quick').filter(({ name }) => wanted.includes(name))

let folder: string
let source: BamSource
const runtime = nodeRuntime({ threads: 1 })

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ascribe-study-'))
  await buildStudy({ preset, folder: join(folder, 'data'), seed: 0, source: planted })
  source = await openStudyData(join(folder, 'data'), preset)
  const { architectures, roles } = preset
  await trainStudy({ preset, source, folder: join(folder, 'models'), architectures, roles, seed: 0, processes: 1 })
}, 120_000)
afterAll(async () => {
  await runtime.dispose()
  await rm(folder, { recursive: true, force: true })
})

const options = (rest: Partial<ScoreStudyOptions> = {}): ScoreStudyOptions => ({
  preset,
  source,
  models: join(folder, 'models'),
  folder: join(folder, 'scores'),
  architectures: ['resnet'],
  roles: preset.roles,
  methods,
  target: 'predicted',
  descent: { steps: 5 },
  seed: 0,
  runtime,
  ...rest,
})

const reportOf = async (rest: Partial<ScoreStudyOptions> = {}): Promise<BamReport> =>
  assembleReport({ title: 'tiny', facts: [], source, methods, scores: await scoreStudy(options(rest)), seed: 0 })

/** The paper's number for one map, in plain loops. */
function slowInside(values: Float32Array, dims: readonly number[], mask: Uint8Array): number {
  const [, channels, height, width] = dims as [number, number, number, number]
  const map: number[] = []
  for (let i = 0; i < height * width; i++) {
    let sum = 0
    for (let c = 0; c < channels; c++) sum += Math.max(0, values[c * height * width + i]!)
    map.push(sum)
  }
  const sorted = [...map].sort((a, b) => a - b)
  const place = 0.99 * (sorted.length - 1)
  const top = sorted[Math.floor(place)]! + (place % 1) * (sorted[Math.ceil(place)]! - sorted[Math.floor(place)]!)
  let [total, count] = [0, 0]
  for (let i = 0; i < map.length; i++) {
    if (mask[i]! < 128) continue
    total += Math.min(1, Math.max(0, (map[i]! - sorted[0]!) / (top - sorted[0]!)))
    count++
  }
  return total / count
}

describe('a BAM study', () => {
  let first: BamReport
  it('scores every method on every metric that its models allow', async () => {
    first = await reportOf()
    const metrics = new Set(first.scores.map(({ metric }) => metric))
    expect(metrics.has('relative-mcs')).toBe(false)
    for (const metric of ['mcs', 'idr'])
      for (const name of wanted)
        expect(
          first.scores
            .filter(row => row.metric === metric && row.name === name && row.variant === 'positive')
            .map(row => row.count),
        ).toEqual([/wrong-class|shuffled/.test(name) ? 4 : 24])
    expect(first.models.map(({ set, count }) => [set, count])).toEqual([
      ['obj', 72],
      ['scene', 72],
      ['scene_only', 24],
    ])
    expect(first.tables.map(({ title }) => title)).toContain('Importance, measured')
    expect(renderBamReport(first)).toContain('<svg')
  })

  it('agrees with MCS computed slowly from explain', async () => {
    const row = first.scores.find(one => one.metric === 'mcs' && one.name === 'gradient' && one.variant === 'positive')!
    const [objects, scenes] = [
      await load(join(folder, 'models', 'resnet-obj.onnx'), { runtime }),
      await load(join(folder, 'models', 'resnet-scene.onnx'), { runtime }),
    ]
    const images = imagesOf(source, bamMetricNamed('mcs'), { limit: 24, seed: 0 }).map(({ pictures }) => pictures[0]!.index!)
    let [sum, valid] = [0, 0]
    for (const index of images) {
      const { object, scene } = source.entry('obj', 'val', index)
      const { pixels, mask } = await source.picture('obj', 'val', index)
      const data = new Float32Array(3 * 1024)
      for (let c = 0; c < 3; c++) for (let i = 0; i < 1024; i++) data[c * 1024 + i] = pixels[3 * i + c]! / 127.5 - 1
      const input: TensorValues = { input: { dtype: 'float32', dims: [1, 3, 32, 32], data } }
      const [a, b] = [await explain(objects, input, 'gradient'), await explain(scenes, input, 'gradient')]
      if (a.target.classes[0]!.index !== object || b.target.classes[0]!.index !== scene) continue
      sum += slowInside(a.values, a.dims, mask!) - slowInside(b.values, b.dims, mask!)
      valid++
    }
    expect(valid).toBe(row.valid)
    expect(valid).toBeGreaterThan(15)
    expect(Math.abs(row.score.value - sum / valid)).toBeLessThan(1e-6)
    await objects.dispose()
    await scenes.dispose()
  })

  it('goes on after results were lost, with the same numbers', async () => {
    const cells = join(folder, 'scores', 'resnet', 'readings', 'cells')
    for (const name of await readdir(cells)) {
      const lines = (await readFile(join(cells, name), 'utf8')).split('\n')
      await writeFile(
        join(cells, name),
        `${lines.filter((line, i) => line !== '' && (i === 0 || i % 2 === 1)).join('\n')}\n{"torn`,
      )
    }
    await expect(scoreStudy(options({ stored: true }))).rejects.toThrow(/not there yet; ascribe bam score/)
    const other = nodeRuntime({ threads: 1, processes: 2 })
    expect(await reportOf({ runtime: other })).toEqual(first)
    await other.dispose()
    expect(await reportOf({ stored: true })).toEqual(first)
  })

  it('says what is wrong with models', async () => {
    await expect(scoreStudy(options({ architectures: ['vit'] }))).rejects.toThrow(/vit-obj\.onnx.*ascribe bam train/)
    const own = new Map([['resnet/obj', join(folder, 'models', 'resnet-scene.onnx')]])
    await expect(scoreStudy(options({ own }))).rejects.toThrow(/class 0 is "lying", that of the data is "red"/)
    await expect(scoreStudy(options({ preset: { ...preset, accuracy: 1.5 } }))).rejects.toThrow(/150% are needed/)
  })
})
