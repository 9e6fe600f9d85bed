/** @file The com.microsoft operators that ONNX Runtime's transformer optimiser, its quantiser and transformers.js models contain. */
import { dataTypeOfCode } from '../dtype.js'
import type { Dimension, Shape } from '../graph.js'
import { axisOf, broadcast, expectRank, like, one, rules, unify, unknownDims } from './common.js'
import { addDims, divideDims, multiplyDims, subtractDims } from './dimension.js'
import { gemm, matmulShape } from './matrix.js'
import { movementRules } from './movement.js'
import { layerNorm } from './normalization.js'
import { reductionRules } from './reduction.js'
import type { ShapeContext, ShapeResult, ShapeRule, ShapeRules } from './rule.js'
import { convShape, windowRules } from './window.js'

const swapLast = (shape: Shape): Shape => (shape.length < 2 ? shape : [...shape.slice(0, -2), shape.at(-1)!, shape.at(-2)!])

/** transBatch moves the leading dimension behind the other batch dimensions. */
const operand = (c: ShapeContext, index: number, side: 'A' | 'B'): Shape | null => {
  let shape = c.shape(index)
  if (shape && c.int(`transBatch${side}`, 0) && shape.length > 2) shape = [...shape.slice(1, -1), shape[0]!, shape.at(-1)!]
  return shape && c.int(`trans${side}`, 0) ? swapLast(shape) : shape
}

const fusedMatMul: ShapeRule = c => one(c.dtype(0), matmulShape(c, operand(c, 0, 'A'), operand(c, 1, 'B')))

const skipNorm: ShapeRule = c => {
  const x = c.shape(0)
  const statistic: ShapeResult = { dtype: 'float32', shape: x ? x.map((dim, i) => (i < x.length - 1 ? dim : 1)) : null }
  const scale = c.shape(2)
  if (x && scale) unify(c, x.at(-1)!, scale.at(-1) ?? null, 'gamma does not fit the last dimension')
  return [...one(c.dtype(0), x), statistic, statistic, ...one(c.dtype(0), x)]
}

const embed =
  (words: number, dtypeIndex: number): ShapeRule =>
  c => {
    const ids = c.shape(0)
    const [batch, length] = ids ?? [null, null]
    const dtype = c.dtype(dtypeIndex)
    const shape = [batch!, length!, c.shape(words)?.[1] ?? null]
    return [...one(dtype, shape), ...one('int32', [batch!]), ...one(dtype, shape)]
  }

const attention =
  (past: number, quantised = false): ShapeRule =>
  c => {
    const x = c.shape(0)
    const dtype = quantised ? c.dtype(3) : c.dtype(0)
    const heads = c.int('num_heads') ?? c.fail('it has no num_heads attribute')
    const sizes = c.ints('qkv_hidden_sizes')
    const hidden = sizes?.[2] ?? divideDims(c.shape(1)?.[1] ?? c.shape(2)?.[0] ?? null, 3)
    const [batch, length] = x ?? [null, null]
    const total = c.has(past) ? addDims(c.shape(past)?.[3] ?? null, length!) : length!
    return [...one(dtype, [batch!, length!, hidden]), ...one(dtype, [2, batch!, heads, total, divideDims(hidden, heads)])]
  }

const multiHead: ShapeRule = c => {
  const dtype = c.dtype(0)
  const heads = c.int('num_heads') ?? c.fail('it has no num_heads attribute')
  const [q, k, v] = [c.shape(0), c.shape(1), c.shape(2)]
  if (!q) return one(dtype, unknownDims(3))
  const [batch, length] = [q[0]!, q[1]!]
  // Packed forms: query (B, S, N, 3, H), key (B, L, N, 2, H).
  const headSize = q.length === 5 ? q[4]! : divideDims(q[2]!, heads)
  const keyLength = q.length === 5 ? length : !k ? null : k.length === 4 ? k[2]! : k[1]!
  const valueSize = q.length === 5 || k?.length === 5 ? headSize : !v ? null : v.length === 4 ? v[3]! : divideDims(v[2]!, heads)
  const total = c.has(6) ? addDims(c.shape(6)?.[2] ?? null, keyLength) : keyLength
  return [
    ...one(dtype, [batch, length, multiplyDims(valueSize, heads)]),
    ...one(dtype, [batch, heads, total, headSize]),
    ...one(dtype, [batch, heads, total, valueSize]),
  ]
}

