/** @file Gradient cases of gathering and scattering. */
import type { Given, GradientCase } from '../support/check.js'

const fixed = (data: readonly number[], dims: readonly number[] = [data.length]): Given => ({
  dims,
  data,
  dtype: 'int64',
  constant: true,
})
const fed = (data: readonly number[], dims: readonly number[] = [data.length]): Given => ({ dims, data, dtype: 'int64' })

/** Every case with the indices known and with the indices computed at run time. */
const both = (make: (indices: typeof fed) => GradientCase): GradientCase[] => [
  { ...make(fixed), note: [make(fixed).note, 'indices known'].filter(Boolean).join(', ') },
  { ...make(fed), note: [make(fed).note, 'indices at run time'].filter(Boolean).join(', ') },
]

const reductions = ['none', 'add', 'mul', 'max', 'min']

export const indexingCases: readonly GradientCase[] = [
  ...both(ints => ({ operator: 'Gather', inputs: [[5, 3], ints([4, 0, -1, 4])] })),
  ...both(ints => ({ operator: 'Gather', inputs: [[3, 5, 2], ints([1, -2, 1, 0], [2, 2])], attributes: { axis: 1 } })),
  ...both(ints => ({ operator: 'Gather', inputs: [[3, 4], ints([2], [])], attributes: { axis: -1 }, note: 'a scalar index' })),
  ...both(ints => ({ operator: 'Gather', inputs: [[4], ints([3, 3, 1])] })),
  ...both(ints => ({ operator: 'Gather', inputs: [[4, 2], ints([])], note: 'nothing gathered' })),
  { operator: 'Gather', inputs: [[6, 2], fixed([3, 5, 0, 1, 4, 2])], note: 'a permutation' },
  { operator: 'Gather', inputs: [[6, 2], fixed([3, 5, 0, 0, 4, 2, 5, 1])], note: 'at most twice each' },
  { operator: 'Gather', inputs: [[9, 2], fixed([3, 5, 0, 7, 1])], note: 'at most once each' },
  { operator: 'Gather', inputs: [[4, 3], fixed([0, 1, 0, 2, 0, 1, 0, 2, 0, 3, 0])], note: 'one entry many times' },
  { operator: 'Gather', inputs: [[2, 8], fixed([1, 3, 5, 7])], attributes: { axis: 1 }, note: 'a stride' },
  {
    operator: 'Gather',
    inputs: [[1500, 2], fed(Array.from({ length: 64 }, (_, i) => (i * 397) % 1500))],
    note: 'too many for one-hot columns',
    withoutSecond: 'thousands of evaluations',
  },
  ...both(ints => ({ operator: 'GatherElements', inputs: [[3, 4], ints([0, 2, 2, -1, 1, 1], [2, 3])] })),
  ...both(ints => ({ operator: 'GatherElements', inputs: [[2, 3, 2], ints([2, 2, 0, 1], [1, 2, 2])], attributes: { axis: -2 } })),
  ...both(ints => ({ operator: 'GatherND', inputs: [[3, 4, 2], ints([0, 1, 2, -1, 0, 1], [3, 2])] })),
  ...both(ints => ({ operator: 'GatherND', inputs: [[3, 4], ints([1, 1, 0, -2], [4, 1])] })),
  ...both(ints => ({
    operator: 'GatherND',
    inputs: [[2, 3, 4], ints([1, 0, 2, 3, 1, 0, 1, 0], [2, 2, 2])],
    attributes: { batch_dims: 1 },
  })),
  ...both(ints => ({
    operator: 'GatherND',
    inputs: [[2, 2, 3, 2], ints([0, 2, 1, 1], [2, 2, 1])],
    attributes: { batch_dims: 2 },
  })),
  ...both(ints => ({ operator: 'GatherND', inputs: [[2, 3], ints([0, 1, 1, 2], [2, 2])], note: 'single elements' })),
  ...reductions.flatMap(reduction => [
    ...both(ints => ({
      operator: 'ScatterElements',
      inputs: [[3, 4], ints([0, 2, 1, -2, 1, 0], [2, 3]), [2, 3]],
      attributes: { axis: 0, reduction },
    })),
    ...both(ints => ({
      operator: 'ScatterND',
      inputs: [[4, 3, 2], ints([2, -4], [2, 1]), [2, 3, 2]],
      attributes: { reduction },
    })),
  ]),
  ...reductions.slice(1).flatMap(reduction => [
    {
      operator: 'ScatterElements',
      inputs: [[2, 4], fed([3, 1, 3, 0, 0, -1], [2, 3]), [2, 3]],
      attributes: { axis: 1, reduction },
      note: 'repeated indices',
    },
    {
      operator: 'ScatterND',
      inputs: [[3, 2], fed([1, 0, 1, 1, 1, 0, -1, 0], [4, 2]), [4]],
      attributes: { reduction },
      note: 'repeated indices',
    },
  ]),
  {
    operator: 'ScatterElements',
    inputs: [[4], fed([0, 0, 1, 1, 2]), { dims: [5], data: [0, 2, 0, 0, 3] }],
    attributes: { reduction: 'mul' },
    note: 'zero factors',
    withoutSecond: 'the second derivative treats the places of the zeros as fixed',
  },
  ...['max', 'min'].map(reduction => ({
    operator: 'ScatterElements',
    inputs: [{ dims: [3], data: [1, 2, 3] }, fed([1]), { dims: [1], data: [2] }],
    attributes: { reduction },
    note: 'a tie of two',
    withoutSecond: 'a kink',
  })),
  { operator: 'TopK', inputs: [[2, 5], fixed([2])], outputs: 2 },
  { operator: 'TopK', inputs: [[4, 3], fixed([3])], outputs: 2, attributes: { axis: 0, largest: 0 } },
  { operator: 'TopK', inputs: [[2, 4, 2], fixed([4])], outputs: 2, attributes: { axis: 1 }, note: 'all of them: a sort' },
  ...both(ints => ({ operator: 'OneHot', inputs: [ints([0, 2, -1, 5], [2, 2]), fixed([3], []), [2]] })),
  { operator: 'OneHot', inputs: [fed([1, 0]), fixed([4], []), [2]], attributes: { axis: 0 } },
  { operator: 'OneHot', inputs: [fed([1, 0, 3, 1], [2, 2]), fixed([4], []), [2]], attributes: { axis: 1 } },
  {
    operator: 'Compress',
    inputs: [[3, 4], { dims: [4], data: [1, 0, 1, 1], dtype: 'bool', constant: true }],
    attributes: { axis: -1 },
  },
  { operator: 'Compress', inputs: [[3, 2], { dims: [2], data: [0, 1], dtype: 'bool', constant: true }], attributes: { axis: 0 } },
  {
    operator: 'Compress',
    inputs: [[2, 3], { dims: [5], data: [0, 1, 1, 0, 1], dtype: 'bool', constant: true }],
    note: 'flattened',
  },
]
