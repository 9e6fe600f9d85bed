/** @file A model's logits under masks of its edges. */
import { type Model, prepare } from '@ascribe/core'
import { fullMask } from '../explainers/attribution.js'
import { maskInput } from './explanation-model.js'

/** The logits under every mask, in order; all masks are as long as the model has edges. */
export async function logitsUnder(model: Model, masks: readonly Float32Array[], signal?: AbortSignal): Promise<Float32Array[]> {
  const edges = masks[0]!.length
  const evaluator = await prepare(model, fullMask(edges), { target: 0, ...(signal && { signal }) })
  const found: Float32Array[] = []
  await evaluator.sweepValues(
    ['logits'],
    masks.length,
    (start, used) => {
      const rows = new Float32Array(used * edges)
      for (let row = 0; row < used; row++) rows.set(masks[start + row]!, row * edges)
      return { [maskInput]: rows }
    },
    (row, values) => {
      found[row] = Float32Array.from(values['logits']!)
    },
  )
  return found
}
