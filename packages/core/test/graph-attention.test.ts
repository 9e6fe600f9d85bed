/** @file graph-attention: coefficients of hand-built graph attention networks, against sums over neighbours in double precision. */
import { type Graph, GraphBuilder, inferShapes, Tensor } from '@ascribe/onnx'
import { afterAll, describe, expect, it } from 'vitest'
import { explain, float32, graphAttention, Random } from '../src/index.js'
import { build, modelOf, squares, tensor, testRuntime } from './support/models.js'

afterAll(() => testRuntime().dispose())

const [nodes, columns, heads, width] = [5, 3, 2, 4]
const sources = [0, 1, 2, 3, 4, 0, 2, 3]
const targets = [1, 0, 1, 2, 3, 4, 4, 1]
const count = sources.length
const random = new Random(11)
const drawn = (size: number): number[] => Array.from({ length: size }, () => random.normal())
const x = drawn(nodes * columns)
const edgeWeights = [1, 0.5, 1, 0, 1, 0.25, 1, 1]
/** Weights, attention of the node left, attention of the node entered, of two layers. */
const layers = [columns, heads * width].map(inputs => ({
  weight: drawn(inputs * heads * width),
  left: drawn(heads * width),
  entered: drawn(heads * width),
}))

type Form = 'normalised' | 'normalised with loops' | 'divided at nodes'

/** Two layers of graph attention, the result one number per node. */
function network(form: Form): Graph {
  const b = new GraphBuilder()
  const emit = (operator: string, inputs: string[], attributes = {}): string => b.emit(operator, inputs, attributes)
  let value = b.input('x', 'float32', [nodes, columns])
  const edges = b.input('edges', 'int64', [2, count])
  const loops = b.constant(
    Tensor.from(
      'int64',
      [2, nodes],
      [...Array(2 * nodes).keys()].map(i => i % nodes),
    ),
  )
  const list = form === 'normalised with loops' ? emit('Concat', [edges, loops], { axis: 1 }) : edges
  const listed = form === 'normalised with loops' ? count + nodes : count
  const weights = form === 'divided at nodes' ? b.input('weights', 'float32', [1, count]) : undefined
  const row = (which: number): string =>
    emit('Reshape', [emit('Slice', [list, b.ints([which]), b.ints([which + 1]), b.ints([0])]), b.ints([-1])])
  const [from, to] = [row(0), row(1)]
  const index = (size: number[]): string =>
    emit('Expand', [emit('Reshape', [to, b.ints([-1, ...size.map(() => 1)])]), b.ints([listed, ...size])])
  const sumAt = (size: number[], updates: string, reduction = 'add', start = 0): string =>
    emit(
      'ScatterElements',
      [b.constant(tensor([nodes, ...size], Array(nodes * size.reduce((p, n) => p * n, 1)).fill(start))), index(size), updates],
      {
        axis: 0,
        reduction,
      },
    )
  const pick = (values: string, which: string): string => emit('Gather', [values, which], { axis: 0 })
  for (const [i, layer] of layers.entries()) {
    const inputs = i === 0 ? columns : heads * width
    const h = emit('Reshape', [
      emit('MatMul', [value, b.constant(tensor([inputs, heads * width], layer.weight))]),
      b.ints([nodes, heads, width]),
    ])
    const score = (attention: number[]): string =>
      emit('ReduceSum', [emit('Mul', [h, b.constant(tensor([heads, width], attention))]), b.ints([2])], { keepdims: 0 })
    const scores = emit('LeakyRelu', [emit('Add', [pick(score(layer.left), from), pick(score(layer.entered), to)])], {
      alpha: 0.2,
    })
    const wide = (values: string): string => emit('Unsqueeze', [values, b.ints([2])])
    if (weights) {
      const terms = emit('Mul', [emit('Exp', [scores]), emit('Reshape', [weights, b.ints([count, 1])])])
      const own = emit('Exp', [emit('LeakyRelu', [emit('Add', [score(layer.left), score(layer.entered)])], { alpha: 0.2 })])
      const sum = sumAt([heads, width], emit('Mul', [pick(h, from), wide(terms)]))
      const total = emit('Add', [sumAt([heads], terms), own])
      value = emit('Div', [emit('Add', [sum, emit('Mul', [h, wide(own)])]), wide(total)])
    } else {
      const top = pick(sumAt([heads], scores, 'max', -1e30), to)
      const terms = emit('Exp', [emit('Sub', [scores, top])])
      const total = pick(emit('Add', [sumAt([heads], terms), b.float(1e-16)]), to)
      value = sumAt([heads, width], emit('Mul', [pick(h, from), wide(emit('Div', [terms, total]))]))
    }
    value = emit('Elu', [emit('Reshape', [value, b.ints([nodes, heads * width])])])
  }
  b.output(emit('ReduceSum', [value, b.ints([1])], { keepdims: 1 }))
  return inferShapes(b.build())
}

