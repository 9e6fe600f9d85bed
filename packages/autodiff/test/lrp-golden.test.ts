/** @file Published values of transformer operators under AttnLRP, in double precision. */
import { evaluate, GraphBuilder, inferShapes, type NdArray, ndarray } from '@ascribe/onnx'
import { describe, it } from 'vitest'
import { differentiate, lrpRules } from '../src/index.js'
import { expectClose } from './support/check.js'

interface Given {
  readonly dims: readonly number[]
  readonly data: readonly number[]
}

/** Relevance of every input when the result's is `seed`, and the result itself. */
function relevance(
  inputs: readonly Given[],
  write: (b: GraphBuilder, names: readonly string[]) => string,
  seed: readonly number[],
) {
  const b = new GraphBuilder()
  const names = inputs.map(({ dims }, i) => b.input(`x${i}`, 'float32', dims))
  const result = b.output(write(b, names))
  const graph = inferShapes(b.build())
  const walk = differentiate(graph, { of: [result], at: names, rules: lrpRules({ composite: [] }) })
  const feeds: Record<string, NdArray> = {
    ...Object.fromEntries(names.map((name, i) => [name, ndarray(inputs[i]!.dims, Float64Array.from(inputs[i]!.data))])),
    [walk.cotangents[result]!]: ndarray(graph.dims(result)!, Float64Array.from(seed)),
  }
  const values = evaluate(walk.graph, feeds, [result, ...names.map(name => walk.gradients[name]!)])
  return {
    result: values.get(result)!.data,
    of: names.map(name => values.get(walk.gradients[name]!)!.data),
  }
}

const row = (...data: number[]): Given => ({ dims: [1, data.length], data })

