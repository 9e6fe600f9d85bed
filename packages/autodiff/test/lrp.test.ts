/** @file Relevance rules against explicit matrices in double precision, published layer values, and whole small networks. */
import {
  evaluate,
  type Graph,
  GraphBuilder,
  inferShapes,
  type NdArray,
  ndarray,
  type PlainAttributes,
  Tensor,
} from '@ascribe/onnx'
import { describe, expect, it } from 'vitest'
import { runOrt } from '../../onnx/test/support/ort.js'
import { differentiate, type LrpOptions, lrpRuleSet, lrpRules, MissingRuleError, ruleSets } from '../src/index.js'
import { expectClose, generator } from './support/check.js'
import { type Matrix, type OracleParameters, oracles } from './support/lrp-oracle.js'

type Composite = LrpOptions['composite']
type Rule = Composite[number]['rule']

const numbers = (seed: number, count: number, low = -1, high = 1): number[] => {
  const draw = generator(seed)
  return Array.from({ length: count }, () => Math.fround(low + (high - low) * draw()))
}
const size = (dims: readonly number[]): number => dims.reduce((product, dim) => product * dim, 1)

interface Network {
  readonly graph: Graph
  readonly result: string
}

function network(dims: readonly number[], write: (b: GraphBuilder, x: string) => string): Network {
  const b = new GraphBuilder()
  const result = b.output(write(b, b.input('x', 'float32', dims)))
  return { graph: inferShapes(b.build()), result }
}

/** Relevance of x in double precision and on ONNX Runtime. */
async function relevanceOf(
  net: Network,
  composite: Composite,
  x: readonly number[],
  seed: readonly number[],
  from?: string,
  more: Omit<LrpOptions, 'composite' | 'from'> = {},
) {
  const { graph, result } = net
  const rules = lrpRules({ composite, ...(from ? { from } : {}), ...more })
  const walk = differentiate(graph, { of: [result], at: ['x'], rules })
  const feeds: Record<string, NdArray> = {
    x: ndarray(graph.dims('x')!, Float64Array.from(x)),
    [walk.cotangents[result]!]: ndarray(graph.dims(result)!, Float64Array.from(seed)),
  }
  const name = walk.gradients['x']!
  return {
    exact: evaluate(walk.graph, feeds, [name]).get(name)!.data as Float64Array,
    run: async () => (await runOrt(walk.graph, feeds))[name]!.data,
  }
}

/** The layer as a matrix: its columns are what it makes of unit inputs. */
function matrixOf({ graph, result }: Network): Matrix {
  const dims = graph.dims('x')!
  const at = (place: number): NdArray['data'] => {
    const data = new Float64Array(size(dims))
    if (place >= 0) data[place] = 1
    return evaluate(graph, { x: ndarray(dims, data) }, [result]).get(result)!.data
  }
  const bias = Array.from(at(-1))
  const columns = Array.from({ length: size(dims) }, (_, i) => at(i))
  return { bias, weight: bias.map((b, j) => columns.map(column => column[j]! - b)) }
}

interface LayerCase {
  readonly name: string
  readonly dims: readonly number[]
  readonly weight: readonly number[]
  readonly bias?: readonly number[]
  readonly write: (b: GraphBuilder, x: string, weight: string, bias: string | undefined) => string
}
const simple =
  (operator: string, attributes: PlainAttributes = {}): LayerCase['write'] =>
  (b, x, weight, bias) =>
    b.emit(operator, bias === undefined ? [x, weight] : [x, weight, bias], attributes)

