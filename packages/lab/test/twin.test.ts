/** @file Mask-adapted twins: what is drawn, weights from a model's file, adaptation, the gate. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Random, resolveOptionSpecs } from '@ascribe/core'
import { load, nodeRuntime, readBytes } from '@ascribe/core/node'
import { encodeModel, GraphBuilder, readModel } from '@ascribe/onnx'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { architectureNamed, architectures } from '../src/architectures/index.js'
import type { TrainingData } from '../src/train/data.js'
import { exportGraph } from '../src/train/export.js'
import { readRecord, trainModel } from '../src/train/files.js'
import { layoutOf } from '../src/train/step.js'
import { adaptModel, UnfaithfulTwinError } from '../src/twin/adapt.js'
import { modelBetween } from '../src/twin/between.js'
import { blobMask } from '../src/twin/blob.js'
import { filledPicture, maskFillNamed, maskFills } from '../src/twin/fills.js'
import { drawMask, maskedData } from '../src/twin/masked-data.js'
import type { AdaptOptions, TwinRecord } from '../src/twin/options.js'
import { twinSource } from '../src/twin/source.js'
import { teaching } from '../src/twin/teaching.js'

const side = 16

/** Two classes: a bright bar that lies or stands, in noise. */
const bar = (seed: number) => {
  const random = new Random(7, seed)
  const label = random.integer(2)
  const values = Uint8Array.from({ length: side * side * 3 }, () => random.integer(120))
  const [height, width] = label === 0 ? [3, 12] : [12, 3]
  const [top, left] = [random.integer(side - height), random.integer(side - width)]
  for (let y = top; y < top + height; y++)
    for (let x = left; x < left + width; x++)
      for (let c = 0; c < 3; c++) values[3 * (y * side + x) + c] = 180 + random.integer(70)
  return { values, label }
}

const data: TrainingData = {
  name: 'bars',
  classes: ['lying', 'standing'],
  row: [3, side, side],
  count: 256,
  validationCount: 128,
  digest: 'bars-2',
  training: (epoch, index) => bar(epoch * 256 + index),
  validation: index => bar(1_000_000 + index),
}

const masking = { fills: maskFills.map(({ name }) => name), clean: 0.25, seed: 3 }

describe('masks', () => {
  it('draws areas uniformly from 0 to 95%, fills evenly, and leaves a quarter whole', () => {
    const count = 4000
    const drawn = Array.from({ length: count }, (_, i) => drawMask(masking, i, 4, 4))
    const masked = drawn.flatMap(mask => (mask ? [mask] : []))
    // Four deviations of a share: 4 sqrt(p (1 - p) / n).
    expect(Math.abs(masked.length / count - 0.75)).toBeLessThan(4 * Math.sqrt(0.1875 / count))
    // Kolmogorov and Smirnov's distance from the uniform distribution; 1.63 / sqrt(n) is exceeded once in a hundred times.
    const sorted = masked.map(({ area }) => area / 0.95).sort((a, b) => a - b)
    const distance = Math.max(...sorted.map((value, i) => Math.abs(value - (i + 0.5) / sorted.length)))
    expect(distance).toBeLessThan(1.63 / Math.sqrt(sorted.length))
    expect(sorted.at(-1)).toBeLessThan(1)
    for (const name of masking.fills)
      expect(Math.abs(masked.filter(({ fill }) => fill === name).length / masked.length - 0.25)).toBeLessThan(0.032)
  })

  it('have exactly their area, at every place as often', () => {
    const often = new Float64Array(20 * 12)
    const times = 600
    for (let i = 0; i < times; i++) {
      const mask = blobMask(new Random(1, i), 20, 12, 0.3)
      expect(mask.reduce((sum, value) => sum + value, 0)).toBe(72)
      mask.forEach((value, place) => {
        often[place]! += value / times
      })
    }
    const border = [...often].filter((_, i) => i % 12 === 0 || i % 12 === 11 || i < 12 || i >= 228)
    expect(border.reduce((sum, value) => sum + value, 0) / border.length).toBeCloseTo(0.3, 1)
    expect(Math.abs(border.reduce((sum, value) => sum + value, 0) / border.length - 0.3)).toBeLessThan(0.02)
    expect(blobMask(new Random(1), 4, 4, 0)).toEqual(new Uint8Array(16))
    expect(blobMask(new Random(1), 4, 4, 1)).toEqual(new Uint8Array(16).fill(1))
  })

  it('show the fill where they remove, the picture where they do not', () => {
    const picture = { data: Uint8Array.of(10, 20, 30, 50, 60, 70, 90, 100, 110, 130, 140, 150), height: 2, width: 2 }
    const removed = Uint8Array.of(1, 1, 1, 0)
    const shown = (name: string) => [...filledPicture(picture, removed, maskFillNamed(name), 1)]
    expect(shown('black')).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 130, 140, 150])
    expect(shown('mean')).toEqual([70, 80, 90, 70, 80, 90, 70, 80, 90, 130, 140, 150])
    // One place is left: everything is imputed from it, with noise of 2.55 grey levels.
    for (const [i, value] of shown('road').entries()) expect(Math.abs(value - [130, 140, 150][i % 3]!)).toBeLessThan(12)
    expect(() => maskFillNamed('balck')).toThrow(/did you mean "?black/i)
  })

  it('come from the seed and the place alone', async () => {
    const [one, other] = [maskedData(data, masking), maskedData(data, { ...masking, seed: 4 })]
    const rows = await Promise.all([5, 9, 5].map(index => one.training(1, index)))
    expect(rows[0]).toEqual(rows[2])
    const first = await Promise.all(Array.from({ length: 8 }, (_, i) => one.training(0, i)))
    expect(await Promise.all(Array.from({ length: 8 }, (_, i) => other.training(0, i)))).not.toEqual(first)
    expect(other.digest).not.toBe(one.digest)
    expect(await one.validation(3)).toEqual(await data.validation(3))
  })
})

