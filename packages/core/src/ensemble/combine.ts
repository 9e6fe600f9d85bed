/** @file Several maps of one input as one: normalised each by itself, then combined place by place. */
import { UsageError } from '../errors.js'
import { resolveOptionSpecs } from '../methods/method.js'
import { normalise, normaliserNamed } from './normalise/index.js'
import type { Normaliser } from './normaliser.js'
import type { Scheme } from './scheme.js'
import { spreadMap } from './scheme.js'
import { schemeNamed } from './schemes/index.js'

export interface EnsembleOptions {
  /** Default `min-max`. */
  readonly normaliser?: Normaliser | string
  readonly normaliserOptions?: Readonly<Record<string, unknown>>
  /** Whether signs are dropped before normalising; default false. */
  readonly absolute?: boolean
  /** Default `mean`. */
  readonly scheme?: Scheme | string
  readonly schemeOptions?: Readonly<Record<string, unknown>>
  /** Seed of schemes that draw; default 0. */
  readonly seed?: number
}

export interface Ensemble {
  readonly values: Float64Array
  /** Standard deviation over the normalised members at every place: where the methods disagree. */
  readonly spread: Float64Array
}

/**
 * Combines maps of one input, at the same places.
 * @param members at least one map; all of equal length
 * @throws UsageError for maps of unequal length, no map, or a scheme that cannot take so many places; NotFiniteError for NaN or infinity
 */
export function combine(members: readonly ArrayLike<number>[], options: EnsembleOptions = {}): Ensemble {
  const {
    normaliser = 'min-max',
    normaliserOptions = {},
    absolute = false,
    scheme = 'mean',
    schemeOptions = {},
    seed = 0,
  } = options
  const chosen = typeof scheme === 'string' ? schemeNamed(scheme) : scheme
  const [first] = members
  if (!first || first.length === 0) throw new UsageError('an ensemble needs at least one map with values')
  const odd = members.findIndex(member => member.length !== first.length)
  if (odd >= 0)
    throw new UsageError(
      `member ${odd} of the ensemble has ${members[odd]!.length} values, the first has ${first.length}; bring all to one size first`,
    )
  if (chosen.mostPlaces !== undefined && first.length > chosen.mostPlaces)
    throw new UsageError(
      `${chosen.name} orders at most ${chosen.mostPlaces} places, and the maps have ${first.length}; sum them over segments first`,
    )
  const scale = typeof normaliser === 'string' ? normaliserNamed(normaliser) : normaliser
  const normalised = members.map(member => normalise(member, scale, normaliserOptions, absolute))
  const settings = resolveOptionSpecs(chosen.name, chosen.options, schemeOptions)
  const { combineRanks } = chosen
  const values = scale.ranks && combineRanks ? combineRanks(normalised) : chosen.combine(normalised, settings, seed)
  return { values, spread: spreadMap(normalised) }
}
