/** @file Gradient cases of normalization layers: omitted inputs, all outputs, epsilon that matters, groups with no spread. */
import type { Given, GradientCase } from '../support/check.js'

const variance = (count: number): Given => ({ dims: [count], range: [0.5, 2] })
const fixed = (...data: number[]): Given => ({ dims: [data.length], data, constant: true })
const statistics = [fixed(1.5, -0.5, 2), fixed(0.1, 0.2, 0.3), fixed(0.3, -0.2, 0.1), fixed(0.5, 1, 2)]
const notInOrt = 'training-mode batch normalisation is not in the inference builds'

export const normalizationCases: GradientCase[] = [
  { operator: 'BatchNormalization', inputs: [[2, 3, 4, 2], ...statistics] },
  { operator: 'BatchNormalization', inputs: [[2, 3], ...statistics], attributes: { epsilon: 0.1 } },
  { operator: 'BatchNormalization', inputs: [[1, 3, 5], ...statistics] },
  { operator: 'BatchNormalization', inputs: [[2, 3, 2, 1, 2], ...statistics] },
  { operator: 'BatchNormalization', inputs: [[2, 3, 4, 2], [3], [3], [3], variance(3)], note: 'to every input' },
  { operator: 'BatchNormalization', inputs: [[4, 3], [3], [3], [3], variance(3)], attributes: { epsilon: 0.2 } },
  {
    operator: 'BatchNormalization',
    inputs: [[4, 3, 2], [3], [3], [3], variance(3)],
    attributes: { training_mode: 1, momentum: 0.7 },
    outputs: 3,
    withoutOrt: notInOrt,
  },
  {
    operator: 'BatchNormalization',
    inputs: [[4, 3], [3], [3], ...statistics.slice(2)],
    attributes: { training_mode: 1, epsilon: 0.1 },
    withoutOrt: notInOrt,
  },
  { operator: 'LayerNormalization', inputs: [[2, 3, 4], [4], [4]] },
  { operator: 'LayerNormalization', inputs: [[2, 3, 4], [4]] },
  {
    operator: 'LayerNormalization',
    inputs: [
      [2, 3, 4],
      [3, 4],
      [3, 4],
    ],
    attributes: { axis: 1 },
  },
  {
    operator: 'LayerNormalization',
    inputs: [
      [2, 3, 4],
      [2, 3, 4],
      [2, 3, 4],
    ],
    attributes: { axis: 0, epsilon: 0.1 },
  },
  { operator: 'LayerNormalization', inputs: [[5], [5]] },
  { operator: 'LayerNormalization', inputs: [[2, 4], [4], [4]], outputs: 3, note: 'all outputs' },
  {
    operator: 'LayerNormalization',
    inputs: [
      [2, 3, 4],
      [3, 4],
    ],
    outputs: 3,
    attributes: { axis: -2 },
    note: 'all outputs',
  },
  {
    operator: 'LayerNormalization',
    inputs: [[2, 4], fixed(1, 2, 0.5, 1)],
    outputs: 3,
    unused: [0],
    note: 'mean and spread only',
  },
  { operator: 'InstanceNormalization', inputs: [[2, 3, 4, 2], [3], [3]] },
  { operator: 'InstanceNormalization', inputs: [[1, 2, 5], [2], [2]], attributes: { epsilon: 0.1 } },
  { operator: 'InstanceNormalization', inputs: [[1, 2, 2, 3, 2], [2], [2]] },
  { operator: 'GroupNormalization', inputs: [[2, 4, 3, 2], [4], [4]], attributes: { num_groups: 2 } },
  { operator: 'GroupNormalization', inputs: [[2, 4, 3], [4], [4]], attributes: { num_groups: 4 } },
  { operator: 'GroupNormalization', inputs: [[1, 6, 2, 2], [6], [6]], attributes: { num_groups: 1, epsilon: 0.01 } },
  { operator: 'LRN', inputs: [[2, 5, 2, 3]], attributes: { size: 3, alpha: 0.5 } },
  {
    operator: 'LRN',
    inputs: [[1, 6, 2, 2]],
    attributes: { size: 4, alpha: 2, beta: 0.5, bias: 2 },
    withoutOrt: 'its LRN takes odd sizes only',
  },
  { operator: 'LRN', inputs: [[1, 3, 2, 2]], attributes: { size: 5, alpha: 1 } },
  { operator: 'LRN', inputs: [[2, 4, 3, 3]], attributes: { size: 1, alpha: 1 } },
  { operator: 'MeanVarianceNormalization', inputs: [[2, 3, 4, 2]] },
  { operator: 'MeanVarianceNormalization', inputs: [[2, 3, 4]], attributes: { axes: [-1] } },
  { operator: 'MeanVarianceNormalization', inputs: [[2, 3, 4]], attributes: { axes: [0, 2] } },
  { operator: 'LpNormalization', inputs: [[2, 4]] },
  { operator: 'LpNormalization', inputs: [[2, 3, 4]], attributes: { axis: 1 } },
  { operator: 'LpNormalization', inputs: [[2, 3, 4]], attributes: { axis: 0, p: 1 } },
  {
    operator: 'LpNormalization',
    inputs: [{ dims: [2, 2], data: [0, 0, 3, 4] }],
    expected: [[0, 0, 0.032, -0.024]],
    note: 'norm 0',
  },
]
