/** @file Quantised operators of com.microsoft: dequantise, compute in floats, quantise. */
import { attribute } from '../attributes.js'
import type { Node } from '../graph.js'
import { activation } from './activation.js'
import type { NdArray, OperatorEvaluation, OperatorEvaluations } from './array.js'
import { addTo } from './attention.js'
import { elementwise } from './elementwise.js'
import { gemm, matmul } from './matrix.js'
import { poolings } from './pooling.js'
import { centred, plain, quantization, requantised } from './quantization.js'
import { softmaxes } from './softmax.js'
import { concat, map, map2 } from './strided.js'

/** An operator on quantised inputs given as (values, scale, zero point), with the output's scale and zero point at the end. */
const lifted =
  (operation: OperatorEvaluation, leading = 0): OperatorEvaluation =>
  (inputs, context) => {
    const [scale, zero] = inputs.slice(-2) as [NdArray, NdArray | undefined]
    const floats: (NdArray | undefined)[] = inputs.slice(0, leading)
    for (let i = leading; i + 3 < inputs.length; i += 3) floats.push(plain(inputs[i]!, inputs[i + 1]!, inputs[i + 2], 0))
    const kind = inputs[leading]!.dtype
    return operation(floats, context).map(y => requantised(y, scale, zero ?? { dtype: kind, dims: [], data: Float64Array.of(0) }))
  }

const product = (a: NdArray, b: NdArray, scaleA: NdArray, scaleB: NdArray): NdArray =>
  map2(
    map2(matmul(a, b), scaleB, (x, s) => x * s, 'float32'),
    scaleA,
    (x, s) => x * s,
  )

const last = (x: NdArray): number => Math.max(0, x.dims.length - 1)

const qGemm: OperatorEvaluation = ([a, scaleA, zeroA, b, scaleB, zeroB, c, scale, zero], { node }) => {
  const transB = attribute(node, 'transB', 'int', 0) !== 0
  const alpha = attribute(node, 'alpha', 'float', 1)
  const left = plain(a!, scaleA!, zeroA, 0)
  const right = plain(b!, scaleB!, zeroB, transB ? 0 : 1)
  const unit = map(scaleB!, s => alpha * s * scaleA!.data[0]!)
  const shift = c && map2(c, unit, (v, s) => v * s, 'float32')
  const y = gemm(left, right, shift, { transA: attribute(node, 'transA', 'int', 0) !== 0, transB, alpha })
  return [scale ? requantised(y, scale, zero!) : y]
}

/** Every third input from the third on, joined: QLinearConcat has the output's scale and zero point first. */
const qConcat = ([scale, zero, ...parts]: readonly (NdArray | undefined)[], node: Node): NdArray => {
  const floats = parts.flatMap((x, i) => (i % 3 === 0 ? [plain(x!, parts[i + 1]!, parts[i + 2], 0)] : []))
  return requantised(concat(floats, attribute(node, 'axis', 'int', 0)), scale!, zero!)
}

export const contribQuantization: OperatorEvaluations = {
  'com.microsoft:QuantizeLinear': quantization['QuantizeLinear']!,
  'com.microsoft:DequantizeLinear': quantization['DequantizeLinear']!,
  'com.microsoft:QLinearAdd': lifted(elementwise['Add']!),
  'com.microsoft:QLinearMul': lifted(elementwise['Mul']!),
  'com.microsoft:QLinearSigmoid': lifted(elementwise['Sigmoid']!),
  'com.microsoft:QLinearLeakyRelu': lifted(activation['LeakyRelu']!),
  'com.microsoft:QLinearSoftmax': lifted(softmaxes['Softmax']!),
  'com.microsoft:QLinearAveragePool': lifted(poolings['AveragePool']!),
  'com.microsoft:QLinearGlobalAveragePool': lifted(poolings['GlobalAveragePool']!),
  'com.microsoft:QLinearWhere': lifted(elementwise['Where']!, 1),
  'com.microsoft:QLinearConcat': (inputs, { node }) => [qConcat(inputs, node)],
  'com.microsoft:QGemm': qGemm,
  'com.microsoft:MatMulIntegerToFloat': ([a, b, scaleA, scaleB, zeroA, zeroB, bias]) => [
    addTo(product(centred(a!, zeroA, 0), centred(b!, zeroB, last(b!)), scaleA!, scaleB!), bias),
  ],
  'com.microsoft:DynamicQuantizeMatMul': ([x, b, scaleB, zeroB, bias], context) => {
    const [a, scaleA, zeroA] = quantization['DynamicQuantizeLinear']!([x], context) as [NdArray, NdArray, NdArray]
    return [addTo(product(centred(a, zeroA, 0), centred(b!, zeroB, last(b!)), scaleA, scaleB!), bias)]
  },
}
