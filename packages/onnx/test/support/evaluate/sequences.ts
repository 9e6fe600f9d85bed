/** @file Cases: recurrent layers, attention, losses, quantisation, signals. */
import { type Case, constant, f, i, ints, r, v } from './case.js'

const directions = ['forward', 'reverse', 'bidirectional'] as const

/** Inputs of a recurrent layer over 4 steps, batch 3, 2 features, 5 hidden. */
function cells(operator: 'RNN' | 'GRU' | 'LSTM', gates: number): Case[] {
  const outputs = operator === 'LSTM' ? 3 : 2
  const weights = (d: number) => [f([d, gates * 5, 2], -1, 1), f([d, gates * 5, 5], -1, 1)]
  return directions.flatMap((direction): Case[] => {
    const d = direction === 'bidirectional' ? 2 : 1
    const state = operator === 'LSTM' ? [f([d, 3, 5]), f([d, 3, 5])] : [f([d, 3, 5])]
    return [
      [operator, [f([4, 3, 2]), ...weights(d)], { hidden_size: 5, direction }, { outputs }],
      [
        operator,
        [f([4, 3, 2]), ...weights(d), f([d, 2 * gates * 5]), v('int32', [3], [4, 1, 3]), ...state],
        { hidden_size: 5, direction, clip: 0.8 },
        { outputs },
      ],
    ]
  })
}