const layers: readonly LayerCase[] = [
  { name: 'Gemm', dims: [2, 5], weight: [5, 4], bias: [4], write: simple('Gemm') },
  {
    name: 'Gemm, transposed and scaled',
    dims: [2, 5],
    weight: [4, 5],
    bias: [4],
    write: simple('Gemm', { transB: 1, alpha: 0.5, beta: -2 }),
  },
  { name: 'MatMul', dims: [2, 3, 5], weight: [5, 4], write: simple('MatMul') },
  { name: 'MatMul of a constant', dims: [5, 3], weight: [4, 5], write: (b, x, weight) => b.emit('MatMul', [weight, x]) },
  {
    name: 'MatMul with the bias added after it',
    dims: [2, 3, 5],
    weight: [5, 4],
    bias: [4],
    write: (b, x, weight, bias) => b.emit('Add', [bias!, b.emit('MatMul', [x, weight])]),
  },
  { name: 'Conv', dims: [2, 2, 5, 5], weight: [3, 2, 3, 3], bias: [3], write: simple('Conv', { pads: [1, 1, 1, 1] }) },
  {
    name: 'Conv, strided, in groups',
    dims: [1, 4, 6, 5],
    weight: [4, 2, 3, 2],
    bias: [4],
    write: simple('Conv', { strides: [2, 1], group: 2, pads: [1, 0, 0, 1] }),
  },
  { name: 'Conv along one axis', dims: [1, 2, 7], weight: [3, 2, 3], write: simple('Conv', { dilations: [2] }) },
  {
    name: 'ConvTranspose',
    dims: [1, 3, 3, 3],
    weight: [3, 2, 3, 3],
    bias: [2],
    write: simple('ConvTranspose', { strides: [2, 2], pads: [1, 1, 1, 1] }),
  },
]

const networkOf = (
  layer: LayerCase,
  fill: (seed: number, count: number) => number[],
  before = (_: GraphBuilder, x: string) => x,
) =>
  network(layer.dims, (b, x) =>
    layer.write(
      b,
      before(b, x),
      b.constant(Tensor.float32(layer.weight, Float32Array.from(fill(3, size(layer.weight))))),
      layer.bias && b.constant(Tensor.float32(layer.bias, Float32Array.from(fill(4, size(layer.bias))))),
    ),
  )

const rules: readonly [Rule, OracleParameters][] = [
  ['zero', {}],
  ['zero', { bias: false }],
  ['epsilon', {}],
  ['epsilon', { epsilon: 0.25 }],
  ['epsilon', { epsilon: 0.25, bias: false }],
  ['gamma', {}],
  ['gamma', { gamma: 1, epsilon: 0.01 }],
  ['gamma', { gamma: 0.5, bias: false }],
  ['alpha-beta', {}],
  ['alpha-beta', { alpha: 3, beta: 2, bias: false }],
  ['z-plus', {}],
  ['z-plus', { bias: false }],
  ['z-box', { low: [-1], high: [3] }],
  ['w-square', {}],
  ['w-square', { bias: false }],
  ['flat', {}],
]

describe.each(layers.map(layer => [layer.name, layer] as const))('%s', (_, layer) => {
  const plain = networkOf(layer, (seed, count) => numbers(seed, count))
  const matrix = matrixOf(plain)
  const reads = matrixOf(
    networkOf({ ...layer, write: (b, x, weight, bias) => layer.write(b, x, weight, bias) }, (seed, count) =>
      Array(count).fill(seed === 3 ? 1 : 0),
    ),
  )
  const count = size(plain.graph.dims(plain.result)!)

  it.each(rules)('%s %o', async (rule, parameters) => {
    const x = numbers(5, size(layer.dims), -1, 2)
    const seed = numbers(6, count)
    const composite = [{ layers: 'every', rule, ...parameters }] as Composite
    const expected = oracles[rule]!(
      x,
      rule === 'flat' ? { ...reads, weight: reads.weight.map(row => row.map(w => (w === 0 ? 0 : 1))) } : matrix,
      seed,
      parameters,
    )
    const { exact, run } = await relevanceOf(plain, composite, x, seed)
    expectClose(exact, expected, 1e-6, rule)
    expectClose(await run(), exact, 2e-4, `${rule} on ONNX Runtime`)
  })

  it.each(['gamma', 'alpha-beta', 'z-plus'] as const)('%s where the input is known to be positive', async rule => {
    const net = networkOf(
      layer,
      (seed, length) => numbers(seed, length),
      (b, x) => b.emit('Relu', [x]),
    )
    const x = numbers(5, size(layer.dims), -1, 2)
    const seed = numbers(6, count)
    const expected = oracles[rule]!(
      x.map(value => Math.max(0, value)),
      matrix,
      seed,
      {},
    )
    const { exact } = await relevanceOf(net, [{ layers: 'every', rule }], x, seed)
    expectClose(exact, expected, 1e-6, rule)
  })
})

