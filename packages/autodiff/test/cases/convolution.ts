/** @file Gradient cases of convolutions: 1-3 axes, groups, strides, dilations, paddings, automatic paddings. */
import type { GradientCase } from '../support/check.js'

const conv = (x: number[], w: number[], attributes: GradientCase['attributes'] = {}, bias = false): GradientCase => ({
  operator: 'Conv',
  inputs: [x, w, ...(bias ? [[w[0]!]] : [])],
  attributes,
})

const transposed = (x: number[], w: number[], attributes: GradientCase['attributes'] = {}, bias = 0): GradientCase => ({
  operator: 'ConvTranspose',
  inputs: [x, w, ...(bias ? [[bias]] : [])],
  attributes,
})

export const convolutionCases: GradientCase[] = [
  conv([2, 3, 5, 6], [4, 3, 3, 3]),
  conv([2, 3, 5, 6], [4, 3, 3, 3], { pads: [1, 1, 1, 1] }, true),
  conv([1, 2, 5, 5], [3, 2, 1, 1]),
  conv([1, 2, 5, 5], [3, 2, 1, 1], { strides: [2, 2] }, true),
  conv([1, 2, 7, 6], [3, 2, 3, 3], { strides: [2, 2], pads: [1, 1, 1, 1] }),
  conv([1, 2, 8, 8], [3, 2, 3, 3], { strides: [2, 3], pads: [0, 1, 1, 0] }),
  conv([1, 2, 7, 7], [2, 2, 2, 2], { dilations: [2, 3] }),
  conv([1, 2, 9, 9], [2, 2, 3, 3], { dilations: [2, 2], strides: [2, 2], pads: [2, 1, 0, 2] }),
  conv([1, 4, 5, 5], [6, 2, 3, 3], { group: 2, pads: [1, 1, 1, 1] }, true),
  conv([1, 4, 6, 5], [6, 2, 3, 3], { group: 2, strides: [2, 1] }),
  conv([2, 3, 5, 5], [3, 1, 3, 3], { group: 3, pads: [1, 1, 1, 1] }),
  conv([2, 3, 6, 6], [3, 1, 3, 3], { group: 3, strides: [2, 2], pads: [1, 1, 1, 1] }),
  conv([1, 2, 5, 5], [6, 1, 3, 3], { group: 2, pads: [1, 1, 1, 1] }),
  conv([2, 2, 9, 8], [4, 1, 3, 2], { group: 2, strides: [2, 3], dilations: [1, 2], pads: [1, 0, 2, 1] }, true),
  conv([1, 2, 3, 90], [2, 1, 3, 2], { group: 2, pads: [1, 0, 1, 0] }),
  conv([1, 2, 5, 5], [2, 2, 3, 3], { pads: [4, 3, 4, 5] }),
  conv([1, 2, 6, 5], [2, 2, 3, 2], { auto_pad: 'SAME_UPPER', strides: [2, 2] }),
  conv([1, 2, 6, 5], [2, 2, 2, 2], { auto_pad: 'SAME_LOWER' }),
  conv([1, 2, 6, 5], [2, 2, 3, 2], { auto_pad: 'VALID', strides: [2, 1] }),
  conv([2, 3, 9], [4, 3, 3], { strides: [2], pads: [1, 0] }, true),
  conv([2, 3, 9], [3, 1, 4], { group: 3, dilations: [2] }),
  conv([1, 2, 4, 5, 4], [3, 2, 2, 3, 2], { pads: [0, 1, 0, 1, 1, 1] }, true),
  conv([1, 2, 5, 5, 5], [2, 1, 3, 3, 3], { group: 2, strides: [2, 2, 1] }),
  { operator: 'Conv', inputs: [[1, 2, 6, 6], { dims: [4, 1, 3, 3], constant: true }], attributes: { group: 2, strides: [1, 2] } },
  { operator: 'Conv', inputs: [[1, 2, 6, 6], { dims: [4, 2, 5, 5], constant: true }], attributes: { pads: [2, 2, 2, 2] } },
  transposed([2, 3, 4, 5], [3, 4, 3, 3], {}, 4),
  transposed([1, 3, 4, 5], [3, 2, 3, 3], { strides: [2, 2], pads: [1, 1, 1, 1], output_padding: [1, 0] }),
  transposed([1, 4, 4, 4], [4, 3, 3, 2], { group: 2, strides: [2, 3] }, 6),
  transposed([1, 2, 4, 4], [2, 2, 2, 3], { dilations: [2, 1], pads: [1, 0, 0, 1] }),
  transposed([1, 2, 3, 3], [2, 2, 3, 3], { strides: [2, 2], output_shape: [6, 6] }),
  transposed([1, 2, 3, 3], [2, 2, 3, 3], { strides: [2, 2], auto_pad: 'SAME_UPPER' }),
  transposed([1, 2, 3, 3], [2, 2, 3, 3], { strides: [2, 2], auto_pad: 'SAME_LOWER' }),
  transposed([2, 3, 6], [3, 2, 4], { strides: [3], output_padding: [2] }),
  transposed([1, 2, 3, 3, 3], [2, 2, 2, 2, 2], { strides: [2, 1, 2] }, 2),
]