const runtime = nodeRuntime({ threads: 1 })
let folder: string
let original: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ascribe-twin-'))
  original = join(folder, 'bars.onnx')
  const architecture = architectureNamed('resnet')
  const options = resolveOptionSpecs('resnet', architecture.options, { width: 8, stages: 2 })
  const recipe = { architecture, options, epochs: 8, batch: 32, learningRate: 0.05 }
  const { accuracy } = await trainModel({ recipe, data, output: original, runtime })
  expect(accuracy).toBeGreaterThan(0.95)
})
afterAll(async () => {
  await runtime.dispose()
  rmSync(folder, { recursive: true, force: true })
})

/** Small networks of every kind that reads pictures. */
const small: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  cnn: { width: 4 },
  resnet: { width: 4, stages: 2 },
  mobilenet: { width: 4, stages: 2 },
  vit: { width: 16, depth: 1, heads: 2, patch: 4 },
  mixer: { width: 8, depth: 1, patch: 4, tokens: 4 },
  convnext: { width: 8, stages: 1, blocks: 1, patch: 4 },
}

describe('weights from a model file', () => {
  it.each(architectures.filter(({ reads }) => reads === 'picture').map(({ name }) => name))(
    '%s: every weight is found, and the model answers the same',
    async name => {
      const architecture = architectureNamed(name)
      const architectureOptions = resolveOptionSpecs(name, architecture.options, small[name]!)
      const task = { row: data.row, classes: 2 }
      const layout = layoutOf(architecture, architectureOptions, task)
      const start = layout.initialize(5)
      const random = new Random(6)
      const parameters = start.parameters.map(value => value + 0.1 * random.normal())
      const statistics = start.statistics.map(value => value + 0.1 * random.uniform())
      const metadata = { training: JSON.stringify({ data: 'bars' }) }
      const bytes = encodeModel(
        exportGraph({ architecture, architectureOptions, task, layout, parameters, statistics, classes: data.classes, metadata }),
      )
      const source = twinSource(bytes, 'x.onnx')
      expect(source).toMatchObject({ classes: data.classes, row: data.row, data: 'bars' })
      const own = layoutOf(source.architecture, {}, task)
      expect(own.statisticCount).toBe(0)
      // Folding takes each batch norm's scale and, after a convolution without bias, makes its shift the bias.
      const norms = layout.parameters.filter(({ name: part }) =>
        layout.statistics.some(s => s.name === part.replace(/weight$/, 'running_mean')),
      )
      expect(own.parameterCount).toBe(layout.parameterCount - norms.reduce((sum, { start: from, end }) => sum + end - from, 0))
      const again = encodeModel(
        exportGraph({
          architecture: source.architecture,
          architectureOptions: {},
          task,
          layout: own,
          parameters: own.initialize(0).parameters,
          statistics: new Float32Array(0),
          classes: data.classes,
        }),
      )
      const input = {
        dtype: 'float32',
        dims: [2, 3, side, side],
        data: Float32Array.from({ length: 6 * side * side }, () => random.normal()),
      } as const
      const [before, after] = await Promise.all(
        [bytes, again].map(async model => {
          const session = await runtime.open(model)
          const { logits } = await session.run({ input }, ['logits'])
          await session.dispose()
          return [...(logits!.data as Float32Array)]
        }),
      )
      before!.forEach((value, i) => {
        expect(Math.abs(value - after![i]!)).toBeLessThanOrEqual(1e-6 * Math.max(1, Math.abs(value)))
      })
    },
  )

  it('refuses models that are not of the lab', () => {
    const builder = new GraphBuilder()
    builder.input('x', 'float32', [1, 3])
    builder.output(builder.emit('Relu', ['x']))
    expect(() => twinSource(encodeModel(builder.build()), 'relu.onnx')).toThrow(
      /relu.onnx: has no record of training.*twins are made/,
    )
    expect(() => twinSource(Uint8Array.of(1, 2, 3), 'broken.onnx')).toThrow(/broken.onnx: cannot be read/)
  })
})