it('takes bounds per channel', async () => {
  const net = networkOf(layers[5]!, (seed, count) => numbers(seed, count))
  const x = numbers(5, 100)
  const seed = numbers(6, size(net.graph.dims(net.result)!))
  const spread = (a: number, b: number): number[] => Array.from({ length: 100 }, (_, i) => (Math.floor(i / 25) % 2 === 0 ? a : b))
  const expected = oracles['z-box']!(x, matrixOf(net), seed, { low: spread(-1, -2), high: spread(1, 3) })
  const { exact } = await relevanceOf(net, [{ layers: 'first', rule: 'z-box', low: [-1, -2], high: [1, 3] }], x, seed)
  expectClose(exact, expected, 1e-6, 'z-box')
  await expect(relevanceOf(net, [{ layers: 'first', rule: 'z-box', low: [1, 2, 3], high: [1] }], x, seed)).rejects.toThrow(
    /3 values/,
  )
})

describe('one linear layer, values of zennit', () => {
  const layer = network([1, 3], (b, x) =>
    b.emit('Gemm', [x, b.float([1, -2, 3, -1, 0.5, 2], [2, 3]), b.float([0.5, -1])], { transB: 1 }),
  )
  const [low, high] = [[-1], [3]]
  it.each<[Rule, OracleParameters, number[], number[]]>([
    ['epsilon', { epsilon: 1e-6 }, [0.4848483, 0.06060615, 1.87878734], [-2e-6, -5.999986, 9.999984]],
    ['epsilon', { epsilon: 0.25 }, [0.44147157, 0.08026756, 1.75250836], [-0.26666667, -3.73333333, 7.2]],
    ['epsilon', { epsilon: 0.25, bias: false }, [0.72888889, -0.24888889, 2.25777778], [3.11111111, -15.11111111, 13.77777778]],
    ['gamma', { gamma: 0.25 }, [0.48706883, 0.1896552, 1.767241], [-0.37362619, -1.03296633, 5.16483211]],
    ['gamma', { gamma: 0.25, bias: false }, [0.78005834, -0.08211126, 2.30205206], [0.52272629, -3.09090542, 5.56817741]],
    ['z-plus', {}, [0.66666622, 1.999998, 0], [0.22222217, 0.66666644, 1.99999941]],
    ['z-plus', { bias: false }, [1, 2, 0], [0.25, 0.66666644, 2.0833327]],
    ['alpha-beta', {}, [0.83333257, 3.42856751, -1.42857112], [-0.55555515, 0.33333314, 3.99999881]],
    ['alpha-beta', { bias: false }, [1.33333156, 3.42856751, -1.76190426], [-1.49999813, 0.33333314, 4.1666654]],
    ['z-box', { low, high }, [1.64285669, 1.35714249, 0], [0.73333324, 0.59999993, 1.66666646]],
    ['w-square', {}, [0.39017538, 0.36070172, 1.9115787], [0.39017538, 0.36070172, 1.9115787]],
    ['w-square', { bias: false }, [0.45238087, 0.38095234, 2.16666633], [0.45238087, 0.38095234, 2.16666633]],
    ['flat', {}, [1, 1, 1], [1, 1, 1]],
  ])('%s %o', async (rule, parameters, first, second) => {
    const composite = [{ layers: 'every', rule, ...parameters }] as Composite
    expectClose((await relevanceOf(layer, composite, [1, 2, -1], [1, 2])).exact, first, 2e-6, 'first input')
    expectClose((await relevanceOf(layer, composite, [1, 2, 1], [1, 2])).exact, second, 2e-6, 'second input')
  })
})

const dense = (b: GraphBuilder, x: string, rows: number[][], name?: string): string =>
  b.emit('Gemm', [x, b.float(rows.flat(), [rows.length, rows[0]!.length])], { transB: 1 }, name)