const groupQuery: ShapeRule = c => {
  const dtype = c.dtype(0)
  const heads = c.int('num_heads') ?? c.fail('it has no num_heads attribute')
  const kvHeads = c.int('kv_num_heads') ?? c.fail('it has no kv_num_heads attribute')
  const q = c.shape(0) ?? unknownDims(3)
  const headSize = divideDims(q[2]!, c.has(1) ? heads : heads + 2 * kvHeads)
  const present = one(dtype, [q[0]!, kvHeads, null, headSize])
  return [...one(dtype, [q[0]!, q[1]!, multiplyDims(headSize, heads)]), ...present, ...present]
}

const nBits: ShapeRule = c => {
  const x = c.shape(0)
  if (x) unify(c, x.at(-1) ?? null, c.int('K') ?? null, 'the last dimension is not K')
  return one(c.dtype(0), x && [...x.slice(0, -1), c.int('N') ?? null])
}

const nhwc = (c: ShapeContext, x: Shape | null, w: Shape | null): Shape | null => {
  const first = x && [x[0]!, x.at(-1)!, ...x.slice(1, -1)]
  const out = convShape(c, first, w)
  return out && [out[0]!, ...out.slice(2), out[1]!]
}

/** A quantised unary or binary operator keeps its input's type. */
const quantisedOf =
  (...operands: number[]): ShapeRule =>
  c =>
    one(
      c.dtype(operands[0]!),
      broadcast(
        c,
        operands.map(index => c.shape(index)),
      ),
    )

const quantisedConcat: ShapeRule = c => {
  const shapes = Array.from({ length: Math.floor((c.inputCount - 2) / 3) }, (_, i) => c.shape(2 + 3 * i))
  const known = shapes.find(shape => shape !== null)
  if (!known) return one(c.dtype(2), null)
  const axis = axisOf(c, c.int('axis', 0), known.length)
  const total = shapes.map(shape => shape?.[axis] ?? null).reduce(addDims, 0)
  return one(
    c.dtype(2),
    known.map((dim, i) => (i === axis ? total : dim)),
  )
}

const halved: ShapeRule = c => {
  const x = c.shape(0)
  return one(c.dtype(0), x && [...x.slice(0, -1), divideDims(x.at(-1)!, 2)])
}

const relativeBias: ShapeRule = c => {
  const heads: Dimension = c.shape(0)?.[1] ?? null
  return one(c.dtype(0), [1, heads, c.elements(1)?.[0] ?? null, c.elements(2)?.[0] ?? null])
}

