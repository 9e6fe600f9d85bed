/** @file Operators with hand-known output shapes: one line per case. */
import { type DataType, type PlainAttributes, type Shape, Tensor } from '@ascribe/onnx'

/** An input: a shape (float32), a typed shape, a constant, or omitted. */
export type CaseInput = Shape | { readonly dtype: DataType; readonly shape: Shape | null } | Tensor | null

/** operator, inputs, attributes, shape of each output (`int64:` etc. names a type other than float32 in front). */
export type Case = readonly [
  string,
  readonly CaseInput[],
  PlainAttributes,
  readonly (Shape | null | readonly [DataType, Shape | null])[],
]

const ints = Tensor.ints
const scalar = (value: number, dtype: DataType = 'int64') => Tensor.from(dtype, [], [value])
const floats = (...values: number[]) => Tensor.float32([values.length], values)
const i64 = (...shape: (number | string)[]) => ({ dtype: 'int64' as const, shape })
const bool = (...shape: (number | string)[]) => ({ dtype: 'bool' as const, shape })
const u8 = (...shape: (number | string)[]) => ({ dtype: 'uint8' as const, shape })

export const elementwise: readonly Case[] = [
  ['Relu', [['n', 3]], {}, [['n', 3]]],
  ['Add', [[2, 3], [3]], {}, [[2, 3]]],
  [
    'Add',
    [
      ['n', 1, 4],
      [5, 1],
    ],
    {},
    [['n', 5, 4]],
  ],
  [
    'Add',
    [
      ['n', 4],
      ['n', 1],
    ],
    {},
    [['n', 4]],
  ],
  [
    'Add',
    [
      ['n', 4],
      ['m', 4],
    ],
    {},
    [[null, 4]],
  ],
  [
    'Mul',
    [
      ['n', 4],
      [7, 4],
    ],
    {},
    [[7, 4]],
  ],
  ['Div', [[], [2, 1]], {}, [[2, 1]]],
  ['Pow', [[2, 3], i64()], {}, [[2, 3]]],
  ['Sum', [[2, 1], [1, 3], [3]], {}, [[2, 3]]],
  ['Max', [[2, 1], [3]], {}, [[2, 3]]],
  [
    'Mean',
    [
      [4, 1],
      [4, 5],
    ],
    {},
    [[4, 5]],
  ],
  ['Equal', [[2, 3], [3]], {}, [['bool', [2, 3]]]],
  ['LessOrEqual', [[2, 3], [1]], {}, [['bool', [2, 3]]]],
  ['And', [bool(2, 1), bool(3)], {}, [['bool', [2, 3]]]],
  ['Where', [bool('n', 1), [5], [1, 1]], {}, [['n', 5]]],
  ['Cast', [[2, 3]], { to: 7 }, [['int64', [2, 3]]]],
  ['CastLike', [[2, 3], i64(1)], {}, [['int64', [2, 3]]]],
  [
    'PRelu',
    [
      [2, 3, 4, 4],
      [3, 1, 1],
    ],
    {},
    [[2, 3, 4, 4]],
  ],
  ['Clip', [[2, 3], scalar(0, 'float32'), null], {}, [[2, 3]]],
  [
    'Dropout',
    [['n', 3]],
    {},
    [
      ['n', 3],
      ['bool', ['n', 3]],
    ],
  ],
  ['Softmax', [['n', 10]], { axis: -1 }, [['n', 10]]],
  ['IsNaN', [[2]], {}, [['bool', [2]]]],
  ['CumSum', [[2, 3], scalar(1)], {}, [[2, 3]]],
  ['Trilu', [['n', 4, 4]], { upper: 1 }, [['n', 4, 4]]],
]