describe('targets', () => {
  it('are the label and the answer to the whole picture, mixed', async () => {
    const session = await runtime.open(await readBytes(original))
    const row = await data.training(0, 3)
    const label = [0, 1].map(c => (c === row.label ? 1 : 0))
    const [own, mixed] = await Promise.all([1, 0.25].map(share => teaching(session, data, '', share, undefined).of(row)))
    expect(own![0]! + own![1]!).toBeCloseTo(1, 6)
    mixed!.forEach((value, c) => {
      expect(value).toBeCloseTo(0.75 * label[c]! + 0.25 * own![c]!, 6)
    })
    const { soft, training } = maskedData(data, masking, teaching(session, data, '', 1, undefined))
    expect(soft).toBe(true)
    expect((await training(0, 3)).target).toEqual(own)
    await session.dispose()
  })
})

describe('bundled twins', () => {
  const bundled = fileURLToPath(new URL('../../../examples/models/', import.meta.url))
  const twins = readdirSync(bundled).filter(name => name.endsWith('-twin.onnx'))

  it.each(twins)('%s is of the bundled model, and agrees with it', async name => {
    const { twin } = (await readRecord(join(bundled, name))) as TwinRecord
    expect(twin.of).toBe(name.replace('-twin', ''))
    expect(twin.digest).toBe(twinSource(await readBytes(join(bundled, twin.of)), twin.of).digest)
    expect(twin.agreement).toBeGreaterThanOrEqual(0.98)
    for (const { area, before, after } of twin.masked) if (area >= 0.2 && area <= 0.65) expect(after).toBeGreaterThan(before)
  })
})

