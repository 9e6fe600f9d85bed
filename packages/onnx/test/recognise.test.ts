/** @file Composite patterns in the forms that exporters write, and their lifting to single operators. */
import { describe, expect, it } from 'vitest'
import {
  elementCount,
  evaluate,
  type Graph,
  GraphBuilder,
  inferShapes,
  lift,
  ndarray,
  type RecognisedKind,
  recognise,
  Tensor,
} from '../src/index.js'

type Build = (b: GraphBuilder, x: string) => string

interface Form {
  readonly kind: RecognisedKind
  readonly label: string
  readonly build: Build
  readonly inputs?: number
  readonly parameters?: Record<string, number | string | boolean>
  readonly shape?: readonly number[]
}

const seeded = (dims: readonly number[], seed = 1): number[] =>
  Array.from({ length: elementCount(dims) }, (_, i) => Math.sin(3.1 * i + seed))
const constant = (b: GraphBuilder, dims: readonly number[], seed = 1): string =>
  b.constant(Tensor.float32(dims, seeded(dims, seed)))
const mul = (b: GraphBuilder, l: string, r: string): string => b.emit('Mul', [l, r])

const mean = (b: GraphBuilder, x: string, axes: readonly number[] = [-1]): string =>
  b.emit('ReduceMean', [x, b.ints(axes)], { keepdims: 1 })
const square = (b: GraphBuilder, x: string): string => b.emit('Pow', [x, b.float(2)])
const root = (b: GraphBuilder, v: string): string => b.emit('Sqrt', [b.emit('Add', [v, b.float(1e-5)])])
const affine = (b: GraphBuilder, n: string, dims: readonly number[] = [4]): string =>
  b.emit('Add', [mul(b, n, constant(b, dims, 2)), constant(b, dims, 3)])

function torchScriptNorm(b: GraphBuilder, x: string): string {
  const d = b.emit('Sub', [x, mean(b, x)])
  return affine(b, b.emit('Div', [d, root(b, mean(b, square(b, d)))]))
}

const outer = (b: GraphBuilder, x: string, inner: string): string => mul(b, mul(b, x, inner), b.float(0.5))
const erf = (b: GraphBuilder, x: string): string =>
  b.emit('Add', [b.emit('Erf', [b.emit('Div', [x, b.float(Math.SQRT2)])]), b.float(1)])
const tanh = (b: GraphBuilder, inside: string): string => b.emit('Add', [b.emit('Tanh', [inside]), b.float(1)])
const c = Math.sqrt(2 / Math.PI)

/** q, k, v [1, 2, 3, 2] from x [1, 3, 4] by reshaping. */
const head = (b: GraphBuilder, x: string, seed: number): string =>
  b.emit('Transpose', [b.emit('Reshape', [mul(b, x, constant(b, [4], seed)), b.ints([0, 0, 2, 2])])], { perm: [0, 2, 1, 3] })
const keys = (b: GraphBuilder, x: string): string => b.emit('Transpose', [head(b, x, 5)], { perm: [0, 1, 3, 2] })
const softmax = (b: GraphBuilder, s: string): string => b.emit('Softmax', [s], { axis: -1 })

