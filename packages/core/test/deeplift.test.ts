/** @file DeepLIFT: golden cases, a network by hand, completeness on random networks and on trained ones. */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Graph, GraphBuilder, inferShapes, Tensor } from '@ascribe/onnx'
import { afterAll, describe, expect, it } from 'vitest'
import {
  type Attribution,
  type ExplainOptions,
  explain,
  float32,
  Random,
  relativeResidual,
  type TensorValue,
} from '../src/index.js'
import { deeplift } from '../src/methods/relevance/deeplift.js'
import { load } from '../src/node.js'
import { build, convolutional, modelOf, multilayer, tensor, testRuntime } from './support/models.js'

afterAll(() => testRuntime().dispose())

function expectValues(actual: ArrayLike<number>, expected: readonly number[], tolerance = 1e-5): void {
  expect(actual.length).toBe(expected.length)
  const scale = Math.max(1e-3, ...expected.map(Math.abs))
  const worst = Math.max(...expected.map((value, i) => Math.abs(value - actual[i]!)))
  expect(worst / scale, `${Array.from(actual)} against ${expected}`).toBeLessThanOrEqual(tolerance)
}

const row = (values: readonly number[]): TensorValue<'float32'> => float32([1, values.length], [...values])
const lift = (graph: Graph, inputs: Record<string, TensorValue>, options: ExplainOptions = {}): Promise<Attribution> =>
  explain(modelOf(graph), inputs, deeplift, { target: 0, ...options })

type Scalar = (b: GraphBuilder, x1: string, x2: string) => string
const two = (make: Scalar): Graph => build({ x1: ['n', 1], x2: ['n', 1] }, (b, x1, x2) => make(b, x1!, x2!))
const twice = (b: GraphBuilder, x: string): string => b.emit('Mul', [x, b.float(2)])
const sumOf = (operator: string): Graph =>
  two((b, x1, x2) =>
    b.emit('Add', [twice(b, b.emit(operator, [x1])), twice(b, b.emit(operator, [b.emit('Sub', [x2, b.float(1.5)])]))]),
  )

/** Two rows of three through fixed weights, joined, ReLU, summed. */
const joined = (): Graph =>
  build({ x1: ['n', 3], x2: ['n', 3] }, (b, x1, x2) => {
    const weighted = (x: string, weights: number[]): string => b.emit('MatMul', [x, b.constant(tensor([3, 1], weights))])
    const both = b.emit('Concat', [weighted(x1!, [3, 1, 0]), weighted(x2!, [2, 3, 0])], { axis: 1 }, 'both')
    return b.emit('MatMul', [b.emit('Relu', [both]), b.constant(tensor([2, 1], [1, 1]))])
  })

const picture = float32(
  [1, 1, 4, 4],
  Array.from({ length: 16 }, (_, i) => i),
)

describe('golden cases', () => {
  it('21: convolutional model', async () => {
    const a = await lift(convolutional(), { image: picture })
    expectValues(
      a.values,
      [
        0, 0.07407407, 0.14814815, 0.22222222, 1.2345679, 3.30246914, 3.96296296, 2.46296296, 2.4691358, 5.94444444, 6.60493827,
        3.87037037, 3.7037037, 7.62345679, 8.20987654, 4.16666667,
      ],
    )
    expect(Math.abs(a.residual!)).toBeLessThan(1e-4)
    expect(a.baselineValue).toBe(0)
  })

  it.each([
    ['23: two ReLUs', 'Relu', [1, 2], [2, 1]],
    ['24: two tanhs', 'Tanh', [-1, -2], [-1.52318831, -0.18605929]],
  ] as const)('%s', async (_, operator, [x1, x2], expected) => {
    const a = await lift(sumOf(operator), { x1: row([x1]), x2: row([x2]) })
    expectValues([a.maps['x1']!.values[0]!, a.maps['x2']!.values[0]!], expected)
    const slopes = await lift(sumOf(operator), { x1: row([x1]), x2: row([x2]) }, { options: { multiply: false } })
    expectValues([slopes.maps['x1']!.values[0]!, slopes.maps['x2']!.values[0]!], [expected[0] / x1, expected[1] / x2])
    expect(slopes.residual).toBeUndefined()
  })

  it.each([
    ['25', [-10, 1, -5], [3, 3, 1], [0, 0, 0], [6, 9, 0]],
    ['25b', [2, 3, 4], [2.3, 5, 4], [6, 3, 0], [4.6, 15, 0]],
  ] as const)('%s: two rows joined', async (_, x1, x2, first, second) => {
    const a = await lift(joined(), { x1: row(x1), x2: row(x2) })
    expectValues([...a.maps['x1']!.values, ...a.maps['x2']!.values], [...first, ...second])
  })

  it.each([
    [
      [20, 50, 30],
      [78, 195, 117],
    ],
    [
      [0, 100, 0],
      [0, 390, 0],
    ],
  ])('27: multilayer model at %s', async (x, expected) => {
    const a = await lift(multilayer(), { x: row(x) })
    expectValues(a.values, expected)
    expect(Math.abs(a.residual!)).toBeLessThan(1e-3)
  })

  it.each([
    [
      [1, 2, 3, 9],
      [0, 0, 0, -8],
    ],
    [
      [4, 8, 6, 7],
      [0, -7, 0, 0],
    ],
  ])('28: max pooling from %s down to ones', async (baseline, expected) => {
    const graph = build({ x: ['n', 4] }, (b, x) => {
      const wide = b.emit('Reshape', [x!, b.ints([-1, 1, 4])])
      return b.emit('Flatten', [b.emit('MaxPool', [wide], { kernel_shape: [4] })])
    })
    const a = await lift(graph, { x: row([1, 1, 1, 1]) }, { options: { baseline: row(baseline) } })
    expectValues(a.values, expected)
  })

  it('28b: overlapping windows', async () => {
    const graph = build({ x: ['n', 1, 4] }, (b, x) => {
      const conv = b.emit('Conv', [x!, b.constant(tensor([1, 1, 1], [1]))])
      return b.emit('ReduceSum', [b.emit('MaxPool', [conv], { kernel_shape: [2], strides: [1] }), b.ints([2])], { keepdims: 0 })
    })
    const a = await lift(graph, { x: float32([1, 1, 4], [1, 5, 2, 3]) })
    expectValues(a.values, [0, 10, 0, 3])
    expect(a.residual).toBe(0)
  })

  it('29: at a layer', async () => {
    const graph = joined()
    const at = graph.nodes.find(({ name }) => name === 'both')!.outputs[0]!
    const a = await lift(graph, { x1: row([-10, 1, -5]), x2: row([3, 3, 1]) }, { at: [at] })
    expectValues(a.values, [0, 15])
  })
})