export const movement: readonly Case[] = [
  ['Reshape', [[2, 3, 4], ints([0, -1])], {}, [[2, 12]]],
  ['Reshape', [['n', 3, 4], ints([-1, 12])], {}, [['n', 12]]],
  ['Reshape', [['n', 4, 6], ints([-1, 3])], {}, [['8*n', 3]]],
  ['Reshape', [['8*n', 3], ints([-1, 24])], {}, [['n', 24]]],
  ['Reshape', [[2, 0], ints([0, 3])], { allowzero: 1 }, [[0, 3]]],
  ['Reshape', [['n', 8], i64(3)], {}, [[null, null, null]]],
  ['Reshape', [[6], ints([2, 3])], {}, [[2, 3]]],
  ['Flatten', [['n', 3, 4]], {}, [['n', 12]]],
  ['Flatten', [['n', 3, 4]], { axis: 2 }, [['3*n', 4]]],
  ['Flatten', [[2, 3]], { axis: 0 }, [[1, 6]]],
  ['Transpose', [['n', 3, 4]], { perm: [0, 2, 1] }, [['n', 4, 3]]],
  ['Transpose', [['n', 3, 4]], {}, [[4, 3, 'n']]],
  ['Squeeze', [[1, 3, 1], ints([0])], {}, [[3, 1]]],
  ['Squeeze', [[1, 3, 1]], {}, [[3]]],
  ['Squeeze', [['n', 3, 1], ints([-1])], {}, [['n', 3]]],
  ['Unsqueeze', [['n', 3], ints([0, -1])], {}, [[1, 'n', 3, 1]]],
  [
    'Concat',
    [
      ['n', 3],
      ['n', 4],
    ],
    { axis: 1 },
    [['n', 7]],
  ],
  [
    'Concat',
    [
      ['n', 3],
      ['m', 3],
    ],
    { axis: 0 },
    [['m+n', 3]],
  ],
  [
    'Concat',
    [
      [1, 1, 8],
      [1, 's', 8],
    ],
    { axis: 1 },
    [[1, 's+1', 8]],
  ],
  [
    'Split',
    [[6, 4]],
    { num_outputs: 3 },
    [
      [2, 4],
      [2, 4],
      [2, 4],
    ],
  ],
  [
    'Split',
    [[7, 4]],
    { num_outputs: 2 },
    [
      [4, 4],
      [3, 4],
    ],
  ],
  [
    'Split',
    [['n', 6], ints([1, 5])],
    { axis: 1 },
    [
      ['n', 1],
      ['n', 5],
    ],
  ],
  [
    'Split',
    [['2*n', 6]],
    { num_outputs: 2 },
    [
      ['n', 6],
      ['n', 6],
    ],
  ],
  ['Slice', [[10, 4], ints([1]), ints([8]), ints([0]), ints([2])], {}, [[4, 4]]],
  ['Slice', [[10], ints([-3]), ints([2 ** 40])], {}, [[3]]],
  ['Slice', [[10], ints([-1]), ints([-(2 ** 40)]), ints([0]), ints([-1])], {}, [[10]]],
  ['Slice', [[10], ints([8]), ints([2]), ints([0]), ints([-2])], {}, [[3]]],
  ['Slice', [['n', 's'], ints([0]), ints([1]), ints([1])], {}, [['n', 1]]],
  ['Slice', [['n', 's'], ints([1]), ints([2 ** 62]), ints([1])], {}, [['n', 's-1']]],
  ['Slice', [['n', 's'], ints([0]), ints([-1]), ints([1])], {}, [['n', 's-1']]],
  ['Slice', [[5], ints([7]), ints([9])], {}, [[0]]],
  ['Expand', [[3, 1], ints([2, 3, 4])], {}, [[2, 3, 4]]],
  ['Expand', [['n', 1], ints([1, 4])], {}, [['n', 4]]],
  ['Tile', [['n', 3], ints([2, 4])], {}, [['2*n', 12]]],
  ['Pad', [['n', 3, 4], ints([0, 1, 1, 0, 1, 2])], {}, [['n', 5, 7]]],
  ['Pad', [[2, 3, 4], ints([1, 1]), null, ints([-1])], {}, [[2, 3, 6]]],
  ['Pad', [[2, 5], ints([0, -1, 0, -1])], {}, [[2, 3]]],
  ['CenterCropPad', [[3, 10, 8], ints([5, 9])], { axes: [1, 2] }, [[3, 5, 9]]],
  ['DepthToSpace', [['n', 12, 2, 3]], { blocksize: 2 }, [['n', 3, 4, 6]]],
  ['SpaceToDepth', [['n', 3, 4, 6]], { blocksize: 2 }, [['n', 12, 2, 3]]],
  ['Identity', [['n', 3]], {}, [['n', 3]]],
]

