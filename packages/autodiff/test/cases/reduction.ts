/** @file Gradient cases of reductions: all axes, negative axes, kept and dropped axes, ties, zeros. */
import type { Given, GradientCase } from '../support/check.js'

const axes = (...list: number[]): Given => ({ dims: [list.length], data: list, dtype: 'int64', constant: true })

const forms = (operator: string, range?: [number, number]): GradientCase[] => {
  const x = (dims: number[]): Given => (range ? { dims, range } : dims)
  return [
    { operator, inputs: [x([])] },
    { operator, inputs: [x([4])], attributes: { keepdims: 0 } },
    { operator, inputs: [x([2, 3])] },
    { operator, inputs: [x([2, 3, 4])], attributes: { keepdims: 0 } },
    { operator, inputs: [x([2, 3, 4]), axes(1)] },
    { operator, inputs: [x([2, 3, 4]), axes(-1)], attributes: { keepdims: 0 } },
    { operator, inputs: [x([2, 3, 4, 2]), axes(2, 3)], attributes: { keepdims: 0 } },
    { operator, inputs: [x([2, 3, 1, 2]), axes(-3, 0)] },
    { operator, inputs: [x([2, 1, 2, 1, 2]), axes(0, 2, 4)], attributes: { keepdims: 0 } },
    { operator, inputs: [x([2, 3]), axes()], attributes: { noop_with_empty_axes: 0 } },
  ]
}

const tie = (operator: string, dims: number[], data: number[], reduced: Given, expected: number[]): GradientCase => ({
  operator,
  inputs: [{ dims, data }, reduced],
  expected: [expected],
  note: 'ties and zeros',
})

const cumulative = (dims: number[], axis: number, attributes: GradientCase['attributes'] = {}): GradientCase => ({
  operator: 'CumSum',
  inputs: [dims, { dims: [], data: [axis], dtype: 'int64', constant: true }],
  attributes,
})

export const reductionCases: GradientCase[] = [
  ...forms('ReduceSum'),
  ...forms('ReduceMean'),
  ...forms('ReduceMax'),
  ...forms('ReduceMin'),
  ...forms('ReduceProd'),
  ...forms('ReduceL1'),
  ...forms('ReduceL2'),
  ...forms('ReduceSumSquare'),
  ...forms('ReduceLogSum', [0.3, 2]),
  ...forms('ReduceLogSumExp'),
  { operator: 'ReduceSum', inputs: [[2, 3]], attributes: { noop_with_empty_axes: 1 } },
  { operator: 'ReduceSum', inputs: [[2, 3], axes()], attributes: { noop_with_empty_axes: 1, keepdims: 0 } },
  tie('ReduceMax', [2, 3], [1, 2, 2, 3, 3, 3], axes(1), [0, 0.5, 0.5, 1 / 3, 1 / 3, 1 / 3]),
  tie('ReduceMin', [2, 3], [1, 1, 2, 0, 4, 3], axes(1), [0.5, 0.5, 0, 1, 0, 0]),
  tie('ReduceMax', [2, 2], [5, 5, 1, 5], axes(0, 1), [1 / 3, 1 / 3, 0, 1 / 3]),
  tie('ReduceProd', [3, 3], [2, 3, 4, 2, 0, 4, 0, 3, 0], axes(1), [12, 8, 6, 0, 8, 0, 0, 0, 0]),
  tie('ReduceL1', [4], [-2, 0, -0, 3], axes(0), [-1, 0, 0, 1]),
  tie('ReduceL2', [2, 2], [0, 0, 3, 4], axes(1), [0, 0, 0.6, 0.8]),
  tie('ReduceSumSquare', [3], [-1, 0, 2], axes(0), [-2, 0, 4]),
  cumulative([5], 0),
  cumulative([2, 3, 4], 1, { exclusive: 1 }),
  cumulative([2, 3, 4], -1, { reverse: 1 }),
  cumulative([2, 3, 4], 0, { reverse: 1, exclusive: 1 }),
]