const forms: readonly Form[] = [
  { kind: 'LayerNorm', label: 'TorchScript', build: torchScriptNorm, inputs: 3, parameters: { axis: -1 } },
  {
    kind: 'LayerNorm',
    label: 'difference computed twice, square by product, reciprocal root',
    inputs: 3,
    build(b, x) {
      const [d, e] = [b.emit('Sub', [x, mean(b, x)]), b.emit('Sub', [x, mean(b, x)])]
      return affine(b, mul(b, d, b.emit('Reciprocal', [root(b, mean(b, mul(b, e, e)))])))
    },
  },
  {
    kind: 'LayerNorm',
    label: 'two axes by positive number',
    inputs: 3,
    parameters: { axis: -2 },
    build(b, x) {
      const d = b.emit('Sub', [x, mean(b, x, [1, 2])])
      return affine(b, b.emit('Div', [d, root(b, mean(b, square(b, d), [1, 2]))]), [3, 4])
    },
  },
  {
    kind: 'LayerNorm',
    label: 'without bias',
    inputs: 2,
    build(b, x) {
      const d = b.emit('Sub', [x, mean(b, x)])
      return mul(b, constant(b, [4], 2), b.emit('Div', [d, root(b, mean(b, square(b, d)))]))
    },
  },
  {
    kind: 'LayerNorm',
    label: 'operator',
    inputs: 3,
    build: (b, x) => b.emit('LayerNormalization', [x, constant(b, [4]), constant(b, [4], 2)], { axis: -1 }),
  },
  {
    kind: 'RMSNorm',
    label: 'TorchScript',
    inputs: 2,
    build: (b, x) => mul(b, constant(b, [4]), mul(b, x, b.emit('Div', [b.float(1), root(b, mean(b, square(b, x)))]))),
  },
  {
    kind: 'RMSNorm',
    label: 'reciprocal',
    inputs: 2,
    build: (b, x) => mul(b, mul(b, x, b.emit('Reciprocal', [root(b, mean(b, mul(b, x, x)))])), constant(b, [4])),
  },
  { kind: 'Gelu', label: 'x (1 + erf) / 2', build: (b, x) => outer(b, x, erf(b, x)), parameters: { approximate: 'none' } },
  { kind: 'Gelu', label: '(x / 2) (1 + erf)', build: (b, x) => mul(b, mul(b, x, b.float(0.5)), erf(b, x)) },
  {
    kind: 'Gelu',
    label: 'x ((1 + erf) / 2), argument by product',
    build: (b, x) =>
      mul(b, x, mul(b, b.float(0.5), b.emit('Add', [b.float(1), b.emit('Erf', [mul(b, x, b.float(Math.SQRT1_2))])]))),
  },
  {
    kind: 'Gelu',
    label: 'of a scaled value',
    build(b, x) {
      const y = mul(b, x, b.float(3))
      return outer(b, y, erf(b, y))
    },
  },
  {
    kind: 'Gelu',
    label: 'tanh, cube by Pow',
    parameters: { approximate: 'tanh' },
    build(b, x) {
      const cube = b.emit('Pow', [x, b.float(3)])
      return mul(b, mul(b, b.float(0.5), x), tanh(b, mul(b, b.emit('Add', [x, mul(b, cube, b.float(0.044715))]), b.float(c))))
    },
  },
  {
    kind: 'Gelu',
    label: 'tanh, cube by products',
    parameters: { approximate: 'tanh' },
    build(b, x) {
      const cube = mul(b, mul(b, x, x), x)
      return mul(b, mul(b, b.float(0.5), x), tanh(b, mul(b, b.float(c), b.emit('Add', [x, mul(b, b.float(0.044715), cube)]))))
    },
  },
  {
    kind: 'Gelu',
    label: 'tanh, factored',
    parameters: { approximate: 'tanh' },
    build(b, x) {
      const inside = mul(b, mul(b, b.float(c), x), b.emit('Add', [b.float(1), mul(b, mul(b, b.float(0.044715), x), x)]))
      return mul(b, b.float(0.5), mul(b, x, tanh(b, inside)))
    },
  },
  { kind: 'Gelu', label: 'operator', build: (b, x) => b.emit('Gelu', [x]) },
  { kind: 'SiLU', label: 'x sigmoid(x)', build: (b, x) => mul(b, x, b.emit('Sigmoid', [x])), parameters: { alpha: 1 } },
  {
    kind: 'SiLU',
    label: 'sigmoid(1.5 x) x',
    build: (b, x) => mul(b, b.emit('Sigmoid', [mul(b, x, b.float(1.5))]), x),
    parameters: { alpha: 1.5 },
  },
  {
    kind: 'HardSwish',
    label: 'x hardsigmoid(x)',
    build: (b, x) => mul(b, x, b.emit('HardSigmoid', [x], { alpha: 1 / 6, beta: 0.5 })),
  },
  {
    kind: 'HardSwish',
    label: 'x clip(x + 3) / 6',
    build: (b, x) =>
      b.emit('Div', [mul(b, x, b.emit('Clip', [b.emit('Add', [x, b.float(3)]), b.float(0), b.float(6)])), b.float(6)]),
  },
  {
    kind: 'HardSwish',
    label: 'x (clip(x + 3) / 6)',
    build: (b, x) =>
      mul(b, x, b.emit('Div', [b.emit('Clip', [b.emit('Add', [x, b.float(3)]), b.float(0), b.float(6)]), b.float(6)])),
  },
  {
    kind: 'Linear',
    label: 'MatMul and Add',
    build: (b, x) => b.emit('Add', [constant(b, [5], 2), b.emit('MatMul', [x, constant(b, [4, 5])])]),
    inputs: 3,
    parameters: { transposed: false },
  },
  { kind: 'Linear', label: 'MatMul alone', build: (b, x) => b.emit('MatMul', [x, constant(b, [4, 5])]), inputs: 2 },
  {
    kind: 'Linear',
    label: 'transposed weight',
    build: (b, x) =>
      b.emit('Add', [b.emit('MatMul', [x, b.emit('Transpose', [constant(b, [5, 4])], { perm: [1, 0] })]), constant(b, [5], 2)]),
    inputs: 3,
    parameters: { transposed: true },
  },
  {
    kind: 'Linear',
    label: 'Gemm',
    shape: [3, 4],
    build: (b, x) => b.emit('Gemm', [x, constant(b, [5, 4]), constant(b, [5])], { transB: 1 }),
    inputs: 3,
    parameters: { transposed: true },
  },
  {
    kind: 'Attention',
    label: 'scores divided',
    shape: [1, 3, 4],
    inputs: 3,
    parameters: { transposed: true },
    build: (b, x) =>
      b.emit('MatMul', [
        softmax(b, b.emit('Div', [b.emit('MatMul', [head(b, x, 4), keys(b, x)]), b.float(Math.SQRT2)])),
        head(b, x, 6),
      ]),
  },
  {
    kind: 'Attention',
    label: 'query scaled, mask added',
    shape: [1, 3, 4],
    inputs: 4,
    build: (b, x) =>
      b.emit('MatMul', [
        softmax(b, b.emit('Add', [b.emit('MatMul', [mul(b, head(b, x, 4), b.float(0.5)), keys(b, x)]), constant(b, [3, 3], 7)])),
        head(b, x, 6),
      ]),
    parameters: { scale: 0.5 },
  },
  {
    kind: 'Attention',
    label: 'query and key each scaled by the root',
    shape: [1, 3, 4],
    inputs: 3,
    build: (b, x) =>
      b.emit('MatMul', [
        softmax(b, b.emit('MatMul', [mul(b, head(b, x, 4), b.float(0.5)), mul(b, keys(b, x), b.float(0.5))])),
        head(b, x, 6),
      ]),
    parameters: { scale: 0.25 },
  },
  {
    kind: 'Attention',
    label: 'masked by Where',
    shape: [1, 3, 4],
    inputs: 4,
    build: (b, x) => {
      const mask = b.constant(Tensor.from('bool', [3, 3], [1, 0, 0, 1, 1, 0, 1, 1, 1]))
      const scores = mul(b, b.emit('MatMul', [head(b, x, 4), keys(b, x)]), b.float(0.5))
      return b.emit('MatMul', [softmax(b, b.emit('Where', [mask, scores, b.float(-1e9)])), head(b, x, 6)])
    },
    parameters: { scale: 0.5 },
  },
]

