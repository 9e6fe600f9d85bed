import type { Graph } from '@ascribe/onnx'
import { afterAll, describe, expect, it } from 'vitest'
import { explain, float32, type Model, Random } from '../src/index.js'
import { build, modelOf, multilayer, tensor, testRuntime } from './support/models.js'

afterAll(() => testRuntime().dispose())

/** f = min(x1 + x2 + x3, 1) + 0.2 x4: one cue three times, and a weaker one that nothing repeats. */
const duplicated = (): Graph =>
  build({ x: ['batch', 4] }, (b, x) => {
    const copies = b.emit('MatMul', [x!, b.constant(tensor([4, 1], [1, 1, 1, 0]))])
    const cue = b.emit('Sub', [b.float(1), b.emit('Relu', [b.emit('Sub', [b.float(1), copies])])])
    return b.emit('Add', [cue, b.emit('MatMul', [x!, b.constant(tensor([4, 1], [0, 0, 0, 0.2]))])])
  })

/** A smooth network of 12 inputs. */
const smooth = (): Graph =>
  build({ x: ['batch', 12] }, (b, x) => {
    const random = new Random(5)
    const weights = (rows: number, columns: number) =>
      b.constant(
        tensor(
          [rows, columns],
          Array.from({ length: rows * columns }, () => random.normal() / Math.sqrt(rows)),
        ),
      )
    return b.emit('MatMul', [b.emit('Tanh', [b.emit('MatMul', [x!, weights(12, 8)])]), weights(8, 3)])
  })
const row = {
  x: float32(
    [1, 12],
    Float32Array.from({ length: 12 }, (_, i) => Math.sin(1 + 2 * i) + 0.3),
  ),
}
const ones = (size: number) => ({ x: float32([1, size], new Float32Array(size).fill(1)) })
const orderOf = (order: Int32Array): number[] => Array.from(order.keys()).sort((a, b) => order[a]! - order[b]!)
const target = async (model: Model, values: Float32Array): Promise<number> =>
  (await explain(model, { x: float32([1, values.length], values) }, 'gradient', { target: 0 })).value

describe('greedy-pig', () => {
  it('is integrated gradients exactly where one round selects everything', async () => {
    const model = modelOf(multilayer())
    const x = { x: float32([1, 3], Float32Array.of(1.5, 2, 1.3)) }
    const greedy = await explain(model, x, 'greedy-pig', { target: 0, options: { perRound: 3, segments: 'elements' } })
    const plain = await explain(model, x, 'integrated-gradients', { target: 0 })
    expect(Array.from(greedy.values)).toEqual(Array.from(plain.values))
    expect(Array.from(greedy.order!['x']!)).toEqual([1, 0, 2])
  })

  it('takes one copy of a repeated cue and then the unrepeated one, which integrated gradients ranks last', async () => {
    const model = modelOf(duplicated())
    const plain = await explain(model, ones(4), 'integrated-gradients', { target: 0, options: { points: 300, rule: 'middle' } })
    expect(plain.values[0]).toBeCloseTo(1 / 3, 5)
    expect(plain.values[3]).toBeCloseTo(0.2, 5)
    const options = { perRound: 1, segments: 'elements', 'of.points': 300, 'of.rule': 'middle' }
    const greedy = await explain(model, ones(4), 'greedy-pig', { target: 0, options })
    expect(orderOf(greedy.order!['x']!)).toEqual([0, 3, 1, 2])
    expect(greedy.values[3]).toBeCloseTo(0.2, 5)
    expect(greedy.values[1]).toBeCloseTo(0, 5)
  })

  it.each([1, 3])('selects what an independent loop over integrated gradients selects, %i per round', async perRound => {
    const model = modelOf(smooth())
    const greedy = await explain(model, row, 'greedy-pig', {
      target: 1,
      options: { perRound, segments: 'elements', 'of.points': 20 },
    })
    const [selected, scores] = [[] as number[], new Float32Array(12)]
    const start = new Float32Array(12)
    while (selected.length < 12) {
      const baseline = float32([1, 12], Float32Array.from(start))
      const { values } = await explain(model, row, 'integrated-gradients', { target: 1, options: { points: 20, baseline } })
      const left = [...values.keys()].filter(i => !selected.includes(i)).sort((a, b) => values[b]! - values[a]!)
      for (const i of left.slice(0, perRound)) {
        selected.push(i)
        scores[i] = values[i]!
        start[i] = row.x.data[i]!
      }
    }
    expect(orderOf(greedy.order!['x']!)).toEqual(selected)
    expect(Array.from(greedy.values)).toEqual(Array.from(scores))
  })

  it('runs as many rounds as it is given, and orders the rest by the last', async () => {
    const options = { perRound: 2, rounds: 3, segments: 'elements', 'of.points': 10 }
    const { cost, options: settled, order } = await explain(modelOf(smooth()), row, 'greedy-pig', { target: 1, options })
    expect(cost.gradients).toBe(30)
    expect(settled).toMatchObject({ features: 12, perRound: 2, rounds: 3 })
    expect(orderOf(order!['x']!)).toHaveLength(12)
    expect(new Set(order!['x'])).toHaveLength(12)
  })

  it('asks any other method, from the point reached', async () => {
    const options = { of: 'feature-ablation', 'of.segments': 'elements', perRound: 12, segments: 'elements' }
    const greedy = await explain(modelOf(smooth()), row, 'greedy-pig', { target: 1, options })
    const plain = await explain(modelOf(smooth()), row, 'feature-ablation', { target: 1, options: { segments: 'elements' } })
    expect(Array.from(greedy.values)).toEqual(Array.from(plain.values))
  })
})

describe('greedy-gain', () => {
  it('takes the feature of the largest gain in every round', async () => {
    const model = modelOf(smooth())
    const greedy = await explain(model, row, 'greedy-gain', { target: 0, options: { perRound: 1, segments: 'elements' } })
    const start = new Float32Array(12)
    for (const feature of orderOf(greedy.order!['x']!)) {
      const before = await target(model, start)
      const gains = await Promise.all(
        [...start.keys()].map(async i => {
          const moved = Float32Array.from(start)
          moved[i] = row.x.data[i]!
          return (await target(model, moved)) - before
        }),
      )
      const open = gains.map((gain, i) => (start[i] === 0 ? gain : Number.NEGATIVE_INFINITY))
      expect(open[feature]).toBe(Math.max(...open))
      expect(greedy.values[feature]).toBeCloseTo(open[feature]!, 5)
      start[feature] = row.x.data[feature]!
    }
  })

  it('puts the strong repeated cue first', async () => {
    const { order } = await explain(modelOf(duplicated()), ones(4), 'greedy-gain', {
      target: 0,
      options: { perRound: 1, segments: 'elements' },
    })
    expect(orderOf(order!['x']!)).toEqual([0, 3, 1, 2])
  })

  it('refuses a selection that would never end', async () => {
    const wide = modelOf(build({ x: ['batch', 4000] }, (b, x) => b.emit('ReduceSum', [x!, b.ints([1])], { keepdims: 1 })))
    const options = { perRound: 1, segments: 'elements' }
    await expect(explain(wide, ones(4000), 'greedy-gain', { target: 0, options })).rejects.toThrow('8002002 forward passes')
  })
})
