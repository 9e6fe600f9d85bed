import { Model, pictureToTensor, plainPreprocessing, Random } from '@ascribe/core'
import { nodeRuntime } from '@ascribe/core/node'
import { evaluate, type Graph, GraphBuilder, inferShapes, ndarray, specialise, Tensor } from '@ascribe/onnx'
import { afterAll, describe, expect, test } from 'vitest'
import {
  descents,
  forestTasks,
  optimisePatches,
  type Patch,
  type PatchTask,
  patchSummary,
  tolerances,
} from '../src/bam/patch/index.js'
import { channelRange, lossGraph, lossPort, sharedRange } from '../src/bam/patch/loss.js'
import { PixelModel } from '../src/bam/patch/pixel-model.js'
import type { BamPicture, BamSource } from '../src/bam/source.js'

const size = 12
const area = size * size
const preprocessing = { ...plainPreprocessing, scale: 1 / 127.5, offset: -1 }

/** conv, relu, conv, relu, mean, linear with random weights. */
function network(classes = 5): Graph {
  const random = new Random(4)
  const weights = (dims: number[], scale: number): Tensor =>
    Tensor.float32(
      dims,
      Array.from({ length: dims.reduce((a, b) => a * b) }, () => scale * random.normal()),
    )
  const b = new GraphBuilder()
  const x = b.input('picture', 'float32', ['N', 3, size, size])
  const first = b.emit('Conv', [x, b.constant(weights([8, 3, 3, 3], 0.3)), b.constant(weights([8], 0.1))], { pads: [1, 1, 1, 1] })
  const second = b.emit(
    'Conv',
    [b.emit('Relu', [first]), b.constant(weights([12, 8, 3, 3], 0.2)), b.constant(weights([12], 0.1))],
    {
      pads: [1, 1, 1, 1],
      strides: [2, 2],
    },
  )
  const pooled = b.emit('Flatten', [b.emit('GlobalAveragePool', [b.emit('Relu', [second])])])
  const out = b.emit('Gemm', [pooled, b.constant(weights([classes, 12], 3)), b.constant(weights([classes], 0.1))], { transB: 1 })
  b.output(out)
  return inferShapes(b.build())
}

const graph = network()
const runtime = nodeRuntime({ threads: 1 })
const model = new Model(graph, { runtime, name: 'small', preprocessing })
afterAll(async () => {
  await model.dispose()
  await runtime.dispose()
})

/** Logits in double precision, straight from the definition of the preprocessing. */
function slowLogits(pixels: ArrayLike<number>, planes = false): Float64Array {
  const x = new Float64Array(area * 3)
  for (let i = 0; i < area; i++)
    for (let c = 0; c < 3; c++) x[c * area + i] = pixels[planes ? c * area + i : i * 3 + c]! / 127.5 - 1
  const { name } = graph.outputs[0]!
  return evaluate(graph, { picture: ndarray([1, 3, size, size], x) }).get(name)!.data
}

const norm = (values: ArrayLike<number>): number => Math.sqrt(Array.from(values).reduce((sum, v) => sum + v * v, 0))
const difference = (a: ArrayLike<number>, b: ArrayLike<number>): number[] => Array.from(a, (v, i) => v - b[i]!)

const tasks: PatchTask[] = Array.from({ length: 5 }, (_, index) => {
  const random = new Random(9, index)
  const tint = [random.uniform(), random.uniform(), random.uniform()]
  const scene = Uint8Array.from({ length: area * 3 }, (_, i) => 60 + 110 * tint[i % 3]! + random.integer(30))
  const mask = Uint8Array.from({ length: area }, (_, i) => {
    const distance = Math.hypot((i % size) - 5.2, Math.floor(i / size) - 6.1)
    return distance < 3 ? 255 : distance < 4 ? 100 : 0
  })
  const pixels = scene.map((value, i) => (mask[Math.floor(i / 3)]! >= 128 ? (value + 70 + random.integer(60)) % 256 : value))
  const box = { rowMin: 2, columnMin: 1, rowMax: 11, columnMax: 10 }
  return { scene: { pixels: scene, mask: null, box: null }, object: { pixels, mask, box } }
})

