/** @file Fused products and convolutions of com.microsoft as standard operators. */
import { attribute } from '../../attributes.js'
import type { PlainAttributes } from '../../build.js'
import type { Node } from '../../graph.js'
import { elementCount, Tensor } from '../../tensor.js'
import { type ConvertContext, without } from '../context.js'
import type { Decompositions } from './index.js'

/** By the name in the `activation` attribute: the operator, given the parameters in their order. */
const activations: Readonly<
  Record<string, (x: string, parameters: readonly number[], ctx: ConvertContext, outputs: readonly string[]) => void>
> = {
  '': (x, _, ctx, outputs) => ctx.emitTo(outputs, 'Identity', [x]),
  Relu: (x, _, ctx, outputs) => ctx.emitTo(outputs, 'Relu', [x]),
  Tanh: (x, _, ctx, outputs) => ctx.emitTo(outputs, 'Tanh', [x]),
  Sigmoid: (x, _, ctx, outputs) => ctx.emitTo(outputs, 'Sigmoid', [x]),
  LeakyRelu: (x, [alpha = 0.01], ctx, outputs) => ctx.emitTo(outputs, 'LeakyRelu', [x], { alpha }),
  HardSigmoid: (x, [alpha = 0.2, beta = 0.5], ctx, outputs) => ctx.emitTo(outputs, 'HardSigmoid', [x], { alpha, beta }),
  HardSwish: (x, _, ctx, outputs) => ctx.emitTo(outputs, 'HardSwish', [x]),
  Clip: (x, [low, high], ctx, outputs) =>
    ctx.emitTo(outputs, 'Clip', [x, low === undefined ? '' : ctx.float(low), high === undefined ? '' : ctx.float(high)]),
}

function activate(x: string, parameters: readonly number[], node: Node, ctx: ConvertContext): void {
  const name = attribute(node, 'activation', 'string', '')
  const activation = activations[name]
  if (!activation) ctx.fail(`has the activation ${name}, which is not known`)
  activation!(x, parameters, ctx, node.outputs)
}

/** Transposes the last two axes, and moves the first one behind the batch axes where asked. */
function arranged(x: string, matrix: number, batch: number, ctx: ConvertContext): string {
  if (!matrix && !batch) return x
  const rank = ctx.rank(x)
  if (rank === undefined) {
    if (batch) ctx.fail('needs the rank of its input to be known')
    return ctx.emit('Einsum', [x], { equation: '...ij->...ji' })
  }
  let perm = Array.from({ length: rank }, (_, i) => i)
  if (batch) perm = [...perm.slice(1, -1), 0, rank - 1]
  if (matrix) perm = [...perm.slice(0, -2), perm[rank - 1]!, perm[rank - 2]!]
  return ctx.emit('Transpose', [x], { perm })
}

const channelsLast = (x: string, to: 'first' | 'last', ctx: ConvertContext): string =>
  ctx.emit('Transpose', [x], { perm: to === 'first' ? [0, 3, 1, 2] : [0, 2, 3, 1] })

const fusedAttributes = ['activation', 'activation_params', 'activation_alpha', 'activation_beta', 'activation_gamma']

function convolve(node: Node, ctx: ConvertContext, last: boolean): void {
  const [x, w, bias = '', added = ''] = node.inputs as [string, string, string?, string?]
  const plain = without(node.attributes, ...fusedAttributes) as PlainAttributes
  let result = ctx.emit('Conv', [last ? channelsLast(x, 'first', ctx) : x, w, bias], plain)
  if (last) result = channelsLast(result, 'last', ctx)
  if (added) result = ctx.emit('Add', [result, added])
  activate(result, attribute(node, 'activation_params', 'floats', []), node, ctx)
}

