import { type Graph, GraphBuilder, ShapeError, specialise, Tensor } from '@ascribe/onnx'
import { describe, expect, test } from 'vitest'

function model(): Graph {
  const b = new GraphBuilder()
  const x = b.input('x', 'float32', ['batch', 3, null])
  const mask = b.input('mask', 'float32', ['batch', 'past + now'])
  b.input('now', 'float32', ['now', 'past'])
  const weight = b.constant(Tensor.float32([3, 4], new Float32Array(12)), 'weight')
  b.output(b.emit('MatMul', [b.emit('Transpose', [x], { perm: [0, 2, 1] }), weight]))
  b.output(b.emit('Relu', [mask]))
  return b.build()
}

const shapes = (graph: Graph) => [...graph.inputs, ...graph.outputs].map(({ type }) => type.shape)

test('symbols, unnamed dimensions and sums of symbols become numbers', () => {
  const graph = model()
  expect(shapes(specialise(graph, { dimensions: { batch: 2 }, inputs: { x: [2, 3, 7], now: [5, 6] } }))).toEqual([
    [2, 3, 7],
    [2, 11],
    [5, 6],
    [2, 7, 4],
    [2, 11],
  ])
})

test('what nothing is said of stays open, and tensors are shared', () => {
  const graph = model()
  const made = specialise(graph, { dimensions: { batch: 4 } })
  expect(shapes(made)).toEqual([
    [4, 3, 'x_dim2'],
    [4, 'past + now'],
    ['now', 'past'],
    [4, 'x_dim2', 4],
    [4, 'now+past'],
  ])
  expect(made.initializers.get('weight')).toBe(graph.initializers.get('weight'))
  expect(shapes(specialise(made, { dimensions: { x_dim2: 3, past: 1 } }))[0]).toEqual([4, 3, 3])
})

test('a binding of the sum by its own name', () => {
  expect(shapes(specialise(model(), { inputs: { mask: [1, 9] } }))[4]).toEqual([1, 9])
})

describe('errors name the input and what it expects', () => {
  const wrong: readonly (readonly [Parameters<typeof specialise>[1], RegExp])[] = [
    [{ dimensions: { batches: 1 } }, /no input has a dimension "batches"; the symbolic dimensions are batch, x_dim2/],
    [{ inputs: { y: [1] } }, /there is no input "y"; the inputs are x, mask, now/],
    [{ inputs: { x: [1, 3] } }, /input "x" is given the shape \[1, 3\] but expects \[batch, 3, \?\]/],
    [{ inputs: { x: [1, 4, 5] } }, /input "x" is given the shape \[1, 4, 5\] but expects \[batch, 3, \?\]/],
    [{ dimensions: { batch: 2 }, inputs: { x: [3, 3, 5] } }, /dimension "batch" is 2 in one place and 3 at axis 0 of input "x"/],
    [{ inputs: { x: [1, 3, 5], mask: [2, 5] } }, /dimension "batch" is 1 in one place and 2 at axis 0 of input "mask"/],
    [{ inputs: { mask: [1, 9], now: [5, 6] } }, /axis 1 of input "mask"/],
    [{ dimensions: { batch: 1.5 } }, /whole number/],
  ]
  for (const [what, message] of wrong)
    test(message.source, () => {
      expect(() => specialise(model(), what)).toThrow(ShapeError)
      expect(() => specialise(model(), what)).toThrow(message)
    })
})