describe('golden cases of small networks', () => {
  const threes = [3, 3, 3]
  const twos = (first: number): number[][] => [
    [first, 2, 2],
    [2, 2, 2],
    [2, 2, 2],
  ]
  const rectified = (first: number): Network =>
    network([1, 3], (b, x) => dense(b, b.emit('Relu', [dense(b, x, twos(first), 'first')]), [threes], 'second'))
  const every = (rule: Rule, more = {}): Composite => [{ layers: 'every', rule, ...more }]
  it.each<[string, number, Composite, number, number[]]>([
    ['31: epsilon', 2, every('epsilon'), 108, [18, 36, 54]],
    ['32: epsilon, a negative weight', -2, every('epsilon'), 96, [6, 36, 54]],
    [
      '33: gamma 1, then 0.25',
      -2,
      [
        { layers: 'first', rule: 'gamma', gamma: 1 },
        { layers: 'last', rule: 'gamma', gamma: 0.25 },
      ],
      96,
      [28 / 3, 104 / 3, 52],
    ],
    ['34: alpha 1, beta 0', -2, every('alpha-beta', { alpha: 1, beta: 0 }), 96, [12, 33.6, 50.4]],
    [
      '35: pass, then epsilon',
      -2,
      [
        { layers: ['first'], rule: 'pass' },
        { layers: 'every', rule: 'epsilon' },
      ],
      96,
      [24, 36, 36],
    ],
  ])('%s', async (_, first, composite, score, expected) => {
    const { exact, run } = await relevanceOf(rectified(first), composite, [1, 2, 3], [score])
    expectClose(exact, expected, 1e-6, 'relevance')
    expectClose(await run(), expected, 2e-6, 'on ONNX Runtime')
  })

  it('36: tanh passes', async () => {
    const net = network([1, 3], (b, x) =>
      dense(b, b.emit('Tanh', [dense(b, x, Array(3).fill([0.1, 0.1, 0.1]))]), [[0.1, 0.1, 0.1]]),
    )
    const score = 0.3 * Math.tanh(0.6)
    const { exact } = await relevanceOf(net, every('epsilon', { epsilon: 1e-9 }), [1, 2, 3], [score])
    expectClose(exact, [0.02685248, 0.05370496, 0.08055744], 1e-6, 'relevance')
  })

  it('37: a residual addition shares in proportion', async () => {
    const net = network([1, 2], (b, x) => b.emit('Add', [b.emit('MatMul', [x, b.float([5, 5, 5, 5], [2, 2])]), x]))
    const { exact } = await relevanceOf(net, every('epsilon'), [2, 3], [0, 28])
    expectClose(exact, [10, 18], 1e-6, 'relevance')
  })

  it('38: max pooling gives a tie to the first', async () => {
    const net = network([2, 2], (b, x) =>
      b.emit(
        'MaxPool',
        [
          b.emit('Unsqueeze', [
            dense(b, x, [
              [2, 2],
              [2, 2],
            ]),
            b.ints([1]),
          ]),
        ],
        { kernel_shape: [2] },
      ),
    )
    const { exact } = await relevanceOf(net, every('epsilon'), [1, 2, 5, 6], [0, 22])
    expectClose(exact, [0, 0, 10, 12], 1e-6, 'relevance')
  })

  it('40: alpha 1 beta 0 looks at the sign of products', async () => {
    const net = network([1, 2], (b, x) => dense(b, x, [[1, -2]]))
    expectClose(
      (await relevanceOf(net, every('alpha-beta', { alpha: 1, beta: 0 }), [1, -1], [3])).exact,
      [1, 2],
      1e-6,
      'relevance',
    )
  })
})

/** A picture, two convolutions with a residual addition, both poolings and a dense head; no biases. */
const pictureNetwork = (more: (b: GraphBuilder, x: string) => string = (_, x) => x): Network =>
  network([1, 2, 6, 6], (b, x) => {
    const conv = (from: string, seed: number, dims: number[]): string =>
      b.emit('Conv', [from, b.constant(Tensor.float32(dims, Float32Array.from(numbers(seed, size(dims)))))], {
        pads: [1, 1, 1, 1],
      })
    const h1 = b.emit('Relu', [conv(more(b, x), 11, [4, 2, 3, 3])])
    const h2 = b.emit('Relu', [b.emit('Add', [conv(h1, 12, [4, 4, 3, 3]), h1])])
    const pooled = b.emit('MaxPool', [h2], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] })
    const mean = b.emit('AveragePool', [b.emit('Relu', [conv(pooled, 13, [5, 4, 3, 3])])], { kernel_shape: [3, 3] })
    return b.emit('Gemm', [b.emit('Flatten', [mean]), b.constant(Tensor.float32([5, 3], Float32Array.from(numbers(14, 15))))])
  })