describe('the loss', () => {
  const weights = { norm: 0.01, range: 0.01 }
  const random = new Random(2)
  const pictures = Float64Array.from({ length: 2 * area * 3 }, () => random.integer(256))
  const delta = Float64Array.from({ length: 2 * area * 3 }, () => 60 * random.normal())

  const slow = (row: number, moved: Float64Array): number => {
    const part = (values: Float64Array): Float64Array => values.subarray(row * area * 3, (row + 1) * area * 3)
    const sum = part(pictures).map((v, i) => v + part(moved)[i]!)
    const distance = norm(difference(slowLogits(sum, true), slowLogits(part(pictures), true)))
    const excess = sum.reduce((total, v) => total + Math.max(0, v - 255) + Math.max(0, -v), 0)
    return distance - 0.01 * norm(part(moved)) + 0.01 * excess
  }

  test('has the gradient that differences of a slow loss give', () => {
    const static2 = specialise(graph, { inputs: { picture: [2, 3, size, size] } })
    const loss = lossGraph(static2, graph.outputs[0]!.name, size, preprocessing, weights, channelRange())
    const rows = [0, 1].map(row => slowLogits(pictures.subarray(row * area * 3, (row + 1) * area * 3), true))
    const result = evaluate(loss, {
      [lossPort.picture]: ndarray([2, 3, size, size], pictures),
      [lossPort.delta]: ndarray([2, 3, size, size], delta),
      [lossPort.logits]: ndarray([2, 5], [...rows[0]!, ...rows[1]!]),
    })
    const value = (name: string): Float64Array => result.get(name)!.data
    for (const row of [0, 1]) {
      const total = value(lossPort.distance)[row]! - 0.01 * value(lossPort.norm)[row]! + 0.01 * value(lossPort.excess)[row]!
      expect(Math.abs(total - slow(row, delta))).toBeLessThan(1e-5)
    }
    const gradient = value(lossPort.gradient)
    let [nonzero, outside] = [0, 0]
    for (let i = 0; i < delta.length; i += 17) {
      const row = Math.floor(i / (area * 3))
      const at = (h: number): number =>
        slow(
          row,
          Float64Array.from(delta, (v, k) => (k === i ? v + h : v)),
        )
      const slope = (at(1e-4) - at(-1e-4)) / 2e-4
      expect(Math.abs(gradient[i]! - slope)).toBeLessThan(1e-6)
      if (Math.abs(slope) > 1e-4) nonzero++
      if (pictures[i]! + delta[i]! > 255) outside++
    }
    expect(nonzero).toBeGreaterThan(30)
    expect(outside).toBeGreaterThan(3)
  })

  test('has the paper’s shared range for its mean subtraction', () => {
    const mean = [103.94, 116.78, 123.68]
    const { low, high } = sharedRange({
      ...plainPreprocessing,
      channels: 'BGR',
      scale: 1,
      normalize: { mean, std: [1, 1, 1] },
    })
    low.forEach((level, channel) => {
      expect(level).toBeCloseTo(-103.94 + mean[channel]!, 10)
    })
    high.forEach((level, channel) => {
      expect(level).toBeCloseTo(255 - 123.68 + mean[channel]!, 10)
    })
    expect(sharedRange(preprocessing).high.map(Math.round)).toEqual([255, 255, 255])
  })
})

