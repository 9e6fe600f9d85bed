/** @file Gradient cases of operators that read pictures at computed positions. */
import type { Given, GradientCase } from '../support/check.js'

const ints = (data: readonly number[]): Given => ({ dims: [data.length], data, dtype: 'int64', constant: true })
const grid = (dims: readonly number[]): Given => ({ dims, range: [-1.3, 1.3] })

const paddings = ['zeros', 'border', 'reflection']

/** Boxes [x1, y1, x2, y2] whose samples fall between pixels. */
const boxes = [0.3, 0.4, 4.1, 3.3, 1.2, 0.7, 5.9, 4.6, -2.2, -0.3, 2.6, 7.4]
const fedBoxes: Given = { dims: [3, 4], data: boxes }
const fixedBoxes = (data: readonly number[]): Given => ({ dims: [data.length / 4, 4], data, constant: true })

export const samplingCases: readonly GradientCase[] = [
  ...paddings.flatMap(padding_mode =>
    [0, 1].flatMap((align_corners): GradientCase[] => [
      { operator: 'GridSample', inputs: [[2, 2, 4, 5], grid([2, 3, 2, 2])], attributes: { padding_mode, align_corners } },
      {
        operator: 'GridSample',
        inputs: [[1, 2, 4, 3], grid([1, 2, 3, 2])],
        attributes: { mode: 'cubic', padding_mode, align_corners },
      },
      {
        operator: 'GridSample',
        inputs: [[1, 2, 4, 3], { ...(grid([1, 2, 3, 2]) as object), constant: true } as Given],
        attributes: { mode: 'nearest', padding_mode, align_corners },
      },
      { operator: 'GridSample', inputs: [[1, 2, 3, 4, 2], grid([1, 2, 2, 1, 3])], attributes: { padding_mode, align_corners } },
    ]),
  ),
  {
    operator: 'GridSample',
    inputs: [[1, 1, 1, 3], grid([1, 2, 2, 2])],
    attributes: { padding_mode: 'reflection', align_corners: 1 },
    note: 'an axis of one pixel',
  },
  {
    operator: 'GridSample',
    inputs: [[1, 1, 4, 4], { dims: [1, 2, 2, 2], data: [-0.75, -0.25, 0, 0.5, 0.25, 0.75, 1, -1], constant: true }],
    attributes: { mode: 'nearest' },
    note: 'ties between two pixels',
  },
  { operator: 'AffineGrid', inputs: [[2, 2, 3], ints([2, 3, 4, 5])] },
  { operator: 'AffineGrid', inputs: [[1, 2, 3], ints([1, 1, 3, 2])], attributes: { align_corners: 1 } },
  { operator: 'AffineGrid', inputs: [[1, 3, 4], ints([1, 2, 2, 3, 4])] },
  ...['half_pixel', 'output_half_pixel'].flatMap((coordinate_transformation_mode): GradientCase[] => [
    {
      operator: 'RoiAlign',
      inputs: [[2, 2, 6, 7], fedBoxes, ints([1, 0, 1])],
      attributes: { output_height: 2, output_width: 3, sampling_ratio: 2, spatial_scale: 0.9, coordinate_transformation_mode },
    },
    {
      operator: 'RoiAlign',
      inputs: [[1, 2, 6, 7], fixedBoxes([0.2, 0.3, 4.4, 3.9, 1.1, 1.2, 5.2, 5.1]), ints([0, 0])],
      attributes: { output_height: 2, output_width: 2, coordinate_transformation_mode },
      note: 'as many samples as the boxes need',
    },
  ]),
  {
    operator: 'MaxRoiPool',
    inputs: [[2, 2, 6, 6], { dims: [2, 5], data: [1, 0, 0, 3, 4, 0, 2, 1, 5.4, 4.6], constant: true }],
    attributes: { pooled_shape: [2, 2] },
  },
  {
    operator: 'MaxRoiPool',
    inputs: [[1, 2, 5, 6], { dims: [2, 5], data: [0, 0, 0, 8, 8, 0, 3, 9, 30, 30], constant: true }],
    attributes: { pooled_shape: [3, 2], spatial_scale: 0.5 },
    note: 'bins outside the picture',
  },
  {
    operator: 'MaxUnpool',
    inputs: [[1, 1, 2, 2], { dims: [1, 1, 2, 2], data: [0, 3, 8, 14], dtype: 'int64' }],
    attributes: { kernel_shape: [2, 2], strides: [2, 2] },
  },
  {
    operator: 'MaxUnpool',
    inputs: [[1, 2, 2, 1], { dims: [1, 2, 2, 1], data: [1, 5, 9, 14], dtype: 'int64' }, ints([1, 2, 4, 2])],
    attributes: { kernel_shape: [2, 2], strides: [2, 2] },
  },
  { operator: 'Col2Im', inputs: [[1, 8, 6], ints([3, 4]), ints([2, 2])] },
  {
    operator: 'Col2Im',
    inputs: [[2, 6, 16], ints([5, 5]), ints([2, 3])],
    attributes: { strides: [2, 1], dilations: [1, 2], pads: [1, 0, 2, 3] },
    note: 'strides, dilation, pads',
  },
  { operator: 'Col2Im', inputs: [[1, 6, 4], ints([6]), ints([3])], note: 'one axis', withoutOrt: 'no kernel for one axis' },
  {
    operator: 'DeformConv',
    inputs: [
      [1, 2, 4, 5],
      [3, 2, 2, 2],
      [1, 8, 3, 4],
    ],
  },
  {
    operator: 'DeformConv',
    inputs: [[2, 4, 5, 4], [4, 2, 3, 2], [2, 24, 2, 3], [4], [2, 12, 2, 3]],
    attributes: { group: 2, offset_group: 2, strides: [2, 1], pads: [1, 0, 0, 0], dilations: [1, 1] },
    note: 'groups, bias, mask',
  },
]