describe('whole networks', () => {
  const x = numbers(20, 72)
  const score = (net: Network): number[] =>
    Array.from(evaluate(net.graph, { x: ndarray([1, 2, 6, 6], Float64Array.from(x)) }, [net.result]).get(net.result)!.data)

  it('zero is input x gradient where there are ReLUs and no biases', async () => {
    const net = pictureNetwork()
    const walk = differentiate(net.graph, { of: [net.result], at: ['x'] })
    const feeds = {
      x: ndarray([1, 2, 6, 6], Float64Array.from(x)),
      [walk.cotangents[net.result]!]: ndarray([1, 3], Float64Array.of(0, 1, 0)),
    }
    const gradient = evaluate(walk.graph, feeds, [walk.gradients['x']!]).get(walk.gradients['x']!)!.data
    const { exact, run } = await relevanceOf(net, [{ layers: 'every', rule: 'zero' }], x, [0, score(net)[1]!, 0])
    // Sums and means are stabilised with 1e-6, which is what is left of a difference.
    expectClose(
      exact,
      Array.from(gradient, (g, i) => g * x[i]!),
      1e-4,
      'relevance',
    )
    expectClose(await run(), exact, 1e-4, 'on ONNX Runtime')
  })

  it.each<[string, Composite]>([
    ['z-plus', [{ layers: 'every', rule: 'z-plus' }]],
    ['gamma', [{ layers: 'every', rule: 'gamma' }]],
    ['alpha-beta', [{ layers: 'every', rule: 'alpha-beta', bias: false }]],
    [
      'flat, z-plus, epsilon',
      [
        { layers: 'first', rule: 'flat' },
        { layers: 'dense', rule: 'epsilon' },
        { layers: 'every', rule: 'z-plus' },
      ],
    ],
    [
      'z-box, gamma',
      [
        { layers: 'first', rule: 'z-box', low: [-1], high: [1] },
        { layers: 'every', rule: 'gamma' },
      ],
    ],
  ])('%s conserves relevance without biases', async (_, composite) => {
    const net = pictureNetwork()
    const { exact } = await relevanceOf(net, composite, x, [0, 0, 1])
    const total = exact.reduce((sum, value) => sum + value, 0)
    expect(Math.abs(total - 1)).toBeLessThan(1e-3)
    expect(exact.some(value => value !== 0)).toBe(true)
  })

  it('a normalisation of the input inside the graph changes nothing for the layers behind it', async () => {
    const composite: Composite = [
      { layers: 'first', rule: 'flat' },
      { layers: 'every', rule: 'z-plus' },
    ]
    const moved = pictureNetwork((b, from) => b.emit('Div', [b.emit('Sub', [from, b.float(0.5)]), b.float(0.25)]))
    const shifted = x.map(value => value * 0.25 + 0.5)
    const expected = (await relevanceOf(pictureNetwork(), composite, x, [0, 1, 0])).exact
    expectClose((await relevanceOf(moved, composite, shifted, [0, 1, 0])).exact, expected, 1e-5, 'relevance')
  })

  it('starts at the value named: behind it the walk is the gradient', async () => {
    const net = network([1, 3], (b, input) => {
      const scores = dense(
        b,
        b.emit('Relu', [
          dense(b, input, [
            [1, 2, 3],
            [1, -1, 1],
          ]),
        ]),
        [
          [1, 2],
          [3, -1],
        ],
        'scores',
      )
      return b.emit('ReduceSum', [b.emit('Mul', [b.emit('Softmax', [scores]), b.float([1, 0])]), b.ints([1])], { keepdims: 0 })
    })
    const scores = net.graph.nodes.find(({ name }) => name === 'scores')!.outputs[0]!
    const input = [0.1, 0.02, 0.03]
    const z = evaluate(net.graph, { x: ndarray([1, 3], Float64Array.from(input)) }, [scores]).get(scores)!.data
    const p = 1 / (1 + Math.exp(z[1]! - z[0]!))
    const { exact } = await relevanceOf(net, [{ layers: 'every', rule: 'epsilon', epsilon: 0 }], input, [1], scores)
    const total = exact.reduce((sum, value) => sum + value, 0)
    expect(total).toBeCloseTo(p * (1 - p) * (z[0]! - z[1]!), 9)
  })

  it('an operator without a rule is named, with what still works', async () => {
    const net = network([1, 3], (b, input) => dense(b, b.emit('Sin', [input], {}, 'wave'), [[1, 2, 3]]))
    const walk = relevanceOf(net, [], [1, 2, 3], [1])
    await expect(walk).rejects.toThrow(MissingRuleError)
    await expect(walk).rejects.toThrow('no relevance rule for operator Sin (node "wave")')
    await expect(walk).rejects.toThrow(/integrated-gradients/)
  })

  it('a rule set has a name of its own, by which it is found', () => {
    const options: LrpOptions = { composite: [{ layers: 'every', rule: 'gamma', gamma: 0.125 }] }
    expect(lrpRuleSet(options)).toBe(lrpRuleSet({ ...options }))
    expect(ruleSets[lrpRuleSet(options)]).toBeTypeOf('function')
    expect(lrpRuleSet(options)).not.toBe(lrpRuleSet({ composite: [{ layers: 'every', rule: 'gamma' }] }))
  })
})

