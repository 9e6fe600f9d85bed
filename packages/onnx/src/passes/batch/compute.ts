/** @file Batch rules of operators that compute: elementwise, matrix products, windows, normalisations, reductions, recurrence. */
import { attribute } from '../../attributes.js'
import {
  align,
  type BatchContext,
  type BatchRule,
  type BatchRules,
  give,
  keep,
  only,
  prove,
  table,
  withInputs,
  wrap,
} from './rule.js'

const elementwise: BatchRule = c => {
  const { inputs, fromEnd } = align(
    c,
    c.node.inputs.map((_, i) => i),
  )
  return keep(withInputs(c.node, inputs), c.outDims(0).length - fromEnd)
}

/** The second input lends its type only; a constant cast like rows is the same for each of them. */
const castLike: BatchRule = c => keep(c.node, c.axis(0))

const matmul: BatchRule = c => {
  prove(c.dims(0).length > 1 && c.dims(1).length > 1)
  const [a, b] = [c.axis(0), c.axis(1)]
  const [left, right] = [c.dims(0).length, c.dims(1).length]
  const rank = c.outDims(0).length
  const trans = (name: string) => attribute(c.node, name, 'int', 0) !== 0
  prove(!trans('transBatchA') && !trans('transBatchB'))
  // Rows of the left matrix, columns of the right one.
  if (b === undefined && a === left - (trans('transA') ? 1 : 2)) return keep(c.node, rank - 2)
  if (a === undefined && b === right - (trans('transB') ? 2 : 1)) return keep(c.node, rank - 1)
  const { inputs, fromEnd } = align(c, [0, 1], 2)
  return keep(withInputs(c.node, inputs), rank - fromEnd)
}

const gemm: BatchRule = c => {
  const rows = attribute(c.node, 'transA', 'int', 0) ? 1 : 0
  prove(c.axis(0) === rows && c.axis(1) === undefined && c.axis(2) === undefined)
  const bias = c.has(2) ? c.dims(2) : []
  if (bias.length < 2 || bias[0] === 1) return keep(c.node, 0)
  return keep(withInputs(c.node, [c.node.inputs[0]!, c.node.inputs[1]!, c.repeat(2, 0)]), 0)
}

const einsum: BatchRule = c => {
  const equation = attribute(c.node, 'equation', 'string', '').replace(/\s/g, '')
  const [left = '', right] = equation.split('->')
  prove(right !== undefined && !equation.includes('.'))
  const terms = left.split(',')
  const letters = new Set(terms.flatMap((term, i) => (c.axis(i) === undefined ? [] : [term[c.axis(i)!]!])))
  prove(letters.size === 1)
  const letter = [...letters][0]!
  prove(right.includes(letter))
  const inputs = terms.map((term, i) => {
    prove(term.split(letter).length <= 2)
    return c.axis(i) === undefined && term.includes(letter) ? c.repeat(i, term.indexOf(letter)) : c.node.inputs[i]!
  })
  return keep(withInputs(c.node, inputs), right.indexOf(letter))
}

/** Only the first input depends on the rows, along its first axis. */
const leading: BatchRule = c => {
  prove(only(c, 0) === 0)
  return keep(c.node, 0)
}

/** Every input that is there has the rows first, repeated where it does not depend on them. */
const allLeading: BatchRule = c => {
  const inputs = c.node.inputs.map((name, i) => {
    prove((c.axis(i) ?? 0) === 0)
    return c.has(i) && c.axis(i) === undefined ? c.repeat(i, 0) : name
  })
  return keep(withInputs(c.node, inputs), 0)
}

/** Queries, keys, values and caches have the rows first; weights and biases (`shared`) do not depend on them. */
const attention =
  (shared: readonly number[]): BatchRule =>
  c => {
    prove(c.node.inputs.every((_, i) => !c.has(i) || (shared.includes(i) ? c.axis(i) === undefined : c.axis(i) === 0)))
    return keep(c.node, 0)
  }

const rotary: BatchRule = c => {
  prove(c.axis(0) === 0 && c.axis(2) === undefined && c.axis(3) === undefined && (c.axis(1) ?? 0) === 0)
  const positions = c.axis(1) === undefined && c.dims(1).length === 2 ? c.repeat(1, 0) : c.node.inputs[1]!
  return keep(withInputs(c.node, [c.node.inputs[0]!, positions, ...c.node.inputs.slice(2)]), 0)
}

/** Further outputs speak of the whole batch: running statistics, indices into the flat tensor. */
const oneOutput =
  (rule: BatchRule): BatchRule =>
  c => {
    prove(!c.node.outputs.slice(1).some(Boolean))
    return rule(c)
  }

/** Mixes entries along one axis or along all axes from one on. */
const along =
  (fallback: number, onwards = false): BatchRule =>
  c => {
    const axis = only(c, 0)
    const mixed = wrap(attribute(c.node, 'axis', 'int', fallback), c.dims(0).length)
    prove(onwards ? axis < mixed : axis !== mixed)
    return keep(c.node, axis)
  }

const axesOf = (c: BatchContext): readonly number[] => {
  const given = attribute(c.node, 'axes', 'ints') ?? (c.has(1) ? Array.from(c.constant(1)?.numbers() ?? give()) : [])
  return given.map(axis => wrap(axis, c.dims(0).length))
}

const shifted = (axis: number, removed: readonly number[]): number => axis - removed.filter(other => other < axis).length

