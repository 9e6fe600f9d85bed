/** @file Between integers and floats: the emitters that every integer kernel is written with. */
import { dataTypes } from '../../dtype.js'
import { Tensor } from '../../tensor.js'
import type { ConvertContext } from '../context.js'

/** A one-element constant as a scalar, which says "per tensor" without a doubt. */
function asScalar(name: string, ctx: ConvertContext): string {
  const tensor = name ? ctx.tensor(name) : undefined
  return tensor && tensor.dims.length > 0 && tensor.size === 1 ? ctx.constant(tensor.reshaped([])) : name
}

/** (x - zero) * scale, the scale being per tensor or along `axis`. */
export function dequantise(x: string, scale: string, zero: string, ctx: ConvertContext, axis = 1): string {
  const [s, z] = [asScalar(scale, ctx), asScalar(zero, ctx)]
  if ((ctx.tensor(s)?.dims.length ?? 0) <= 1) return ctx.emit('DequantizeLinear', [x, s, z], { axis })
  // Scales of more dimensions (one per matrix of a stack) broadcast; DequantizeLinear has no form for them.
  const float = (name: string): string => ctx.emit('Cast', [name], { to: dataTypes.float32.code })
  return ctx.emit('Mul', [z ? ctx.emit('Sub', [float(x), float(z)]) : float(x), s])
}

/** round(x / scale) + zero into the names given; the type is the zero point's, else that of the value `like`. */
export function quantise(
  x: string,
  scale: string,
  zero: string,
  outputs: readonly string[],
  ctx: ConvertContext,
  like = '',
): void {
  const dtype = zero === '' && like ? ctx.dtype(like) : undefined
  const output_dtype = dtype ? dataTypes[dtype].code : undefined
  ctx.emitTo(outputs, 'QuantizeLinear', [x, asScalar(scale, ctx), asScalar(zero, ctx)], { output_dtype })
}

/** x minus its zero point, as floats: an integer operand whose scale is applied elsewhere. */
export function centred(x: string, zero: string, ctx: ConvertContext, axis: number): string {
  const z = asScalar(zero, ctx)
  const dims = z ? (ctx.tensor(z)?.dims ?? []) : []
  const scale = dims.length === 1 ? ctx.constant(Tensor.float32(dims, new Array(dims[0]).fill(1))) : ctx.float(1)
  return dequantise(x, scale, z, ctx, axis)
}

/**
 * The int32 result of an integer kernel under its own name, and its float twin, which casts to float then read instead:
 * a gradient flows through the twin and not through an integer.
 */
export function integerResult(float: string, output: string, ctx: ConvertContext): void {
  ctx.state.twins.set(output, float)
  ctx.emitTo([output], 'Cast', [float], { to: dataTypes.int32.code })
}
