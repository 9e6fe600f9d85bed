/** @file Gradient cases of the softmax family. */
import type { GradientCase } from '../support/check.js'

const forms = (operator: string): GradientCase[] => [
  { operator, inputs: [[5]] },
  { operator, inputs: [[2, 3]] },
  { operator, inputs: [[2, 3, 4]], attributes: { axis: 1 } },
  { operator, inputs: [[2, 3, 4, 2]], attributes: { axis: -2 } },
  { operator, inputs: [[2, 3, 1, 2, 2]], attributes: { axis: 0 } },
  { operator, inputs: [{ dims: [2, 4], range: [-30, 30] }], note: 'saturated' },
]

export const softmaxCases: GradientCase[] = [...forms('Softmax'), ...forms('LogSoftmax')]
