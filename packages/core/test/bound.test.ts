/** @file Graph networks whose edge count depends on the edges given, and targets that name a node and its class. */
import { type Graph, GraphBuilder, inferShapes, Tensor } from '@ascribe/onnx'
import { afterAll, describe, expect, it } from 'vitest'
import { compileExplanation, explain, float32, methodNamed, resolveTarget, type TensorValue, UsageError } from '../src/index.js'
import { modelOf, testRuntime } from './support/models.js'

afterAll(() => testRuntime().dispose())

const nodes = 4
const features = 2
const classes = 3
const weight = [0.5, -1, 2, 1.5, 0.25, -0.75]

/** y = A x W, A counting edges without self loops and then one loop per node, as exported layers do it. */
function convolution(): Graph {
  const b = new GraphBuilder()
  const x = b.input('x', 'float32', ['nodes', features])
  const edges = b.input('edge_index', 'int64', [2, 'edges'])
  const ends = [0, 1].map(i => b.emit('Gather', [edges, b.constant(Tensor.from('int64', [], [i]))], { axis: 0 }))
  const kept = b.emit('NonZero', [b.emit('Not', [b.emit('Equal', ends)])])
  const flat = b.emit('Squeeze', [kept, b.ints([0])])
  const count = b.emit('Squeeze', [b.emit('Shape', [x], { start: 0, end: 1 })])
  const [zero, one] = [0, 1].map(value => b.constant(Tensor.from('int64', [], [value])))
  const loops = b.emit('Range', [zero!, count, one!])
  const [from, to] = ends.map(end => b.emit('Concat', [b.emit('Gather', [end, flat]), loops], { axis: 0 }))
  const hidden = b.emit('MatMul', [x, b.constant(Tensor.float32([features, classes], weight))])
  const messages = b.emit('Gather', [hidden, from!], { axis: 0 })
  const index = b.emit('Expand', [b.emit('Unsqueeze', [to!, b.ints([1])]), b.emit('Shape', [messages])])
  const empty = b.emit('Expand', [b.float(0), b.emit('Shape', [hidden])])
  b.output(b.emit('ScatterElements', [empty, index, messages], { axis: 0, reduction: 'add' }))
  return inferShapes(b.build())
}

const x = float32([nodes, features], [1, -2, 0.5, 3, -1, 1.5, 2, 0.25])
const edgesOf = (from: number[], to: number[]): TensorValue => ({
  dtype: 'int64',
  dims: [2, from.length],
  data: BigInt64Array.from([...from, ...to].map(BigInt)),
})

/** A[to][from]. */
function adjacency(from: number[], to: number[]): number[][] {
  const a = Array.from({ length: nodes }, (_, i) => Array.from({ length: nodes }, (_, j) => (i === j ? 1 : 0)))
  from.forEach((source, i) => {
    if (source !== to[i]) a[to[i]!]![source]! += 1
  })
  return a
}

/** Scores of one node. */
const scoresAt = (a: number[][], node: number): number[] =>
  Array.from({ length: classes }, (_, c) =>
    a[node]!.reduce((sum, times, j) => {
      const row = [0, 1].reduce((s, f) => s + x.data[j * features + f]! * weight[f * classes + c]!, 0)
      return sum + times * row
    }, 0),
  )

/** d (sum_c g_c y[node, c]) / d x. */
const gradientOf = (a: number[][], node: number, g: readonly number[]): number[] =>
  Array.from({ length: nodes * features }, (_, i) => {
    const [j, f] = [Math.floor(i / features), i % features]
    return a[node]![j]! * g.reduce((sum, value, c) => sum + value * weight[f * classes + c]!, 0)
  })

const closeTo = (values: ArrayLike<number>, expected: readonly number[]): void => {
  expect(values.length).toBe(expected.length)
  expected.forEach((value, i) => {
    expect(values[i]).toBeCloseTo(value, 5)
  })
}