export const creation: readonly Case[] = [
  ['Shape', [['n', 3]], {}, [['int64', [2]]]],
  ['Shape', [['n', 3, 4, 5]], { start: 1, end: -1 }, [['int64', [2]]]],
  ['Size', [['n', 3]], {}, [['int64', []]]],
  ['Constant', [], { value_floats: [1, 2] }, [[2]]],
  ['Constant', [], { value_int: 3 }, [['int64', []]]],
  ['ConstantOfShape', [ints([2, 3])], {}, [[2, 3]]],
  ['ConstantOfShape', [i64(4)], { value: Tensor.from('int64', [1], [1]) }, [['int64', [null, null, null, null]]]],
  ['Range', [scalar(0), scalar(10), scalar(3)], {}, [['int64', [4]]]],
  ['Range', [scalar(0, 'float32'), scalar(1, 'float32'), scalar(0.25, 'float32')], {}, [[4]]],
  ['EyeLike', [[3, 4]], {}, [[3, 4]]],
  ['OneHot', [i64('n'), scalar(5), floats(0, 1)], {}, [['n', 5]]],
  ['OneHot', [i64('n', 2), scalar(5), floats(0, 1)], { axis: 0 }, [[5, 'n', 2]]],
  ['RandomNormalLike', [['n', 2]], {}, [['n', 2]]],
  ['RandomUniform', [], { shape: [2, 3] }, [[2, 3]]],
  ['HannWindow', [scalar(16)], {}, [[16]]],
]

export const reduction: readonly Case[] = [
  ['ReduceMean', [['n', 3, 4], ints([2])], {}, [['n', 3, 1]]],
  ['ReduceMean', [['n', 3, 4], ints([-1, 1])], { keepdims: 0 }, [['n']]],
  ['ReduceSum', [[2, 3]], { keepdims: 0 }, [[]]],
  ['ReduceSum', [[2, 3]], {}, [[1, 1]]],
  ['ReduceSum', [[2, 3]], { noop_with_empty_axes: 1 }, [[2, 3]]],
  ['ReduceL2', [['n', 8], i64(1)], { keepdims: 0 }, [[null]]],
  ['ArgMax', [['n', 10]], { axis: -1, keepdims: 0 }, [['int64', ['n']]]],
  ['ArgMin', [['n', 10]], { axis: 1 }, [['int64', ['n', 1]]]],
  [
    'TopK',
    [['n', 10], ints([3])],
    {},
    [
      ['n', 3],
      ['int64', ['n', 3]],
    ],
  ],
]

export const matrix: readonly Case[] = [
  [
    'MatMul',
    [
      [2, 3],
      [3, 4],
    ],
    {},
    [[2, 4]],
  ],
  [
    'MatMul',
    [
      ['n', 12, 's', 64],
      ['n', 12, 64, 's'],
    ],
    {},
    [['n', 12, 's', 's']],
  ],
  [
    'MatMul',
    [
      ['n', 5, 3],
      [3, 4],
    ],
    {},
    [['n', 5, 4]],
  ],
  ['MatMul', [[3], [3, 4]], {}, [[4]]],
  ['MatMul', [[2, 3], [3]], {}, [[2]]],
  ['MatMul', [[3], [3]], {}, [[]]],
  ['Gemm', [['n', 3], [4, 3], [4]], { transB: 1 }, [['n', 4]]],
  [
    'Gemm',
    [
      [3, 2],
      [3, 4],
    ],
    { transA: 1 },
    [[2, 4]],
  ],
  [
    'Einsum',
    [
      ['n', 3, 4],
      ['n', 4, 5],
    ],
    { equation: 'bij,bjk->bik' },
    [['n', 3, 5]],
  ],
  [
    'Einsum',
    [
      [2, 3],
      [3, 4],
    ],
    { equation: 'ij,jk' },
    [[2, 4]],
  ],
  [
    'Einsum',
    [
      ['n', 2, 3, 4],
      [4, 5],
    ],
    { equation: '...d,dk->...k' },
    [['n', 2, 3, 5]],
  ],
  ['Einsum', [[3, 3]], { equation: 'ii->i' }, [[3]]],
  ['Det', [['n', 3, 3]], {}, [['n']]],
]