function graphOf(build: Build, shape: readonly number[]): Graph {
  const builder = new GraphBuilder()
  const x = builder.input('x', 'float32', shape)
  const y = builder.emit('Neg', [build(builder, builder.emit('Tanh', [x]))])
  builder.output(y)
  return inferShapes(builder.build())
}

const value = (graph: Graph, shape: readonly number[]): number[] =>
  Array.from(evaluate(graph, { x: ndarray(shape, seeded(shape, 9)) }).get(graph.outputs[0]!.name)!.data)

const single: Partial<Record<RecognisedKind, string>> = { LayerNorm: 'LayerNormalization', Gelu: 'Gelu', HardSwish: 'HardSwish' }

describe('recognition', () => {
  for (const { kind, label, build, inputs = 1, parameters = {}, shape = [2, 3, 4] } of forms)
    it(`${kind}: ${label}`, () => {
      const graph = graphOf(build, shape)
      const found = recognise(graph).filter(one => one.kind === kind)
      expect(found).toHaveLength(1)
      const one = found[0]!
      expect(one.inputs).toHaveLength(inputs)
      expect(one.outputs).toEqual(graph.nodes.at(-1)!.inputs)
      for (const [name, expected] of Object.entries(parameters)) {
        if (typeof expected === 'number') expect(one.parameters[name]).toBeCloseTo(expected, 6)
        else expect(one.parameters[name]).toBe(expected)
      }
      const lifted = lift(graph)
      const operator = single[kind]
      if (!operator) return
      expect(lifted.nodes.filter(node => node.operator === operator)).toHaveLength(1)
      expect(lifted.nodes.length).toBeLessThanOrEqual(4)
      const before = value(graph, shape)
      for (const [i, number] of value(lifted, shape).entries()) expect(number).toBeCloseTo(before[i]!, 5)
    })

  const others: readonly [string, Build][] = [
    ['x times the sigmoid of another', (b, x) => mul(b, x, b.emit('Sigmoid', [b.emit('Neg', [x])]))],
    ['a Gelu with the wrong constant', (b, x) => mul(b, mul(b, x, erf(b, x)), b.float(0.6))],
    ['a Gelu of one value times another', (b, x) => outer(b, b.emit('Neg', [x]), erf(b, x))],
    [
      'a variance about another mean',
      (b, x) => {
        const d = b.emit('Sub', [x, mean(b, b.emit('Abs', [x]))])
        return affine(b, b.emit('Div', [b.emit('Sub', [x, mean(b, x)]), root(b, mean(b, square(b, d)))]))
      },
    ],
    [
      'a normalisation over a leading axis',
      (b, x) => {
        const d = b.emit('Sub', [x, mean(b, x, [0])])
        return affine(b, b.emit('Div', [d, root(b, mean(b, square(b, d), [0]))]))
      },
    ],
    ['a product of two inputs', (b, x) => b.emit('MatMul', [x, b.emit('Transpose', [x], { perm: [0, 2, 1] })])],
    [
      'a clip to another bound',
      (b, x) => b.emit('Div', [mul(b, x, b.emit('Clip', [b.emit('Add', [x, b.float(3)]), b.float(0), b.float(5)])), b.float(6)]),
    ],
  ]
  for (const [label, build] of others)
    it(`leaves alone ${label}`, () => {
      const graph = graphOf(build, [2, 3, 4])
      expect(recognise(graph).map(({ kind }) => kind)).toEqual([])
      expect(lift(graph)).toBe(graph)
    })

  it('keeps a value inside a pattern that something else reads', () => {
    const builder = new GraphBuilder()
    const x = builder.input('x', 'float32', [2, 4])
    const d = builder.emit('Sub', [x, mean(builder, x)])
    const y = affine(builder, builder.emit('Div', [d, root(builder, mean(builder, square(builder, d)))]))
    builder.output(builder.emit('Add', [y, d]))
    const graph = inferShapes(builder.build())
    const lifted = lift(graph)
    expect(lifted.nodes.map(({ operator }) => operator)).toEqual(['ReduceMean', 'Sub', 'LayerNormalization', 'Add'])
    const before = value(graph, [2, 4])
    for (const [i, number] of value(lifted, [2, 4]).entries()) expect(number).toBeCloseTo(before[i]!, 5)
  })

  it('lifts SiLU to QuickGelu only where it is asked for', () => {
    const graph = graphOf((b, x) => mul(b, x, b.emit('Sigmoid', [x])), [2, 3, 4])
    expect(lift(graph)).toBe(graph)
    const lifted = lift(graph, ['SiLU'])
    expect(lifted.nodes.filter(({ domain }) => domain === 'com.microsoft').map(({ operator }) => operator)).toEqual(['QuickGelu'])
    const before = value(graph, [2, 3, 4])
    for (const [i, number] of value(lifted, [2, 3, 4]).entries()) expect(number).toBeCloseTo(before[i]!, 6)
  })

  it('leaves open patterns alone where only closed ones are wanted', () => {
    const open = (read: boolean): Graph => {
      const builder = new GraphBuilder()
      const x = builder.input('x', 'float32', [2, 4])
      const gate = builder.emit('Sigmoid', [x])
      builder.output(builder.emit('Mul', [x, gate]))
      if (read) builder.output(gate)
      return inferShapes(builder.build())
    }
    expect(lift(open(true), ['SiLU'], { closed: true }).nodes.map(({ operator }) => operator)).toEqual(['Sigmoid', 'Mul'])
    expect(lift(open(true), ['SiLU']).nodes.map(({ operator }) => operator)).toEqual(['Sigmoid', 'QuickGelu'])
    expect(lift(open(false), ['SiLU'], { closed: true }).nodes.map(({ operator }) => operator)).toEqual(['QuickGelu'])
  })
})
