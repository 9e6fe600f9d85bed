import { evaluate, foldBatchNorm, Graph, GraphBuilder, inferShapes, ndarray, prune, Tensor } from '@ascribe/onnx'
import { describe, expect, test } from 'vitest'

const wave = (count: number, seed: number): Float64Array =>
  Float64Array.from({ length: count }, (_, i) => Math.sin(seed + i * 1.7))
const tensor = (seed: number, ...dims: number[]): Tensor =>
  Tensor.float32(
    dims,
    wave(
      dims.reduce((a, b) => a * b, 1),
      seed,
    ),
  )

/** x -> linear -> BatchNormalization -> Relu. */
function normed(x: readonly number[], linear: (b: GraphBuilder, x: string) => string, channels: number): Graph {
  const b = new GraphBuilder()
  const y = linear(b, b.input('x', 'float32', x))
  const variance = Tensor.float32(
    [channels],
    wave(channels, 4).map(value => value + 1.5),
  )
  const statistics = [tensor(1, channels), tensor(2, channels), tensor(3, channels), variance].map(value => b.constant(value))
  b.output(b.emit('Relu', [b.emit('BatchNormalization', [y, ...statistics], { epsilon: 1e-3 })]))
  return inferShapes(b.build())
}

describe('BatchNormalization folds into the operator before it', () => {
  const cases: Record<string, readonly [number[], (b: GraphBuilder, x: string) => string, number, string[]]> = {
    Conv: [
      [2, 4, 5, 5],
      (b, x) => b.emit('Conv', [x, b.constant(tensor(5, 6, 4, 3, 3)), b.constant(tensor(6, 6))]),
      6,
      ['Conv', 'Relu'],
    ],
    'Conv without bias, in groups': [
      [2, 4, 5, 5],
      (b, x) => b.emit('Conv', [x, b.constant(tensor(5, 6, 2, 3, 3))], { group: 2 }),
      6,
      ['Conv', 'Relu'],
    ],
    ConvTranspose: [
      [2, 4, 3, 3],
      (b, x) => b.emit('ConvTranspose', [x, b.constant(tensor(5, 4, 3, 2, 2))], { group: 2, strides: [2, 2] }),
      6,
      ['ConvTranspose', 'Relu'],
    ],
    Gemm: [
      [3, 4],
      (b, x) => b.emit('Gemm', [x, b.constant(tensor(5, 4, 6)), b.constant(tensor(6, 6))], { alpha: 0.5 }),
      6,
      ['Gemm', 'Relu'],
    ],
    'Gemm, transposed': [[3, 4], (b, x) => b.emit('Gemm', [x, b.constant(tensor(5, 6, 4))], { transB: 1 }), 6, ['Gemm', 'Relu']],
    MatMul: [[3, 4], (b, x) => b.emit('MatMul', [x, b.constant(tensor(5, 4, 6))]), 6, ['MatMul', 'Add', 'Relu']],
  }
  for (const [name, [shape, linear, channels, expected]] of Object.entries(cases))
    test(name, () => {
      const graph = normed(shape, linear, channels)
      const folded = foldBatchNorm(graph)
      expect(folded.nodes.map(node => node.operator)).toEqual(expected)
      expect(folded.outputs).toEqual(graph.outputs)
      const feeds = {
        x: ndarray(
          shape,
          wave(
            shape.reduce((a, b) => a * b, 1),
            9,
          ),
        ),
      }
      const [before, after] = [graph, folded].map(each => evaluate(each, feeds).get(graph.outputs[0]!.name)!.data)
      // Weights are rounded to float32 once.
      before!.forEach((value, i) => {
        expect(Math.abs(value - after![i]!)).toBeLessThan(2e-6)
      })
    })

  test('with statistics that an exporter passes through Identity', () => {
    const b = new GraphBuilder()
    const conv = b.emit('Conv', [b.input('x', 'float32', [1, 2, 4, 4]), b.constant(tensor(5, 3, 2, 3, 3))])
    const shared = b.constant(Tensor.float32([3], [1.5, 2, 0.5]))
    const copy = b.emit('Identity', [shared])
    b.output(b.emit('BatchNormalization', [conv, copy, b.constant(tensor(1, 3)), b.constant(tensor(2, 3)), shared]))
    expect(foldBatchNorm(inferShapes(b.build())).nodes.map(node => node.operator)).toEqual(['Conv'])
  })

  test('not where the value between is read twice, is an output, or the batch statistics are wanted', () => {
    const graph = normed([1, 4, 5, 5], (b, x) => b.emit('Conv', [x, b.constant(tensor(5, 6, 4, 3, 3))]), 6)
    const between = graph.nodes[0]!.outputs[0]!
    const shown = graph.with({ outputs: [...graph.outputs, { name: between, type: graph.type(between)! }] })
    expect(foldBatchNorm(shown)).toBe(shown)
    const training = graph.with({
      nodes: graph.nodes.map(node => ({
        ...node,
        attributes: { ...node.attributes, training_mode: { kind: 'int', value: 1 } as const },
      })),
    })
    expect(foldBatchNorm(training)).toBe(training)
    const alone = new GraphBuilder()
    const x = alone.input('x', 'float32', [1, 2, 3])
    alone.output(alone.emit('BatchNormalization', [x, ...[1, 2, 3, 4].map(seed => alone.constant(tensor(seed, 2)))]))
    expect(foldBatchNorm(alone.build()).nodes).toHaveLength(1)
  })
})

test('prune keeps what subgraphs read, and what is asked for', () => {
  const inner = new Graph({
    nodes: [{ domain: '', operator: 'Neg', name: 'n', inputs: ['w'], outputs: ['y'], attributes: {} }],
    inputs: [],
    outputs: [{ name: 'y', type: { dtype: 'float32', shape: null } }],
    initializers: new Map(),
  })
  const b = new GraphBuilder()
  const c = b.input('c', 'bool', [])
  const x = b.input('x', 'float32', [2])
  const extra = b.emit('Exp', [x])
  b.output(b.emit('If', [c], { then_branch: inner, else_branch: inner }))
  const graph = b.build().with({
    initializers: new Map([
      ['w', tensor(1, 2)],
      ['unused', tensor(2, 2)],
    ]),
  })
  expect([...prune(graph).initializers.keys()]).toEqual(['w'])
  expect(prune(graph).nodes.map(node => node.operator)).toEqual(['If'])
  expect(prune(graph, [extra]).nodes.map(node => node.operator)).toEqual(['Exp', 'If'])
})
