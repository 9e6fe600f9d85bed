/** @file Gradient cases of activations: shapes, attributes, and the corners with the derivative each rule states. */
import type { Given, GradientCase } from '../support/check.js'

const shapes: Given[] = [[], [7], [2, 3], [2, 3, 1, 4], [1, 2, 3, 2, 2]]

const each = (operator: string, inputs: Given[], attributes: GradientCase['attributes'] = {}): GradientCase[] =>
  inputs.map(x => ({ operator, inputs: [x], attributes }))

const at = (data: number[]): Given => ({ dims: [data.length], data })

const corner = (
  operator: string,
  data: number[],
  expected: number[],
  attributes: GradientCase['attributes'] = {},
): GradientCase => ({ operator, inputs: [at(data)], attributes, expected: [expected], note: 'corners' })

const bound = (value: number): Given => ({ dims: [], data: [value], constant: true })
const flag = (value: boolean): Given => ({ dims: [], data: [value ? 1 : 0], dtype: 'bool', constant: true })
/** One wide row that reaches far into the flat parts. */
const wide: Given = { dims: [4, 8], range: [-9, 9] }

export const activationCases: GradientCase[] = [
  ...each('Relu', shapes),
  corner('Relu', [-1, -0, 0, 1e-30, 2], [0, 0, 0, 1, 1]),
  ...each('LeakyRelu', shapes),
  ...each('LeakyRelu', [[3, 4]], { alpha: 0.3 }),
  ...each('LeakyRelu', [[3, 4]], { alpha: -0.5 }),
  ...each('LeakyRelu', [[3, 4]], { alpha: 0 }),
  ...each('LeakyRelu', [[3, 4]], { alpha: 2 }),
  corner('LeakyRelu', [-1, 0, 1], [0.25, 0.25, 1], { alpha: 0.25 }),
  corner('LeakyRelu', [-1, 0, 1], [-0.5, -0.5, 1], { alpha: -0.5 }),
  ...each('Elu', shapes),
  ...each('Elu', [[3, 4], wide], { alpha: 0.5 }),
  ...each('Elu', [[3, 4]], { alpha: -0.7 }),
  ...each('Selu', shapes),
  ...each('Selu', [[3, 4]], { alpha: 2, gamma: 3 }),
  ...each('Celu', shapes),
  ...each('Celu', [[3, 4], wide], { alpha: 0.4 }),
  ...each('Celu', [[3, 4]], { alpha: 3 }),
  ...each('Sigmoid', [...shapes, wide]),
  ...each('Tanh', [...shapes, wide]),
  ...each('HardSigmoid', [...shapes, wide]),
  ...each('HardSigmoid', [[3, 4], wide], { alpha: 1 / 6, beta: 0.5 }),
  ...each('HardSigmoid', [wide], { alpha: -0.3, beta: 0.2 }),
  corner('HardSigmoid', [-2, -1, 0, 1, 2], [0, 0, 0.5, 0, 0], { alpha: 0.5, beta: 0.5 }),
  ...each('HardSwish', [...shapes, wide]),
  corner('HardSwish', [-4, -3, 0, 3, 4], [0, 0, 0.5, 1, 1]),
  ...each('Softplus', [...shapes, wide]),
  ...each('Softsign', [...shapes, wide]),
  ...each('Gelu', [...shapes, wide]),
  ...each('Gelu', [...shapes, wide], { approximate: 'tanh' }),
  ...each('com.microsoft:QuickGelu', [[2, 3], wide]),
  ...each('com.microsoft:QuickGelu', [[2, 3], wide], { alpha: 1 }),
  ...each('Mish', [...shapes, wide]),
  ...each('Erf', [...shapes, wide]),
  ...each('ThresholdedRelu', [[5], [2, 3, 4]]),
  ...each('ThresholdedRelu', [[2, 3, 4]], { alpha: -0.5 }),
  corner('ThresholdedRelu', [0.5, 1, 1.5], [0, 0, 1]),
  ...each('Shrink', [[5], [2, 3, 4]]),
  ...each('Shrink', [[2, 3, 4]], { lambd: 0.2, bias: 0.1 }),
  corner('Shrink', [-1, -0.5, 0, 0.5, 1], [1, 0, 0, 0, 1]),
  {
    operator: 'PRelu',
    inputs: [
      [2, 3, 4],
      [2, 3, 4],
    ],
  },
  {
    operator: 'PRelu',
    inputs: [
      [2, 3, 4, 2],
      [3, 1, 1],
    ],
  },
  { operator: 'PRelu', inputs: [[2, 3], [1]] },
  { operator: 'PRelu', inputs: [[2, 3], { dims: [3], data: [0.1, 0.2, -0.3], constant: true }] },
  {
    operator: 'PRelu',
    inputs: [at([-2, 0, 2]), at([0.5, 0.5, 0.5])],
    expected: [
      [0.5, 0.5, 1],
      [-2, 0, 0],
    ],
    note: 'corners',
  },
  { operator: 'Clip', inputs: [[2, 3, 4], bound(-0.5), bound(0.8)] },
  { operator: 'Clip', inputs: [wide, bound(0), bound(6)] },
  { operator: 'Clip', inputs: [[2, 3], bound(0.25)] },
  { operator: 'Clip', inputs: [[2, 3], '', bound(0.25)] },
  { operator: 'Clip', inputs: [[2, 3]] },
  {
    operator: 'Clip',
    inputs: [[2, 3], bound(-3.4028234663852886e38), bound(3.4028234663852886e38)],
    note: 'no bounds in effect',
  },
  { operator: 'Clip', inputs: [at([-1, 0, 1e-30, 3, 5.9999995, 6, 7]), bound(0), bound(6)], expected: [[0, 0, 1, 1, 1, 0, 0]] },
  { operator: 'Clip', inputs: [at([-2, -1, -0.99999994, 0, 0.3, 0.5]), bound(-1), bound(0.3)], expected: [[0, 0, 1, 1, 0, 0]] },
  { operator: 'Clip', inputs: [at([-2, 0, 2]), bound(1), bound(-1)], expected: [[0, 0, 0]], note: 'bounds crossed' },
  { operator: 'Clip', inputs: [[3, 4], { dims: [], data: [-0.4] }, { dims: [], data: [0.6] }], note: 'bounds from inputs' },
  { operator: 'Clip', inputs: [[3, 4], '', { dims: [], data: [0.6] }] },
  {
    operator: 'Clip',
    inputs: [at([-1, 0, 0.5, 1, 2]), { dims: [], data: [0] }, { dims: [], data: [1] }],
    expected: [[0, 0, 1, 0, 0], [2], [2]],
    note: 'bounds from inputs, ties',
  },
  { operator: 'Dropout', inputs: [[2, 3]] },
  { operator: 'Dropout', inputs: [[2, 3], bound(0.3)] },
  { operator: 'Dropout', inputs: [[2, 3], bound(0.3), flag(false)] },
  { operator: 'Dropout', inputs: [[2, 3], '', flag(false)], outputs: 2 },
  { operator: 'Dropout', inputs: [[2, 3], bound(0), flag(true)], outputs: 2, note: 'ratio 0' },
]