const weights = (seed: number, dims: number[], scale: number): Tensor => {
  const random = new Random(seed)
  return Tensor.float32(
    dims,
    Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => scale * random.normal()),
  )
}

describe('by hand, in double precision', () => {
  const [w1, w2, w3] = [weights(1, [4, 5], 0.8), weights(2, [5, 5], 0.6), weights(3, [5, 3], 0.7)]
  const graph = build({ x: ['n', 4] }, (b, x) => {
    const h1 = b.emit('Tanh', [b.emit('MatMul', [x!, b.constant(w1)])])
    const h2 = b.emit('Relu', [b.emit('Add', [b.emit('MatMul', [h1, b.constant(w2)]), h1])])
    return b.emit('MatMul', [h2, b.constant(w3)])
  })
  const apply = (row: readonly number[], w: Tensor): number[] =>
    Array.from({ length: w.dims[1]! }, (_, j) =>
      row.reduce((sum, value, i) => sum + value * Number(w.numbers()[i * w.dims[1]! + j]), 0),
    )
  const back = (g: readonly number[], w: Tensor): number[] =>
    Array.from({ length: w.dims[0]! }, (_, i) =>
      g.reduce((sum, value, j) => sum + value * Number(w.numbers()[i * w.dims[1]! + j]), 0),
    )

  it('a residual network with tanh and ReLU', async () => {
    const [x, x0] = [
      [0.5, -1, 2, 0.25],
      [-0.5, 1.5, 0.75, 0.125],
    ]
    const forward = (input: readonly number[]) => {
      const z1 = apply(input, w1)
      const h1 = z1.map(Math.tanh)
      const z2 = apply(h1, w2).map((value, i) => value + h1[i]!)
      return { z1, h1, z2, h2: z2.map(value => Math.max(0, value)) }
    }
    const [on, off] = [forward(x!), forward(x0!)]
    const quotient = (y: readonly number[], y0: readonly number[], z: readonly number[], z0: readonly number[]): number[] =>
      y.map((value, i) => (value - y0[i]!) / (z[i]! - z0[i]!))
    const m2 = back([0, 1, 0], w3).map((g, i) => g * quotient(on.h2, off.h2, on.z2, off.z2)[i]!)
    const m1 = back(m2, w2).map((g, i) => (g + m2[i]!) * quotient(on.h1, off.h1, on.z1, off.z1)[i]!)
    const expected = back(m1, w1).map((m, i) => m * (x![i]! - x0![i]!))
    const a = await lift(graph, { x: row(x!) }, { target: 1, options: { baseline: row(x0!) } })
    expectValues(a.values, expected, 1e-6)
    expect(expected.every(value => Math.abs(value) > 1e-3)).toBe(true)
  })
})