describe('patches', () => {
  const options = { steps: 120, functionalSteps: 10, rows: 4 }
  const found = optimisePatches(model, tasks, options)

  test('go down the loss and stay in the mask', async () => {
    const { patches } = await found
    for (const [index, { losses, picture }] of patches.entries()) {
      expect(losses).toHaveLength(121)
      for (let step = 1; step < losses.length; step++) expect(losses[step]!).toBeLessThanOrEqual(losses[step - 1]!)
      expect(losses.at(-1)!).toBeLessThan(losses[0]! - 0.1)
      const { scene, object } = tasks[index]!
      expect(picture.box).toBe(object.box)
      let inside = 0
      picture.pixels.forEach((value, i) => {
        if (object.mask![Math.floor(i / 3)]! < 128) expect(value).toBe(scene.pixels[i])
        else if (value !== scene.pixels[i]) inside++
      })
      expect(inside).toBeGreaterThan(40)
    }
  })

  test('change the logits less than the object and than their functional counterparts of equal strength', async () => {
    const { patches, referenceDistance } = await found
    for (const { distance, rms, start, functional } of patches) {
      expect(distance).toBeLessThan(0.5 * start.distance)
      expect(functional.distance).toBeGreaterThan(5 * distance)
      expect(Math.abs(functional.rms / rms - 1)).toBeLessThan(0.02)
      expect(functional.valid).toBe(functional.distance >= referenceDistance / 2)
    }
    const [first] = patches
    expect(JSON.parse(JSON.stringify(patchSummary(first!, { referenceDistance })))).toEqual({
      distance: first!.distance,
      rms: first!.rms,
      kept: first!.kept,
      share: first!.distance / referenceDistance,
      accepted: first!.accepted,
      firstLoss: first!.losses[0],
      lastLoss: first!.losses[120],
      start: { ...first!.start, share: first!.start.distance / referenceDistance },
      functional: {
        distance: first!.functional.distance,
        rms: first!.functional.rms,
        kept: first!.functional.kept,
        share: first!.functional.distance / referenceDistance,
        valid: first!.functional.valid,
      },
    })
  })

  test('are accepted by the numbers an independent calculation gives', async () => {
    const { patches, referenceDistance, acceptance, kept } = await found
    const clean = tasks.map(({ scene }) => slowLogits(scene.pixels))
    const distances: number[] = []
    for (let i = 0; i < clean.length; i++) for (let j = 0; j < i; j++) distances.push(norm(difference(clean[i]!, clean[j]!)))
    distances.sort((a, b) => a - b)
    const median = (distances[4]! + distances[5]!) / 2
    expect(referenceDistance / median).toBeCloseTo(1, 4)
    const measured = patches.map(({ picture }, index) => {
      const logits = slowLogits(picture.pixels)
      const { scene, object } = tasks[index]!
      const changes = difference(picture.pixels, scene.pixels).filter((_, i) => object.mask![Math.floor(i / 3)]! >= 128)
      const top = (values: Float64Array): number => values.indexOf(Math.max(...values))
      return {
        distance: norm(difference(logits, clean[index]!)),
        rms: norm(changes) / Math.sqrt(changes.length) / 255,
        kept: top(logits) === top(clean[index]!),
      }
    })
    measured.forEach((measure, index) => {
      expect(patches[index]!.distance).toBeCloseTo(measure.distance, 4)
      expect(patches[index]!.rms).toBeCloseTo(measure.rms, 10)
      expect(patches[index]!.kept).toBe(measure.kept)
    })
    const counts = tolerances.map(tolerance => ({
      tolerance,
      accepted: measured.filter(({ distance, rms }) => distance <= tolerance * median && rms >= 20 / 255).length,
      tried: 5,
    }))
    expect(acceptance).toEqual(counts)
    expect(patches.filter(({ accepted }) => accepted)).toHaveLength(counts[0]!.accepted)
    expect(kept.tried).toBe(measured.filter(measure => measure.kept).length / 5)
  })

  test('do not depend on how they are batched', async () => {
    const one = await optimisePatches(model, tasks, { ...options, rows: 1 })
    const four = await found
    one.patches.forEach((patch: Patch, index) => {
      const other = four.patches[index]!
      patch.losses.forEach((loss, step) => {
        expect(Math.abs(loss - other.losses[step]!)).toBeLessThan(1e-4)
      })
      expect(Math.abs(patch.distance - other.distance)).toBeLessThan(1e-4)
      expect(Math.abs(patch.functional.distance - other.functional.distance)).toBeLessThan(1e-4)
    })
  })

  test('take the paper’s fixed step when asked', async () => {
    const paper = { steps: 40, functionalSteps: 1, descent: 'paper', step: 50 } as const
    const { patches } = await optimisePatches(model, tasks.slice(0, 2), paper)
    for (const { losses } of patches) {
      expect(losses).toHaveLength(41)
      expect(Math.min(...losses)).toBeLessThan(losses[0]!)
    }
  })

  test('report progress, stop when told, and say what does not fit', async () => {
    const seen: number[] = []
    const few = { steps: 3, functionalSteps: 2, rows: 4 }
    await optimisePatches(model, tasks, { ...few, onProgress: ({ done, total }) => seen.push(done / total) })
    expect(seen).toHaveLength(2 * (4 + 3))
    expect(seen.at(-1)).toBe(1)
    const stop = new AbortController()
    const stopped = optimisePatches(model, tasks, { steps: 1000, signal: stop.signal, onProgress: () => stop.abort() })
    await expect(stopped).rejects.toThrow('interrupted')
    const bare = new Model(graph, { runtime, name: 'bare' })
    await expect(optimisePatches(bare, tasks)).rejects.toThrow('model bare comes without preprocessing')
    const sized = { ...preprocessing, resize: { kind: 'exact', height: 24, width: 24 } as const }
    await expect(optimisePatches(model, tasks, { preprocessing: sized })).rejects.toThrow('the model sees 24 x 24 pixels')
    const maskless = { scene: tasks[0]!.scene, object: tasks[0]!.scene }
    await expect(optimisePatches(model, [maskless])).rejects.toThrow('object 0 has no mask of 12 x 12')
    await expect(optimisePatches(model, tasks, { descent: 'adam' as 'paper' })).rejects.toThrow('there are backtracking, paper')
  })
})

