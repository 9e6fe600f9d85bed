/** @file Models between two whose graphs differ in the values of weights alone. */
import { InputError } from '@ascribe/core'
import { encodeModel, readModel, Tensor } from '@ascribe/onnx'
import { isWeight } from './source.js'

/**
 * The model whose weights lie a share of the way from those of one to those of another: w = (1 - share) from + share to. Fine-tuned weights
 * and those that they started from are joined by a straight line of good models (Wortsman et al., Robust fine-tuning of zero-shot models,
 * CVPR 2022).
 * @throws InputError where a weight of `to` is not in `from`
 */
export function modelBetween(from: Uint8Array, to: Uint8Array, share: number): Uint8Array {
  if (share === 1) return to
  const start = readModel(from)
  const end = readModel(to)
  const initializers = [...end.initializers].map(([name, tensor]) => {
    if (!isWeight(tensor)) return [name, tensor] as const
    const first = start.initializers.get(name)
    if (first?.dims.join() !== tensor.dims.join()) throw new InputError(`weight ${name}: the two models have different ones`)
    const values = first.numbers()
    const mixed = Float32Array.from(tensor.numbers(), (value, i) => (1 - share) * values[i]! + share * value)
    return [name, Tensor.float32(tensor.dims, mixed)] as const
  })
  return encodeModel(end.with({ initializers: new Map(initializers) }))
}
