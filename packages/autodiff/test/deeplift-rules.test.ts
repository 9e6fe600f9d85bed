/** @file DeepLIFT's multipliers, operator by operator: they account for every change of the output, and are the gradient where nothing changes. */
import { evaluate, type Graph, GraphBuilder, inferShapes, type NdArray, ndarray, Tensor } from '@ascribe/onnx'
import { describe, expect, it } from 'vitest'
import { runOrt } from '../../onnx/test/support/ort.js'
import { differentiate, MissingRuleError, ruleSets, withBaseline } from '../src/index.js'
import { build, expectClose, type GradientCase, generator } from './support/check.js'

const away = { range: [-3, 3] } as const
const positive = { range: [0.2, 4] } as const
const fixed = (dims: readonly number[], range: readonly [number, number] = [-1, 1]) => ({ dims, range, constant: true })
const integers = (data: readonly number[]) => ({ dims: [data.length], data, dtype: 'int64', constant: true }) as const

const elementwise = (operator: string, range: readonly [number, number], attributes = {}): GradientCase => ({
  operator,
  inputs: [{ dims: [3, 7], range }],
  attributes,
  note: JSON.stringify(attributes),
})

const cases: readonly GradientCase[] = [
  ...[
    'Relu',
    'Abs',
    'Sigmoid',
    'Tanh',
    'Softplus',
    'Softsign',
    'Gelu',
    'Mish',
    'Erf',
    'Exp',
    'Sin',
    'Cos',
    'Elu',
    'Selu',
    'HardSwish',
  ].map(operator => elementwise(operator, [-3, 3])),
  ...['Log', 'Sqrt', 'Reciprocal'].map(operator => elementwise(operator, [0.05, 4])),
  elementwise('LeakyRelu', [-3, 3], { alpha: 0.2 }),
  elementwise('ThresholdedRelu', [-3, 3], { alpha: 0.7 }),
  elementwise('HardSigmoid', [-4, 4]),
  elementwise('Celu', [-3, 3], { alpha: 0.7 }),
  elementwise('Gelu', [-3, 3], { approximate: 'tanh' }),
  elementwise('com.microsoft:QuickGelu', [-3, 3], { alpha: 1.3 }),
  {
    operator: 'Clip',
    inputs: [
      { dims: [9], ...away },
      { dims: [], data: [-1], constant: true },
      { dims: [], data: [2], constant: true },
    ],
  },
  { operator: 'PRelu', inputs: [{ dims: [2, 5], ...away }, fixed([5], [0, 1])] },
  { operator: 'Add', inputs: [[3, 4], [4]] },
  {
    operator: 'Sub',
    inputs: [
      [3, 1],
      [3, 4],
    ],
  },
  { operator: 'Mul', inputs: [[3, 4], [4]], note: 'two that vary' },
  { operator: 'Div', inputs: [[3, 4], { dims: [3, 1], ...positive }] },
  { operator: 'Div', inputs: [[3, 4], fixed([4], [1, 2])], note: 'by a constant' },
  ...[0.5, 1, 2, 3, -1, 1.7, -0.5].map(
    (p): GradientCase => ({
      operator: 'Pow',
      inputs: [
        { dims: [8], ...positive },
        { dims: [], data: [p], constant: true },
      ],
      note: `to the ${p}`,
    }),
  ),
  {
    operator: 'MatMul',
    inputs: [
      [2, 3, 4],
      [2, 4, 5],
    ],
    note: 'two that vary',
  },
  { operator: 'MatMul', inputs: [[2, 3, 4], fixed([4, 5])], note: 'with weights' },
  { operator: 'Gemm', inputs: [[3, 4], [5, 4], [5]], attributes: { transB: 1, alpha: 0.5, beta: 2 } },
  {
    operator: 'Einsum',
    inputs: [
      [2, 3, 4],
      [2, 5, 4],
    ],
    attributes: { equation: 'bic,bjc->bij' },
  },
  {
    operator: 'Conv',
    inputs: [[2, 2, 5, 6], fixed([3, 2, 3, 2]), fixed([3])],
    attributes: { strides: [2, 1], pads: [1, 0, 1, 1] },
  },
  {
    operator: 'Conv',
    inputs: [
      [1, 2, 5, 5],
      [3, 2, 3, 3],
    ],
    note: 'weights that vary',
  },
  { operator: 'ConvTranspose', inputs: [[1, 2, 4, 4], fixed([2, 3, 3, 3])], attributes: { strides: [2, 2] } },
  { operator: 'AveragePool', inputs: [[1, 2, 6, 6]], attributes: { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] } },
  { operator: 'GlobalAveragePool', inputs: [[2, 3, 4, 5]] },
  {
    operator: 'MaxPool',
    inputs: [[2, 2, 6, 7]],
    attributes: { kernel_shape: [3, 3], strides: [1, 2], pads: [1, 1, 1, 1] },
    note: 'overlapping',
  },
  { operator: 'MaxPool', inputs: [[1, 2, 6]], attributes: { kernel_shape: [2] }, note: 'one axis' },
  { operator: 'GlobalMaxPool', inputs: [[2, 3, 4, 5]] },
  { operator: 'ReduceMax', inputs: [[3, 4, 5], integers([1])] },
  { operator: 'ReduceMin', inputs: [[3, 4, 5], integers([2])], attributes: { keepdims: 0 } },
  { operator: 'Max', inputs: [[3, 4], [4]] },
  { operator: 'Max', inputs: [[3, 4], fixed([4])], note: 'with a constant' },
  { operator: 'Min', inputs: [[3, 4], [3, 1], fixed([4])] },
  { operator: 'Softmax', inputs: [{ dims: [3, 6], ...away }] },
  { operator: 'Softmax', inputs: [{ dims: [2, 3, 4], range: [-40, 40] }], attributes: { axis: 1 }, note: 'far apart' },
  { operator: 'LogSoftmax', inputs: [{ dims: [3, 6], ...away }] },
  { operator: 'ReduceLogSumExp', inputs: [{ dims: [3, 6], ...away }, integers([1])] },
  { operator: 'ReduceL2', inputs: [[3, 6], integers([1])], attributes: { keepdims: 0 } },
  { operator: 'ReduceL1', inputs: [[3, 6], integers([1])] },
  { operator: 'ReduceL1', inputs: [[3, 6], integers([0])], attributes: { keepdims: 0 }, note: 'axis dropped' },
  { operator: 'ReduceProd', inputs: [[3, 6], integers([1])] },
  {
    operator: 'ReduceProd',
    inputs: [{ dims: [3, 3, 2], range: [0.5, 1.5] }, integers([0, 1])],
    attributes: { keepdims: 0 },
    note: 'two axes',
  },
  { operator: 'ReduceProd', inputs: [[3, 1], integers([1])], note: 'one element' },
  { operator: 'LRN', inputs: [[2, 5, 3, 3]], attributes: { size: 3, alpha: 0.5, beta: 0.75, bias: 1.5 } },
  { operator: 'LRN', inputs: [[1, 4, 3]], attributes: { size: 4, alpha: 2, beta: 0.5 }, note: 'even size' },
  { operator: 'LpPool', inputs: [[1, 2, 5, 5]], attributes: { kernel_shape: [3, 3], strides: [1, 2] } },
  { operator: 'LpPool', inputs: [[1, 2, 5, 5]], attributes: { kernel_shape: [2, 2], p: 1 }, note: 'p 1' },
  { operator: 'LpPool', inputs: [[1, 2, 6]], attributes: { kernel_shape: [3], p: 3 }, note: 'p 3' },
  { operator: 'GlobalLpPool', inputs: [[2, 3, 4, 4]] },
  { operator: 'LpNormalization', inputs: [[3, 6]] },
  { operator: 'LpNormalization', inputs: [[3, 6]], attributes: { p: 1, axis: 0 }, note: 'p 1' },
  { operator: 'ReduceSumSquare', inputs: [[3, 6], integers([0])] },
  { operator: 'ReduceMean', inputs: [[3, 6, 2], integers([0, 2])] },
  { operator: 'LayerNormalization', inputs: [[3, 4, 6], fixed([6], [0.5, 2]), fixed([6])] },
  { operator: 'LayerNormalization', inputs: [[3, 4, 6], fixed([4, 6], [0.5, 2])], attributes: { axis: 1 } },
  { operator: 'InstanceNormalization', inputs: [[2, 3, 4, 5], fixed([3], [0.5, 2]), fixed([3])] },
  { operator: 'GroupNormalization', inputs: [[2, 4, 3, 3], fixed([4], [0.5, 2]), fixed([4])], attributes: { num_groups: 2 } },
  { operator: 'MeanVarianceNormalization', inputs: [[2, 3, 2, 4]] },
  { operator: 'MeanVarianceNormalization', inputs: [[3, 5]], attributes: { axes: [-1] } },
  { operator: 'BatchNormalization', inputs: [[2, 3, 4], fixed([3]), fixed([3]), fixed([3]), fixed([3], [0.5, 2])] },
  {
    operator: 'ScatterElements',
    inputs: [[4, 3], { dims: [2, 3], data: [3, 0, 1, 3, 2, 1], dtype: 'int64', constant: true }, [2, 3]],
    attributes: { reduction: 'add' },
  },
  {
    operator: 'Concat',
    inputs: [
      [2, 3],
      [2, 4],
    ],
    attributes: { axis: 1 },
  },
  { operator: 'Split', inputs: [[2, 6]], outputs: 3, attributes: { axis: 1, num_outputs: 3 } },
  { operator: 'Transpose', inputs: [[2, 3, 4]], attributes: { perm: [2, 0, 1] } },
  { operator: 'Gather', inputs: [[5, 3], integers([4, 0, 0])] },
]

