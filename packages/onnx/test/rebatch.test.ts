import {
  batchSymbol,
  evaluate,
  type Graph,
  GraphBuilder,
  inferShapes,
  type NdArray,
  ndarray,
  rebatch,
  Tensor,
} from '@ascribe/onnx'
import { describe, expect, test } from 'vitest'

/** Reproducible numbers in [-1, 1). */
function noise(count: number, seed: number): Float64Array {
  let state = seed * 2654435761 + 1
  return Float64Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 31 - 1
  })
}

const random = (seed: number, ...dims: number[]): Tensor =>
  Tensor.float32(
    dims,
    noise(
      dims.reduce((a, b) => a * b, 1),
      seed,
    ).map(value => value / 2),
  )

/** Runs the model as it is, `old` rows at a time, and the re-batched one at once; both must give the same rows. */
function sameRows(graph: Graph, batch: number): void {
  const made = rebatch(graph, batch)
  expect(made).toBeDefined()
  const input = graph.inputs[0]!
  const old = input.type.shape![0] as number
  const shape = [batch, ...(input.type.shape!.slice(1) as number[])]
  const size = shape.slice(1).reduce((a, b) => a * b, 1)
  const all = noise(batch * size, 7)
  const feed = (rows: number, data: Float64Array): Record<string, NdArray> => ({
    [input.name]: ndarray(
      [rows, ...shape.slice(1)],
      input.type.dtype === 'int64' ? data.map(v => Math.floor((v + 1) * 2)) : data,
      input.type.dtype,
    ),
  })
  const output = graph.outputs[0]!.name
  const together = evaluate(made!, feed(batch, all)).get(output)!
  expect(together.dims[0]).toBe(batch)
  expect(made!.outputs[0]!.type.shape).toEqual(together.dims)
  const alone: number[] = []
  for (let row = 0; row < batch; row += old) {
    const part = new Float64Array(old * size)
    for (let i = 0; i < old; i++)
      part.set(all.subarray(Math.min(row + i, batch - 1) * size, (Math.min(row + i, batch - 1) + 1) * size), i * size)
    const values = evaluate(graph, feed(old, part)).get(output)!.data
    alone.push(...values.slice(0, (Math.min(old, batch - row) * values.length) / old))
  }
  expect(together.data).toHaveLength(alone.length)
  together.data.forEach((value, i) => {
    expect(value).toBeCloseTo(alone[i]!, 10)
  })
}

/** As exported with a fixed batch: shapes are written into the model. */
function vit(batch: number): Graph {
  const b = new GraphBuilder()
  const [dim, heads, tokens] = [8, 2, 5]
  const x = b.input('x', 'float32', [batch, 3, 4, 4])
  const patches = b.emit('Conv', [x, b.constant(random(1, dim, 3, 2, 2))], { strides: [2, 2] })
  const sequence = b.emit('Transpose', [b.emit('Reshape', [patches, b.ints([batch, dim, 4])])], { perm: [0, 2, 1] })
  const token = b.emit('Expand', [b.constant(random(2, 1, 1, dim)), b.ints([batch, 1, dim])])
  const embedded = b.emit('Add', [b.emit('Concat', [token, sequence], { axis: 1 }), b.constant(random(3, 1, tokens, dim))])
  const normed = b.emit('LayerNormalization', [embedded, b.constant(random(4, dim)), b.constant(random(5, dim))])
  const qkv = b.emit('MatMul', [normed, b.constant(random(6, dim, 3 * dim))])
  const cut = b.emit('Transpose', [b.emit('Reshape', [qkv, b.ints([batch, tokens, 3, heads, dim / heads])])], {
    perm: [2, 0, 3, 1, 4],
  })
  const [q, k, v] = [0, 1, 2].map(i => b.emit('Gather', [cut, b.constant(Tensor.from('int64', [], [i]))], { axis: 0 }))
  const scores = b.emit('Softmax', [b.emit('MatMul', [q!, b.emit('Transpose', [k!], { perm: [0, 1, 3, 2] })])], { axis: -1 })
  const mixed = b.emit('Transpose', [b.emit('MatMul', [scores, v!])], { perm: [0, 2, 1, 3] })
  const joined = b.emit('Add', [b.emit('Reshape', [mixed, b.ints([batch, tokens, dim])]), embedded])
  const first = b.emit('Gather', [joined, b.constant(Tensor.from('int64', [], [0]))], { axis: 1 })
  b.output(b.emit('Gemm', [first, b.constant(random(8, 6, dim)), b.constant(random(9, 6))], { transB: 1 }))
  return b.build()
}

