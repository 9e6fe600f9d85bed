/** @file Gradient cases of pooling: overlap, dilation, ceil mode, padding, ties. */
import type { Given, GradientCase } from '../support/check.js'

const pool = (
  operator: string,
  x: Given,
  attributes: GradientCase['attributes'] = {},
  more: Partial<GradientCase> = {},
): GradientCase => ({
  operator,
  inputs: [x],
  attributes,
  ...more,
})

/** LpPool's second derivative does not exist at 0 for p < 2, and the first is checked away from 0. */
const away = (dims: number[]): Given => ({ dims, range: [0.3, 2] })

export const poolingCases: GradientCase[] = [
  pool('MaxPool', [2, 3, 6, 6], { kernel_shape: [2, 2], strides: [2, 2] }),
  pool('MaxPool', [1, 2, 7, 8], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }),
  pool('MaxPool', [1, 2, 6, 6], { kernel_shape: [3, 3] }),
  pool('MaxPool', [1, 2, 7, 7], { kernel_shape: [3, 2], strides: [1, 3], dilations: [2, 1] }),
  pool('MaxPool', [1, 2, 9, 9], { kernel_shape: [3, 3], strides: [2, 2], dilations: [2, 3] }),
  pool('MaxPool', [1, 2, 7, 7], { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 }),
  pool('MaxPool', [1, 2, 8, 8], { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 }),
  pool('MaxPool', [1, 2, 8, 7], { kernel_shape: [3, 3], strides: [2, 2], auto_pad: 'SAME_UPPER' }),
  pool('MaxPool', [1, 2, 8, 7], { kernel_shape: [2, 3], strides: [3, 2], auto_pad: 'SAME_LOWER' }),
  pool('MaxPool', [1, 2, 8, 7], { kernel_shape: [2, 3], strides: [3, 2], auto_pad: 'VALID' }),
  pool('MaxPool', [2, 2, 9], { kernel_shape: [3], strides: [2], pads: [1, 0] }),
  pool('MaxPool', [1, 1, 4, 5, 4], { kernel_shape: [2, 3, 2], strides: [1, 2, 2], pads: [0, 1, 0, 0, 1, 0] }),
  pool('AveragePool', [2, 3, 6, 6], { kernel_shape: [2, 2], strides: [2, 2] }),
  pool('AveragePool', [1, 2, 7, 8], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }),
  pool('AveragePool', [1, 2, 7, 8], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1], count_include_pad: 1 }),
  pool('AveragePool', [1, 2, 6, 6], { kernel_shape: [3, 3] }),
  pool('AveragePool', [1, 2, 6, 6], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }),
  pool('AveragePool', [1, 2, 7, 7], { kernel_shape: [2, 2], strides: [2, 2], ceil_mode: 1 }),
  pool('AveragePool', [1, 2, 8, 8], {
    kernel_shape: [3, 3],
    strides: [2, 2],
    ceil_mode: 1,
    pads: [0, 0, 1, 1],
    count_include_pad: 1,
  }),
  pool('AveragePool', [1, 2, 8, 7], { kernel_shape: [3, 3], strides: [2, 2], auto_pad: 'SAME_UPPER' }),
  pool('AveragePool', [1, 2, 9, 9], { kernel_shape: [2, 3], dilations: [2, 2] }),
  pool('AveragePool', [2, 2, 9], { kernel_shape: [4], strides: [3], pads: [1, 1] }),
  pool('AveragePool', [1, 1, 4, 5, 4], { kernel_shape: [2, 3, 2], strides: [2, 1, 2] }),
  pool('LpPool', away([1, 2, 6, 6]), { kernel_shape: [2, 2], strides: [2, 2] }),
  pool('LpPool', [1, 2, 6, 6], { kernel_shape: [3, 3], p: 3, strides: [2, 1] }),
  pool('LpPool', away([1, 2, 6]), { kernel_shape: [3], p: 1 }),
  pool('GlobalAveragePool', [2, 3, 4, 5]),
  pool('GlobalAveragePool', [2, 3, 4]),
  pool('GlobalMaxPool', [2, 3, 4, 5]),
  pool('GlobalMaxPool', [2, 3, 4, 2, 2]),
  pool('GlobalLpPool', away([2, 3, 4, 5])),
  pool('GlobalLpPool', [2, 3, 4], { p: 3 }),
  {
    note: 'ties: all equal, each window gives to its first place in row order',
    operator: 'MaxPool',
    inputs: [{ dims: [1, 1, 3, 3], data: Array(9).fill(1) }],
    attributes: { kernel_shape: [2, 2] },
    expected: [[1, 1, 0, 1, 1, 0, 0, 0, 0]],
  },
  {
    note: 'ties: the largest twice in a window, first by row, then by column',
    operator: 'MaxPool',
    inputs: [{ dims: [1, 1, 3, 3], data: [0, 0, 5, 5, 0, 0, 5, 0, 0] }],
    attributes: { kernel_shape: [3, 3] },
    expected: [[0, 0, 1, 0, 0, 0, 0, 0, 0]],
  },
  {
    note: 'ties: with padding, which never wins',
    operator: 'MaxPool',
    inputs: [{ dims: [1, 1, 4, 4], data: Array(16).fill(-2) }],
    attributes: { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] },
    expected: [[1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]],
  },
  {
    note: 'ties: global, the first place',
    operator: 'GlobalMaxPool',
    inputs: [{ dims: [1, 2, 2, 2], data: [3, 3, 1, 3, 0, 7, 7, 7] }],
    expected: [[1, 0, 0, 0, 0, 1, 0, 0]],
  },
]