export const window: readonly Case[] = [
  [
    'Conv',
    [
      ['n', 3, 224, 224],
      [64, 3, 7, 7],
    ],
    { strides: [2, 2], pads: [3, 3, 3, 3] },
    [['n', 64, 112, 112]],
  ],
  [
    'Conv',
    [
      ['n', 32, 10, 10],
      [32, 1, 3, 3],
    ],
    { group: 32, pads: [1, 1, 1, 1] },
    [['n', 32, 10, 10]],
  ],
  [
    'Conv',
    [
      [1, 3, 9, 9],
      [4, 3, 3, 3],
    ],
    { dilations: [2, 2] },
    [[1, 4, 5, 5]],
  ],
  [
    'Conv',
    [
      [1, 3, 9, 9],
      [4, 3, 3, 3],
    ],
    { auto_pad: 'SAME_UPPER', strides: [2, 2] },
    [[1, 4, 5, 5]],
  ],
  [
    'Conv',
    [
      [1, 3, 9, 9],
      [4, 3, 3, 3],
    ],
    { auto_pad: 'VALID', strides: [2, 2] },
    [[1, 4, 4, 4]],
  ],
  [
    'Conv',
    [
      [1, 3, 9],
      [4, 3, 3],
    ],
    { pads: [2, 0] },
    [[1, 4, 9]],
  ],
  [
    'Conv',
    [
      ['n', 3, 'h', 'w'],
      [8, 3, 3, 3],
    ],
    { pads: [1, 1, 1, 1] },
    [['n', 8, 'h', 'w']],
  ],
  [
    'Conv',
    [
      ['n', 3, 'h', 'w'],
      [8, 3, 2, 2],
    ],
    { strides: [2, 2] },
    [['n', 8, 'floor(h/2)', 'floor(w/2)']],
  ],
  [
    'ConvTranspose',
    [
      ['n', 8, 5, 5],
      [8, 4, 3, 3],
    ],
    { strides: [2, 2], pads: [1, 1, 1, 1], output_padding: [1, 1] },
    [['n', 4, 10, 10]],
  ],
  [
    'ConvTranspose',
    [
      [1, 8, 5, 5],
      [8, 4, 3, 3],
    ],
    { group: 2 },
    [[1, 8, 7, 7]],
  ],
  [
    'ConvTranspose',
    [
      [1, 8, 5, 5],
      [8, 4, 3, 3],
    ],
    { strides: [2, 2], output_shape: [10, 10] },
    [[1, 4, 10, 10]],
  ],
  [
    'ConvTranspose',
    [
      [1, 8, 5, 5],
      [8, 4, 3, 3],
    ],
    { auto_pad: 'SAME_UPPER', strides: [2, 2] },
    [[1, 4, 10, 10]],
  ],
  ['MaxPool', [['n', 64, 112, 112]], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }, [['n', 64, 56, 56]]],
  ['MaxPool', [[1, 1, 6, 6]], { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 }, [[1, 1, 3, 3]]],
  ['MaxPool', [[1, 1, 2, 2]], { kernel_shape: [1, 1], strides: [2, 2], ceil_mode: 1 }, [[1, 1, 1, 1]]],
  [
    'MaxPool',
    [[1, 1, 5]],
    { kernel_shape: [2], strides: [2] },
    [
      [1, 1, 2],
      ['int64', [1, 1, 2]],
    ],
  ],
  ['AveragePool', [[1, 1, 8, 8]], { kernel_shape: [3, 3], dilations: [2, 2] }, [[1, 1, 4, 4]]],
  ['AveragePool', [[1, 1, 7, 7]], { kernel_shape: [2, 2], strides: [2, 2], auto_pad: 'SAME_LOWER' }, [[1, 1, 4, 4]]],
  ['LpPool', [[1, 1, 7]], { kernel_shape: [2] }, [[1, 1, 6]]],
  ['GlobalAveragePool', [['n', 5, 7, 7]], {}, [['n', 5, 1, 1]]],
  ['GlobalMaxPool', [['n', 5, 7]], {}, [['n', 5, 1]]],
  ['MaxUnpool', [[1, 1, 2, 2], i64(1, 1, 2, 2)], { kernel_shape: [2, 2], strides: [2, 2] }, [[1, 1, 4, 4]]],
  ['Col2Im', [[1, 20, 6], ints([4, 5]), ints([2, 2])], {}, [[1, 5, 4, 5]]],
  [
    'DeformConv',
    [
      [1, 1, 3, 3],
      [1, 1, 2, 2],
      [1, 8, 2, 2],
    ],
    {},
    [[1, 1, 2, 2]],
  ],
]

