/** @file When a finding counts as confirmed, not confirmed, or not resolved. */
import type { Estimate } from '../../statistics/index.js'
import { isResolved } from './score.js'

/** `not tested` where scores that the finding is about are missing. */
export type Verdict = 'confirmed' | 'not confirmed' | 'not resolved' | 'not tested'

/** A null result counts only if an effect of this size would have been seen. */
export const nullMargin = 0.02

/**
 * Whether an effect is above 0. Confirmed: at least the detectable difference, interval above 0. Not confirmed: resolved below 0, or an
 * interval that holds 0 and ends below `nullMargin` where the detectable difference is no larger. Else not resolved.
 */
export function verdictAboveZero(effect: Estimate, detectable: number): Verdict {
  if (isResolved(effect, detectable)) return effect.value > 0 ? 'confirmed' : 'not confirmed'
  return detectable <= nullMargin && effect.low <= 0 && effect.high < nullMargin ? 'not confirmed' : 'not resolved'
}

/** Whether a number lies in (low, high): confirmed if its whole interval does, not confirmed if none of it does. */
export function verdictWithin({ low, high }: Estimate, from: number, to: number): Verdict {
  if (low > from && high < to) return 'confirmed'
  return high <= from || low >= to ? 'not confirmed' : 'not resolved'
}