/** Convolutions with ReLU, residual addition, overlapping max pooling and a gate, whose weights come from the seed. */
function randomNetwork(seed: number): Graph {
  const b = new GraphBuilder()
  const x = b.input('image', 'float32', ['n', 3, 10, 10])
  const conv = (from: string, index: number, dims: number[], pads: number): string =>
    b.emit('Conv', [from, b.constant(weights(seed * 10 + index, dims, 0.3))], { pads: Array(4).fill(pads) })
  const h1 = b.emit('Relu', [conv(x, 1, [6, 3, 3, 3], 1)])
  const pooled = b.emit('MaxPool', [h1], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] })
  const gate = b.emit('Sigmoid', [conv(b.emit('GlobalAveragePool', [pooled]), 2, [6, 6, 1, 1], 0)])
  const h2 = b.emit('Relu', [b.emit('Add', [b.emit('Mul', [conv(pooled, 3, [6, 6, 3, 3], 1), gate]), pooled])])
  b.output(b.emit('Gemm', [b.emit('Flatten', [h2]), b.constant(weights(seed * 10 + 4, [150, 4], 0.2))]))
  return inferShapes(b.build())
}

const image = (seed: number, dims: number[]): TensorValue<'float32'> =>
  float32(dims, Array.from(weights(seed, dims, 1).numbers(), Number))

describe('completeness', () => {
  it.each([1, 2, 3, 4])('on random network %i', async seed => {
    const baseline = image(seed + 60, [1, 3, 10, 10])
    for (const target of [0, 'softmax:2', 'log-softmax:1', 'log-odds:3', '1-3']) {
      const a = await lift(randomNetwork(seed), { image: image(seed + 50, [1, 3, 10, 10]) }, { target, options: { baseline } })
      expect(Math.abs(a.residual!), String(target)).toBeLessThan(
        2e-5 * Math.max(1, Math.abs(a.value), Math.abs(a.baselineValue!)),
      )
    }
  })

  const bundled = fileURLToPath(new URL('../../../examples/models/', import.meta.url))
  it.each(['resnet-obj.onnx', 'vit-obj.onnx'])('on %s', async file => {
    const path = `${bundled}${file}`
    if (!existsSync(path)) return console.log(`${file} is absent: skipped`)
    const model = await load(path, { runtime: testRuntime() })
    const { name, type } = model.graph.inputs[0]!
    const dims = type.shape!.map((dim, axis) => (typeof dim === 'number' && axis > 0 ? dim : 1))
    for (const target of ['predicted', 'softmax:0']) {
      const a = await explain(model, { [name]: image(5, dims) }, deeplift, { target, options: { baseline: 'blur:3' } })
      expect(relativeResidual(a)!, target).toBeLessThan(1e-3)
      expect(a.warnings).toEqual([])
    }
    if (file.startsWith('resnet')) {
      const options = { baseline: 'blur:3', rule: 'reveal-cancel' }
      expect(relativeResidual(await explain(model, { [name]: image(5, dims) }, deeplift, { options }))!).toBeLessThan(1e-3)
    }
    await model.dispose()
  })
})

describe('reveal-cancel', () => {
  it('sees inputs that cancel each other: the smaller of two', async () => {
    const smaller = two((b, x1, x2) => b.emit('Sub', [x1, b.emit('Relu', [b.emit('Sub', [x1, x2])])]))
    const inputs = { x1: row([3]), x2: row([1]) }
    const revealed = await lift(smaller, inputs, { options: { rule: 'reveal-cancel' } })
    expectValues([revealed.maps['x1']!.values[0]!, revealed.maps['x2']!.values[0]!], [0.5, 0.5])
    const rescaled = await lift(smaller, inputs)
    expectValues([rescaled.maps['x1']!.values[0]!, rescaled.maps['x2']!.values[0]!], [0, 1])
  })

  it.each([1, 2])('is complete on random network %i', async seed => {
    const baseline = image(seed + 60, [1, 3, 10, 10])
    const inputs = { image: image(seed + 50, [1, 3, 10, 10]) }
    const a = await lift(randomNetwork(seed), inputs, { options: { baseline, rule: 'reveal-cancel' } })
    expect(Math.abs(a.residual!)).toBeLessThan(5e-5 * Math.max(1, Math.abs(a.value), Math.abs(a.baselineValue!)))
    const plain = await lift(randomNetwork(seed), inputs, { options: { baseline } })
    expect(Math.max(...a.values.map((value, i) => Math.abs(value - plain.values[i]!)))).toBeGreaterThan(1e-3)
  })
})

describe('batches', () => {
  it('30: a row of a softmax model is explained as it is alone', async () => {
    const graph = build({ x: ['n', 3] }, (b, x) => b.emit('Softmax', [b.emit('MatMul', [x!, b.constant(weights(8, [3, 4], 1))])]))
    const a = await lift(graph, { x: row([0.3, -1, 2]) })
    expect(Math.abs(a.residual!)).toBeLessThan(1e-6)
    const fixed = graph.with({
      inputs: graph.inputs.map(({ name }) => ({ name, type: { dtype: 'float32', shape: [3, 3] } as const })),
    })
    expectValues((await lift(inferShapes(fixed), { x: row([0.3, -1, 2]) })).values, [...a.values], 1e-6)
  })
})
