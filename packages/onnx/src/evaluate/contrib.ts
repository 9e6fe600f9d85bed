/** @file Fused and quantised operators of com.microsoft. */
import { attribute } from '../attributes.js'
import { NotEvaluableError } from '../errors.js'
import type { Node } from '../graph.js'
import type { NdArray, OperatorEvaluation, OperatorEvaluations } from './array.js'
import { addTo } from './attention.js'
import { convolve } from './convolution.js'
import { gather } from './indexing.js'
import { gemm, matmul, swapped } from './matrix.js'
import { layerNorm, rmsNorm } from './normalization.js'
import { clamp, gelu, geluTanh, sigmoid } from './special.js'
import { map, transposed } from './strided.js'

type Activation = (x: number) => number

/** Activations that are fused into Conv and Gemm, from their parameters. */
const fusable: Readonly<Record<string, (a: number | undefined, b: number | undefined) => Activation>> = {
  '': () => x => x,
  Relu: () => x => Math.max(x, 0),
  Tanh: () => Math.tanh,
  Sigmoid: () => sigmoid,
  LeakyRelu:
    (alpha = 0.01) =>
    x =>
      x < 0 ? alpha * x : x,
  HardSigmoid:
    (alpha = 0.2, beta = 0.5) =>
    x =>
      clamp(alpha * x + beta, 0, 1),
  Clip:
    (low = Number.NEGATIVE_INFINITY, high = Number.POSITIVE_INFINITY) =>
    x =>
      clamp(x, low, high),
}

function fused(node: Node, a: number | undefined, b: number | undefined): Activation {
  const name = attribute(node, 'activation', 'string', '')
  const make = fusable[name]
  if (!make)
    throw new NotEvaluableError(`activation ${name} of ${node.operator} "${node.name}" is not in the reference evaluator`)
  return make(a, b)
}

const epsilonOf = (node: Node, fallback: number): number => attribute(node, 'epsilon', 'float', fallback)

/** The first of the batch axes moved behind the rows: transBatchA and transBatchB. */
const batchLast = (x: NdArray): NdArray => {
  const rank = x.dims.length
  return transposed(x, [...Array.from({ length: rank - 2 }, (_, i) => i + 1), 0, rank - 1])
}

const fusedMatMul: OperatorEvaluation = ([a, b], { node }) => {
  const flag = (name: string): boolean => attribute(node, name, 'int', 0) !== 0
  const oriented = (x: NdArray, side: string): NdArray => {
    const batched = flag(`transBatch${side}`) ? batchLast(x) : x
    return flag(`trans${side}`) ? swapped(batched) : batched
  }
  const alpha = attribute(node, 'alpha', 'float', 1)
  return [map(matmul(oriented(a!, 'A'), oriented(b!, 'B')), x => alpha * x)]
}

/** Weights of MatMulNBits as [k, n]: unsigned, packed lowest bits first, one scale and zero point per block of k. */
function unpackBlocks(b: NdArray, scales: NdArray, zeros: NdArray | undefined, node: Node): NdArray {
  const k = attribute(node, 'K', 'int')!
  const n = attribute(node, 'N', 'int')!
  const bits = attribute(node, 'bits', 'int', 4)
  const block = attribute(node, 'block_size', 'int')!
  const blocks = Math.ceil(k / block)
  const perByte = 8 / bits
  const zeroBytes = Math.ceil(blocks / perByte)
  const digits = (bytes: Float64Array, at: number, i: number): number =>
    Math.floor(bytes[at + Math.floor(i / perByte)]! / 2 ** ((i % perByte) * bits)) % 2 ** bits
  const data = new Float64Array(k * n)
  for (let column = 0; column < n; column++)
    for (let row = 0; row < k; row++) {
      const group = Math.floor(row / block)
      const at = column * blocks + group
      const value = digits(b.data, (at * block) / perByte, row % block)
      const packed = zeros?.dtype === 'uint8' ? digits(zeros.data, column * zeroBytes, group) : zeros?.data[at]
      data[row * n + column] = (value - (packed ?? 2 ** (bits - 1))) * scales.data[at]!
    }
  return { dtype: scales.dtype, dims: [k, n], data }
}

