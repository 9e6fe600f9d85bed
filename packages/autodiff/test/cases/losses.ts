/** @file Gradient cases of losses: every reduction, weights, ignored labels, extra dimensions. */
import type { Given, GradientCase } from '../support/check.js'

const labels = (dims: number[], ...data: number[]): Given => ({ dims, data, dtype: 'int64', constant: true })
const weights = (count: number): Given => ({ dims: [count], range: [0.2, 2] })
const fixed = (...data: number[]): Given => ({ dims: [data.length], data, constant: true })

const forms = (operator: string): GradientCase[] =>
  ['mean', 'sum', 'none'].flatMap(reduction => [
    { operator, inputs: [[3, 4], labels([3], 0, 3, 2)], attributes: { reduction } },
    { operator, inputs: [[2, 3, 2, 2], labels([2, 2, 2], 0, 1, 2, 1, 0, 0, 2, 2)], attributes: { reduction } },
    { operator, inputs: [[3, 4], labels([3], 0, 3, 2), weights(4)], attributes: { reduction } },
    { operator, inputs: [[3, 4], labels([3], 0, 3, 2)], attributes: { reduction, ignore_index: 3 } },
    {
      operator,
      inputs: [[2, 3, 4], labels([2, 4], 0, 1, 2, 1, 0, 0, 2, 2), fixed(0.5, 1, 2)],
      attributes: { reduction, ignore_index: 1 },
    },
    { operator, inputs: [[3, 4], labels([3], 0, -1, 2), weights(4)], attributes: { reduction, ignore_index: -1 } },
  ])

export const lossesCases: GradientCase[] = [
  ...forms('NegativeLogLikelihoodLoss'),
  ...forms('SoftmaxCrossEntropyLoss'),
  { operator: 'SoftmaxCrossEntropyLoss', inputs: [[3, 4], labels([3], 0, 3, 2)], outputs: 2, note: 'with log probabilities' },
  { operator: 'SoftmaxCrossEntropyLoss', inputs: [[3, 4], labels([3], 0, 3, 2), weights(4)], outputs: 2 },
  {
    operator: 'SoftmaxCrossEntropyLoss',
    inputs: [[2, 3, 2], labels([2, 2], 0, 1, 2, 1)],
    outputs: 2,
    unused: [0],
    note: 'log probabilities only',
  },
]
