/** @file Operators that stand for several others. They are rewritten before differentiation; the gradient is that of what they become. */
import { decomposed, type RuleTable } from '../rule.js'

const attention = decomposed('matrix products and a softmax')
const rotary = decomposed('products with sines and cosines')
const rms = decomposed('a mean of squares and products')
const quantised = decomposed('dequantised float operators')
const gelu = decomposed('Gelu or Sigmoid')
const fused = decomposed('the operator and its activation')

export const composite: RuleTable = {
  // ai.onnx of opset 22 to 26.
  Attention: attention,
  CumProd: decomposed('products of shifted copies'),
  RMSNormalization: rms,
  RotaryEmbedding: rotary,
  Swish: decomposed('Mul and Sigmoid'),
  TensorScatter: decomposed('a scatter'),
  // Integer kernels of ai.onnx.
  ConvInteger: quantised,
  MatMulInteger: quantised,
  QLinearConv: quantised,
  QLinearMatMul: quantised,
  // Put into ai.onnx by exporters, though ONNX Runtime's own.
  SimplifiedLayerNormalization: rms,
  'com.microsoft:Attention': attention,
  'com.microsoft:BiasAdd': decomposed('Add'),
  'com.microsoft:BiasGelu': gelu,
  'com.microsoft:BiasSplitGelu': gelu,
  'com.microsoft:DequantizeLinear': decomposed('DequantizeLinear'),
  'com.microsoft:DynamicQuantizeMatMul': quantised,
  'com.microsoft:EmbedLayerNormalization': decomposed('gathers and LayerNormalization'),
  'com.microsoft:FastGelu': gelu,
  'com.microsoft:FusedConv': fused,
  'com.microsoft:FusedGemm': fused,
  'com.microsoft:FusedMatMul': decomposed('Transpose and MatMul'),
  'com.microsoft:Gelu': gelu,
  'com.microsoft:GroupNorm': decomposed('GroupNormalization'),
  'com.microsoft:GroupQueryAttention': attention,
  'com.microsoft:MatMulIntegerToFloat': quantised,
  'com.microsoft:MatMulNBits': decomposed('MatMul with the dequantised weight'),
  'com.microsoft:MultiHeadAttention': attention,
  'com.microsoft:NhwcFusedConv': fused,
  'com.microsoft:QAttention': quantised,
  'com.microsoft:QGemm': quantised,
  'com.microsoft:QLinearAdd': quantised,
  'com.microsoft:QLinearAveragePool': quantised,
  'com.microsoft:QLinearConcat': quantised,
  'com.microsoft:QLinearGlobalAveragePool': quantised,
  'com.microsoft:QLinearLeakyRelu': quantised,
  'com.microsoft:QLinearMul': quantised,
  'com.microsoft:QLinearReduceMean': quantised,
  'com.microsoft:QLinearSigmoid': quantised,
  'com.microsoft:QLinearSoftmax': quantised,
  'com.microsoft:QLinearWhere': quantised,
  'com.microsoft:QuantizeLinear': decomposed('QuantizeLinear'),
  'com.microsoft:RotaryEmbedding': rotary,
  'com.microsoft:SkipLayerNormalization': decomposed('Add and LayerNormalization'),
  'com.microsoft:SkipSimplifiedLayerNormalization': decomposed('Add, a mean of squares and products'),
}