const simplified: OperatorEvaluation = ([x, scale], { node }) => {
  const { y, inverse } = rmsNorm(x!, scale!, attribute(node, 'axis', 'int', -1), epsilonOf(node, 1e-5))
  return [y, inverse]
}

const embedLayerNorm: OperatorEvaluation = (
  [ids, segments, words, positions, segmentTable, gamma, beta, mask, where],
  { node },
) => {
  const [batch, length] = ids!.dims as [number, number]
  const order: NdArray = where ?? { dtype: 'int32', dims: [length], data: Float64Array.from({ length }, (_, i) => i) }
  const plain = addTo(gather(words!, ids!, 0), gather(positions!, order, 0))
  const sum = segments && segmentTable ? addTo(plain, gather(segmentTable, segments, 0)) : plain
  const lengths = new Float64Array(batch)
  mask?.data.forEach((used, i) => {
    lengths[Math.floor(i / length)]! += used > 0 ? 1 : 0
  })
  return [layerNorm(sum, gamma!, beta, -1, epsilonOf(node, 1e-12))[0]!, { dtype: 'int32', dims: [batch], data: lengths }, sum]
}

export const contrib: OperatorEvaluations = {
  'com.microsoft:FusedMatMul': fusedMatMul,
  'com.microsoft:FusedConv': ([x, w, bias, z], { node }) => {
    const [a, b] = attribute(node, 'activation_params', 'floats') ?? []
    return [map(addTo(convolve(x!, w!, bias, node), z), fused(node, a, b))]
  },
  'com.microsoft:FusedGemm': ([a, b, c], { node }) => {
    const product = gemm(a!, b!, c, {
      transA: attribute(node, 'transA', 'int', 0) !== 0,
      transB: attribute(node, 'transB', 'int', 0) !== 0,
      alpha: attribute(node, 'alpha', 'float', 1),
      beta: attribute(node, 'beta', 'float', 1),
    })
    return [map(product, fused(node, attribute(node, 'activation_alpha', 'float'), attribute(node, 'activation_beta', 'float')))]
  },
  'com.microsoft:MatMulNBits': ([x, b, scales, zeros, groups, bias], { node }) => {
    if (groups) throw new NotEvaluableError(`MatMulNBits "${node.name}" with g_idx is not in the reference evaluator`)
    return [addTo(matmul(x!, unpackBlocks(b!, scales!, zeros, node)), bias)]
  },
  'com.microsoft:Gelu': ([x]) => [map(x!, gelu)],
  'com.microsoft:BiasGelu': ([x, bias]) => [map(addTo(x!, bias), gelu)],
  'com.microsoft:FastGelu': ([x, bias]) => [map(addTo(x!, bias), geluTanh)],
  'com.microsoft:QuickGelu': ([x], { node }) => {
    const alpha = attribute(node, 'alpha', 'float', 1.702)
    return [map(x!, v => v * sigmoid(alpha * v))]
  },
  'com.microsoft:SkipLayerNormalization': ([x, skip, gamma, beta, bias], { node }) => {
    const sum = addTo(addTo(x!, skip), bias)
    return [...layerNorm(sum, gamma!, beta, -1, epsilonOf(node, 1e-12)), sum]
  },
  'com.microsoft:SkipSimplifiedLayerNormalization': ([x, skip, gamma, bias], { node }) => {
    const sum = addTo(addTo(x!, skip), bias)
    const { y, inverse } = rmsNorm(sum, gamma!, -1, epsilonOf(node, 1e-12))
    return [y, inverse, inverse, sum]
  },
  /** ONNX Runtime registers it under ai.onnx, where no ONNX version has it. */
  SimplifiedLayerNormalization: simplified,
  'com.microsoft:EmbedLayerNormalization': embedLayerNorm,
}