const index = (b: GraphBuilder, data: readonly number[]): string => b.constant(Tensor.from('int64', [data.length, 1], data))

/** Sums, means and other operators that are no layers: R_x = x Jᵀ(R / y) by hand. */
describe('operators that share, choose and pass', () => {
  const checks: readonly [string, readonly number[], (b: GraphBuilder, x: string) => string, number[], number[], number[]][] = [
    ['GlobalAveragePool', [1, 1, 2, 2], (b, x) => b.emit('GlobalAveragePool', [x]), [1, 2, 3, 4], [10], [1, 2, 3, 4]],
    ['ReduceMean', [1, 4], (b, x) => b.emit('ReduceMean', [x, b.ints([1])]), [1, 2, 3, 4], [10], [1, 2, 3, 4]],
    ['ReduceSum', [1, 4], (b, x) => b.emit('ReduceSum', [x, b.ints([1])]), [1, -2, 3, 4], [12], [2, -4, 6, 8]],
    [
      'a linear Resize',
      [1, 1, 2],
      (b, x) => b.emit('Resize', [x, '', b.float([1, 1, 2])], { mode: 'linear' }),
      [1, 3],
      [1, 1.5, 2.5, 3],
      [2, 6],
    ],
    ['a nearest Resize', [1, 1, 2], (b, x) => b.emit('Resize', [x, '', b.float([1, 1, 2])], {}), [0, 3], [1, 2, 3, 4], [3, 7]],
    [
      'a quotient by itself summed',
      [1, 2],
      (b, x) => b.emit('Div', [x, b.emit('ReduceSum', [x, b.ints([1])])]),
      [1, 3],
      [1, 2],
      [1, 2],
    ],
    ['a product with itself', [1, 2], (b, x) => b.emit('Mul', [x, x]), [2, 3], [4, 9], [4, 9]],
    ['Softmax', [1, 3], (b, x) => b.emit('Softmax', [x]), [1, 2, 0.5], [0.2, 0.7, 0.1], [-0.0312239, 0.14293656, -0.02012219]],
    ['a product of two values', [1, 1], (b, x) => b.emit('MatMul', [x, x]), [3], [9], [9]],
    ['max with zero', [1, 2], (b, x) => b.emit('Max', [x, b.float(0)]), [-1, 2], [5, 6], [5, 6]],
    ['GELU', [1, 2], (b, x) => b.emit('Gelu', [x]), [-1, 2], [5, 6], [5, 6]],
    [
      'messages added up',
      [3, 1],
      (b, x) => b.emit('ScatterElements', [b.float([0, 0], [2, 1]), index(b, [0, 0, 1]), x], { axis: 0, reduction: 'add' }),
      [1, 3, 5],
      [8, 2],
      [2, 6, 2],
    ],
    [
      'values written over others',
      [2, 1],
      (b, x) => b.emit('ScatterElements', [x, index(b, [1]), b.emit('Slice', [x, b.ints([0]), b.ints([1]), b.ints([0])])], {}),
      [1, 3],
      [4, 2],
      [6, 0],
    ],
    // x - mean is (-1, 1), so that y is that over its spread: R_x = x (s - mean s) / spread with s = R / y.
    [
      'batch normalisation in training',
      [2, 1],
      (b, x) => {
        const [one, zero] = [b.float([1], [1]), b.float([0], [1])]
        return b.emitAll('BatchNormalization', [x, one, zero, zero, one], 3, { training_mode: 1, epsilon: 0 })[0]!
      },
      [1, 3],
      [4, 2],
      [-3, 9],
    ],
  ]
  it.each(checks)('%s', async (_, dims, write, x, seed, expected) => {
    const { exact } = await relevanceOf(network(dims, write), [], x, seed)
    expectClose(exact, expected, 2e-6, 'relevance')
  })
})

