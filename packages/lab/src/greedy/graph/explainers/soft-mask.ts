/** @file What explainers that learn a mask have in common: its size, its entropy, and the model's log probability under it. */
import { type Evaluator, prepare } from '@ascribe/core'
import { maskInput } from '../models/explanation-model.js'
import { fullMask } from './attribution.js'
import type { ExplainerContext, Subject } from './explainer.js'

export const sigmoid = (value: number): number => 1 / (1 + Math.exp(-value))

const epsilon = 1e-15

/** -m log(m + e) - (1 - m) log(1 - m + e), with e = 1e-15. */
export const entropy = (mask: number): number => -mask * Math.log(mask + epsilon) - (1 - mask) * Math.log(1 - mask + epsilon)

/** Its derivative. */
export const entropySlope = (mask: number): number =>
  -Math.log(mask + epsilon) - mask / (mask + epsilon) + Math.log(1 - mask + epsilon) + (1 - mask) / (1 - mask + epsilon)

/** An evaluator of the prediction's log probability. */
export const likelihoodOf = (
  { model, part, likelihood }: Subject,
  { signal }: Pick<ExplainerContext, 'signal'>,
): Promise<Evaluator> => prepare(model, fullMask(part.edges.length), { target: likelihood, ...(signal && { signal }) })

/** log p(prediction) under a mask and its derivative by every edge. */
export async function likelihoodAt(
  evaluator: Evaluator,
  mask: ArrayLike<number>,
): Promise<{ value: number; slope: Float32Array }> {
  const { values, gradients } = await evaluator.gradient({ [maskInput]: Float32Array.from(mask) }, 1)
  return { value: values[0]!, slope: gradients[maskInput]! }
}