describe('golden cases of transformer operators', () => {
  it('66: softmax, whose relevance is not conserved', () => {
    const found = relevance([row(1, 2, 0.5)], (b, [x]) => b.emit('Softmax', [x!]), [0.2, 0.7, 0.1])
    expectClose(found.result, [0.2312239, 0.62853172, 0.14024438], 1e-7, 'softmax')
    expectClose(found.of[0]!, [-0.0312239, 0.14293656, -0.02012219], 1e-6, 'relevance')
  })

  it('a masked score has no relevance, and the others have what they have without it', () => {
    const inf = Number.POSITIVE_INFINITY
    const net = (b: GraphBuilder, [x]: readonly string[]): string =>
      b.emit('Softmax', [b.emit('Add', [x!, b.float([0, -inf, 0, 0], [1, 4])])])
    const found = relevance([row(1, 7, 2, 0.5)], net, [0.2, 0, 0.7, 0.1])
    expectClose(found.of[0]!, [-0.0312239, 0, 0.14293656, -0.02012219], 1e-6, 'relevance')
  })

  it('67: a product of matrices gives each half', () => {
    const [a, v] = [
      { dims: [2, 2], data: [0.5, 0.5, 0.25, 0.75] },
      { dims: [2, 2], data: [1, -2, 3, 4] },
    ]
    const found = relevance([a, v], (b, [left, right]) => b.emit('MatMul', [left!, right!]), [1, 2, 0.5, -1])
    expectClose(found.result, [2, 1, 2.5, 2.5], 1e-12, 'product')
    expectClose(found.of[0]!, [-0.875, 2.375, 0.125, -0.375], 2e-6, 'left')
    expectClose(found.of[1]!, [0.15, -0.9, 0.6, 1.4], 2e-6, 'right')
  })

  it.each([
    ['68: a sum, in proportion', 'Add', [1 / 3, 2, 1.5], [2 / 3, -1, -0.5]],
    ['69: a product, half each', 'Mul', [0.5, 0.5, 0.5], [0.5, 0.5, 0.5]],
  ])('%s', (_, operator, left, right) => {
    const found = relevance([row(1, -2, 3), row(2, 1, -1)], (b, [x, y]) => b.emit(operator, [x!, y!]), [1, 1, 1])
    expectClose(found.of[0]!, left, 2e-6, 'left')
    expectClose(found.of[1]!, right, 2e-6, 'right')
  })

  it('70: layer normalisation', () => {
    const found = relevance(
      [row(1, 2, 4)],
      (b, [x]) =>
        b.emit('LayerNormalization', [x!, b.float([2, 0.5, 1], [3]), b.float([0.1, 0.2, -0.3], [3])], { epsilon: 1e-5 }),
      [1, 1, 1],
    )
    expectClose(found.result, [-2.03808306, 0.06636981, 1.03630191], 1e-6, 'result')
    expectClose(found.of[0]!, [-2.79581908, 8.06228936, -4.9413024], 2e-5, 'relevance')
  })

  const spread = (b: GraphBuilder, x: string): string =>
    b.emit('Sqrt', [b.emit('ReduceMean', [b.emit('Pow', [x, b.float(2)]), b.ints([-1])], { keepdims: 1 })])
  it.each<[string, (b: GraphBuilder, x: string) => string]>([
    ['a quotient', (b, x) => b.emit('Div', [x, spread(b, x)])],
    ['a product with the reciprocal', (b, x) => b.emit('Mul', [x, b.emit('Reciprocal', [spread(b, x)])])],
    ['a product with one over it', (b, x) => b.emit('Mul', [b.emit('Div', [b.float(1), spread(b, x)]), x])],
    [
      'a product with a negative power',
      (b, x) => {
        const squares = b.emit('ReduceMean', [b.emit('Mul', [x, x]), b.ints([-1])], { keepdims: 1 })
        return b.emit('Mul', [x, b.emit('Pow', [squares, b.float(-0.5)])])
      },
    ],
    [
      'blown up to the size of x',
      (b, x) => b.emit('Mul', [x, b.emit('Expand', [b.emit('Reciprocal', [spread(b, x)]), b.ints([1, 3])])]),
    ],
  ])('71: RMS normalisation passes relevance, written as %s', (_, write) => {
    const found = relevance([row(1, 2, 4)], (b, [x]) => b.emit('Mul', [write(b, x!), b.float([2, 0.5, 1])]), [1, 2, 3])
    expectClose(found.result, [0.7559284, 0.3779642, 1.51185679], 1e-6, 'result')
    expectClose(found.of[0]!, [1, 2, 3], 1e-9, 'relevance')
  })

  it('72: GELU passes, so that relevance of f(x) is GELU(x)', () => {
    const gelu = [-0.15865525, 0.34573123, 1.95449974]
    const found = relevance([row(-1, 0.5, 2)], (b, [x]) => b.emit('Gelu', [x!]), gelu)
    expectClose(found.result, gelu, 1e-7, 'gelu')
    expectClose(found.of[0]!, gelu, 1e-12, 'relevance')
  })

  it('73: an attention head', () => {
    const square = (...data: number[]): Given => ({ dims: [2, 2], data })
    const found = relevance(
      [square(1, 0, 0, 1), square(1, 1, 0, 2), square(1, 0, 2, -1)],
      (b, [q, k, v]) => {
        const scores = b.emit('MatMul', [q!, b.emit('Transpose', [k!], { perm: [1, 0] })])
        return b.emit('MatMul', [b.emit('Softmax', [b.emit('Mul', [scores, b.float(Math.SQRT1_2)])]), v!])
      },
      [1, 0, 0, 0],
    )
    expectClose(found.result, [1.33023845, -0.33023845, 1.66976155, -0.66976155], 1e-6, 'result')
    // A constant factor passes all relevance. The published -0.02078396 is this times the scale 1 / sqrt 2: it lets the scale multiply relevance.
    for (const side of [0, 1]) expectClose(found.of[side]!, [-0.02078396 * Math.SQRT2, 0, 0, 0], 5e-6, side ? 'keys' : 'queries')
    expectClose(found.of[2]!, [0.25174492, 0, 0.24825508, 0], 5e-6, 'values')
  })
})