const twinOf = (names: readonly string[]): Map<string, string> => new Map(names.map(name => [name, `base/${name}`]))

interface Multiplied {
  readonly graph: Graph
  readonly multipliers: readonly string[]
  readonly feeds: Record<string, NdArray>
  readonly cotangents: readonly NdArray[]
  readonly outputs: readonly string[]
  readonly twins: readonly string[]
}

/** The multipliers of a case between its inputs and other ones, or the same ones. */
function multiplied(test: GradientCase, same: boolean): Multiplied {
  const random = generator(5)
  const { graph, feeds, free, outputs } = build(test, random)
  const other = build(test, generator(6)).feeds
  const names = twinOf(free)
  const twinned = withBaseline(graph, names, outputs)
  const result = differentiate(twinned.graph, { of: outputs, at: free, rules: ruleSets['deeplift'], baseline: twinned.baseline })
  const cotangents = outputs.map(name => {
    const dims = graph.dims(name)!
    return ndarray(
      dims,
      Float64Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => Math.fround(2 * random() - 1)),
    )
  })
  return {
    graph: result.graph,
    multipliers: free.map(name => result.gradients[name]!),
    cotangents,
    outputs,
    twins: outputs.map(name => twinned.baseline.get(name)!),
    feeds: {
      ...feeds,
      ...Object.fromEntries(free.map(name => [names.get(name)!, (same ? feeds : other)[name]!])),
      ...Object.fromEntries(outputs.map((name, i) => [result.cotangents[name]!, cotangents[i]!])),
    },
  }
}