describe('what the surroundings decide', () => {
  it('a constant added before the first layer changes units, inside a model it takes its share', async () => {
    const net = network([1, 2], (b, x) => b.emit('Add', [x, b.float([1, 3], [1, 2])]))
    expectClose((await relevanceOf(net, [], [1, 1], [4, 8])).exact, [4, 8], 1e-12, 'at the input')
    expectClose((await relevanceOf(net, [], [1, 1], [4, 8], undefined, { inside: true })).exact, [2, 2], 2e-6, 'inside')
  })

  it('the stabiliser is that of sums', async () => {
    const net = network([1, 1], (b, x) => b.emit('ReduceSum', [x, b.ints([1])]))
    const { exact } = await relevanceOf(net, [], [1], [1], undefined, { stabiliser: 0.25 })
    expectClose(exact, [0.8], 1e-12, 'relevance')
  })

  it('a gate gets half, or nothing where attention counts as constant', async () => {
    const net = network([1, 2], (b, x) => {
      const [value, gate] = [
        [1, 0],
        [0, 1],
      ].map(column => b.emit('MatMul', [x, b.float(column, [2, 1])])) as [string, string]
      return b.emit('Mul', [value, b.emit('Mul', [gate, b.emit('Sigmoid', [gate])])])
    })
    expectClose((await relevanceOf(net, [], [2, 3], [1])).exact, [0.5, 0.5], 2e-6, 'shared')
    const { exact } = await relevanceOf(net, [], [2, 3], [1], undefined, { attention: 'constant' })
    expectClose(exact, [1, 0], 2e-6, 'constant')
  })
})

