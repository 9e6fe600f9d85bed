/** @file DeepLIFT as rule sets: multipliers between two runs of the model instead of derivatives at one. */
import { operatorKey } from '@ascribe/onnx'
import { gradientTable } from '../../gradient/index.js'
import type { RuleEntry, RuleSet, RuleTable } from '../../rule.js'
import { none } from '../../rule.js'
import { revealed, summed, summingKeys } from './cancel.js'
import { globalLpPool, lpNormalization, lpPool, reduceL1 } from './lengths.js'
import { winner } from './maximum.js'
import {
  batchNormalization,
  groupNormalization,
  instanceNormalization,
  layerNormalization,
  localResponse,
  meanVarianceNormalization,
} from './normalization.js'
import { choice, division, inverse, norm, power, sqrt } from './products.js'
import { largest, product } from './reductions.js'
import { nearness, rescaled } from './rescale.js'
import { logSoftmax, logSumExp, softmax } from './softmax.js'
import { bilinear, linearInFirst, scattered } from './streams.js'

const entriesOf = (names: string, make: (gradient: RuleEntry) => RuleEntry): RuleTable =>
  Object.fromEntries(
    names
      .trim()
      .split(/\s+/)
      .map(name => [name, make(gradientTable[name]!)]),
  )

/** Linear in every input that varies, or products of two of them. */
const products = `
Add Sub Neg Sum Mean Identity Cast CastLike Mul MatMul Gemm Einsum Conv ConvTranspose ReduceSum ReduceMean ReduceSumSquare CumSum
AveragePool GlobalAveragePool Reshape Flatten Squeeze Unsqueeze Transpose Expand Concat Split Slice Tile Pad DepthToSpace SpaceToDepth
Trilu ReverseSequence CenterCropPad Gather GatherElements GatherND Compress
`

/** Linear in their first input. */
const firsts = 'Dropout Resize GridSample MaxUnpool Col2Im RoiAlign DFT STFT QuantizeLinear DequantizeLinear'

/** Elementwise functions of all numbers, and below which change of the input they are nearly linear. */
const everywhere: readonly (readonly [string, number])[] = (
  [
    ['Relu LeakyRelu PRelu ThresholdedRelu Shrink Clip HardSigmoid Abs', nearness.broken],
    ['HardSwish Elu Selu Celu', nearness.bent],
    ['Sigmoid Tanh Softplus Softsign Gelu com.microsoft:QuickGelu Mish Erf Exp Sin Cos Atan Sinh Cosh Asinh', nearness.smooth],
  ] as const
).flatMap(([names, near]) => names.split(' ').map(name => [name, near] as const))

/** Entries by operator key; the gradient's own entry makes the fallback where a change is too small to divide by. */
const rescaleTable: RuleTable = {
  ...entriesOf(products, bilinear),
  ...entriesOf(firsts, linearInFirst),
  ...Object.fromEntries(everywhere.map(([key, near]) => [key, rescaled(gradientTable[key]!, near)])),
  ...entriesOf('Tan Asin Acos Acosh Atanh', entry => rescaled(entry, nearness.smooth)),
  ...entriesOf('Log', entry => rescaled(entry, nearness.smooth, true)),
  ...entriesOf('MaxPool GlobalMaxPool Max ReduceMax', entry => winner(entry, 1)),
  ...entriesOf('Min ReduceMin', entry => winner(entry, -1)),
  ...entriesOf('Div', division),
  ...entriesOf('Pow', power),
  ...entriesOf('Where', choice),
  ...entriesOf('ScatterElements ScatterND', scattered),
  ...entriesOf('BatchNormalization', batchNormalization),
  Sqrt: sqrt,
  Reciprocal: inverse,
  ReduceL2: norm,
  Softmax: softmax,
  LogSoftmax: logSoftmax,
  ReduceLogSumExp: logSumExp,
  LayerNormalization: layerNormalization,
  InstanceNormalization: instanceNormalization,
  GroupNormalization: groupNormalization,
  LRN: localResponse,
  MeanVarianceNormalization: meanVarianceNormalization,
  LpNormalization: lpNormalization,
  LpPool: lpPool,
  GlobalLpPool: globalLpPool,
  ReduceL1: reduceL1,
  ReduceProd: product,
  TopK: largest,
}

/** RevealCancel at elementwise functions of sums, the rescale rule everywhere else. */
const revealCancelTable: RuleTable = {
  ...rescaleTable,
  ...Object.fromEntries(everywhere.map(([key, near]) => [key, revealed(gradientTable[key]!, rescaleTable[key]!, near)] as const)),
  ...Object.fromEntries(summingKeys.map(key => [key, summed(key, rescaleTable[key]!, gradientTable[key]!)])),
}

const missing = none('DeepLIFT has no rule for it; integrated-gradients works on every model that has a gradient')

const fromTable =
  (table: RuleTable): RuleSet =>
  node => {
    const key = operatorKey(node)
    const gradient = gradientTable[key]
    return table[key] ?? (gradient?.kind === 'gradient' ? missing : gradient)
  }

/**
 * DeepLIFT with the rescale rule (Shrikumar et al. 2017), for a walk with a baseline stream: what reaches a value x is its multiplier, of
 * which sum (x - x0) multiplier = f(x) - f(x0) at every cut through the graph. Linear operators pass the gradient on, elementwise functions
 * (y - y0) / (x - x0), products share evenly, maxima give to the element that changed them. Operators that are not listed are an error.
 */
export const deepliftRules: RuleSet = fromTable(rescaleTable)

/**
 * DeepLIFT with the RevealCancel rule where an elementwise function follows Conv, Gemm, MatMul (constant weights), Add or Sub, directly
 * or through the addition of a constant. There multipliers of positive and negative contributions differ; everything else is as in
 * `deepliftRules`.
 */
export const revealCancelRules: RuleSet = fromTable(revealCancelTable)
