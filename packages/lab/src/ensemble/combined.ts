/** @file The map of an entry, from the members' maps. */
import { combine, combineOverSegments, formOf, optimalWeights, type QuadraticForm, schemeNamed, UsageError } from '@ascribe/core'
import { type EnsembleEntry, type Entry, isSingle } from './entry.js'
import type { FormsValue, PlainForm } from './identity.js'
import { type JunkKind, junkKinds } from './junk.js'

/** The maps of one picture. */
export interface PictureMaps {
  readonly members: readonly Float64Array[]
  /** By label, members and controls. */
  readonly named: ReadonlyMap<string, Float64Array>
  readonly junk: Readonly<Record<Exclude<JunkKind, 'inverted'>, Float64Array>>
  /** Segment of each pixel. */
  readonly labels: Int32Array
}

const plainKinds = junkKinds.filter(kind => kind !== 'inverted')

/** Where a junk map stands among the maps of the forms. */
const formIndex = (kind: JunkKind, count: number, best: number): number =>
  kind === 'inverted' ? count + best : 2 * count + plainKinds.indexOf(kind)

/** Every map that forms are over, in their order. */
export const formMaps = (members: readonly Float64Array[], junk: PictureMaps['junk']): Float64Array[] => [
  ...members,
  ...members.map(map => map.map(value => -value)),
  ...plainKinds.map(kind => junk[kind]),
]

const quadratic = ({ matrix, linear, constant }: PlainForm): QuadraticForm => ({
  matrix: matrix.map(row => Float64Array.from(row)),
  linear: Float64Array.from(linear),
  constant,
})

/** Weights of the members and the junk maps among them. */
export function learnedWeights(entry: EnsembleEntry, forms: FormsValue, which: readonly number[]): Float64Array {
  const found = forms.find(form => form.normaliser === entry.normaliser && form.absolute === entry.absolute)
  if (!found) throw new UsageError(`no weights are learned for maps normalised by ${entry.normaliser}`)
  return optimalWeights(entry.weights!, formOf(quadratic(found.faithfulness), which), formOf(quadratic(found.robustness), which))
}

/**
 * @param best the member that `inverted` is the negative of
 * @param kept how many members are combined, from the first on
 */
export function mapOf(
  entry: Entry,
  maps: PictureMaps,
  {
    junk = [],
    best = 0,
    kept = maps.members.length,
    forms,
    seed,
  }: { junk?: readonly JunkKind[]; best?: number; kept?: number; forms?: FormsValue; seed: number },
): Float64Array {
  if (isSingle(entry)) {
    const map = maps.named.get(entry.single)!
    return entry.absolute ? map.map(Math.abs) : map
  }
  if (entry.picked) {
    const own = entry.picked.map(one => mapOf(one, maps, { seed }))
    return combine(own, { normaliser: entry.normaliser, absolute: entry.absolute, scheme: entry.scheme, seed }).values
  }
  const { members, labels } = maps
  const all = [
    ...members.slice(0, kept),
    ...junk.map(kind => (kind === 'inverted' ? members[best]!.map(value => -value) : maps.junk[kind])),
  ]
  const { normaliser, absolute, scheme } = entry
  const weights =
    entry.weights &&
    learnedWeights(entry, forms!, [...Array(kept).keys(), ...junk.map(kind => formIndex(kind, members.length, best))])
  const options = {
    normaliser,
    absolute,
    scheme,
    seed,
    ...(weights ? { schemeOptions: { weights: Array.from(weights).join('/') } } : {}),
  }
  return schemeNamed(scheme).mostPlaces === undefined
    ? combine(all, options).values
    : combineOverSegments(all, labels, options).values
}