describe('a graph network that removes self loops', () => {
  const from = [0, 1, 2, 2, 3, 3]
  const to = [1, 2, 2, 0, 0, 3]
  const gradient = methodNamed('gradient')

  it('is explained at a class of a node, for the edges given', async () => {
    const model = modelOf(convolution())
    const run = (edges: [number[], number[]]) => explain(model, { x, edge_index: edgesOf(...edges) }, gradient, { target: '0/2' })
    const first = await run([from, to])
    closeTo(first.values, gradientOf(adjacency(from, to), 0, [0, 0, 1]))
    expect(first.value).toBeCloseTo(scoresAt(adjacency(from, to), 0)[2]!, 5)
    // As many edges, in other places: the session of the first must not be taken for it.
    const other: [number[], number[]] = [
      [1, 1, 2, 3, 3, 0],
      [0, 1, 0, 2, 3, 0],
    ]
    closeTo((await run(other)).values, gradientOf(adjacency(...other), 0, [0, 0, 1]))
    await model.dispose()
  })

  it('softmax and the predicted class are over the classes of that node', async () => {
    const model = modelOf(convolution())
    const a = adjacency(from, to)
    for (const node of [0, 2]) {
      const scores = scoresAt(a, node)
      const best = scores.indexOf(Math.max(...scores))
      const total = scores.reduce((sum, z) => sum + Math.exp(z), 0)
      const p = scores.map(z => Math.exp(z) / total)
      const made = await explain(model, { x, edge_index: edgesOf(from, to) }, gradient, { target: `softmax:${node}/predicted` })
      expect(made.target.classes).toEqual([{ index: node * classes + best, weight: 1 }])
      expect(made.value).toBeCloseTo(p[best]!, 5)
      closeTo(
        made.values,
        gradientOf(
          a,
          node,
          p.map((value, c) => p[best]! * ((c === best ? 1 : 0) - value)),
        ),
      )
      const odds = await explain(model, { x, edge_index: edgesOf(from, to) }, gradient, { target: `log-odds:${node}/1` })
      const rest = Math.exp(scores[0]!) + Math.exp(scores[2]!)
      expect(odds.value).toBeCloseTo(scores[1]! - Math.log(rest), 5)
      closeTo(odds.values, gradientOf(a, node, [-Math.exp(scores[0]!) / rest, 1, -Math.exp(scores[2]!) / rest]))
    }
    await model.dispose()
  })

  it('integrated gradients adds up for a difference of two classes of a node', async () => {
    const model = modelOf(convolution())
    const made = await explain(model, { x, edge_index: edgesOf(from, to) }, methodNamed('integrated-gradients'), {
      target: '0/2-1',
    })
    const expected = gradientOf(adjacency(from, to), 0, [0, -1, 1]).map((value, i) => value * x.data[i]!)
    closeTo(made.values, expected)
    await model.dispose()
  })

  it('a row whose predicted class is only known at run time cannot be compiled', () => {
    const inputs = { x: [nodes, features], edge_index: [2, 6] }
    expect(() => compileExplanation(modelOf(convolution()), gradient, { target: '0/predicted', inputs })).toThrow(UsageError)
  })
})

describe('targets that name a row', () => {
  const context = { output: 'y', classCount: 6, rowClasses: 3, labels: ['a', 'b', 'c'], scores: [9, 1, 2, 0, 1, 5] }

  it('count rows of the last axis', () => {
    expect(resolveTarget('1/predicted', context)).toEqual({
      output: 'y',
      link: 'logit',
      classes: [{ index: 5, weight: 1 }],
      rowClasses: 3,
      description: 'logit of 2 (c) at row 1',
    })
    expect(resolveTarget('softmax:1/label:b', context).classes).toEqual([{ index: 4, weight: 1 }])
    expect(resolveTarget('1/0-2', context).classes).toEqual([
      { index: 3, weight: 1 },
      { index: 5, weight: -1 },
    ])
    expect(resolveTarget('predicted', context).classes).toEqual([{ index: 0, weight: 1 }])
  })

  it.each([
    ['2/0', "row 2 is out of range: the model's output has 2 rows (0 to 1)"],
    ['1/3', "class 3 is out of range: the model's output has 3 classes (0 to 2)"],
    ['1/', 'is not understood'],
  ])('%s is an error', (target, message) => {
    expect(() => resolveTarget(target, context)).toThrow(UsageError)
    expect(() => resolveTarget(target, context)).toThrow(message)
  })
})