export const sequenceCases: readonly Case[] = [
  ...cells('RNN', 1),
  ...cells('GRU', 3),
  ...cells('LSTM', 4),
  [
    'RNN',
    [f([4, 3, 2]), f([2, 5, 2]), f([2, 5, 5])],
    { hidden_size: 5, direction: 'bidirectional', activations: ['Relu', 'Sigmoid'] },
    { outputs: 2 },
  ],
  [
    'RNN',
    [f([4, 3, 2]), f([1, 5, 2]), f([1, 5, 5])],
    { hidden_size: 5, activations: ['LeakyRelu'], activation_alpha: [0.3] },
    { outputs: 2 },
  ],
  [
    'RNN',
    [f([4, 3, 2]), f([1, 5, 2]), f([1, 5, 5])],
    { hidden_size: 5, activations: ['ScaledTanh'], activation_alpha: [0.7], activation_beta: [1.5] },
    { outputs: 2 },
  ],
  [
    'RNN',
    [f([4, 3, 2]), f([1, 5, 2]), f([1, 5, 5])],
    { hidden_size: 5, activations: ['LeakyRelu'], activation_alpha: [0] },
    { outputs: 2 },
  ],
  [
    'RNN',
    [f([4, 3, 2]), f([1, 5, 2]), f([1, 5, 5])],
    { hidden_size: 5, activations: ['HardSigmoid'], activation_alpha: [0.3], activation_beta: [0] },
    { outputs: 2 },
  ],
  ['GRU', [f([4, 3, 2]), f([1, 15, 2]), f([1, 15, 5]), f([1, 30])], { hidden_size: 5, linear_before_reset: 1 }, { outputs: 2 }],
  [
    'GRU',
    [f([4, 3, 2]), f([2, 15, 2]), f([2, 15, 5]), f([2, 30])],
    {
      hidden_size: 5,
      linear_before_reset: 1,
      direction: 'bidirectional',
      activations: ['HardSigmoid', 'Softsign', 'Sigmoid', 'Tanh'],
    },
    { outputs: 2 },
  ],
  [
    'LSTM',
    [f([4, 3, 2]), f([1, 20, 2]), f([1, 20, 5]), f([1, 40]), undefined, f([1, 3, 5]), f([1, 3, 5]), f([1, 15])],
    { hidden_size: 5 },
    { outputs: 3 },
  ],
  [
    'LSTM',
    [f([4, 3, 2]), f([2, 20, 2]), f([2, 20, 5]), f([2, 40]), undefined, f([2, 3, 5]), f([2, 3, 5]), f([2, 15])],
    { hidden_size: 5, direction: 'bidirectional' },
    { outputs: 3 },
  ],
  ['LSTM', [f([4, 3, 2]), f([1, 20, 2]), f([1, 20, 5])], { hidden_size: 5, input_forget: 1 }, { outputs: 3 }],
  [
    'LSTM',
    [f([4, 3, 2]), f([1, 20, 2]), f([1, 20, 5])],
    { hidden_size: 5, activations: ['HardSigmoid', 'Elu', 'Softplus'] },
    { outputs: 3 },
  ],

  ['Attention', [f([2, 3, 4, 6]), f([2, 3, 5, 6]), f([2, 3, 5, 7])], {}, { opset: 24 }],
  ['Attention', [f([2, 4, 24]), f([2, 5, 12]), f([2, 5, 12])], { q_num_heads: 4, kv_num_heads: 2, scale: 0.3 }, { opset: 24 }],
  ['Attention', [f([2, 3, 4, 6]), f([2, 3, 4, 6]), f([2, 3, 4, 6])], { is_causal: 1 }, { opset: 24 }],
  ['Attention', [f([2, 3, 4, 6]), f([2, 3, 4, 6]), f([2, 3, 4, 6]), f([4, 4])], { softcap: 0.5 }, { opset: 24 }],
  ['Attention', [f([2, 3, 2, 6]), f([2, 3, 3, 6]), f([2, 3, 3, 6]), v('bool', [2, 3], [1, 0, 1, 1, 1, 0])], {}, { opset: 24 }],
  [
    'Attention',
    [f([2, 3, 2, 6]), f([2, 3, 3, 6]), f([2, 3, 3, 6]), undefined, f([2, 3, 4, 6]), f([2, 3, 4, 6])],
    { is_causal: 1 },
    { opset: 24, outputs: 3 },
  ],
  ['Attention', [f([2, 3, 2, 6]), f([2, 3, 4, 6]), f([2, 3, 4, 6])], { is_causal: 1 }, { opset: 24 }],
  [
    'Attention',
    [f([2, 3, 2, 6]), f([2, 3, 4, 6]), f([2, 3, 4, 6]), undefined, undefined, undefined, ints(3, 2)],
    {},
    { opset: 24 },
  ],
  ...[0, 1, 2, 3].map(
    (qk_matmul_output_mode): Case => [
      'Attention',
      [f([1, 2, 3, 4]), f([1, 2, 5, 4]), f([1, 2, 5, 4]), f([3, 5]), f([1, 2, 2, 4]), f([1, 2, 2, 4])].map((x, at) =>
        at === 3 ? f([3, 7]) : x,
      ),
      { qk_matmul_output_mode, softcap: 0.8 },
      { opset: 24, outputs: 4 },
    ],
  ),
  ['Attention', [f([2, 4, 3, 6]), f([2, 2, 5, 6]), f([2, 2, 5, 7]), f([2, 1, 3, 5])], {}, { opset: 23 }],
  ['Attention', [f([2, 3, 2, 6]), f([2, 3, 3, 6]), f([2, 3, 3, 6]), v('bool', [2, 3], [0, 0, 0, 1, 1, 0])], {}, { opset: 24 }],
  ['RotaryEmbedding', [f([2, 3, 4, 8]), f([10, 4]), f([10, 4]), i([2, 4], 0, 10)], {}, { opset: 24 }],
  ['RotaryEmbedding', [f([2, 3, 4, 8]), f([2, 4, 4]), f([2, 4, 4])], { interleaved: 1 }, { opset: 24 }],
  [
    'RotaryEmbedding',
    [f([2, 4, 24]), f([10, 2]), f([10, 2]), i([2, 4], 0, 10)],
    { num_heads: 3, rotary_embedding_dim: 4 },
    { opset: 24 },
  ],

  ...['none', 'sum', 'mean'].flatMap((reduction): Case[] => [
    ['NegativeLogLikelihoodLoss', [f([4, 3]), i([4], 0, 3)], { reduction }],
    ['NegativeLogLikelihoodLoss', [f([2, 3, 4]), i([2, 4], 0, 3), f([3], 0.1, 1)], { reduction, ignore_index: 1 }],
    ['SoftmaxCrossEntropyLoss', [f([4, 3]), i([4], 0, 3)], { reduction }, { outputs: 2 }],
    [
      'SoftmaxCrossEntropyLoss',
      [f([2, 3, 4, 2]), i([2, 4, 2], 0, 3), f([3], 0.1, 1)],
      { reduction, ignore_index: 2 },
      { outputs: 2 },
    ],
  ]),

  ['QuantizeLinear', [f([3, 4], -9, 9), v('float32', [], [0.07]), v('uint8', [], [120])]],
  ['QuantizeLinear', [f([3, 4], -9, 9), f([4], 0.02, 0.1), r('int8', [4], -5, 5)]],
  ['QuantizeLinear', [f([3, 4], -9, 9), f([3], 0.02, 0.1), r('int8', [3], -5, 5)], { axis: 0 }],
  ['QuantizeLinear', [f([2, 6], -9, 9), f([2, 2], 0.02, 0.1), r('uint8', [2, 2], 100, 150)], { axis: 1, block_size: 3 }],
  ['QuantizeLinear', [f([3], -9, 9), v('float32', [], [0.001])], { output_dtype: 5 }],
  ['DequantizeLinear', [r('uint8', [3, 4], 0, 256), v('float32', [], [0.07]), v('uint8', [], [120])]],
  ['DequantizeLinear', [r('int8', [3, 4, 2], -128, 128), f([4], 0.02, 0.1), r('int8', [4], -5, 5)]],
  ['DequantizeLinear', [r('int8', [3, 4], -128, 128), f([3], 0.02, 0.1)], { axis: 0 }],
  [
    'DequantizeLinear',
    [r('int8', [6, 4], -128, 128), f([2, 4], 0.02, 0.1), r('int8', [2, 4], -5, 5)],
    { axis: 0, block_size: 3 },
  ],
  ['DequantizeLinear', [r('int4', [3, 4], -8, 8), f([4], 0.02, 0.1), r('int4', [4], -5, 5)]],
  ['DequantizeLinear', [r('int32', [3], -999, 999), v('float32', [], [0.07])]],
  ['DynamicQuantizeLinear', [f([3, 4], -1, 3)], {}, { outputs: 3 }],
  ['DynamicQuantizeLinear', [f([5], 1, 3)], {}, { outputs: 3 }],
  ['MatMulInteger', [r('uint8', [3, 4], 0, 256), r('int8', [4, 2], -128, 128), v('uint8', [], [120]), v('int8', [], [-3])]],
  ['MatMulInteger', [r('uint8', [2, 3, 4], 0, 256), r('uint8', [4, 2], 0, 256), undefined, r('uint8', [2], 0, 9)]],
  ['MatMulInteger', [r('uint8', [3, 4], 0, 256), r('int8', [4, 2], -128, 128)]],
  [
    'ConvInteger',
    [r('uint8', [1, 2, 5, 5], 0, 256), r('uint8', [3, 2, 3, 3], 0, 256), v('uint8', [], [120]), v('uint8', [], [3])],
    { pads: [1, 1, 1, 1] },
  ],
  [
    'QLinearMatMul',
    [
      r('uint8', [3, 4], 0, 256),
      v('float32', [], [0.02]),
      v('uint8', [], [120]),
      r('int8', [4, 2], -128, 128),
      v('float32', [], [0.03]),
      v('int8', [], [2]),
      v('float32', [], [0.07]),
      v('uint8', [], [110]),
    ],
  ],
  [
    'QLinearMatMul',
    [
      r('uint8', [3, 4], 0, 256),
      v('float32', [], [0.02]),
      v('uint8', [], [120]),
      r('int8', [4, 2], -128, 128),
      f([2], 0.02, 0.05),
      v('int8', [2], [2, 0]),
      v('float32', [], [0.07]),
      v('uint8', [], [110]),
    ],
  ],
  [
    'QLinearConv',
    [
      r('uint8', [1, 2, 5, 5], 0, 256),
      v('float32', [], [0.02]),
      v('uint8', [], [120]),
      r('int8', [3, 2, 3, 3], -128, 128),
      v('float32', [], [0.03]),
      v('int8', [], [0]),
      v('float32', [], [0.2]),
      v('uint8', [], [110]),
      constant(r('int32', [3], -500, 500)),
    ],
    { strides: [2, 2] },
  ],
  [
    'QLinearConv',
    [
      r('uint8', [1, 2, 5, 5], 0, 256),
      v('float32', [], [0.02]),
      v('uint8', [], [120]),
      r('int8', [3, 2, 3, 3], -128, 128),
      f([3], 0.02, 0.05),
      v('int8', [3], [0, 0, 0]),
      v('float32', [], [0.2]),
      v('uint8', [], [110]),
    ],
    { pads: [1, 0, 0, 1] },
  ],

  ['DFT', [f([2, 6, 1]), undefined, v('int64', [], [1])]],
  ['DFT', [f([2, 6, 2])]],
  ['DFT', [f([2, 5, 3, 2]), undefined, v('int64', [], [1])], { inverse: 1 }],
  ['DFT', [f([2, 6, 1]), v('int64', [], [4]), v('int64', [], [1])], { onesided: 1 }],
  ['DFT', [f([2, 5, 1]), v('int64', [], [8]), v('int64', [], [1])], { onesided: 1 }],
  ['STFT', [f([2, 20, 1]), v('int64', [], [3]), f([8]), v('int64', [], [8])]],
  ['STFT', [f([1, 20, 2]), v('int64', [], [4]), undefined, v('int64', [], [8])], { onesided: 0 }],
  ['STFT', [f([1, 20, 1]), v('int64', [], [4]), undefined, v('int64', [], [6])], { onesided: 0 }],
  [
    'MelWeightMatrix',
    [v('int64', [], [8]), v('int64', [], [64]), v('int64', [], [8000]), v('float32', [], [50]), v('float32', [], [4000])],
  ],
  [
    'MelWeightMatrix',
    [v('int64', [], [5]), v('int64', [], [512]), v('int64', [], [16000]), v('float32', [], [0]), v('float32', [], [8000])],
  ],
]