/** nn.MultiheadAttention in its sequence-first form: batch and heads share an axis. */
function sequenceFirst(batch: number): Graph {
  const b = new GraphBuilder()
  const x = b.emit('Transpose', [b.input('x', 'float32', [batch, 3, 8])], { perm: [1, 0, 2] })
  const side = (seed: number) =>
    b.emit('Transpose', [b.emit('Reshape', [b.emit('MatMul', [x, b.constant(random(seed, 8, 8))]), b.ints([3, batch * 2, 4])])], {
      perm: [1, 0, 2],
    })
  const scores = b.emit('Softmax', [b.emit('MatMul', [side(1), b.emit('Transpose', [side(2)], { perm: [0, 2, 1] })])])
  const mixed = b.emit('Transpose', [b.emit('MatMul', [scores, side(3)])], { perm: [1, 0, 2] })
  const y = b.emit('Reshape', [mixed, b.ints([3, batch, 8])])
  b.output(b.emit('Transpose', [y], { perm: [1, 0, 2] }))
  return b.build()
}

/** Windows join the batch; a constant mask covers the windows of one picture. */
function swin(batch: number): Graph {
  const b = new GraphBuilder()
  const x = b.input('x', 'float32', [batch, 4, 4, 6])
  const cut = b.emit('Transpose', [b.emit('Reshape', [x, b.ints([batch, 2, 2, 2, 2, 6])])], { perm: [0, 1, 3, 2, 4, 5] })
  const windows = b.emit('Reshape', [cut, b.ints([-1, 4, 6])])
  const heads = b.emit('Transpose', [b.emit('Reshape', [windows, b.ints([4 * batch, 4, 2, 3])])], { perm: [0, 2, 1, 3] })
  const scores = b.emit('MatMul', [heads, b.emit('Transpose', [heads], { perm: [0, 1, 3, 2] })])
  const biased = b.emit('Add', [scores, b.constant(random(1, 1, 2, 4, 4))])
  const split = b.emit('Reshape', [biased, b.ints([batch, 4, 2, 4, 4])])
  const masked = b.emit('Reshape', [b.emit('Add', [split, b.constant(random(2, 1, 4, 1, 4, 4))]), b.ints([-1, 2, 4, 4])])
  const mixed = b.emit('Transpose', [b.emit('MatMul', [b.emit('Softmax', [masked]), heads])], { perm: [0, 2, 1, 3] })
  const joined = b.emit('Reshape', [mixed, b.ints([4 * batch, 4, 6])])
  const back = b.emit('Transpose', [b.emit('Reshape', [joined, b.ints([batch, 2, 2, 2, 2, 6])])], { perm: [0, 1, 3, 2, 4, 5] })
  const picture = b.emit('Reshape', [back, b.ints([batch, 4, 4, 6])])
  const shifted = b.emit(
    'Concat',
    [
      b.emit('Slice', [picture, b.ints([2]), b.ints([4]), b.ints([1])]),
      b.emit('Slice', [picture, b.ints([0]), b.ints([2]), b.ints([1])]),
    ],
    { axis: 1 },
  )
  b.output(b.emit('ReduceMean', [b.emit('Add', [picture, shifted]), b.ints([1, 2])], { keepdims: 0 }))
  return b.build()
}

function cnn(batch: number): Graph {
  const b = new GraphBuilder()
  const x = b.input('x', 'float32', [batch, 3, 6, 6])
  const y = b.emit('Relu', [b.emit('Conv', [x, b.constant(random(1, 4, 3, 3, 3))], { pads: [1, 1, 1, 1] })])
  const pooled = b.emit('MaxPool', [b.emit('Resize', [y, '', '', b.ints([batch, 4, 8, 8])], { mode: 'nearest' })], {
    kernel_shape: [2, 2],
    strides: [2, 2],
  })
  const flat = b.emit('Reshape', [pooled, b.ints([batch, -1])])
  b.output(b.emit('Softmax', [b.emit('Gemm', [flat, b.constant(random(2, 64, 5))])]))
  return b.build()
}

function lstm(batch: number): Graph {
  const b = new GraphBuilder()
  const ids = b.input('ids', 'int64', [batch, 3])
  const words = b.emit('Transpose', [b.emit('Gather', [b.constant(random(1, 4, 5)), ids])], { perm: [1, 0, 2] })
  const zero = b.emit('ConstantOfShape', [b.ints([1, batch, 2])])
  const weights = [b.constant(random(2, 1, 6, 5)), b.constant(random(3, 1, 6, 2)), b.constant(random(4, 1, 12))]
  const [all] = b.emitAll('GRU', [words, ...weights, '', zero], 1, { hidden_size: 2, linear_before_reset: 1 })
  const last = b.emit('Gather', [b.emit('Squeeze', [all!, b.ints([1])]), b.constant(Tensor.from('int64', [], [-1]))], { axis: 0 })
  b.output(b.emit('MatMul', [last, b.constant(random(5, 2, 3))]))
  return b.build()
}

