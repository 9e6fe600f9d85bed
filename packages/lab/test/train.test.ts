/** @file Training: exact resuming, divergence, the schedule, augmentation, the loss, files. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Random, resolveOptionSpecs } from '@ascribe/core'
import { load, nodeRuntime } from '@ascribe/core/node'
import { evaluate, GraphBuilder, ndarray } from '@ascribe/onnx'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { architectureNamed } from '../src/architectures/index.js'
import { augment } from '../src/train/augment.js'
import type { TrainingData } from '../src/train/data.js'
import { finishedRun, type Recipe, trainModel } from '../src/train/files.js'
import { crossEntropy } from '../src/train/loss.js'
import { cosineRate } from '../src/train/schedule.js'
import { readCheckpoint, writeCheckpoint } from '../src/train/state.js'
import { DivergedError } from '../src/train/train.js'

const side = 16

/** Two classes: a bright bar that lies or stands, in noise. */
const data: TrainingData = {
  name: 'bars',
  classes: ['lying', 'standing'],
  row: [3, side, side],
  count: 64,
  validationCount: 32,
  digest: 'bars-1',
  training: (epoch, index) => bar(epoch * 64 + index),
  validation: index => bar(1_000_000 + index),
}

function bar(seed: number) {
  const random = new Random(7, seed)
  const label = random.integer(2)
  const values = Uint8Array.from({ length: side * side * 3 }, () => random.integer(120))
  const [height, width] = label === 0 ? [2, 9] : [9, 2]
  const [top, left] = [random.integer(side - height), random.integer(side - width)]
  for (let y = top; y < top + height; y++)
    for (let x = left; x < left + width; x++)
      for (let c = 0; c < 3; c++) values[3 * (y * side + x) + c] = 180 + random.integer(70)
  return { values, label }
}

const recipe = (name: string, options: Record<string, unknown>, rest: Partial<Recipe> = {}): Recipe => {
  const architecture = architectureNamed(name)
  return {
    architecture,
    options: resolveOptionSpecs(name, architecture.options, options),
    epochs: 3,
    batch: 16,
    labelSmoothing: 0.1,
    augmentation: { flip: false, crop: 1, colour: 0.1 },
    clip: 1,
    ...rest,
  }
}

const recipes: Readonly<Record<string, Recipe>> = {
  'resnet with sgd': recipe('resnet', { width: 4, stages: 2 }, { learningRate: 0.05 }),
  'vit with dropout and adamw': recipe('vit', { width: 16, depth: 1, heads: 2, patch: 4, dropout: 0.2 }),
}

let folder: string
const runtime = nodeRuntime({ threads: 1 })
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ascribe-train-'))
})
afterAll(async () => {
  await runtime.dispose()
  await rm(folder, { recursive: true, force: true })
})

describe('training', () => {
  it.each(Object.entries(recipes))('%s: an interrupted run ends with the weights of an uninterrupted one', async (name, one) => {
    const [whole, parts] = [`${name}-whole.onnx`, `${name}-parts.onnx`].map(file => join(folder, file.replaceAll(' ', '-'))) as [
      string,
      string,
    ]
    const first = await trainModel({ recipe: one, data, output: whole, runtime })
    const stop = new AbortController()
    const other = nodeRuntime({ threads: 1 })
    const interrupted = trainModel({
      recipe: one,
      data,
      output: parts,
      runtime: other,
      signal: stop.signal,
      onStep: ({ step }) => {
        if (step === 6) stop.abort()
      },
    })
    await expect(interrupted).rejects.toThrow(/abort/)
    await other.dispose()
    expect(await readdir(folder)).toContain(`${parts.split('/').at(-1)}.checkpoint`)
    const resumed: number[] = []
    const second = await trainModel({ recipe: one, data, output: parts, runtime, onResume: epoch => resumed.push(epoch) })
    expect(resumed).toEqual([1])
    expect(second.losses).toEqual(first.losses)
    expect(await readFile(parts)).toEqual(await readFile(whole))
    expect(await readdir(folder)).not.toContain(`${parts.split('/').at(-1)}.checkpoint`)
  })

  it('learns, and the exported model answers as the record says', async () => {
    const output = join(folder, 'learned.onnx')
    const one = recipe(
      'resnet',
      { width: 8, stages: 2 },
      { epochs: 30, learningRate: 0.05, augmentation: { flip: false, crop: 1, colour: 0 } },
    )
    const record = await trainModel({ recipe: one, data, output, runtime })
    expect(record.accuracy).toBeGreaterThanOrEqual(0.9)
    const model = await load(output, { runtime })
    let right = 0
    for (let i = 0; i < data.validationCount; i++) {
      const row = await data.validation(i)
      const input = new Float32Array(3 * side * side)
      for (let c = 0; c < 3; c++)
        for (let k = 0; k < side * side; k++) input[c * side * side + k] = row.values[3 * k + c]! / 127.5 - 1
      const session = await runtime.open(new Uint8Array(await readFile(output)))
      const { logits } = await session.run({ input: { dtype: 'float32', dims: [1, 3, side, side], data: input } })
      await session.dispose()
      const [a, b] = logits!.data as Float32Array
      if ((a! >= b! ? 0 : 1) === row.label) right++
    }
    expect(right / data.validationCount).toBe(record.accuracy)
    expect(model.labels).toEqual(['lying', 'standing'])
    expect(model.preprocessing).toBeDefined()
    await model.dispose()
    expect(await finishedRun(one, data, output)).toEqual(record)
    expect(await finishedRun({ ...one, seed: 1 }, data, output)).toBeUndefined()
  })

  it('reports divergence with the step and what to do', async () => {
    const one = recipe('resnet', { width: 4, stages: 2 }, { learningRate: 1e6, epochs: 20, clip: 0, warmUp: 0 })
    const run = trainModel({ recipe: one, data, output: join(folder, 'diverged.onnx'), runtime })
    await expect(run).rejects.toThrow(DivergedError)
    await expect(run).rejects.toThrow(/step \d+.*learning rate/)
    expect(await readdir(folder)).not.toContain('diverged.onnx')
  })

  it('refuses the checkpoint of another run and a damaged one', async () => {
    const output = join(folder, 'other.onnx')
    const state = { epoch: 1, step: 4, carried: { parameters: Float32Array.of(1, 2) }, history: [], losses: Float32Array.of(3) }
    await writeFile(`${output}.checkpoint`, writeCheckpoint(state, 'another'))
    const run = () => trainModel({ recipe: recipes['resnet with sgd']!, data, output, runtime })
    await expect(run()).rejects.toThrow(/another run.*delete it/)
    expect(readCheckpoint(writeCheckpoint(state, 'same'), 'same', 'x')).toEqual(state)
    await writeFile(`${output}.checkpoint`, 'nothing')
    await expect(run()).rejects.toThrow(/other\.onnx\.checkpoint/)
  })
})

