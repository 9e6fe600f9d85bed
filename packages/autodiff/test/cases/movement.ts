/** @file Gradient cases of operators that move elements. */
import type { Given, GradientCase } from '../support/check.js'

const ints = (data: readonly number[], dims: readonly number[] = [data.length]): Given => ({
  dims,
  data,
  dtype: 'int64',
  constant: true,
})

const int64Max = 2 ** 62
const int64Min = -(2 ** 62)

const slice = (
  dims: readonly number[],
  starts: readonly number[],
  ends: readonly number[],
  axes?: readonly number[],
  steps?: readonly number[],
): GradientCase => ({
  operator: 'Slice',
  inputs: [
    dims,
    ints(starts),
    ints(ends),
    ...(axes ? [ints(axes)] : steps ? (['' as const] as Given[]) : []),
    ...(steps ? [ints(steps)] : []),
  ],
  note: `${starts} to ${ends}, axes ${axes}, steps ${steps}`,
})

const pad = (
  mode: string,
  dims: readonly number[],
  pads: readonly number[],
  more: { axes?: readonly number[]; value?: Given } = {},
): GradientCase => ({
  operator: 'Pad',
  inputs: [
    dims,
    ints(pads),
    ...(more.value !== undefined || more.axes ? [more.value ?? ('' as const)] : []),
    ...(more.axes ? [ints(more.axes)] : []),
  ],
  attributes: { mode },
  note: `pads ${pads}${more.axes ? `, axes ${more.axes}` : ''}`,
})