export const indexing: readonly Case[] = [
  ['Gather', [[10, 4], i64('n', 's')], {}, [['n', 's', 4]]],
  ['Gather', [['n', 7, 4], scalar(0)], { axis: 1 }, [['n', 4]]],
  ['Gather', [['n', 7, 4], ints([0, 2])], { axis: -1 }, [['n', 7, 2]]],
  ['GatherElements', [[3, 4], i64(2, 4)], {}, [[2, 4]]],
  ['GatherND', [[2, 3, 4], i64(5, 2)], {}, [[5, 4]]],
  ['GatherND', [[2, 3, 4], i64(2, 1)], { batch_dims: 1 }, [[2, 4]]],
  ['ScatterElements', [['n', 4], i64(1, 4), [1, 4]], {}, [['n', 4]]],
  ['ScatterND', [[4, 4], i64(2, 1), [2, 4]], {}, [[4, 4]]],
  ['NonZero', [[2, 3]], {}, [['int64', [2, null]]]],
  ['Compress', [[3, 2], Tensor.from('bool', [3], [1, 0, 1])], { axis: 0 }, [[2, 2]]],
  ['Unique', [[6]], {}, [[null], ['int64', [null]], ['int64', [null]], ['int64', [null]]]],
  ['ReverseSequence', [[4, 'n', 3], i64('n')], {}, [[4, 'n', 3]]],
]

export const image: readonly Case[] = [
  ['Resize', [['n', 3, 4, 5], null, floats(1, 1, 2, 2)], {}, [['n', 3, 8, 10]]],
  ['Resize', [['n', 3, 4, 5], null, null, ints([1, 3, 7, 9])], {}, [[1, 3, 7, 9]]],
  ['Resize', [['n', 3, 4, 5], null, null, ints([7, 9])], { axes: [2, 3] }, [['n', 3, 7, 9]]],
  ['Resize', [[1, 1, 4, 5], null, floats(1, 1, 0.6, 0.6)], {}, [[1, 1, 2, 3]]],
  ['Resize', [[1, 1, 4, 8], null, null, ints([8, 8])], { axes: [2, 3], keep_aspect_ratio_policy: 'not_larger' }, [[1, 1, 4, 8]]],
  [
    'GridSample',
    [
      ['n', 3, 4, 5],
      ['n', 6, 7, 2],
    ],
    {},
    [['n', 3, 6, 7]],
  ],
  ['AffineGrid', [['n', 2, 3], ints([2, 3, 5, 6])], {}, [[2, 5, 6, 2]]],
  ['RoiAlign', [[1, 3, 8, 8], ['r', 4], i64('r')], { output_height: 2, output_width: 4 }, [['r', 3, 2, 4]]],
  [
    'MaxRoiPool',
    [
      [1, 3, 8, 8],
      [5, 5],
    ],
    { pooled_shape: [2, 2] },
    [[5, 3, 2, 2]],
  ],
]