describe('adapting', () => {
  const adapt = (name: string, rest: Partial<AdaptOptions> = {}) =>
    adaptModel({
      model: original,
      data,
      output: join(folder, name),
      runtime,
      batch: 32,
      fills: ['black', 'mean'],
      maskedPictures: 64,
      agreement: 0.9,
      ...rest,
    })
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

  it('answers masked pictures better and whole ones as before', async () => {
    const record = await adapt('twin.onnx', { epochs: 6 })
    const { twin } = record
    expect(twin.agreement).toBeGreaterThanOrEqual(0.9)
    expect(twin.masked.map(({ fill, area }) => `${fill} ${area}`)).toHaveLength(14)
    const middle = twin.masked.filter(({ area }) => area >= 0.2 && area <= 0.65)
    expect(mean(middle.map(({ after }) => after))).toBeGreaterThan(mean(middle.map(({ before }) => before)) + 0.05)
    expect(await readRecord(join(folder, 'twin.onnx'))).toEqual(record)
    expect(twin).toMatchObject({ of: 'bars.onnx', pictures: 128, fills: ['black', 'mean'], clean: 0.25, distil: 0 })
    const model = await load(join(folder, 'twin.onnx'), { runtime })
    expect(model.labels).toEqual(data.classes)
    await model.dispose()
    // Left alone where it is there.
    const told: unknown[] = []
    expect(await adapt('twin.onnx', { epochs: 6, onStep: step => told.push(step) })).toEqual(record)
    expect(told).toEqual([])
    expect(readdirSync(folder).filter(name => name.includes('candidate'))).toEqual([])
  })

  it('ends with the same weights whether interrupted or not, other ones for another seed', async () => {
    await adapt('whole.onnx', { epochs: 2, agreement: 0 })
    const stop = new AbortController()
    const other = nodeRuntime({ threads: 1 })
    const onStep = ({ step }: { readonly step: number }) => {
      if (step === 10) stop.abort()
    }
    const interrupted = adapt('parts.onnx', { epochs: 2, agreement: 0, runtime: other, signal: stop.signal, onStep })
    await expect(interrupted).rejects.toThrow(/abort/)
    await other.dispose()
    const resumed: number[] = []
    await adapt('parts.onnx', { epochs: 2, agreement: 0, onResume: epoch => resumed.push(epoch) })
    expect(resumed).toEqual([1])
    const whole = await readBytes(join(folder, 'whole.onnx'))
    expect(await readBytes(join(folder, 'parts.onnx'))).toEqual(whole)
    await adapt('seed.onnx', { epochs: 2, agreement: 0, seed: 1 })
    expect(await readBytes(join(folder, 'seed.onnx'))).not.toEqual(whole)
  })

  it('refuses a twin that answers whole pictures otherwise, and keeps it under another name', async () => {
    const run = adapt('far.onnx', { epochs: 1, learningRate: 0.3, agreement: 0.98, distil: 0.5, retreat: 1 })
    await expect(run).rejects.toThrow(UnfaithfulTwinError)
    await expect(run).rejects.toThrow(/\d% of 128 whole pictures.*98.0% are needed.*far.refused.onnx/)
    const files = readdirSync(folder).filter(name => name.startsWith('far'))
    expect(files.sort()).toEqual(['far.refused.onnx', 'far.refused.training.json', 'far.refused.training.svg'])
    expect(readModel(await readBytes(join(folder, 'far.refused.onnx'))).outputs[0]!.name).toBe('logits')
  })

  it('goes back towards its original until it agrees', async () => {
    const { twin } = await adapt('back.onnx', { epochs: 1, learningRate: 0.3, agreement: 0.98, retreat: 0 })
    expect(twin.agreement).toBeGreaterThanOrEqual(0.98)
    expect(twin.way).toBeLessThan(1)
    expect(20 * twin.way).toBeCloseTo(Math.round(20 * twin.way), 9)
    const [from, to] = await Promise.all([original, join(folder, 'back.onnx')].map(readBytes))
    const weights = (bytes: Uint8Array) => readModel(bytes).initializers.get('head.weight')!.numbers()
    const [start, end] = [weights(from!), weights(to!)]
    const half = weights(modelBetween(from!, to!, 0.5))
    half.forEach((value, i) => {
      expect(value).toBeCloseTo((start[i]! + end[i]!) / 2, 6)
    })
    expect(weights(modelBetween(from!, to!, 0))).toEqual(start)
  })

  it('refuses pictures of another size or other classes', async () => {
    await expect(adapt('x.onnx', { data: { ...data, row: [3, 8, 8] } })).rejects.toThrow(/reads pictures of \[3,16,16\]/)
    await expect(adapt('x.onnx', { data: { ...data, classes: ['a', 'b'] } })).rejects.toThrow(/answers 2 classes \(lying/)
  })
})