export const linearDecompositions: Decompositions = {
  /** alpha op(A) op(B). */
  'com.microsoft:FusedMatMul'(node, ctx) {
    const [a, b] = node.inputs as [string, string]
    const int = (name: string): number => attribute(node, name, 'int', 0)
    const operands = [arranged(a, int('transA'), int('transBatchA'), ctx), arranged(b, int('transB'), int('transBatchB'), ctx)]
    const alpha = attribute(node, 'alpha', 'float', 1)
    if (alpha === 1) ctx.emitTo(node.outputs, 'MatMul', operands)
    else ctx.emitTo(node.outputs, 'Mul', [ctx.emit('MatMul', operands), ctx.float(alpha)])
  },
  'com.microsoft:FusedGemm'(node, ctx) {
    const plain = without(node.attributes, ...fusedAttributes) as PlainAttributes
    const parameters = ['activation_alpha', 'activation_beta', 'activation_gamma'].map(name => attribute(node, name, 'float'))
    activate(
      ctx.emit('Gemm', node.inputs, plain),
      parameters.filter(value => value !== undefined),
      node,
      ctx,
    )
  },
  'com.microsoft:FusedConv': (node, ctx) => convolve(node, ctx, false),
  'com.microsoft:NhwcFusedConv': (node, ctx) => convolve(node, ctx, true),
  /** A times the transpose of an [N, K] weight stored in blocks of few-bit integers: (q - zero) * scale per block. */
  'com.microsoft:MatMulNBits'(node, ctx) {
    const [a, packed, scales, zeros = '', order = '', bias = ''] = node.inputs as [
      string,
      string,
      string,
      string?,
      string?,
      string?,
    ]
    if (order) ctx.fail('has a group index (g_idx), which is not known')
    const weight = ctx.constant(blockWeight(node, [packed, scales, zeros], ctx), 'weight')
    if (bias) ctx.emitTo(node.outputs, 'Add', [ctx.emit('MatMul', [a, weight]), bias])
    else ctx.emitTo(node.outputs, 'MatMul', [a, weight])
  },
}

/** The [K, N] weight of MatMulNBits, computed when its bytes are first asked for. */
function blockWeight(node: Node, names: readonly [string, string, string], ctx: ConvertContext): Tensor {
  const int = (name: string, fallback: number): number => attribute(node, name, 'int', fallback)
  const [columns, rows, bits, block] = [int('N', 0), int('K', 0), int('bits', 4), int('block_size', 32)]
  if (8 % bits !== 0) ctx.fail(`stores ${bits} bits per weight, which is not known`)
  const [packed, scales] = [ctx.tensor(names[0]), ctx.tensor(names[1])]
  const zeros = names[2] ? ctx.tensor(names[2]) : undefined
  if (!packed || !scales || (names[2] && !zeros)) return ctx.fail('needs a constant weight')
  const blocks = Math.ceil(rows / block)
  return new Tensor('float32', [rows, columns], () => {
    const out = new Float32Array(rows * columns)
    const perByte = 8 / bits
    const mask = 2 ** bits - 1
    const blobs = packed.bytes
    const blobSize = Math.ceil(block / perByte)
    const scale = scales.numbers()
    const zeroSize = Math.ceil(blocks / perByte)
    const given = zeros?.numbers()
    // Zero points are packed like the weights, or one float per block.
    const zeroOf = (n: number, b: number): number => {
      if (!given) return 2 ** (bits - 1)
      if (zeros!.dtype !== 'uint8') return given[n * blocks + b]!
      return (given[n * zeroSize + Math.floor(b / perByte)]! >> ((b % perByte) * bits)) & mask
    }
    for (let n = 0; n < columns; n++)
      for (let b = 0; b < blocks; b++) {
        const [s, z, start] = [scale[n * blocks + b]!, zeroOf(n, b), (n * blocks + b) * blobSize]
        for (let i = 0; i < block && b * block + i < rows; i++) {
          const q = (blobs[start + Math.floor(i / perByte)]! >> ((i % perByte) * bits)) & mask
          out[(b * block + i) * columns + n] = (q - z) * s
        }
      }
    return new Uint8Array(out.buffer, 0, elementCount([rows, columns]) * 4)
  })
}