const reduce: BatchRule = c => {
  const axis = only(c, 0)
  const axes = axesOf(c)
  if (axes.length === 0) {
    prove(attribute(c.node, 'noop_with_empty_axes', 'int', 0) === 1)
    return keep(c.node, axis)
  }
  prove(!axes.includes(axis))
  return keep(c.node, attribute(c.node, 'keepdims', 'int', 1) ? axis : shifted(axis, axes))
}

const arg: BatchRule = c => {
  const axis = only(c, 0)
  const mixed = wrap(attribute(c.node, 'axis', 'int', 0), c.dims(0).length)
  prove(axis !== mixed)
  return keep(c.node, attribute(c.node, 'keepdims', 'int', 1) ? axis : shifted(axis, [mixed]))
}

const cumulative: BatchRule = c => {
  const axis = only(c, 0)
  prove(wrap(c.constant(1)?.scalar() ?? give(), c.dims(0).length) !== axis)
  return keep(c.node, axis)
}

const quantize: BatchRule = c => {
  const axis = only(c, 0)
  const scale = c.dims(1)
  prove(
    scale.every(dim => dim === 1) || (scale.length === 1 && wrap(attribute(c.node, 'axis', 'int', 1), c.dims(0).length) !== axis),
  )
  return keep(c.node, axis)
}

/** Sequence first: X [steps, batch, features], states [directions, batch, hidden]. */
const recurrent: BatchRule = c => {
  prove(only(c, 0) === 1 && attribute(c.node, 'layout', 'int', 0) === 0)
  const inputs = c.node.inputs.map((name, i) => (i < 4 || i === 7 || !c.has(i) ? name : c.repeat(i, i === 4 ? 0 : 1)))
  return { node: withInputs(c.node, inputs), axes: c.node.outputs.map((_, i) => (i === 0 ? 2 : 1)) }
}

/** Residual and input along the same axis, statistics over the last dimension. */
const skipNorm: BatchRule = c => {
  const axis = c.axis(0)
  prove(axis !== undefined && axis < c.dims(0).length - 1 && c.node.inputs.every((_, i) => i < 2 || c.axis(i) === undefined))
  const { inputs } = align(c, [0, 1])
  return keep(withInputs(c.node, inputs), axis)
}

const broadcasting = [
  'Abs', 'Acos', 'Acosh', 'Add', 'And', 'Asin', 'Asinh', 'Atan', 'Atanh', 'BitShift', 'BitwiseAnd', 'BitwiseNot', 'BitwiseOr',
  'BitwiseXor', 'Cast', 'Ceil', 'Celu', 'Clip', 'Cos', 'Cosh', 'Div', 'Dropout', 'Elu', 'Equal', 'Erf', 'Exp', 'Floor', 'Gelu',
  'Greater', 'GreaterOrEqual', 'HardSigmoid', 'HardSwish', 'Identity', 'IsInf', 'IsNaN', 'LeakyRelu', 'Less', 'LessOrEqual', 'Log',
  'Max', 'Mean', 'Min', 'Mish', 'Mod', 'Mul', 'Neg', 'Not', 'Or', 'PRelu', 'Pow', 'Reciprocal', 'Relu', 'Round', 'Selu', 'Shrink',
  'Sigmoid', 'Sign', 'Sin', 'Sinh', 'Softplus', 'Softsign', 'Sqrt', 'Sub', 'Sum', 'Swish', 'Tan', 'Tanh', 'ThresholdedRelu', 'Where',
  'Xor', 'com.microsoft:Gelu', 'com.microsoft:FastGelu', 'com.microsoft:BiasGelu', 'com.microsoft:QuickGelu', 'com.microsoft:BiasAdd',
] // biome-ignore format: a list

const reductions = ['L1', 'L2', 'LogSum', 'LogSumExp', 'Max', 'Mean', 'Min', 'Prod', 'Sum', 'SumSquare'].map(
  name => `Reduce${name}`,
)

export const computeRules: BatchRules = {
  ...table(broadcasting, elementwise),
  CastLike: castLike,
  ...table(['MatMul', 'com.microsoft:FusedMatMul'], matmul),
  Gemm: gemm,
  Einsum: einsum,
  ...table(
    [
      'Conv', 'ConvTranspose', 'MaxPool', 'AveragePool', 'LpPool', 'GlobalAveragePool', 'GlobalMaxPool', 'GlobalLpPool',
      'BatchNormalization', 'InstanceNormalization', 'GroupNormalization', 'LRN', 'DepthToSpace', 'SpaceToDepth',
      'com.microsoft:FusedConv', 'com.microsoft:MatMulNBits',
    ], // biome-ignore format: a list
    oneOutput(leading),
  ),
  GridSample: allLeading,
  'com.microsoft:MultiHeadAttention': attention([3]),
  'com.microsoft:Attention': oneOutput(attention([1, 2])),
  'com.microsoft:RotaryEmbedding': rotary,
  ...table(['Softmax', 'LogSoftmax', 'Hardmax', 'LpNormalization'], along(-1)),
  TopK: along(-1),
  ...table(['LayerNormalization', 'RMSNormalization', 'SimplifiedLayerNormalization'], along(-1, true)),
  ...table(['com.microsoft:SkipLayerNormalization', 'com.microsoft:SkipSimplifiedLayerNormalization'], skipNorm),
  ...table(reductions, reduce),
  ...table(['ArgMax', 'ArgMin'], arg),
  CumSum: cumulative,
  ...table(['QuantizeLinear', 'DequantizeLinear'], quantize),
  ...table(['LSTM', 'GRU', 'RNN'], recurrent),
}
