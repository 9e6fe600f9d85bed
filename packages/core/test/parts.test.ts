/** @file The parts that methods stand on: targets, baselines, chunks, memory, random numbers, options. */
import { GraphBuilder, inferShapes, Tensor } from '@ascribe/onnx'
import { afterAll, describe, expect, it } from 'vitest'
import {
  AbortedError,
  chunkSize,
  explain,
  float32,
  gaussianBlur,
  InputError,
  MemoryBudgetError,
  makeBaseline,
  methodNamed,
  NotFiniteError,
  peakBytes,
  prepare,
  Random,
  resolveOptions,
  resolveTarget,
  UsageError,
} from '../src/index.js'
import { build, convolutional, modelOf, multilayer, testRuntime } from './support/models.js'

afterAll(() => testRuntime().dispose())

describe('targets', () => {
  const context = { output: 'y', classCount: 4, labels: ['tench', 'goldfish', 'great white shark', 'hen'], scores: [0, 3, 3, 1] }

  it.each([
    ['predicted', 'logit', [[1, 1]]],
    ['3', 'logit', [[3, 1]]],
    [
      '0-2',
      'logit',
      [
        [0, 1],
        [2, -1],
      ],
    ],
    ['softmax:2', 'softmax', [[2, 1]]],
    ['log-odds:predicted', 'log-odds', [[1, 1]]],
    ['label:tench', 'logit', [[0, 1]]],
    ['label:Great White Shark', 'logit', [[2, 1]]],
  ])('%s', (text, link, classes) => {
    const target = resolveTarget(text, context)
    expect(target.link).toBe(link)
    expect(target.classes.map(({ index, weight }) => [index, weight])).toEqual(classes)
  })

  it.each([
    ['4', /class 4 is out of range: the model's output has 4 classes \(0 to 3\)/],
    ['-1', /not understood/],
    ['label:goldfsh', /did you mean "goldfish"\?/],
    ['sofmax:2', /not understood/],
    ['log-odds:1-2', /log-odds needs one class/],
  ])('refuses %s', (text, message) => {
    expect(() => resolveTarget(text, context)).toThrow(UsageError)
    expect(() => resolveTarget(text, context)).toThrow(message)
  })

  it('value and gradient of every link agree with their formulas', async () => {
    const z = [0.5, -1, 2, 0.25]
    const model = modelOf(build({ z: ['batch', 4] }, (b, x) => b.emit('Mul', [x!, b.float(1)])))
    const exp = z.map(Math.exp)
    const total = exp.reduce((a, b) => a + b)
    const p = exp.map(value => value / total)
    const unit = (k: number, j: number): number => (k === j ? 1 : 0)
    const expected: Record<string, { value: number; slope: (j: number) => number }> = {
      logit: { value: 2, slope: j => unit(2, j) },
      softmax: { value: p[2]!, slope: j => p[2]! * (unit(2, j) - p[j]!) },
      'log-softmax': { value: Math.log(p[2]!), slope: j => unit(2, j) - p[j]! },
      'log-odds': { value: Math.log(p[2]! / (1 - p[2]!)), slope: j => (j === 2 ? 1 : -exp[j]! / (total - exp[2]!)) },
    }
    for (const [link, { value, slope }] of Object.entries(expected)) {
      const a = await explain(model, { z: float32([1, 4], z) }, 'gradient', { target: link === 'logit' ? '2' : `${link}:2` })
      expect(a.value).toBeCloseTo(value, 6)
      for (const [j, found] of a.values.entries()) expect(found).toBeCloseTo(slope(j), 6)
    }
  })
})

describe('baselines', () => {
  const input = float32([1, 2, 2, 2], [1, 2, 3, 4, 10, 20, 30, 40])

  it.each([
    ['zeros', [0, 0, 0, 0, 0, 0, 0, 0]],
    ['constant:0.5', Array(8).fill(0.5)],
    ['mean', [2.5, 2.5, 2.5, 2.5, 25, 25, 25, 25]],
  ])('%s', (kind, expected) => {
    expect(Array.from(makeBaseline(kind, 'x', input, 0))).toEqual(expected)
  })

  it('uniform noise stays within the range and follows the seed', () => {
    const [a, b, c] = [0, 0, 1].map(seed => Array.from(makeBaseline('uniform', 'x', input, seed)))
    expect(a).toEqual(b)
    expect(a).not.toEqual(c)
    expect(Math.min(...a!)).toBeGreaterThanOrEqual(1)
    expect(Math.max(...a!)).toBeLessThanOrEqual(40)
  })

  it('blur keeps constants and the total, and spreads a point as a Gaussian', () => {
    expect(Array.from(gaussianBlur(Array(25).fill(3), 1, 5, 5, 2)).every(value => Math.abs(value - 3) < 1e-6)).toBe(true)
    const size = 41
    const point = new Float32Array(size * size)
    point[20 * size + 20] = 1
    const blurred = gaussianBlur(point, 1, size, size, 2)
    expect(blurred.reduce((a, b) => a + b)).toBeCloseTo(1, 5)
    expect(blurred[20 * size + 23]! / blurred[20 * size + 20]!).toBeCloseTo(Math.exp(-9 / 8), 5)
  })

  it.each([
    ['zeroes', /unknown baseline "zeroes"; did you mean "zeros"\?/],
    ['constant:x', /"x" is not a number/],
  ])('refuses %s', (kind, message) => {
    expect(() => makeBaseline(kind, 'x', input, 0)).toThrow(message)
  })
})

describe('channels last', () => {
  // The same network on a picture [1, H, W, C] as on [1, C, H, W]: a transpose in front.
  const first = () => build({ x: ['batch', 3, 8, 10] }, (b, x) => head(b, x!))
  const last = () => build({ x: ['batch', 8, 10, 3] }, (b, x) => head(b, b.emit('Transpose', [x!], { perm: [0, 3, 1, 2] })))
  const head = (b: GraphBuilder, x: string): string => {
    const random = new Random(5)
    const values = (count: number): Float32Array => Float32Array.from({ length: count }, () => random.normal())
    const h = b.emit('Relu', [b.emit('Conv', [x, b.constant(Tensor.float32([4, 3, 3, 3], values(108)))], { pads: [1, 1, 1, 1] })])
    const pooled = b.emit('Flatten', [b.emit('GlobalAveragePool', [h])])
    return b.emit('MatMul', [pooled, b.constant(Tensor.float32([4, 2], values(8)))])
  }
  const planes = Float32Array.from({ length: 240 }, (_, i) => Math.sin(i * 1.7))
  const picture = { x: float32([1, 3, 8, 10], planes) }
  const flipped = {
    x: float32(
      [1, 8, 10, 3],
      Float32Array.from({ length: 240 }, (_, i) => planes[(i % 3) * 80 + Math.floor(i / 3)]!),
    ),
  }

  it.each([
    ['occlusion', { window: 3, stride: 2 }],
    ['rise', { masks: 20, cells: 3 }],
    ['integrated-gradients', { baseline: 'mean', points: 6 }],
    ['integrated-gradients', { baseline: 'blur:1.5', points: 6 }],
  ])('%s %o gives the same values as channels first', async (name, options) => {
    const expected = await explain(modelOf(first()), picture, name, { target: 0, options })
    const actual = await explain(modelOf(last()), flipped, name, { target: 0, options })
    const same = (i: number): number =>
      actual.dims.length === 4 ? expected.values[(i % 3) * 80 + Math.floor(i / 3)]! : expected.values[i]!
    actual.values.forEach((value, i) => void expect(value).toBeCloseTo(same(i), 4))
  })
})

describe('chunks and memory', () => {
  it.each([
    [50, 2 ** 24, 2 ** 30, 5],
    [8, 2 ** 24, 2 ** 30, 8],
    [1, 2 ** 24, 2 ** 30, 1],
    [50, 2 ** 24, 3 * 2 ** 24, 2],
    [51, 2 ** 24, 3 * 2 ** 24, 3],
    [1000, 1, 2 ** 30, 1000],
    [10_000, 1, 2 ** 30, 2500],
  ])('%i rows of %i bytes in %i: %i at a time', (count, bytes, memory, expected) => {
    expect(chunkSize(count, bytes, memory)).toBe(expected)
  })

  it('peak is the largest total alive at once', () => {
    const b = new GraphBuilder()
    let x = b.input('x', 'float32', [100])
    for (let i = 0; i < 5; i++) x = b.emit('Relu', [x])
    b.output(x)
    // One value read and one written at a time, 400 bytes each.
    expect(peakBytes(inferShapes(b.build()))).toBe(800)
  })

  it('one row over the budget is an error that says how much it needs', async () => {
    const model = modelOf(convolutional(), { memory: 100 })
    const image = float32([1, 1, 4, 4], Array(16).fill(1))
    await expect(explain(model, { image }, 'gradient', { target: 0 })).rejects.toThrow(MemoryBudgetError)
  })
})

describe('random numbers', () => {
  it('are the same in every version: first draws of seed 0 and 1', () => {
    const draws = (seed: number, stream = 0): number[] => {
      const random = new Random(seed, stream)
      return [random.uniform(), random.uniform(), random.normal()].map(value => Number(value.toFixed(9)))
    }
    expect(draws(0)).toEqual(draws(0))
    expect(draws(0)).not.toEqual(draws(1))
    expect(draws(0)).not.toEqual(draws(0, 1))
    expect(draws(0)).toMatchInlineSnapshot(`
      [
        0.740673291,
        0.092486664,
        0.431358831,
      ]
    `)
  })

  it('have the moments they should', () => {
    const random = new Random(7)
    const count = 200_000
    let [sum, squares, mean] = [0, 0, 0]
    for (let i = 0; i < count; i++) {
      const value = random.normal()
      sum += value
      squares += value * value
      mean += random.uniform()
    }
    expect(Math.abs(sum / count)).toBeLessThan(0.01)
    expect(Math.abs(squares / count - 1)).toBeLessThan(0.01)
    expect(Math.abs(mean / count - 0.5)).toBeLessThan(0.003)
  })
})

describe('options', () => {
  const ig = methodNamed('integrated-gradients')

  it('are converted from text and filled with defaults', () => {
    expect(resolveOptions(ig, { points: '20', multiply: 'false' })).toMatchObject({
      points: 20,
      multiply: false,
      rule: 'gauss-legendre',
    })
  })

  it.each([
    [{ point: 3 }, /no option "point"; did you mean "points"\?/],
    [{ points: 'many' }, /points must be a number/],
    [{ points: 0 }, /at least 1/],
    [{ points: 1.5 }, /whole number/],
    [{ rule: 'gauss' }, /one of gauss-legendre/],
    [{ multiply: 'maybe' }, /true or false/],
  ])('%o is refused', (given, message) => {
    expect(() => resolveOptions(ig, given)).toThrow(UsageError)
    expect(() => resolveOptions(ig, given)).toThrow(message)
  })

  it('an unknown method is named with a suggestion', () => {
    expect(() => methodNamed('gradcan')).toThrow(/did you mean "gradcam"\?/)
  })
})

describe('inputs', () => {
  const model = () => modelOf(multilayer())

  it.each([
    [{}, /input "x" is missing/],
    [{ x: float32([1, 4], [1, 2, 3, 4]) }, /must have shape \[batch, 3\], the given tensor has \[1, 4\]/],
    [{ x: float32([1, 3], [1, 2, 3]), y: float32([1], [1]) }, /no input "y"/],
    [{ x: { dtype: 'int64' as const, dims: [1, 3], data: BigInt64Array.of(1n, 2n, 3n) } }, /must hold float32/],
  ])('refuses what the model would reject', async (row, message) => {
    await expect(prepare(model(), row)).rejects.toThrow(InputError)
    await expect(prepare(model(), row)).rejects.toThrow(message)
  })

  it('a tensor that is not there is named with a suggestion', async () => {
    await expect(prepare(model(), { x: float32([1, 3], [1, 2, 3]) }, { at: ['y'] })).rejects.toThrow(/no tensor "y"/)
  })

  it('a token model without a float input names its embedding, and is explained there', async () => {
    const b = new GraphBuilder()
    const ids = b.input('ids', 'int64', ['batch', 3])
    const table = b.constant(Tensor.float32([5, 2], [0, 0, 1, 2, 3, 4, 5, 6, 7, 8]), 'table')
    const embedded = b.emit('Gather', [table, ids], { axis: 0 })
    b.output(b.emit('ReduceSum', [b.emit('Mul', [embedded, embedded]), b.ints([1])], { keepdims: 0 }))
    const tokens = modelOf(inferShapes(b.build()))
    const row = { ids: { dtype: 'int64' as const, dims: [1, 3], data: BigInt64Array.of(1n, 3n, 4n) } }
    await expect(prepare(tokens, row)).rejects.toThrow(new RegExp(`pass --at "${embedded}"`))
    const a = await explain(tokens, row, 'gradient', { at: [embedded], target: 1 })
    expect(a.dims).toEqual([1, 3, 2])
    expect(Array.from(a.values)).toEqual([0, 4, 0, 12, 0, 16])
    const ig = await explain(tokens, row, 'integrated-gradients', { at: [embedded], target: 1 })
    expect(Math.abs(ig.residual!)).toBeLessThan(1e-3)
    expect(ig.values[1]).toBeCloseTo(4, 4)
  })

  it('NaN in a gradient is an error that names the tensor', async () => {
    const root = modelOf(build({ x: ['batch', 2] }, (b, x) => b.emit('Sqrt', [x!])))
    await expect(explain(root, { x: float32([1, 2], [0, 1]) }, 'gradient', { target: 0 })).rejects.toThrow(NotFiniteError)
  })

  it('an aborted signal stops between chunks', async () => {
    const controller = new AbortController()
    const model1 = modelOf(convolutional(), { memory: 20_000 })
    const image = float32([1, 1, 4, 4], Array(16).fill(1))
    const running = explain(model1, { image }, 'rise', {
      target: 0,
      options: { masks: 100_000, cells: 2 },
      signal: controller.signal,
      onProgress: ({ done }) => done > 50 && controller.abort(),
    })
    await expect(running).rejects.toThrow(AbortedError)
    const after = await explain(model1, { image }, 'gradient', { target: 0 })
    expect(after.values.length).toBe(16)
  })
})