describe('rows stay what they are alone', () => {
  for (const [name, make] of Object.entries({ vit, sequenceFirst, swin, cnn })) {
    test(`${name}: batch 1 to 3`, () => sameRows(make(1), 3))
    test(`${name}: batch 2 to 5`, () => sameRows(make(2), 5))
    test(`${name}: batch 2 to 1`, () => sameRows(make(2), 1))
  }
  test('recurrent: shapes of batch 1 to 4 and 2 to 3', () => {
    expect(rebatch(lstm(1), 4)!.outputs[0]!.type.shape).toEqual([4, 3])
    expect(rebatch(lstm(2), 3)!.outputs[0]!.type.shape).toEqual([3, 3])
  })
})

test('a cast to the type of rows: of rows, and of a constant', () => {
  const b = new GraphBuilder()
  const x = b.input('x', 'float32', [1, 3])
  const positive = b.emit('CastLike', [b.emit('Greater', [x, b.float(0)]), x])
  const flags = b.emit('CastLike', [b.constant(Tensor.from('bool', [1, 3], [1, 0, 1])), x])
  b.output(b.emit('Mul', [positive, b.emit('Add', [x, flags])]))
  sameRows(inferShapes(b.build()), 3)
})

test('several inputs are re-batched together; a setting of one entry is left alone', () => {
  const b = new GraphBuilder()
  const ids = b.input('ids', 'int64', [1, 4])
  const mask = b.input('mask', 'int64', [1, 4])
  const words = b.emit('Gather', [b.constant(random(1, 9, 6)), ids])
  const scale = b.input('scale', 'float32', [1])
  const weights = b.emit('Reshape', [b.emit('Cast', [mask], { to: 1 }), b.ints([1, 4, 1])])
  const y = b.emit('ReduceSum', [b.emit('Mul', [b.emit('Mul', [words, weights]), scale]), b.ints([1])], { keepdims: 0 })
  b.output(y)
  const made = rebatch(b.build(), 3)
  expect(made?.inputs.map(({ type }) => type.shape)).toEqual([[3, 4], [3, 4], [1]])
  expect(made!.outputs[0]!.type.shape).toEqual([3, 6])
})

describe('unproven', () => {
  const cases: Record<string, (b: GraphBuilder, x: string) => string> = {
    'softmax over the batch': (b, x) => b.emit('Softmax', [x], { axis: 0 }),
    'a mean over the batch': (b, x) => b.emit('Add', [x, b.emit('ReduceMean', [x, b.ints([0])])]),
    'the batch squeezed away': (b, x) => b.emit('Squeeze', [x, b.ints([0])]),
    'every dimension of 1 squeezed away': (b, x) => b.emit('Squeeze', [x]),
    'batch and channels exchanged': (b, x) => b.emit('Transpose', [x], { perm: [1, 0, 2] }),
    'the first row alone': (b, x) => b.emit('Gather', [x, b.constant(Tensor.from('int64', [], [0]))]),
    'rows summed by a matrix product': (b, x) =>
      b.emit('MatMul', [b.constant(random(1, 2, 1)), b.emit('Reshape', [x, b.ints([1, 12])])]),
    'an operator of another domain': (b, x) => b.emit('my.domain:Mystery', [x]),
    'an output that no input reaches': b => b.constant(random(1, 1, 4)),
    noise: (b, x) => b.emit('Add', [x, b.emit('RandomNormal', [], { shape: [1, 3, 4] })]),
    'a cumulative sum over the batch': (b, x) => b.emit('CumSum', [x, b.constant(Tensor.from('int64', [], [0]))]),
  }
  for (const [name, make] of Object.entries(cases))
    test(name, () => {
      const b = new GraphBuilder()
      b.output(make(b, b.input('x', 'float32', [1, 3, 4])))
      expect(rebatch(b.build(), 4)).toBeUndefined()
    })

  test('two rows with different constants cannot become three', () => {
    const make = (rows: number[]) => {
      const b = new GraphBuilder()
      const x = b.input('x', 'float32', [2, 2])
      b.output(b.emit('Concat', [x, b.constant(Tensor.float32([2, 1], rows))], { axis: 1 }))
      return b.build()
    }
    expect(rebatch(make([1, 2]), 3)).toBeUndefined()
    expect(rebatch(make([1, 1]), 3)!.outputs[0]!.type.shape).toEqual([3, 3])
  })
})

test('a symbolic batch is named, and bound', () => {
  const b = new GraphBuilder()
  const x = b.input('x', 'float32', ['rows', 4])
  b.output(b.emit('Relu', [x]))
  const graph = inferShapes(b.build())
  expect(batchSymbol(graph)).toBe('rows')
  expect(rebatch(graph, 6)!.outputs[0]!.type.shape).toEqual([6, 4])
  expect(batchSymbol(inferShapes(cnn(1)))).toBeUndefined()
})
