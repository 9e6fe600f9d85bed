/** @file Cases: resizing, grid sampling, regions of interest. */
import { type Case, distinct, f, floats, type Given, i, ints, v } from './case.js'

const none: Given = v('float32', [0], [])
const modes = ['half_pixel', 'half_pixel_symmetric', 'pytorch_half_pixel', 'align_corners', 'asymmetric']
const up: readonly (Given | undefined)[] = [f([1, 2, 4, 5]), none, floats(1, 1, 2.2, 1.6)]
const down: readonly (Given | undefined)[] = [f([1, 2, 7, 8]), none, floats(1, 1, 0.62, 0.45)]
const sized: readonly (Given | undefined)[] = [f([1, 2, 4, 5]), none, undefined, ints(1, 2, 7, 3)]

const resizes: readonly Case[] = [
  ...modes.flatMap(coordinate_transformation_mode =>
    ['nearest', 'linear', 'cubic'].flatMap(mode =>
      [up, down, sized].map((inputs): Case => ['Resize', inputs, { mode, coordinate_transformation_mode }]),
    ),
  ),
  ...['round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil'].flatMap(nearest_mode =>
    ['asymmetric', 'half_pixel'].flatMap((coordinate_transformation_mode): Case[] => [
      ['Resize', [f([1, 1, 4, 5]), none, floats(1, 1, 2, 2)], { nearest_mode, coordinate_transformation_mode }],
      ['Resize', [f([1, 1, 6, 8]), none, floats(1, 1, 0.5, 0.5)], { nearest_mode, coordinate_transformation_mode }],
    ]),
  ),
  ...['linear', 'cubic'].flatMap((mode): Case[] => [
    ['Resize', down, { mode, antialias: 1 }],
    ['Resize', up, { mode, antialias: 1 }],
    ['Resize', [f([1, 1, 9, 8]), none, undefined, ints(1, 1, 4, 3)], { mode, antialias: 1 }],
  ]),
  ['Resize', down, { mode: 'cubic', exclude_outside: 1 }],
  ['Resize', up, { mode: 'cubic', exclude_outside: 1, cubic_coeff_a: -0.5 }],
  ['Resize', down, { mode: 'cubic', exclude_outside: 1, antialias: 1 }],
  ...['nearest', 'linear', 'cubic'].map(
    (mode): Case => [
      'Resize',
      [f([1, 1, 4, 5]), floats(0, 0, 0.2, -0.3, 1, 1, 0.7, 1.2), undefined, ints(1, 1, 3, 6)],
      { mode, coordinate_transformation_mode: 'tf_crop_and_resize', extrapolation_value: 7 },
    ],
  ),
  ...['not_larger', 'not_smaller'].map(
    (keep_aspect_ratio_policy): Case => [
      'Resize',
      [f([1, 1, 4, 6]), none, undefined, ints(7, 8)],
      { mode: 'linear', keep_aspect_ratio_policy, axes: [2, 3] },
    ],
  ),
  ['Resize', [f([1, 1, 4, 6]), none, floats(2, 1.5)], { mode: 'linear', axes: [2, 3] }],
  ['Resize', [f([1, 2, 5]), none, floats(1, 1, 2)], { mode: 'linear' }],
  ['Resize', [f([4, 5]), none, floats(2, 2)], { mode: 'cubic' }],
  ['Resize', [f([1, 1, 3, 4, 3]), none, floats(1, 1, 2, 1.5, 2)], { mode: 'linear' }],
  ['Resize', [f([1, 1, 3, 4, 3]), none, floats(1, 1, 2, 1.5, 2)], { mode: 'nearest' }],
]

const grids: readonly Case[] = ['nearest', 'linear', 'cubic'].flatMap(mode =>
  ['zeros', 'border', 'reflection'].flatMap(padding_mode =>
    [0, 1].map(
      (align_corners): Case => [
        'GridSample',
        [f([2, 2, 5, 4]), f([2, 3, 6, 2], -1.7, 1.7)],
        { mode, padding_mode, align_corners },
      ],
    ),
  ),
)

export const samplingCases: readonly Case[] = [
  ...resizes,
  ...grids,
  ['GridSample', [f([1, 2, 4, 3, 5]), f([1, 2, 3, 2, 3], -1.4, 1.4)], { mode: 'linear' }],
  [
    'GridSample',
    [f([1, 2, 4, 3, 5]), f([1, 2, 3, 2, 3], -1.4, 1.4)],
    { mode: 'nearest', align_corners: 1, padding_mode: 'border' },
  ],
  [
    'GridSample',
    [f([1, 2, 4, 3, 5]), f([1, 2, 3, 2, 3], -1.4, 1.4)],
    { mode: 'linear', align_corners: 1, padding_mode: 'reflection' },
  ],
  ['AffineGrid', [f([2, 2, 3]), ints(2, 3, 4, 5)]],
  ['AffineGrid', [f([2, 2, 3]), ints(2, 3, 4, 5)], { align_corners: 1 }],
  ['AffineGrid', [f([1, 3, 4]), ints(1, 2, 3, 4, 2)]],
  ...['half_pixel', 'output_half_pixel'].flatMap(coordinate_transformation_mode =>
    ['avg', 'max'].flatMap(mode =>
      [0, 2].map(
        (sampling_ratio): Case => [
          'RoiAlign',
          [f([2, 2, 8, 9]), v('float32', [3, 4], [1, 1, 12, 9, 0, 3, 7, 15, 5, 5, 5.5, 5.5]), v('int64', [3], [0, 1, 1])],
          { mode, sampling_ratio, coordinate_transformation_mode, output_height: 2, output_width: 3, spatial_scale: 0.5 },
        ],
      ),
    ),
  ),
  [
    'MaxRoiPool',
    [f([2, 2, 8, 9]), v('float32', [2, 5], [0, 2, 2, 12, 9, 1, 0, 3, 7, 15])],
    { pooled_shape: [2, 3], spatial_scale: 0.5 },
  ],
  [
    'NonMaxSuppression',
    [
      v('float32', [1, 5, 4], [0, 0, 2, 2, 0, 0.1, 2, 2, 5, 5, 7, 8, 7, 8, 5, 5.2, 0, 5, 2, 7]),
      distinct([1, 2, 5]),
      v('int64', [], [2]),
      v('float32', [], [0.5]),
      v('float32', [], [0.5]),
    ],
  ],
  [
    'NonMaxSuppression',
    [f([2, 6, 4], 1, 3), distinct([2, 1, 6]), v('int64', [], [4]), v('float32', [], [0.3])],
    { center_point_box: 1 },
  ],
  ['NonMaxSuppression', [f([1, 3, 4]), i([1, 1, 3], 0, 1), v('int64', [], [0])].map((x, at) => (at === 1 ? f([1, 1, 3]) : x))],
]
