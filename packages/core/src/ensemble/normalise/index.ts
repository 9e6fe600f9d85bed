/** @file Every normaliser, listed once. */
import { NotFiniteError, UsageError } from '../../errors.js'
import { resolveOptionSpecs } from '../../methods/method.js'
import { suggestion } from '../../suggest.js'
import type { Normaliser } from '../normaliser.js'
import { clampMinMax } from './clamp-min-max.js'
import { l1 } from './l1.js'
import { l2 } from './l2.js'
import { maxAbs } from './max-abs.js'
import { medianIqr } from './median-iqr.js'
import { minMax } from './min-max.js'
import { none } from './none.js'
import { quantile } from './quantile.js'
import { rank } from './rank.js'
import { secondMoment } from './second-moment.js'
import { zScore } from './z-score.js'

export const normalisers: readonly Normaliser[] = [
  none,
  minMax,
  maxAbs,
  zScore,
  medianIqr,
  secondMoment,
  l1,
  l2,
  rank,
  clampMinMax,
  quantile,
]

/** The normaliser of this name. Throws UsageError with a suggestion where there is none. */
export function normaliserNamed(name: string): Normaliser {
  const found = normalisers.find(normaliser => normaliser.name === name)
  if (found) return found
  const names = normalisers.map(normaliser => normaliser.name)
  throw new UsageError(`unknown normaliser "${name}"${suggestion(name, names)} (there are ${names.join(', ')})`)
}

/**
 * One map, normalised by itself, in double precision.
 * @param absolute whether signs are dropped first
 * @throws NotFiniteError for a map that holds NaN or infinity; UsageError for an unknown normaliser or option
 */
export function normalise(
  values: ArrayLike<number>,
  normaliser: Normaliser | string,
  options: Readonly<Record<string, unknown>> = {},
  absolute = false,
): Float64Array {
  const chosen = typeof normaliser === 'string' ? normaliserNamed(normaliser) : normaliser
  const copy = new Float64Array(values.length)
  copy.set(values)
  const odd = firstNotFinite(copy)
  if (odd >= 0)
    throw new NotFiniteError(`a map to be normalised holds ${copy[odd]} at element ${odd}; leave that map out, or explain again`)
  if (absolute) for (let i = 0; i < copy.length; i++) copy[i] = Math.abs(copy[i]!)
  return chosen.scale(copy, resolveOptionSpecs(chosen.name, chosen.options, options))
}

function firstNotFinite(values: Float64Array): number {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i]!)) return i
  return -1
}