export const movementCases: readonly GradientCase[] = [
  { operator: 'Reshape', inputs: [[2, 3, 4], ints([4, 6])] },
  { operator: 'Reshape', inputs: [[2, 3, 4], ints([0, -1])] },
  { operator: 'Reshape', inputs: [[1, 1], ints([])], note: 'to a scalar' },
  { operator: 'Reshape', inputs: [[], ints([1, 1])], note: 'from a scalar' },
  { operator: 'Flatten', inputs: [[2, 3, 4]], attributes: { axis: 2 } },
  { operator: 'Flatten', inputs: [[2, 3, 4]], attributes: { axis: 0 } },
  { operator: 'Flatten', inputs: [[2, 3, 4]], attributes: { axis: -1 } },
  { operator: 'Squeeze', inputs: [[1, 3, 1, 2], ints([0, -2])] },
  { operator: 'Squeeze', inputs: [[1, 3, 1, 2]] },
  { operator: 'Unsqueeze', inputs: [[3, 2], ints([0, -1])] },
  { operator: 'Unsqueeze', inputs: [[], ints([0])] },
  { operator: 'Transpose', inputs: [[2, 3, 4]] },
  { operator: 'Transpose', inputs: [[2, 3, 4, 5]], attributes: { perm: [2, 0, 3, 1] } },
  { operator: 'Transpose', inputs: [[]] },
  {
    operator: 'Concat',
    inputs: [
      [2, 3],
      [2, 1],
      [2, 2],
    ],
    attributes: { axis: 1 },
  },
  {
    operator: 'Concat',
    inputs: [
      [2, 3],
      [1, 3],
    ],
    attributes: { axis: -2 },
  },
  { operator: 'Concat', inputs: [[2, 3]], attributes: { axis: 0 } },
  {
    operator: 'Concat',
    inputs: [
      [2, 3],
      [0, 3],
      [1, 3],
    ],
    attributes: { axis: 0 },
    note: 'an empty part',
  },
  {
    operator: 'Concat',
    inputs: [{ dims: [1, 3], constant: true }, [2, 3], { dims: [2, 3], constant: true }],
    attributes: { axis: 0 },
  },
  { operator: 'Split', inputs: [[2, 6]], outputs: 3, attributes: { axis: 1, num_outputs: 3 } },
  { operator: 'Split', inputs: [[7, 2]], outputs: 3, attributes: { num_outputs: 3 }, note: 'a smaller last part' },
  { operator: 'Split', inputs: [[2, 6], ints([1, 3, 2])], outputs: 3, attributes: { axis: -1 } },
  { operator: 'Split', inputs: [[2, 6], ints([1, 3, 2])], outputs: 3, unused: [0, 2], attributes: { axis: 1 }, note: 'one used' },
  { operator: 'Split', inputs: [[2, 6], ints([1, 3, 2])], outputs: 3, unused: [1], attributes: { axis: 1 }, note: 'two used' },
  slice([5, 4], [1], [4]),
  slice([5, 4], [1, 0], [-1, int64Max]),
  slice([5, 4], [0], [int64Max], [1], [2]),
  slice([5, 4, 7], [1, 0], [4, 7], [-3, 2], [2, 3]),
  slice([5, 7], [-1], [int64Min], [1], [-1]),
  slice([5, 7], [-2, 3], [int64Min, 0], [1, 0], [-2, -1]),
  slice([8], [100], [1], [0], [-3]),
  slice([8], [-100], [100]),
  slice([4, 3], [2], [3], [0], [5]),
  slice([4, 4, 2], [-1, 0], [int64Min, 4], [0, 1], [-1, 1]),
  { operator: 'Expand', inputs: [[3, 1], ints([2, 1, 4])] },
  { operator: 'Expand', inputs: [[], ints([2, 3])] },
  { operator: 'Expand', inputs: [[2, 3], ints([1, 1])], note: 'the input is larger' },
  { operator: 'Tile', inputs: [[2, 3], ints([2, 1])] },
  { operator: 'Tile', inputs: [[2, 1, 3], ints([1, 3, 2])] },
  { operator: 'Tile', inputs: [[2], ints([1])] },
  pad('constant', [2, 3], [1, 0, 0, 2]),
  pad('constant', [2, 5], [0, -1, 1, -2]),
  pad('constant', [2, 3, 4], [1, 2], { axes: [-1], value: { dims: [] } }),
  pad('constant', [3, 4], [1, -1, 1, 0], { value: { dims: [] } }),
  pad('constant', [2, 3, 2], [1, 0, 0, 2], { axes: [2, 0], value: { dims: [], data: [5], constant: true } }),
  pad('edge', [2, 3], [1, 2, 0, 1]),
  pad('edge', [2, 1, 3], [2, 1], { axes: [1] }),
  pad('reflect', [1, 2, 5, 6], [0, 0, 3, 2, 0, 0, 1, 4]),
  pad('reflect', [4], [3, 3]),
  pad('wrap', [3, 4], [1, 2, 2, 4]),
  pad('wrap', [3], [2, 1]),
  { operator: 'DepthToSpace', inputs: [[2, 8, 2, 3]], attributes: { blocksize: 2 } },
  { operator: 'DepthToSpace', inputs: [[1, 18, 2, 1]], attributes: { blocksize: 3, mode: 'CRD' } },
  { operator: 'SpaceToDepth', inputs: [[2, 2, 4, 6]], attributes: { blocksize: 2 } },
  { operator: 'Trilu', inputs: [[3, 4]] },
  { operator: 'Trilu', inputs: [[2, 3, 3], ints([-1], [])], attributes: { upper: 0 } },
  { operator: 'Trilu', inputs: [[4, 3], ints([1], [])] },
  { operator: 'ReverseSequence', inputs: [[4, 3, 2], ints([4, 1, 2])] },
  { operator: 'ReverseSequence', inputs: [[3, 4], ints([2, 3, 4])], attributes: { batch_axis: 0, time_axis: 1 } },
  { operator: 'CenterCropPad', inputs: [[5, 4], ints([2, 7])] },
  { operator: 'CenterCropPad', inputs: [[2, 5, 4], ints([3, 2])], attributes: { axes: [-1, 1] } },
]
