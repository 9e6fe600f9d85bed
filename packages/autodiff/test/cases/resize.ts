/** @file Gradient cases of Resize. */
import type { PlainAttributes } from '@ascribe/onnx'
import type { Given, GradientCase } from '../support/check.js'

const floats = (data: readonly number[]): Given => ({ dims: [data.length], data, constant: true })
const ints = (data: readonly number[]): Given => ({ dims: [data.length], data, dtype: 'int64', constant: true })

const byScales = (
  dims: readonly number[],
  scales: readonly number[],
  attributes: PlainAttributes,
  more: Partial<GradientCase> = {},
): GradientCase => ({ operator: 'Resize', inputs: [dims, '', floats(scales)], attributes, note: `scales ${scales}`, ...more })

const bySizes = (
  dims: readonly number[],
  sizes: readonly number[],
  attributes: PlainAttributes,
  more: Partial<GradientCase> = {},
): GradientCase => ({ operator: 'Resize', inputs: [dims, '', '', ints(sizes)], attributes, note: `sizes ${sizes}`, ...more })

const transformations = ['half_pixel', 'pytorch_half_pixel', 'asymmetric', 'align_corners', 'half_pixel_symmetric']

export const resizeCases: readonly GradientCase[] = [
  ...transformations.flatMap(coordinate_transformation_mode => [
    byScales([1, 2, 4, 5], [1, 1, 1.6, 2.3], { mode: 'linear', coordinate_transformation_mode }),
    byScales([1, 2, 5, 6], [1, 1, 0.6, 0.5], { mode: 'linear', coordinate_transformation_mode }),
    bySizes([1, 1, 4, 5], [1, 1, 7, 3], { mode: 'cubic', coordinate_transformation_mode }),
    bySizes([1, 2, 3, 4], [1, 2, 8, 9], { mode: 'nearest', coordinate_transformation_mode, nearest_mode: 'floor' }),
  ]),
  ...['round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil'].map(nearest_mode =>
    byScales([1, 2, 5, 4], [1, 1, 1.7, 0.6], { mode: 'nearest', nearest_mode }),
  ),
  byScales([2, 3, 3, 4], [1, 1, 2, 2], { mode: 'nearest' }, { note: 'every pixel four times' }),
  byScales([1, 2, 3, 2], [1, 1, 3, 2], { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' }),
  byScales([1, 1, 6, 8], [1, 1, 0.5, 0.25], {
    mode: 'nearest',
    coordinate_transformation_mode: 'asymmetric',
    nearest_mode: 'floor',
  }),
  byScales([3, 4], [2, 3], { mode: 'nearest' }),
  byScales([5], [2], { mode: 'nearest' }, { withoutOrt: 'no kernel for a vector' }),
  byScales([1, 1, 3, 4], [1, 1, 1, 1], { mode: 'linear' }, { note: 'no change' }),
  byScales([1, 1, 2, 3, 4], [1, 1, 1.5, 2, 2], { mode: 'linear' }),
  byScales([1, 1, 4, 4], [1, 1, 2.5, 0.75], { mode: 'cubic', exclude_outside: 1 }),
  byScales([1, 1, 4, 4], [1, 1, 1.5, 2], { mode: 'cubic', cubic_coeff_a: -0.5 }),
  byScales([1, 1, 8, 7], [1, 1, 0.4, 0.6], { mode: 'linear', antialias: 1 }),
  byScales([1, 1, 8, 7], [1, 1, 0.4, 0.6], { mode: 'cubic', antialias: 1 }),
  byScales([1, 1, 8, 7], [1, 1, 0.4, 1.6], { mode: 'cubic', antialias: 1, exclude_outside: 1 }),
  bySizes([2, 4, 6], [3, 3], { mode: 'linear', axes: [2, 1] }, { withoutOrt: 'no kernel for axes in this order' }),
  bySizes([1, 1, 4, 6], [7, 7], { mode: 'linear', axes: [2, 3], keep_aspect_ratio_policy: 'not_larger' }),
  bySizes([1, 1, 4, 6], [3, 5], { mode: 'linear', axes: [2, 3], keep_aspect_ratio_policy: 'not_smaller' }),
  {
    operator: 'Resize',
    inputs: [[1, 1, 5, 6], floats([0, 0, 0.2, -0.3, 1, 1, 0.8, 1.1]), '', ints([1, 1, 4, 5])],
    attributes: { mode: 'linear', coordinate_transformation_mode: 'tf_crop_and_resize', extrapolation_value: 3 },
    note: 'a region of interest that leaves the picture',
  },
  {
    operator: 'Resize',
    inputs: [[1, 1, 5, 6], floats([0, 0, 0.1, 0.3, 1, 1, 0.9, 0.7]), '', ints([1, 1, 4, 1])],
    attributes: { mode: 'cubic', coordinate_transformation_mode: 'tf_crop_and_resize' },
    note: 'an axis of one entry',
  },
]