describe('pieces of training', () => {
  it('the rate rises linearly and falls along half a cosine', () => {
    const rates = Array.from({ length: 10 }, (_, step) => cosineRate(step, 10, 1, 0.2))
    const falling = Array.from({ length: 8 }, (_, i) => (1 + Math.cos((Math.PI * i) / 8)) / 2)
    expect(rates.slice(0, 2)).toEqual([1 / 3, 2 / 3])
    for (const [i, rate] of rates.slice(2).entries()) expect(rate).toBeCloseTo(falling[i]!, 12)
  })

  it('cross entropy with smoothing and weights equals the sum by hand', () => {
    const builder = new GraphBuilder()
    builder.input('logits', 'float32', [3, 3])
    builder.input('labels', 'int64', [3])
    builder.input('weights', 'float32', [3])
    const { loss, correct } = crossEntropy(builder, 'logits', 'labels', 'weights', 3, 0.3)
    builder.output(loss)
    builder.output(correct)
    const logits = [1, 2, -1, 0.5, 0, 3, 2, 2, 2.5]
    const [labels, weights] = [
      [1, 0, 2],
      [1, 0.5, 0],
    ]
    const out = evaluate(builder.build(), {
      logits: ndarray([3, 3], logits),
      labels: ndarray([3], labels!, 'int64'),
      weights: ndarray([3], weights!),
    })
    let total = 0
    for (let r = 0; r < 3; r++) {
      const row = logits.slice(3 * r, 3 * r + 3)
      const lse = Math.log(row.reduce((sum, z) => sum + Math.exp(z), 0))
      row.forEach((z, c) => {
        total -= weights![r]! * ((c === labels![r] ? 0.7 : 0) + 0.1) * (z - lse)
      })
    }
    expect(Number(out.get(loss)!.data[0])).toBeCloseTo(total / 1.5, 6)
    expect(Number(out.get(correct)!.data[0])).toBe(1)
  })

  it('cross entropy takes shares of the classes in place of labels, and counts answers by label', () => {
    const builder = new GraphBuilder()
    builder.input('logits', 'float32', [2, 3])
    builder.input('labels', 'int64', [2])
    builder.input('weights', 'float32', [2])
    builder.input('targets', 'float32', [2, 3])
    const { loss, correct } = crossEntropy(builder, 'logits', 'labels', 'weights', 3, 0, 'targets')
    builder.output(loss)
    builder.output(correct)
    const out = evaluate(builder.build(), {
      logits: ndarray([2, 3], [0, 0, 0, Math.log(2), 0, 0]),
      labels: ndarray([2], [1, 0], 'int64'),
      weights: ndarray([2], [1, 3]),
      targets: ndarray([2, 3], [0.2, 0.5, 0.3, 0.5, 0.5, 0]),
    })
    // log 3, and 0.5 log 2 + 0.5 log 4 of softmax (1/2, 1/4, 1/4), which counts three times.
    expect(Number(out.get(loss)!.data[0])).toBeCloseTo((Math.log(3) + 3 * 1.5 * Math.log(2)) / 4, 6)
    expect(Number(out.get(correct)!.data[0])).toBe(3)
  })

  it('augmentation moves, mirrors and tints by the seed alone, and does nothing when switched off', () => {
    const pixels = Uint8Array.from({ length: 3 * 16 }, (_, i) => i)
    const run = (options: Parameters<typeof augment>[2], seed: number) => {
      const into = new Uint8Array(48)
      augment(pixels, 4, options, new Random(seed), into, 0)
      return into
    }
    expect(run({ flip: false, crop: 0, colour: 0 }, 3)).toEqual(pixels)
    const full = { flip: true, crop: 1, colour: 0.2 }
    expect(run(full, 3)).toEqual(run(full, 3))
    expect(run(full, 3)).not.toEqual(run(full, 4))
    const seeds = Array.from({ length: 40 }, (_, seed) => run({ flip: true, crop: 0, colour: 0 }, seed))
    const mirrored = seeds.filter(one => one[0] === pixels[9]).length
    expect(mirrored).toBeGreaterThan(8)
    expect(mirrored).toBeLessThan(32)
  })
})
