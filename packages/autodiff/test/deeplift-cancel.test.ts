/** @file RevealCancel against the definition of the paper, written by hand with two multipliers per value in double precision. */
import { evaluate, type Graph, GraphBuilder, inferShapes, ndarray } from '@ascribe/onnx'
import { describe, expect, it } from 'vitest'
import { differentiate, ruleSets, withBaseline } from '../src/index.js'
import { expectClose, generator } from './support/check.js'

const random = generator(11)
const matrix = (rows: number, columns: number): number[][] =>
  Array.from({ length: rows }, () => Array.from({ length: columns }, () => Math.fround(2 * random() - 1)))
const [first, second, third] = [matrix(4, 6), matrix(6, 6), matrix(6, 2)]
const bias = matrix(1, 6)[0]!
const x = [0.5, -1, 2, 0.25].map(Math.fround)
const x0 = [-0.5, 1.5, 0.75, 0.25].map(Math.fround)

/** The contributions of multipliers between `at` and `from` to the sum of the graph's output, in the order of its inputs. */
function contributions(graph: Graph, at: readonly number[][], from: readonly number[][], dims: readonly number[]): number[] {
  const names = graph.inputs.map(({ name }) => name)
  const [y] = graph.outputs.map(({ name }) => name)
  const twinned = withBaseline(graph, new Map(names.map(name => [name, `base/${name}`])), [y!])
  const result = differentiate(twinned.graph, {
    of: [y!],
    at: names,
    cotangents: { [y!]: null },
    rules: ruleSets['deeplift-reveal-cancel'],
    baseline: twinned.baseline,
  })
  const feeds = Object.fromEntries(
    names.flatMap((name, i) => [
      [name, ndarray(dims, Float64Array.from(at[i]!))],
      [`base/${name}`, ndarray(dims, Float64Array.from(from[i]!))],
    ]),
  )
  const values = evaluate(result.graph, feeds, Object.values(result.gradients))
  return names.flatMap((name, i) =>
    Array.from(values.get(result.gradients[name]!)!.data, (m, k) => m * (at[i]![k]! - from[i]![k]!)),
  )
}

const product = (row: readonly number[], weight: readonly (readonly number[])[]): number[] =>
  weight[0]!.map((_, j) => row.reduce((sum, value, i) => sum + value * weight[i]![j]!, 0))

/** Positive and negative contributions to each output of a linear layer. */
const parts = (change: readonly number[], weight: readonly (readonly number[])[]) =>
  weight[0]!.map((_, j) => {
    const each = change.map((value, i) => value * weight[i]![j]!)
    return { up: each.reduce((s, v) => s + Math.max(0, v), 0), down: each.reduce((s, v) => s + Math.min(0, v), 0) }
  })

interface Pair {
  readonly positive: number
  readonly negative: number
}

/** A function and its derivative, which stands for the quotient of a part that is zero. */
interface Elementwise {
  readonly f: (value: number) => number
  readonly slope: (value: number) => number
}

/** Equations of section 3.5.2: multipliers of the positive and the negative part. */
function cancel({ f, slope }: Elementwise, from: number, up: number, down: number, m: number): Pair {
  const mean = 0.5 * (slope(from) + slope(from + up + down))
  const rise = 0.5 * (f(from + up) - f(from) + f(from + down + up) - f(from + down))
  const fall = 0.5 * (f(from + down) - f(from) + f(from + up + down) - f(from + up))
  return { positive: m * (up === 0 ? mean : rise / up), negative: m * (down === 0 ? mean : fall / down) }
}

/** The linear rule of section 3.5.1. */
const linear = (change: readonly number[], weight: readonly (readonly number[])[], pairs: readonly Pair[]): number[] =>
  change.map((delta, i) =>
    pairs.reduce((sum, { positive, negative }, j) => {
      const w = weight[i]![j]!
      return sum + w * (w * delta > 0 ? positive : w * delta < 0 ? negative : 0.5 * (positive + negative))
    }, 0),
  )

function byHand(inner: Elementwise, outer: Elementwise): number[] {
  const forward = (input: readonly number[]) => {
    const z1 = product(input, first).map((value, j) => value + bias[j]!)
    const h1 = z1.map(inner.f)
    return { z1, h1, z2: product(h1, second) }
  }
  const [on, off] = [forward(x), forward(x0)]
  const dx = x.map((value, i) => value - x0[i]!)
  const dh = on.h1.map((value, i) => value - off.h1[i]!)
  const m = third.map(row => row[0]! + row[1]!)
  const p2 = parts(dh, second).map(({ up, down }, j) => cancel(outer, off.z2[j]!, up, down, m[j]!))
  const m1 = linear(dh, second, p2)
  const p1 = parts(dx, first).map(({ up, down }, j) => cancel(inner, off.z1[j]!, up, down, m1[j]!))
  return linear(dx, first, p1).map((value, i) => value * dx[i]!)
}