describe('transformers', () => {
  const [rows, width] = [4, 6]
  const x = numbers(31, rows * width)

  it.each<[string, number[], string, PlainAttributes, number]>([
    ['LayerNormalization', [rows, width], 'LayerNormalization', { epsilon: 1e-5 }, width],
    ['LayerNormalization over two axes', [2, 3, 4], 'LayerNormalization', { axis: 1 }, 12],
    ['InstanceNormalization', [2, 3, 4], 'InstanceNormalization', {}, 3],
    ['GroupNormalization', [1, 4, 6], 'GroupNormalization', { num_groups: 2 }, 4],
  ])('%s is a matrix where its spread is constant', async (_, dims, operator, attributes, parameters) => {
    const shape = operator === 'LayerNormalization' && dims.length === 3 ? dims.slice(1) : [parameters]
    const scale = numbers(32, parameters, 0.5, 2)
    const bias = numbers(33, parameters)
    const net = network(dims, (b, input) => b.emit(operator, [input, b.float(scale, shape), b.float(bias, shape)], attributes))
    const seed = numbers(34, 24)
    // Groups of values standardised together, each with its own spread.
    const groupOf: Record<string, (i: number) => number> = {
      LayerNormalization: i => Math.floor(i / parameters),
      InstanceNormalization: i => Math.floor(i / 4),
      GroupNormalization: i => Math.floor(i / 12),
    }
    const group = groupOf[operator]!
    const place = (i: number): number =>
      operator === 'LayerNormalization'
        ? i % parameters
        : operator === 'InstanceNormalization'
          ? Math.floor(i / 4) % 3
          : Math.floor(i / 6)
    const members = (i: number): number[] => x.flatMap((_, k) => (group(k) === group(i) ? [k] : []))
    const spread = (i: number): number => {
      const values = members(i).map(k => x[k]!)
      const mean = values.reduce((a, b) => a + b, 0) / values.length
      return Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length + 1e-5)
    }
    const weight = x.map((_, j) =>
      x.map((_, i) => {
        if (group(i) !== group(j)) return 0
        return (scale[place(j)]! * ((i === j ? 1 : 0) - 1 / members(j).length)) / spread(j)
      }),
    )
    const matrix = { weight, bias: x.map((_, j) => bias[place(j)]!) }
    const { exact, run } = await relevanceOf(net, [], x, seed)
    expectClose(exact, oracles['epsilon']!(x, matrix, seed, {}), 1e-6, 'relevance')
    expectClose(await run(), exact, 1e-3, 'on ONNX Runtime')
  })

  /** One head: softmax(q kᵀ + mask) v, then a dense head on the first token. */
  const attention = network([rows, width], (b, input) => {
    const times = (seed: number, columns: number, from = input): string =>
      b.emit('MatMul', [from, b.float(numbers(seed, width * columns), [width, columns])])
    const scores = b.emit('MatMul', [times(41, width), b.emit('Transpose', [times(42, width)], { perm: [1, 0] })])
    const masked = b.emit('Add', [scores, b.float([0, 0, 0, -1e4], [4])])
    return b.emit('MatMul', [b.emit('Softmax', [masked]), times(43, width)], {}, 'mix')
  })
  const product = (a: number[][], b: number[][]): number[][] =>
    a.map(row => b[0]!.map((_, j) => row.reduce((sum, v, k) => sum + v * b[k]![j]!, 0)))
  const shaped = (values: ArrayLike<number>, columns: number): number[][] =>
    Array.from({ length: values.length / columns }, (_, i) => Array.from(values).slice(i * columns, (i + 1) * columns))
  const turned = (a: number[][]): number[][] => a[0]!.map((_, j) => a.map(row => row[j]!))

  /** The same by loops, with all stabilisers 1e-6. */
  function byHand(seed: number[][], constant: boolean): number[] {
    const stable = (z: number): number => z + (z >= 0 ? 1e-6 : -1e-6)
    const epsilon = (a: number[][], b: number[][], relevance: number[][], factors: number, bias: number[] = []) => {
      const z = product(a, b).map(row => row.map((v, j) => v + (bias[j] ?? 0)))
      const s = relevance.map((row, i) => row.map((r, j) => r / (factors * stable(z[i]![j]!))))
      const left = product(s, turned(b)).map((row, i) => row.map((v, k) => v * a[i]![k]!))
      const right = product(turned(a), s).map((row, k) => row.map((v, j) => v * b[k]![j]!))
      return { left, right }
    }
    const input = shaped(x, width)
    const [wq, wk, wv] = [41, 42, 43].map(seedOf => shaped(numbers(seedOf, width * width), width)) as [
      number[][],
      number[][],
      number[][],
    ]
    const [q, k, v] = [product(input, wq), product(input, wk), product(input, wv)]
    const raw = product(q, turned(k))
    const mask = [0, 0, 0, -1e4]
    const masked = raw.map(row => row.map((value, j) => value + mask[j]!))
    const weights = masked.map(row => {
      const most = Math.max(...row)
      const powers = row.map(value => Math.exp(value - most))
      const all = powers.reduce((a, b) => a + b, 0)
      return powers.map(value => value / all)
    })
    const mixed = epsilon(weights, v, seed, constant ? 1 : 2)
    const fromV = epsilon(input, wv, mixed.right, 1).left
    if (constant) return fromV.flat()
    const ofMasked = weights.map((row, i) => {
      const all = mixed.left[i]!.reduce((a, b) => a + b, 0)
      return row.map((s, j) => masked[i]![j]! * (mixed.left[i]![j]! - s * all))
    })
    const ofRaw = ofMasked.map((row, i) => row.map((r, j) => (raw[i]![j]! * r) / stable(masked[i]![j]!)))
    const scores = epsilon(q, turned(k), ofRaw, 2)
    const fromQ = epsilon(input, wq, scores.left, 1).left
    const fromK = epsilon(input, wk, turned(scores.right), 1).left
    return fromV.flat().map((value, i) => value + fromQ.flat()[i]! + fromK.flat()[i]!)
  }

  it.each(['shared', 'constant'] as const)('attention, %s', async mode => {
    const seed = numbers(44, rows * width)
    const { graph, result } = attention
    const walk = differentiate(graph, { of: [result], at: ['x'], rules: lrpRules({ composite: [], attention: mode }) })
    const feeds = {
      x: ndarray([rows, width], Float64Array.from(x)),
      [walk.cotangents[result]!]: ndarray([rows, width], Float64Array.from(seed)),
    }
    const name = walk.gradients['x']!
    const exact = evaluate(walk.graph, feeds, [name]).get(name)!.data
    expectClose(exact, byHand(shaped(seed, width), mode === 'constant'), 1e-9, mode)
    const total = exact.reduce((sum, value) => sum + value, 0)
    if (mode === 'constant')
      expect(total).toBeCloseTo(
        seed.reduce((sum, value) => sum + value, 0),
        3,
      )
  })
})