export const normalization: readonly Case[] = [
  ['BatchNormalization', [['n', 3, 4], [3], [3], [3], [3]], {}, [['n', 3, 4]]],
  [
    'LayerNormalization',
    [['n', 's', 8], [8], [8]],
    {},
    [
      ['n', 's', 8],
      ['n', 's', 1],
      ['n', 's', 1],
    ],
  ],
  ['InstanceNormalization', [['n', 3, 4], [3], [3]], {}, [['n', 3, 4]]],
  ['GroupNormalization', [['n', 6, 4], [6], [6]], { num_groups: 2 }, [['n', 6, 4]]],
  ['RMSNormalization', [['n', 8], [8]], {}, [['n', 8]]],
  ['LRN', [['n', 3, 4, 4]], { size: 3 }, [['n', 3, 4, 4]]],
  ['LpNormalization', [['n', 3]], {}, [['n', 3]]],
  ['QuantizeLinear', [['n', 3], [], u8()], {}, [['uint8', ['n', 3]]]],
  ['DequantizeLinear', [u8('n', 3), []], {}, [['n', 3]]],
  ['DynamicQuantizeLinear', [['n', 3]], {}, [['uint8', ['n', 3]], [], ['uint8', []]]],
  ['SoftmaxCrossEntropyLoss', [['n', 10], i64('n')], {}, [[], ['n', 10]]],
  ['NegativeLogLikelihoodLoss', [['n', 10], i64('n')], { reduction: 'none' }, [['n']]],
]

export const recurrent: readonly Case[] = [
  [
    'LSTM',
    [
      ['s', 'n', 10],
      [1, 80, 10],
      [1, 80, 20],
    ],
    { hidden_size: 20 },
    [
      ['s', 1, 'n', 20],
      [1, 'n', 20],
      [1, 'n', 20],
    ],
  ],
  [
    'GRU',
    [
      [5, 'n', 10],
      [2, 60, 10],
      [2, 60, 20],
    ],
    { hidden_size: 20, direction: 'bidirectional' },
    [
      [5, 2, 'n', 20],
      [2, 'n', 20],
    ],
  ],
  [
    'RNN',
    [
      ['n', 5, 10],
      [1, 20, 10],
      [1, 20, 20],
    ],
    { layout: 1 },
    [
      ['n', 5, 1, 20],
      ['n', 1, 20],
    ],
  ],
]

export const other: readonly Case[] = [
  [
    'Attention',
    [
      ['n', 8, 's', 64],
      ['n', 2, 't', 64],
      ['n', 2, 't', 32],
    ],
    {},
    [
      ['n', 8, 's', 32],
      ['n', 2, 't', 64],
      ['n', 2, 't', 32],
    ],
  ],
  [
    'Attention',
    [
      [2, 4, 512],
      [2, 6, 128],
      [2, 6, 128],
    ],
    { q_num_heads: 8, kv_num_heads: 2 },
    [
      [2, 4, 512],
      [2, 2, 6, 64],
      [2, 2, 6, 64],
    ],
  ],
  ['DFT', [[1, 16, 1], null, scalar(1)], { onesided: 1 }, [[1, 9, 2]]],
  ['STFT', [['n', 32, 1], scalar(8), null, scalar(16)], {}, [['n', 3, 9, 2]]],
  ['SequenceLength', [{ dtype: 'float32', shape: null }], {}, [['int64', []]]],
  ['RegexFullMatch', [{ dtype: 'string', shape: [3] }], { pattern: 'a' }, [['bool', [3]]]],
]

const ml: readonly Case[] = [
  [
    'TreeEnsembleClassifier',
    [['n', 4]],
    { classlabels_int64s: [0, 1, 2] },
    [
      ['int64', ['n']],
      ['n', 3],
    ],
  ],
  [
    'TreeEnsembleClassifier',
    [['n', 4]],
    { classlabels_strings: ['a', 'b'] },
    [
      ['string', ['n']],
      ['n', 2],
    ],
  ],
  ['TreeEnsembleRegressor', [['n', 4]], { n_targets: 2 }, [['n', 2]]],
  [
    'LinearClassifier',
    [['n', 4]],
    { classlabels_ints: [0, 1, 2] },
    [
      ['int64', ['n']],
      ['n', 3],
    ],
  ],
  ['LinearRegressor', [i64('n', 4)], {}, [['n', 1]]],
  ['Scaler', [i64('n', 4)], {}, [['n', 4]]],
  ['Normalizer', [['n', 4]], {}, [['n', 4]]],
  ['Imputer', [['n', 4]], {}, [['n', 4]]],
  ['LabelEncoder', [{ dtype: 'string', shape: ['n', 1] }], { values_floats: [0, 1] }, [['n', 1]]],
  ['OneHotEncoder', [i64('n', 1)], { cats_int64s: [1, 2, 3] }, [['n', 1, 3]]],
  ['ArrayFeatureExtractor', [['n', 4], i64(2)], {}, [['n', 2]]],
  [
    'FeatureVectorizer',
    [
      ['n', 4],
      ['n', 3],
    ],
    {},
    [['n', 7]],
  ],
]