const title = ({ operator, note }: GradientCase): string => [operator, note].filter(Boolean).join(' ')

describe('multipliers account for the change', () => {
  it.each(cases.map(test => [title(test), test] as const))('%s', (_, test) => {
    const { graph, multipliers, feeds, cotangents, outputs, twins } = multiplied(test, false)
    const values = evaluate(graph, feeds, [...multipliers, ...outputs, ...twins])
    let [explained, change, scale] = [0, 0, 0]
    outputs.forEach((name, i) => {
      const [y, y0] = [values.get(name)!, values.get(twins[i]!)!]
      y.data.forEach((value, k) => {
        change += cotangents[i]!.data[k]! * (value - y0.data[k]!)
        scale += Math.abs(value - y0.data[k]!)
      })
    })
    const free = Object.keys(feeds).filter(name => feeds[`base/${name}`])
    free.forEach((name, i) => {
      const [x, x0, m] = [feeds[name]!, feeds[`base/${name}`]!, values.get(multipliers[i]!)!]
      expect(m.dims).toEqual(x.dims)
      m.data.forEach((value, k) => {
        explained += value * (x.data[k]! - x0.data[k]!)
      })
    })
    expect(scale).toBeGreaterThan(0.1)
    expect(Math.abs(explained - change) / scale).toBeLessThan(1e-7)
  })
})

describe('multipliers between equal inputs are the gradient', () => {
  it.each(cases.map(test => [title(test), test] as const))('%s', (_, test) => {
    const { graph, multipliers, feeds } = multiplied(test, true)
    const values = evaluate(graph, feeds, multipliers)
    const plain = build(test, generator(5))
    const gradient = differentiate(plain.graph, { of: plain.outputs, at: plain.free })
    const expected = evaluate(gradient.graph, feeds, Object.values(gradient.gradients))
    plain.free.forEach((name, i) => {
      expectClose(values.get(multipliers[i]!)!.data, expected.get(gradient.gradients[name]!)!.data, 1e-7, name)
    })
  })
})