describe('descents', () => {
  // Row r: |d - a|^2 / 2 with a = r + 1 in every element, of which the second is outside the mask.
  const goal = Float32Array.of(1, 1, 1, 2, 2, 2)
  const problem = {
    rows: 2,
    length: 3,
    start: Float32Array.of(5, 0, -3, 0, 0, 0),
    mask: Float32Array.of(1, 0, 1, 1, 0, 1),
    weights: { norm: 0, range: 0 },
    evaluate: async (delta: Float32Array) => {
      const gradient = delta.map((value, i) => value - goal[i]!)
      const half = (from: number): number => gradient.subarray(from, from + 3).reduce((sum, v) => sum + (v * v) / 2, 0)
      return { distance: Float32Array.of(half(0), half(3)), norm: new Float32Array(2), excess: new Float32Array(2), gradient }
    },
  }

  test('the fixed step is d - step * gradient in the mask', async () => {
    const { delta, losses } = await descents.paper.run(problem, 3, 0.5)
    const left = 0.5 ** 3
    expect([...delta]).toEqual([1 + 4 * left, 0, 1 - 4 * left, 2 - 2 * left, 0, 2 - 2 * left])
    expect([...losses[0]!]).toEqual([16.5, 4.5, 1.5, 0.75])
  })

  test('backtracking finds the lowest loss, however wrong its first step', async () => {
    for (const size of [1e-3, 1, 1e6]) {
      const { delta, losses } = await descents.backtracking.run(problem, 300, size)
      expect(losses[0]!.at(-1)! - 0.5).toBeLessThan(1e-6)
      expect(Math.max(...[0, 2].map(i => Math.abs(delta[i]! - 1)), ...[3, 5].map(i => Math.abs(delta[i]! - 2)))).toBeLessThan(
        1e-3,
      )
      expect([delta[1], delta[4]]).toEqual([0, 0])
    }
  })
})

test('the tasks of a data set are the dog on each bamboo forest picture', async () => {
  const picture = (fill: number): BamPicture => ({ pixels: new Uint8Array(3).fill(fill), mask: null, box: null })
  const source: BamSource = {
    kind: 'test',
    size: 1,
    objects: ['cat', 'dog'],
    scenes: ['room', 'forest'],
    roles: { dog: 1, bedroom: 0, bambooForest: 1 },
    digest: '',
    count: set => (set === 'bamboo_forest' ? 3 : 0),
    entry: (_set, _split, index) => ({ object: null, scene: 1, instance: index + 10 }),
    picture: (set, _split, index) => picture(set === 'obj' ? 100 + index : index),
    find: (set, _split, entry) =>
      set === 'obj' && entry.object === 1 && entry.scene === 1 && entry.instance !== 11 ? entry.instance * 2 : undefined,
  }
  const tasks = await forestTasks(source)
  expect(tasks.map(({ index, entry, task }) => [index, entry.instance, task.scene.pixels[0], task.object.pixels[0]])).toEqual([
    [0, 10, 0, 120],
    [2, 12, 2, 124],
  ])
  expect((await forestTasks(source, [2])).map(({ index }) => index)).toEqual([2])
  await expect(forestTasks(source, [1])).rejects.toThrow('the test data has no val pictures of a bamboo forest')
})

test.each(['NCHW', 'NHWC'] as const)('pixels become the input that the preprocessing says, %s', async layout => {
  const random = new Random(8)
  const dims = layout === 'NCHW' ? [3, 4, 4] : [4, 4, 3]
  const b = new GraphBuilder()
  const flat = b.emit('Flatten', [b.input('picture', 'float32', ['N', ...dims])])
  const weights = Tensor.float32(
    [48, 2],
    Array.from({ length: 96 }, () => random.normal()),
  )
  b.output(b.emit('MatMul', [flat, b.constant(weights)]))
  const plain = inferShapes(b.build())
  const normalize = { mean: [0.5, 0.4, 0.3], std: [0.2, 0.25, 0.3] }
  const channels = layout === 'NCHW' ? ('RGB' as const) : ('BGR' as const)
  const own = { ...plainPreprocessing, normalize, layout, channels }
  const linear = new Model(plain, { runtime, name: 'linear', preprocessing: own })
  const pictures = Array.from({ length: 3 }, () => Uint8Array.from({ length: 48 }, () => random.integer(256)))
  const found = await new PixelModel(linear, 4, { rows: 2 }).logits(pictures)
  expect(found).toHaveLength(3)
  pictures.forEach((pixels, index) => {
    const tensor = pictureToTensor({ width: 4, height: 4, channels: 3, data: Uint8ClampedArray.from(pixels) }, own)
    const slow = evaluate(plain, { picture: ndarray(tensor.dims, tensor.data) }).get(plain.outputs[0]!.name)!.data
    slow.forEach((value, i) => {
      expect(Math.abs(found[index]![i]! - value)).toBeLessThan(1e-4)
    })
  })
  await linear.dispose()
})
