/** @file What the gradient table says of every operator, as the rows and the text of OPERATORS.md. */
import { gradientTable } from './gradient/index.js'
import type { RuleEntry } from './rule.js'

/** Every operator of ai.onnx through opset 26. */
export const standardOperators: readonly string[] = `
Abs Acos Acosh Add AffineGrid And ArgMax ArgMin Asin Asinh Atan Atanh Attention AveragePool BatchNormalization Bernoulli
BitCast BitShift BitwiseAnd BitwiseNot BitwiseOr BitwiseXor BlackmanWindow Cast CastLike Ceil Celu CenterCropPad Clip Col2Im
Compress Concat ConcatFromSequence Constant ConstantOfShape Conv ConvInteger ConvTranspose Cos Cosh CumProd CumSum DFT
DeformConv DepthToSpace DequantizeLinear Det Div Dropout DynamicQuantizeLinear Einsum Elu Equal Erf Exp Expand EyeLike
Flatten Floor GRU Gather GatherElements GatherND Gelu Gemm GlobalAveragePool GlobalLpPool GlobalMaxPool Greater
GreaterOrEqual GridSample GroupNormalization HammingWindow HannWindow HardSigmoid HardSwish Hardmax Identity If
ImageDecoder InstanceNormalization IsInf IsNaN LRN LSTM LayerNormalization LeakyRelu Less LessOrEqual Log LogSoftmax Loop
LpNormalization LpPool MatMul MatMulInteger Max MaxPool MaxRoiPool MaxUnpool Mean MeanVarianceNormalization
MelWeightMatrix Min Mish Mod Mul Multinomial Neg NegativeLogLikelihoodLoss NonMaxSuppression NonZero Not OneHot Optional
OptionalGetElement OptionalHasElement Or PRelu Pad Pow QLinearConv QLinearMatMul QuantizeLinear RMSNormalization RNN
RandomNormal RandomNormalLike RandomUniform RandomUniformLike Range Reciprocal ReduceL1 ReduceL2 ReduceLogSum
ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare RegexFullMatch Relu Reshape Resize
ReverseSequence RoiAlign RotaryEmbedding Round STFT Scan ScatterElements ScatterND Selu SequenceAt SequenceConstruct
SequenceEmpty SequenceErase SequenceInsert SequenceLength SequenceMap Shape Shrink Sigmoid Sign Sin Sinh Size Slice Softmax
SoftmaxCrossEntropyLoss Softplus Softsign SpaceToDepth Split SplitToSequence Sqrt Squeeze StringConcat StringNormalizer
StringSplit Sub Sum Swish Tan Tanh TensorScatter TfIdfVectorizer ThresholdedRelu Tile TopK Transpose Trilu Unique Unsqueeze
Where Xor
`
  .trim()
  .split(/\s+/)

/** One line of the table: operator, `gradient`, `zero`, `decomposed`, `none` or `not yet`, and a remark. */
export interface OperatorRow {
  readonly operator: string
  readonly kind: RuleEntry['kind'] | 'not yet'
  readonly remark: string
}

const remarks: { readonly [K in RuleEntry['kind']]: (entry: Extract<RuleEntry, { kind: K }>) => string } = {
  gradient: entry => entry.note ?? '',
  zero: entry => entry.why,
  decomposed: entry => `into ${entry.into}`,
  none: entry => entry.why,
}

const row = (operator: string): OperatorRow => {
  const entry = gradientTable[operator]
  if (!entry) return { operator, kind: 'not yet', remark: '' }
  return { operator, kind: entry.kind, remark: (remarks[entry.kind] as (of: RuleEntry) => string)(entry) }
}

/** Every standard operator and every other one the table has, in alphabetical order, ai.onnx first. */
export function operatorRows(): OperatorRow[] {
  const domain = (key: string): string => key.slice(0, Math.max(0, key.lastIndexOf(':')))
  const names = [...new Set([...standardOperators, ...Object.keys(gradientTable)])]
  const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
  return names.sort((a, b) => order(domain(a), domain(b)) || order(a, b)).map(row)
}

/** A Markdown table with columns padded to equal width. */
function markdownTable(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(3, ...rows.map(cells => cells[column]!.length)))
  const line = (cells: readonly string[]): string => `| ${cells.map((cell, i) => cell.padEnd(widths[i]!)).join(' | ')} |`
  const rule = widths.map(width => '-'.repeat(width))
  return [rows[0]!, rule, ...rows.slice(1)].map(line).join('\n')
}

/** The text of OPERATORS.md. */
export function operatorDocument(): string {
  const rows = operatorRows()
  const count = (kind: OperatorRow['kind']): number => rows.filter(one => one.kind === kind).length
  return `# Operators

Generated from the gradient table by \`node tools/operators.mjs\`; do not edit.

- **gradient**: has a rule (${count('gradient')}). The remark states the convention at ties and corners.
- **zero**: the derivative is zero almost everywhere, or the outputs are no functions of float inputs (${count('zero')}).
- **decomposed**: rewritten into other operators, which have rules (${count('decomposed')}).
- **none**: no gradient, and why (${count('none')}). Methods that only run the model forward still work.
- **not yet**: missing (${count('not yet')}).

Names without a domain are ai.onnx, through opset 26.

${markdownTable([['operator', 'entry', 'remark'], ...rows.map(({ operator, kind, remark }) => [operator, kind, remark])])}
`
}