describe('on ONNX Runtime', () => {
  it.each(
    cases
      .filter(({ operator }) => ['MaxPool', 'Softmax', 'LayerNormalization', 'Gelu', 'Div'].includes(operator))
      .map(test => [title(test), test] as const),
  )('%s gives the same multipliers', async (_, test) => {
    const { graph, multipliers, feeds } = multiplied(test, false)
    const exact = evaluate(graph, feeds, multipliers)
    const single = await runOrt(graph, feeds)
    for (const name of multipliers) expectClose(single[name]!.data, exact.get(name)!.data, 2e-5, name)
  })
})

/** One graph of the caller's making, its multipliers between x and x0. */
function between(make: (b: GraphBuilder, x: string) => string, x: readonly number[], x0: readonly number[]): number[] {
  const b = new GraphBuilder()
  const y = b.output(make(b, b.input('x', 'float32', [1, x.length])))
  const graph = inferShapes(b.build())
  const twinned = withBaseline(graph, twinOf(['x']), [y])
  const result = differentiate(twinned.graph, {
    of: [y],
    at: ['x'],
    cotangents: { [y]: null },
    rules: ruleSets['deeplift'],
    baseline: twinned.baseline,
  })
  const feeds = { x: ndarray([1, x.length], Float64Array.from(x)), 'base/x': ndarray([1, x.length], Float64Array.from(x0)) }
  return Array.from(evaluate(result.graph, feeds, [result.gradients['x']!]).get(result.gradients['x']!)!.data)
}