const table: ShapeRules = {
  ...rules(['FusedMatMul', 'TransposeMatMul'], fusedMatMul),
  ...rules(
    [
      'Gelu', 'FastGelu', 'BiasGelu', 'QuickGelu', 'BiasAdd', 'GroupNorm', 'Inverse', 'Trilu', 'RotaryEmbedding', 'BiasSoftmax',
      'QLinearSoftmax', 'QLinearLeakyRelu', 'QLinearSigmoid', 'GatedRelativePositionBias', 'MoE', 'QMoE',
    ], // biome-ignore format: a list
    like(),
  ),
  ...rules(['SkipLayerNormalization', 'SkipSimplifiedLayerNormalization'], skipNorm),
  SimplifiedLayerNormalization: c => layerNorm(c).slice(0, 2),
  SkipGroupNorm: c => [...one(c.dtype(0), c.shape(0)), ...one(c.dtype(0), c.shape(0))],
  BiasDropout: c => [...one(c.dtype(0), c.shape(0)), ...one('bool', c.shape(0))],
  BiasSplitGelu: halved,
  RelativePositionBias: relativeBias,
  EmbedLayerNormalization: embed(2, 2),
  QEmbedLayerNormalization: c => {
    const ids = c.shape(0)
    return [...one('float32', [ids?.[0] ?? null, ids?.[1] ?? null, c.shape(2)?.[1] ?? null]), ...one('int32', [ids?.[0] ?? null])]
  },
  Attention: attention(4),
  QAttention: attention(8, true),
  MultiHeadAttention: multiHead,
  GroupQueryAttention: groupQuery,
  MatMulNBits: nBits,
  MatMulBnb4: nBits,
  FusedConv: c => one(c.dtype(0), convShape(c, c.shape(0), c.shape(1))),
  NhwcConv: c => one(c.dtype(0), nhwc(c, c.shape(0), c.shape(1))),
  NhwcFusedConv: c => one(c.dtype(0), nhwc(c, c.shape(0), c.shape(1))),
  FusedGemm: gemm,
  GemmFastGelu: c => one(c.dtype(0), matmulShape(c, c.shape(0), c.shape(1))),
  QLinearConv: c =>
    one(c.dtype(7), c.int('channels_last', 0) ? nhwc(c, c.shape(0), c.shape(3)) : convShape(c, c.shape(0), c.shape(3))),
  QLinearAdd: quantisedOf(0, 3),
  QLinearMul: quantisedOf(0, 3),
  QLinearWhere: c => one(c.dtype(1), broadcast(c, [c.shape(0), c.shape(1), c.shape(4)])),
  QLinearConcat: quantisedConcat,
  QLinearAveragePool: c => (c.int('channels_last', 0) ? one(c.dtype(0), null) : windowRules['AveragePool']!(c)),
  QLinearGlobalAveragePool: c => {
    const last = c.int('channels_last', 0) !== 0
    const x = c.shape(0)
    return one(c.dtype(0), x ? x.map((dim, i) => (i === 0 || i === (last ? x.length - 1 : 1) ? dim : 1)) : null)
  },
  QLinearReduceMean: c => reductionRules['ReduceMean']!(c),
  QGemm: c => {
    expectRank(c, 0, 2)
    const [a, b] = [operand(c, 0, 'A'), operand(c, 3, 'B')]
    return one(c.has(7) ? (c.type(8)?.dtype ?? c.dtype(0)) : 'float32', matmulShape(c, a, b))
  },
  DynamicQuantizeMatMul: c => one('float32', matmulShape(c, c.shape(0), c.shape(1))),
  MatMulIntegerToFloat: c => one(c.dtype(2), matmulShape(c, c.shape(0), c.shape(1))),
  MatMulInteger16: c => one('int32', matmulShape(c, c.shape(0), c.shape(1))),
  QuantizeLinear: c => one(c.type(2)?.dtype ?? 'uint8', c.shape(0)),
  DequantizeLinear: c => one(c.dtype(1), c.shape(0)),
  ExpandDims: c => {
    const from = c.shape(0)
    const axis = c.numbers(1)?.[0]
    if (!from || axis === undefined) return one(c.dtype(0), from && unknownDims(from.length + 1))
    const at = axisOf(c, axis, from.length + 1)
    return one(c.dtype(0), [...from.slice(0, at), 1, ...from.slice(at)])
  },
  Pad: c => movementRules['Pad']!(c),
  CDist: c => one(c.dtype(0), [c.shape(0)?.[0] ?? null, c.shape(1)?.[0] ?? null]),
  Rfft: c => one(c.dtype(0), c.shape(0) && [...c.shape(0)!.slice(0, -1), halfSpectrum(c), 2]),
  Irfft: c => {
    const x = c.shape(0)
    return one(c.dtype(0), x && [...x.slice(0, -2), multiplyDims(subtractDims(x.at(-2)!, 1), 2)])
  },
  CropAndResize: c => {
    const size = c.elements(3)
    return one(c.dtype(0), [c.shape(1)?.[0] ?? null, c.shape(0)?.[1] ?? null, size?.[0] ?? null, size?.[1] ?? null])
  },
  GatherBlockQuantized: c => {
    const [data, at] = [c.shape(0), c.shape(1)]
    const dtype = dataTypeOfCode(c.int('output_dtype', 0)) ?? c.dtype(2)
    const axis = data ? axisOf(c, c.int('gather_axis', 0), data.length) : 0
    return one(dtype, data && at && [...data.slice(0, axis), ...at, ...data.slice(axis + 1)])
  },
}

const halfSpectrum = (c: ShapeContext): Dimension => {
  const last = c.shape(0)?.at(-1) ?? null
  return typeof last === 'number' ? Math.floor(last / 2) + 1 : null
}

export const microsoftRules: ShapeRules = Object.fromEntries(
  Object.entries(table).map(([name, rule]) => [`com.microsoft:${name}`, rule]),
)
