/** @file Which patches count as functionally insignificant. */
import { InputError } from '@ascribe/core'
import { median } from 'simple-statistics'

/** Largest logit changes, as shares of the median distance between two pictures' logits, at which acceptance is reported. */
export const tolerances: readonly number[] = [0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5]

/** Least root mean square inside the mask, in units of 255, for a patch to be visible. */
const visible = 20 / 255

export const logitDistance = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += (a[i]! - b[i]!) ** 2
  return Math.sqrt(sum)
}

/**
 * Median over all pairs of different pictures of the L2 distance of their logits.
 * @throws InputError with fewer than two pictures, and where the model does not tell them apart
 */
export function medianDistance(logits: readonly ArrayLike<number>[]): number {
  if (logits.length < 2) throw new InputError(`the distance between two pictures' logits needs at least 2, not ${logits.length}`)
  const middle = median(logits.flatMap((a, i) => logits.slice(i + 1).map(b => logitDistance(a, b))))
  if (!(middle > 0)) throw new InputError(`half of the reference pictures have the same logits; give other ones (reference)`)
  return middle
}

/** What is known of a patch as a rounded picture. */
export interface PatchMeasure {
  /** ||f(picture with patch) - f(picture)||_2. */
  readonly distance: number
  /** Root mean square inside the mask, in units of 255. */
  readonly rms: number
  /** The predicted class is the same with and without it. */
  readonly kept: boolean
}

export const accepts = ({ distance, rms }: PatchMeasure, tolerance: number, reference: number): boolean =>
  distance <= tolerance * reference && rms >= visible

/** Least logit change of a functional counterpart, as a share of the reference distance, and largest relative difference of strength. */
const [leastChange, strengthTolerance] = [0.5, 0.02]

/** Whether a picture changes the model clearly at the strength of the patch. */
export const changes = ({ distance, rms }: PatchMeasure, patch: PatchMeasure, reference: number): boolean =>
  distance >= leastChange * reference && Math.abs(rms - patch.rms) <= strengthTolerance * patch.rms

export interface Acceptance {
  readonly tolerance: number
  readonly accepted: number
  readonly tried: number
}

/** Accepted and tried at each tolerance. */
export const acceptance = (measures: readonly PatchMeasure[], reference: number): Acceptance[] =>
  tolerances.map(tolerance => ({
    tolerance,
    accepted: measures.filter(measure => accepts(measure, tolerance, reference)).length,
    tried: measures.length,
  }))