describe('particular values', () => {
  it('a maximum gives its change to the element that made it', () => {
    const top = (b: GraphBuilder, x: string): string => b.emit('ReduceMax', [x, b.ints([1])])
    expectClose(between(top, [1, 1, 1, 1], [1, 2, 3, 9]), [0, 0, 0, 1], 1e-12, 'falls')
    expectClose(between(top, [5, 4, 0], [1, 3, 0]), [0.5, 0, 0], 1e-12, 'rises')
  })

  it('a group of equal values standardises to zero: the other inverse deviation holds for both', () => {
    const first = (b: GraphBuilder, x: string): string =>
      b.emit('Slice', [b.emit('MeanVarianceNormalization', [x], { axes: [-1] }), b.ints([0]), b.ints([1]), b.ints([1])])
    // x - mean x = [-4, -1, 5] / 3, variance 14 / 9, so that y = [-4, -1, 5] / sqrt 14.
    const r = 3 / Math.sqrt(14)
    const expected = [(2 * r) / 3, -r / 3, -r / 3]
    expectClose(between(first, [1, 2, 4], [0, 0, 0]), expected, 1e-12, 'from zeros')
    expectClose(between(first, [1, 2, 4], [0.1, 0.1, 0.1]), expected, 1e-12, 'from a constant')
    expectClose(between(first, [3, 3, 3], [1, 2, 4]), expected, 1e-12, 'to a constant')
    expectClose(between(first, [3, 3, 3], [1, 1, 1]), [0, 0, 0], 1e-12, 'between constants')
  })

  it('softmax ignores a common shift', () => {
    const first = (b: GraphBuilder, x: string): string =>
      b.emit('Slice', [b.emit('Softmax', [x]), b.ints([0]), b.ints([1]), b.ints([1])])
    const [x, x0] = [
      [2, -1, 0.5],
      [0.3, 1, -2],
    ]
    const plain = between(first, x!, x0!)
    expectClose(
      between(
        first,
        x!.map(value => value + 7),
        x0!,
      ),
      plain,
      1e-9,
      'shifted',
    )
    expect(Math.abs(plain.reduce((a, b) => a + b, 0))).toBeLessThan(1e-12)
  })

  it('masked places of a softmax get nothing', () => {
    const masked = (b: GraphBuilder, x: string): string => {
      const p = b.emit('Softmax', [b.emit('Add', [x, b.float([0, 0, Number.NEGATIVE_INFINITY])])])
      return b.emit('Slice', [p, b.ints([0]), b.ints([1]), b.ints([1])])
    }
    const two = between(
      (b, x) => b.emit('Slice', [b.emit('Softmax', [x]), b.ints([0]), b.ints([1]), b.ints([1])]),
      [2, -1],
      [0, 1],
    )
    expectClose(between(masked, [2, -1, 5], [0, 1, 3]), [...two, 0], 1e-9, 'masked')
  })

  it('a condition that flips leaves nothing over', () => {
    const leaky = (b: GraphBuilder, x: string): string =>
      b.emit('Where', [b.emit('Greater', [x, b.float(0)]), x, b.emit('Mul', [x, b.float(0.125)])])
    expectClose(between(leaky, [2, -3, 2, -1], [-1, 1, 1, -2]), [2.125 / 3, 1.375 / 4, 1, 0.125], 1e-12, 'leaky by Where')
  })

  const dot = (b: GraphBuilder, value: string, weights: readonly number[]): string =>
    b.emit('ReduceSum', [b.emit('Mul', [value, b.float([...weights])]), b.ints([1])])

  it('a product: the mean of one order of its factors and the reverse', () => {
    const product = (b: GraphBuilder, x: string): string => b.emit('ReduceProd', [x, b.ints([1])])
    expectClose(
      between(product, [3, 0, 2], [1, 5, 4]),
      [(5 * 4 + 0 * 2) / 2, (3 * 4 + 1 * 2) / 2, (3 * 0 + 1 * 5) / 2],
      1e-12,
      'three',
    )
  })

  it('the largest two: own changes, and the rest to those that changed', () => {
    const two = (b: GraphBuilder, x: string): string => dot(b, b.emitAll('TopK', [x, b.ints([2])], 2)[0]!, [1, 10])
    expectClose(between(two, [5, 3, 1], [6, 2, 0]), [1, 10, 0], 1e-12, 'the same two')
    // The second is element 1 (3), and element 2 (4) on the baseline: of -1 half of 0 + (-3) is explained, 0.5 is left.
    const rest = 10 * 0.5 * (-3 / 9)
    expectClose(between(two, [5, 3, 1], [5, 3, 4]), [1, 5, 5 + rest], 1e-12, 'another second')
    expect((5 + rest) * -3).toBeCloseTo(10 * (3 - 4), 12)
  })

  it.each([
    [
      'batch normalisation by its own statistics',
      (b: GraphBuilder, x: string): string => {
        const turned = b.emit('Transpose', [x], { perm: [1, 0] })
        const [one, zero] = [b.float([1], [1]), b.float([0], [1])]
        const y = b.emitAll('BatchNormalization', [turned, b.float([2], [1]), zero, zero, one], 3, { training_mode: 1 })[0]!
        return dot(b, b.emit('Transpose', [y], { perm: [1, 0] }), [1, -2, 3, 0.5])
      },
    ],
    ['the largest three', (b: GraphBuilder, x: string): string => dot(b, b.emitAll('TopK', [x, b.ints([3])], 2)[0]!, [1, -2, 3])],
  ] as const)('%s accounts for the change', (_, make) => {
    const [x, x0] = [
      [0.3, -1, 2, 0.9],
      [1.5, 0.25, -0.75, 1],
    ]
    const value = (at: readonly number[]): number => {
      const b = new GraphBuilder()
      const y = b.output(make(b, b.input('x', 'float32', [1, 4])))
      return evaluate(inferShapes(b.build()), { x: ndarray([1, 4], Float64Array.from(at)) }, [y]).get(y)!.data[0]!
    }
    const m = between(make, x!, x0!)
    expect(m.reduce((sum, slope, i) => sum + slope * (x![i]! - x0![i]!), 0)).toBeCloseTo(value(x!) - value(x0!), 6)
  })

  it.each(['mul', 'max', 'min'])('a scatter that reduces by %s is refused', reduction => {
    const scatter = (b: GraphBuilder, x: string): string =>
      b.emit('ScatterND', [x, b.constant(Tensor.from('int64', [1, 2], [0, 1])), b.float([2], [1])], { reduction })
    expect(() => between(scatter, [1, 2], [3, 4])).toThrow(new RegExp(`ScatterND.*reduction ${reduction}`))
  })

  it('names an operator without a rule', () => {
    const recurrent = (b: GraphBuilder, x: string): string =>
      b.emitAll('RNN', [b.emit('Unsqueeze', [x, b.ints([0])]), b.float([1, 1], [1, 1, 2]), b.float([1], [1, 1, 1])], 1, {
        hidden_size: 1,
      })[0]!
    expect(() => between(recurrent, [1, 2], [3, 4])).toThrow(MissingRuleError)
    expect(() => between(recurrent, [1, 2], [3, 4])).toThrow(/RNN.*DeepLIFT has no rule/)
  })

  it('needs a baseline', () => {
    const b = new GraphBuilder()
    const y = b.output(b.emit('Relu', [b.input('x', 'float32', [2])]))
    expect(() => differentiate(inferShapes(b.build()), { of: [y], at: ['x'], rules: ruleSets['deeplift'] })).toThrow(/baseline/)
  })
})
