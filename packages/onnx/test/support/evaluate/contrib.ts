/** @file Cases: operators of com.microsoft. */
import type { DataType } from '../../../src/index.js'
import { type Case, constant, f, type Given, i, r, v } from './case.js'

const ms = (name: string): string => `com.microsoft:${name}`

/** Random bytes. */
const q = (dims: readonly number[]): Given => r('uint8', dims, 0, 256)

/** A scale and a zero point. */
const scaled = (scale: number, dtype: DataType, zero: number): Given[] => [v('float32', [], [scale]), v(dtype, [], [zero])]

const constants = (scale: number, zero: number): Given[] => scaled(scale, 'uint8', zero).map(constant)

export const contribCases: readonly Case[] = [
  [ms('FusedMatMul'), [f([2, 4, 3]), f([2, 5, 4])], { transA: 1, transB: 1, alpha: 0.3 }],
  [ms('FusedMatMul'), [f([3, 2, 4]), f([2, 4, 5])], { transBatchA: 1 }],
  [ms('FusedMatMul'), [f([2, 3, 4]), f([4, 2, 5])], { transBatchB: 1 }],
  [ms('FusedConv'), [f([1, 2, 5, 6]), f([3, 2, 3, 3]), f([3])], { activation: 'Relu', pads: [1, 1, 1, 1] }],
  [ms('FusedConv'), [f([1, 2, 5, 6]), f([3, 2, 3, 3]), f([3]), f([1, 3, 5, 6])], { activation: 'Relu', pads: [1, 1, 1, 1] }],
  [
    ms('FusedConv'),
    [f([1, 2, 5, 6]), f([3, 2, 3, 3])],
    { activation: 'LeakyRelu', activation_params: { kind: 'floats', value: [0.2] } },
  ],
  [
    ms('FusedConv'),
    [f([1, 2, 5, 6]), f([3, 2, 3, 3])],
    { activation: 'Clip', activation_params: { kind: 'floats', value: [-0.5, 0.7] } },
  ],
  [
    ms('FusedConv'),
    [f([1, 2, 5, 6]), f([3, 2, 3, 3])],
    { activation: 'HardSigmoid', activation_params: { kind: 'floats', value: [0.3, 0.4] } },
  ],
  [ms('FusedConv'), [f([1, 2, 5, 6]), f([3, 2, 3, 3])], { activation: 'Tanh' }],
  [ms('FusedConv'), [f([1, 2, 5, 6]), f([3, 2, 3, 3])], { activation: 'Sigmoid' }],
  [ms('FusedGemm'), [f([3, 4]), f([2, 4]), f([2])], { transB: 1, activation: 'Relu' }],
  [
    ms('FusedGemm'),
    [f([3, 4]), f([4, 2]), f([2])],
    { alpha: 0.5, beta: 2, activation: 'LeakyRelu', activation_alpha: { kind: 'float', value: 0.3 } },
  ],
  [
    ms('MatMulNBits'),
    [f([3, 32]), constant(r('uint8', [4, 2, 8], 0, 256)), constant(f([8], 0.01, 0.1))],
    { K: 32, N: 4, bits: 4, block_size: 16 },
  ],
  [
    ms('MatMulNBits'),
    [f([2, 3, 48]), constant(r('uint8', [4, 3, 8], 0, 256)), constant(f([12], 0.01, 0.1)), constant(r('uint8', [8], 0, 256))],
    { K: 48, N: 4, bits: 4, block_size: 16 },
  ],
  [
    ms('MatMulNBits'),
    [
      f([3, 32]),
      constant(r('uint8', [4, 2, 16], 0, 256)),
      constant(f([8], 0.01, 0.1)),
      constant(r('uint8', [8], 100, 150)),
      undefined,
      f([4]),
    ],
    { K: 32, N: 4, bits: 8, block_size: 16 },
  ],
  [ms('Gelu'), [f([2, 3], -4, 4)]],
  [ms('BiasGelu'), [f([2, 3], -4, 4), f([3])]],
  [ms('FastGelu'), [f([2, 3], -4, 4)]],
  [ms('FastGelu'), [f([2, 3], -4, 4), f([3])]],
  [ms('QuickGelu'), [f([2, 3], -4, 4)]],
  [ms('QuickGelu'), [f([2, 3], -4, 4)], { alpha: 0.8 }],
  [ms('SkipLayerNormalization'), [f([2, 3, 4]), f([2, 3, 4]), f([4]), f([4]), f([4])], { epsilon: 1e-3 }],
  [ms('SkipLayerNormalization'), [f([2, 3, 4]), f([3, 4]), f([4])]],
  [ms('SkipSimplifiedLayerNormalization'), [f([2, 3, 4]), f([2, 3, 4]), f([4]), f([4])], { epsilon: 1e-3 }],
  ['SimplifiedLayerNormalization', [f([2, 3, 4]), f([4])], { epsilon: 1e-3 }],
  ['SimplifiedLayerNormalization', [f([2, 3, 4]), f([3, 4])], { axis: 1 }, { outputs: 2 }],
  [
    ms('EmbedLayerNormalization'),
    [
      r('int32', [2, 3], 0, 7),
      r('int32', [2, 3], 0, 2),
      f([7, 4]),
      f([5, 4]),
      f([2, 4]),
      f([4]),
      f([4]),
      v('int32', [2, 3], [1, 1, 0, 1, 1, 1]),
    ],
    {},
    { outputs: 3 },
  ],
  [
    ms('EmbedLayerNormalization'),
    [r('int32', [2, 3], 0, 7), undefined, f([7, 4]), f([5, 4]), undefined, f([4]), f([4]), undefined, r('int32', [2, 3], 0, 5)],
    {},
    { outputs: 2 },
  ],
  [ms('Attention'), [f([2, 3, 8]), f([8, 24]), f([24])], { num_heads: 2 }],
  [ms('Attention'), [f([2, 3, 8]), f([8, 24]), f([24]), v('int32', [2], [2, 3])], { num_heads: 2 }],
  [ms('Attention'), [f([2, 3, 8]), f([8, 24]), f([24]), v('int32', [4], [2, 3, 0, 1])], { num_heads: 2 }],
  [
    ms('Attention'),
    [f([2, 3, 8]), f([8, 24]), f([24]), v('int32', [2, 3], [1, 1, 0, 1, 0, 1])],
    { num_heads: 2, unidirectional: 1 },
  ],
  [
    ms('Attention'),
    [f([2, 3, 8]), f([8, 20]), f([20]), undefined, undefined, f([2, 2, 3, 3])],
    { num_heads: 2, qkv_hidden_sizes: [8, 8, 4], scale: 0.4 },
  ],
  [
    ms('Attention'),
    [f([2, 3, 8]), f([8, 24]), f([24]), undefined, f([2, 2, 2, 5, 4])],
    { num_heads: 2, unidirectional: 1 },
    { outputs: 2 },
  ],
  [ms('MultiHeadAttention'), [f([2, 3, 8]), f([2, 5, 8]), f([2, 5, 6]), f([22])], { num_heads: 2 }],
  [
    ms('MultiHeadAttention'),
    [f([2, 3, 8]), f([2, 5, 8]), f([2, 5, 8]), undefined, v('int32', [2, 5], [1, 1, 0, 1, 1, 1, 0, 1, 1, 1]), f([1, 2, 3, 5])],
    { num_heads: 2, scale: 0.3 },
  ],
  [
    ms('MultiHeadAttention'),
    [f([2, 3, 8]), f([2, 3, 8]), f([2, 3, 8]), undefined, undefined, undefined, f([2, 2, 4, 4]), f([2, 2, 4, 4])],
    { num_heads: 2, unidirectional: 1 },
    { outputs: 3 },
  ],
  [ms('MultiHeadAttention'), [f([2, 3, 8]), f([2, 2, 5, 4]), f([2, 2, 5, 4])], { num_heads: 2 }],
  [
    ms('GroupQueryAttention'),
    [f([2, 3, 64]), f([2, 3, 32]), f([2, 3, 32]), undefined, undefined, v('int32', [2], [2, 2]), v('int32', [1], [3])],
    { num_heads: 4, kv_num_heads: 2 },
    { outputs: 3 },
  ],
  [
    ms('GroupQueryAttention'),
    [f([2, 3, 128]), undefined, undefined, undefined, undefined, v('int32', [2], [2, 2]), v('int32', [1], [3])],
    { num_heads: 4, kv_num_heads: 2, softcap: 0.7 },
    { outputs: 3 },
  ],
  [
    ms('GroupQueryAttention'),
    [
      f([2, 1, 64]),
      f([2, 1, 32]),
      f([2, 1, 32]),
      f([2, 2, 5, 16]),
      f([2, 2, 5, 16]),
      v('int32', [2], [5, 5]),
      v('int32', [1], [6]),
      f([9, 8]),
      f([9, 8]),
    ],
    { num_heads: 4, kv_num_heads: 2, do_rotary: 1, scale: 0.2 },
    { outputs: 3 },
  ],
  [
    ms('GroupQueryAttention'),
    [
      f([1, 6, 64]),
      f([1, 6, 32]),
      f([1, 6, 32]),
      undefined,
      undefined,
      v('int32', [1], [5]),
      v('int32', [1], [6]),
      f([9, 8]),
      f([9, 8]),
    ],
    { num_heads: 4, kv_num_heads: 2, do_rotary: 1, rotary_interleaved: 1, local_window_size: 2 },
    { outputs: 3 },
  ],
  [ms('RotaryEmbedding'), [f([2, 4, 24]), i([2, 4], 0, 10), f([10, 4]), f([10, 4])]],
  [ms('RotaryEmbedding'), [f([2, 3, 4, 8]), v('int64', [1], [3]), f([10, 4]), f([10, 4])], { interleaved: 1 }],
  [
    ms('RotaryEmbedding'),
    [f([2, 4, 24]), v('int64', [1], [2]), f([10, 2]), f([10, 2])],
    { num_heads: 3, rotary_embedding_dim: 4 },
  ],
  [ms('FusedMatMul'), [f([3, 2, 4]), f([4, 2, 5])], { transBatchA: 1, transBatchB: 1 }],
  [ms('FusedMatMul'), [f([2, 3, 2, 4]), f([2, 3, 4, 5])], { alpha: -0.5 }],
  [ms('Attention'), [f([2, 3, 8]), f([8, 24]), f([24]), r('int32', [2, 3, 3], 0, 2)], { num_heads: 2 }],
  [ms('MultiHeadAttention'), [f([2, 3, 8]), f([2, 5, 8]), f([2, 5, 8])], { num_heads: 2 }, { outputs: 4 }],
  [
    ms('MultiHeadAttention'),
    [f([2, 3, 8]), f([2, 5, 8]), f([2, 5, 8]), undefined, r('int32', [2, 3, 5], 0, 2)],
    { num_heads: 2 },
  ],
  [
    ms('MatMulNBits'),
    [f([3, 40]), constant(r('uint8', [4, 3, 8], 0, 256)), constant(f([12], 0.01, 0.1))],
    { K: 40, N: 4, bits: 4, block_size: 16 },
  ],
  [
    ms('EmbedLayerNormalization'),
    [r('int32', [2, 3], 0, 7), r('int32', [2, 3], 0, 2), f([7, 4]), f([5, 4]), f([2, 4]), f([4]), f([4])],
    {},
    { outputs: 2 },
  ],
  [ms('QuantizeLinear'), [f([3, 4], -9, 9), ...scaled(0.07, 'uint8', 120)]],
  [ms('DequantizeLinear'), [q([3, 4]), ...scaled(0.07, 'uint8', 120)]],
  [
    ms('QLinearAdd'),
    [q([2, 3]), ...scaled(0.02, 'uint8', 120), q([3]), ...scaled(0.05, 'uint8', 90), ...scaled(0.08, 'uint8', 130)],
  ],
  [
    ms('QLinearMul'),
    [q([2, 3]), ...scaled(0.02, 'uint8', 120), q([2, 3]), ...scaled(0.05, 'uint8', 90), ...scaled(0.08, 'uint8', 130)],
  ],
  [ms('QLinearSigmoid'), [q([2, 9]), ...scaled(0.05, 'uint8', 120), ...scaled(0.004, 'uint8', 0)]],
  [ms('QLinearLeakyRelu'), [q([2, 9]), ...scaled(0.05, 'uint8', 120), ...scaled(0.043, 'uint8', 40)], { alpha: 0.3 }],
  [
    ms('QLinearSoftmax'),
    [q([2, 9]), ...constants(0.02, 120), ...constants(0.004, 0)],
    { axis: -1, opset: 21 },
    { tolerance: 0.0105, why: 'the kernel rounds by a table of exponentials: up to one step in 96 away' },
  ],
  [
    ms('QLinearAveragePool'),
    [q([1, 2, 5, 6]), ...scaled(0.05, 'uint8', 120), ...scaled(0.043, 'uint8', 100)],
    { kernel_shape: [2, 3], strides: [1, 2] },
  ],
  [ms('QLinearGlobalAveragePool'), [q([1, 2, 5, 6]), ...scaled(0.05, 'uint8', 120), ...scaled(0.03, 'uint8', 100)]],
  [
    ms('QLinearWhere'),
    [r('bool', [2, 3], 0, 2), q([2, 3]), ...constants(0.02, 120), q([3]), ...constants(0.05, 90), ...constants(0.06, 100)],
  ],
  [
    ms('QLinearConcat'),
    [...constants(0.05, 100), q([2, 3]), ...constants(0.04, 120), q([2, 1]), ...constants(0.02, 90)],
    { axis: 1 },
  ],
  [
    ms('QGemm'),
    [
      q([3, 4]),
      ...scaled(0.02, 'uint8', 120),
      constant(r('int8', [4, 2], -128, 128)),
      ...scaled(0.03, 'int8', 2),
      r('int32', [2], -900, 900),
      ...scaled(0.09, 'uint8', 110),
    ],
  ],
  [
    ms('QGemm'),
    [q([3, 4]), ...scaled(0.02, 'uint8', 120), constant(r('int8', [2, 4], -128, 128)), ...scaled(0.03, 'int8', 2)],
    { transB: 1, alpha: 0.5 },
  ],
  [
    ms('MatMulIntegerToFloat'),
    [
      q([3, 4]),
      r('int8', [4, 2], -128, 128),
      v('float32', [], [0.02]),
      f([2], 0.01, 0.1),
      v('uint8', [], [120]),
      v('int8', [2], [3, -2]),
      f([2]),
    ],
  ],
  [ms('DynamicQuantizeMatMul'), [f([3, 4]), r('int8', [4, 2], -128, 128), v('float32', [], [0.02]), v('int8', [], [3]), f([2])]],
]