type Write = (b: GraphBuilder, value: string) => string
const relu: Write = (b, value) => b.emit('Relu', [value])
const tanh: Write = (b, value) => b.emit('Tanh', [value])
const rectify: Elementwise = { f: value => Math.max(0, value), slope: value => (value > 0 ? 1 : 0) }
const squash: Elementwise = { f: Math.tanh, slope: value => 1 - Math.tanh(value) ** 2 }

function dense(inner: Write, outer: Write): Graph {
  const b = new GraphBuilder()
  const weights = (w: number[][]): string => b.float(w.flat(), [w.length, w[0]!.length])
  const h1 = inner(b, b.emit('Add', [b.emit('MatMul', [b.input('x', 'float32', [1, 4]), weights(first)]), b.float(bias)]))
  const transposed = second[0]!.map((_, j) => second.map(row => row[j]!))
  const h2 = outer(b, b.emit('Gemm', [h1, weights(transposed)], { transB: 1 }))
  b.output(b.emit('MatMul', [h2, weights(third)]))
  return inferShapes(b.build())
}

/** The same as `dense`, as convolutions over one place. */
function convolved(inner: Write, outer: Write): Graph {
  const b = new GraphBuilder()
  const conv = (value: string, w: number[][], offset?: number[]): string =>
    b.emit('Conv', [
      value,
      b.float(
        w[0]!.flatMap((_, j) => w.map(row => row[j]!)),
        [w[0]!.length, w.length, 1, 1],
      ),
      ...(offset ? [b.float(offset)] : []),
    ])
  const h1 = inner(b, conv(b.input('x', 'float32', [1, 4, 1, 1]), first, bias))
  b.output(conv(outer(b, conv(h1, second)), third))
  return inferShapes(b.build())
}

describe('reveal-cancel', () => {
  it.each<[string, Write, Elementwise, Write, Elementwise]>([
    ['ReLU, then ReLU', relu, rectify, relu, rectify],
    ['ReLU, then tanh', relu, rectify, tanh, squash],
    ['tanh, then ReLU', tanh, squash, relu, rectify],
  ])('%s, as dense layers and as convolutions', (_, inner, f, outer, g) => {
    const expected = byHand(f, g)
    expectClose(contributions(dense(inner, outer), [x], [x0], [1, 4]), expected, 1e-9, 'dense')
    expectClose(contributions(convolved(inner, outer), [x], [x0], [1, 4, 1, 1]), expected, 1e-9, 'convolution')
    const total = (input: readonly number[]): number => {
      const h = product(
        product(input, first).map((value, j) => f.f(value + bias[j]!)),
        second,
      ).map(g.f)
      return product(h, third).reduce((a, b) => a + b, 0)
    }
    expect(expected.reduce((a, b) => a + b, 0)).toBeCloseTo(total(x) - total(x0), 9)
  })

  it('the smaller of two inputs: half to each', () => {
    const b = new GraphBuilder()
    const [i1, i2] = [b.input('i1', 'float32', [1]), b.input('i2', 'float32', [1])]
    b.output(b.emit('Sub', [i1, b.emit('Relu', [b.emit('Sub', [i1, i2])])]))
    const graph = inferShapes(b.build())
    expectClose(contributions(graph, [[3], [1]], [[0], [0]], [1]), [0.5, 0.5], 1e-12, '3 and 1')
    expectClose(contributions(graph, [[2], [7]], [[0], [0]], [1]), [1, 1], 1e-12, '2 and 7')
  })

  it('a value with two readers, and a residual addition', () => {
    const b = new GraphBuilder()
    const weights = (w: number[][]): string => b.float(w.flat(), [w.length, w[0]!.length])
    const z = b.emit('MatMul', [b.input('x', 'float32', [1, 4]), weights(first)])
    const h = b.emit('Relu', [b.emit('Add', [b.emit('Sigmoid', [z]), b.emit('Mul', [z, b.float(0.3)])])])
    b.output(b.emit('MatMul', [b.emit('Add', [h, b.emit('Tanh', [z])]), weights(third)]))
    const graph = inferShapes(b.build())
    const values = contributions(graph, [x], [x0], [1, 4])
    const total = (input: readonly number[]): number =>
      Array.from(evaluate(graph, { x: ndarray([1, 4], Float64Array.from(input)) }).get(graph.outputs[0]!.name)!.data).reduce(
        (a, c) => a + c,
        0,
      )
    expect(values.reduce((a, c) => a + c, 0)).toBeCloseTo(total(x) - total(x0), 6)
    expect(values[3]).toBe(0)
  })
})
