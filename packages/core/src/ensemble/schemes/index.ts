/** @file Every scheme, listed once. */
import { UsageError } from '../../errors.js'
import { suggestion } from '../../suggest.js'
import type { Scheme } from '../scheme.js'
import { borda } from './borda.js'
import { convex } from './convex.js'
import { expectedImprovement } from './expected-improvement.js'
import { geometric } from './geometric.js'
import { kemeny } from './kemeny.js'
import { lowerConfidenceBound } from './lower-confidence-bound.js'
import { max } from './max.js'
import { mean } from './mean.js'
import { meanOverDeviation } from './mean-over-deviation.js'
import { median } from './median.js'
import { min } from './min.js'
import { probabilityOfImprovement } from './probability-of-improvement.js'
import { rbm } from './rbm.js'
import { thompson } from './thompson.js'
import { trimmedMean } from './trimmed-mean.js'
import { upperConfidenceBound } from './upper-confidence-bound.js'

export const schemes: readonly Scheme[] = [
  mean,
  median,
  trimmedMean,
  max,
  min,
  geometric,
  upperConfidenceBound,
  lowerConfidenceBound,
  probabilityOfImprovement,
  expectedImprovement,
  thompson,
  meanOverDeviation,
  rbm,
  borda,
  kemeny,
  convex,
]

/** The scheme of this name. Throws UsageError with a suggestion where there is none. */
export function schemeNamed(name: string): Scheme {
  const found = schemes.find(scheme => scheme.name === name || scheme.aliases?.includes(name))
  if (found) return found
  const names = schemes.map(scheme => scheme.name)
  throw new UsageError(`unknown scheme "${name}"${suggestion(name, names)} (there are ${names.join(', ')})`)
}