const microsoft: readonly Case[] = [
  [
    'FusedMatMul',
    [
      ['n', 12, 's', 64],
      ['n', 12, 's', 64],
    ],
    { transB: 1 },
    [['n', 12, 's', 's']],
  ],
  ['Gelu', [['n', 3]], {}, [['n', 3]]],
  ['BiasGelu', [['n', 3], [3]], {}, [['n', 3]]],
  [
    'SkipLayerNormalization',
    [['n', 's', 8], ['n', 's', 8], [8]],
    {},
    [
      ['n', 's', 8],
      ['n', 's', 1],
      ['n', 's', 1],
      ['n', 's', 8],
    ],
  ],
  [
    'EmbedLayerNormalization',
    [{ dtype: 'int32', shape: ['n', 's'] }, null, [100, 16], [50, 16]],
    {},
    [
      ['n', 's', 16],
      ['int32', ['n']],
    ],
  ],
  [
    'Attention',
    [['n', 's', 16], [16, 48], [48]],
    { num_heads: 4 },
    [
      ['n', 's', 16],
      [2, 'n', 4, 's', 4],
    ],
  ],
  [
    'MultiHeadAttention',
    [
      ['n', 's', 16],
      ['n', 't', 16],
      ['n', 't', 32],
    ],
    { num_heads: 4 },
    [
      ['n', 's', 32],
      ['n', 4, 't', 4],
      ['n', 4, 't', 8],
    ],
  ],
  ['MultiHeadAttention', [['n', 's', 4, 3, 4]], { num_heads: 4 }, [['n', 's', 16]]],
  [
    'GroupQueryAttention',
    [
      ['n', 's', 16],
      ['n', 's', 8],
      ['n', 's', 8],
    ],
    { num_heads: 4, kv_num_heads: 2 },
    [
      ['n', 's', 16],
      ['n', 2, null, 4],
    ],
  ],
  ['RotaryEmbedding', [['n', 's', 16], i64(1), [32, 4], [32, 4]], {}, [['n', 's', 16]]],
  ['MatMulNBits', [['n', 's', 64], u8(32, 2, 16), [64]], { K: 64, N: 32, bits: 4, block_size: 32 }, [['n', 's', 32]]],
  [
    'FusedConv',
    [
      ['n', 3, 8, 8],
      [4, 3, 3, 3],
    ],
    { activation: 'Relu' },
    [['n', 4, 6, 6]],
  ],
  [
    'NhwcConv',
    [
      ['n', 8, 8, 3],
      [4, 3, 3, 3],
    ],
    {},
    [['n', 6, 6, 4]],
  ],
  [
    'FusedGemm',
    [
      ['n', 3],
      [4, 3],
    ],
    { transB: 1 },
    [['n', 4]],
  ],
  ['QLinearAdd', [u8('n', 3), [], u8(), u8(3), [], u8(), [], u8()], {}, [['uint8', ['n', 3]]]],
  ['DynamicQuantizeMatMul', [['n', 3], u8(3, 4), []], {}, [['n', 4]]],
  ['BiasSplitGelu', [['n', 's', 16], [16]], {}, [['n', 's', 8]]],
]

const inDomain = (domain: string, cases: readonly Case[]): readonly Case[] =>
  cases.map(([name, ...rest]) => [`${domain}:${name}`, ...rest])

export const families: Readonly<Record<string, readonly Case[]>> = {
  elementwise,
  movement,
  creation,
  reduction,
  matrix,
  window,
  indexing,
  image,
  normalization,
  recurrent,
  other,
  'ai.onnx.ml': inDomain('ai.onnx.ml', ml),
  'com.microsoft': inDomain('com.microsoft', microsoft),
}