/** Coefficients [layer][edge][head] by the definition. */
function byHand(form: Form): number[][][] {
  const loops = form === 'normalised' ? [] : [...Array(nodes).keys()]
  const [from, to] = [
    [...sources, ...loops],
    [...targets, ...loops],
  ]
  const edgeWeight = (e: number): number => (form === 'divided at nodes' && e < count ? edgeWeights[e]! : 1)
  let value = Array.from({ length: nodes }, (_, n) => x.slice(n * columns, (n + 1) * columns))
  return layers.map(layer => {
    const h = value.map(own =>
      Array.from({ length: heads * width }, (_, k) =>
        own.reduce((sum, v, c) => sum + v * layer.weight[c * heads * width + k]!, 0),
      ),
    )
    const score = (attention: number[], node: number, head: number): number =>
      Array.from({ length: width }, (_, k) => h[node]![head * width + k]! * attention[head * width + k]!).reduce(
        (a, c) => a + c,
        0,
      )
    const terms = from.map((node, e) =>
      Array.from({ length: heads }, (_, head) => {
        const raw = score(layer.left, node, head) + score(layer.entered, to[e]!, head)
        return edgeWeight(e) * Math.exp(raw < 0 ? 0.2 * raw : raw)
      }),
    )
    const alpha = terms.map((own, e) =>
      own.map((term, head) => term / terms.reduce((sum, other, k) => sum + (to[k] === to[e] ? other[head]! : 0), 0)),
    )
    value = Array.from({ length: nodes }, (_, node) =>
      Array.from({ length: heads * width }, (_, k) => {
        const total = alpha.reduce(
          (sum, own, e) => sum + (to[e] === node ? own[Math.floor(k / width)]! * h[from[e]!]![k]! : 0),
          0,
        )
        return total < 0 ? Math.exp(total) - 1 : total
      }),
    )
    return alpha.slice(0, count)
  })
}

const reduced = (form: Form, reduce: (values: number[]) => number): number[] => {
  const all = byHand(form)
  return sources.map((_, e) => reduce(all.map(layer => reduce(layer[e]!))))
}

function expectValues(actual: ArrayLike<number>, expected: readonly number[]): void {
  expect(actual.length).toBe(expected.length)
  expected.forEach((value, i) => {
    expect(actual[i]).toBeCloseTo(value, 5)
  })
}

const edges = { dtype: 'int64', dims: [2, count], data: BigInt64Array.from([...sources, ...targets].map(BigInt)) } as const
const largest = (values: number[]): number => Math.max(...values)
const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

describe('graph-attention', () => {
  const forms: Form[] = ['normalised', 'normalised with loops', 'divided at nodes']
  it.each(forms)('%s: the coefficients of each edge', async form => {
    const model = modelOf(network(form))
    const weighted = form === 'divided at nodes'
    const row = {
      x: float32([nodes, columns], x),
      edges,
      ...(weighted ? { weights: float32([1, count], edgeWeights) } : {}),
    }
    const options = { target: '2/0', at: [weighted ? 'weights' : 'x'] } as const
    const a = await explain(model, row, 'graph-attention', options)
    expect(Object.keys(a.maps)).toEqual([weighted ? 'weights' : 'edges'])
    expect(a.dims).toEqual(weighted ? [1, count] : [count])
    expectValues(a.values, reduced(form, largest))
    expect(a.options['layers']).toBe(2)
    expect(a.cost).toMatchObject({ forwards: 2, gradients: 0 })
    // Edges into node 1: 0, 2 and 7.
    if (form === 'normalised')
      expect(byHand(form)[0]![0]![0]! + byHand(form)[0]![2]![0]! + byHand(form)[0]![7]![0]!).toBeCloseTo(1, 9)
    const { values } = await graphAttention(model, row, { ...options, reduce: 'mean' })
    expectValues(values, reduced(form, mean))
  })

  it('reads softmax over the rows of an adjacency matrix', async () => {
    const scores = [1, 2, 0, -1, 0.5, 1, 0, 3, 1]
    const graph = build({ x: [3, 2], adjacency: [3, 3] }, (b, value, adjacency) => {
      const missing = b.emit('Mul', [b.emit('Sub', [adjacency!, b.float(1)]), b.float(1e9)])
      const both = [1, -2].map(factor => {
        const masked = b.emit('Add', [
          b.constant(
            tensor(
              [3, 3],
              scores.map(score => factor * score),
            ),
          ),
          missing,
        ])
        return b.emit('Unsqueeze', [masked, b.ints([0])])
      })
      const weights = b.emit('Softmax', [b.emit('Concat', both, { axis: 0 })], { axis: -1 })
      return b.emit('ReduceSum', [b.emit('MatMul', [weights, value!]), b.ints([0])], { keepdims: 0 })
    })
    const links = [1, 1, 0, 0, 1, 1, 1, 0, 1]
    const row = { x: float32([3, 2], [1, 2, 3, 4, 5, 6]), adjacency: float32([3, 3], links) }
    const a = await explain(modelOf(graph), row, 'graph-attention', { target: '0/1', at: ['adjacency'] })
    const softmax = (factor: number, i: number): number => {
      const row = Math.floor(i / 3)
      const total = [0, 1, 2].reduce((sum, k) => sum + links[row * 3 + k]! * Math.exp(factor * scores[row * 3 + k]!), 0)
      return (links[i]! * Math.exp(factor * scores[i]!)) / total
    }
    expect(a.dims).toEqual([3, 3])
    expectValues(
      a.values,
      links.map((_, i) => Math.max(softmax(1, i), softmax(-2, i))),
    )
  })

  it('refuses models without it', async () => {
    await expect(
      explain(modelOf(squares(3)), { x: float32([1, 3], [1, 2, 3]) }, 'graph-attention', { target: 0 }),
    ).rejects.toThrow(/graph-attention needs attention over edges: .* have neither/)
  })
})
