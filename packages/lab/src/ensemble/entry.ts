/** @file What a study scores: members, controls, and ensembles as data: normaliser, signs, scheme. */
import { normalisers, type WeightAim } from '@ascribe/core'

/** One way to combine members. */
export interface EnsembleEntry {
  readonly normaliser: string
  /** Signs dropped before normalising. */
  readonly absolute: boolean
  readonly scheme: string
  /** Weights learned on each picture from perturbations that no metric uses; the scheme is then convex. */
  readonly weights?: WeightAim
  /** Single maps that are combined instead of all members, each as often as it counts. */
  readonly picked?: readonly SingleEntry[]
}

/** One member or control, by itself. */
export interface SingleEntry {
  readonly single: string
  readonly absolute: boolean
}

export type Entry = EnsembleEntry | SingleEntry

export const isSingle = (entry: Entry): entry is SingleEntry => 'single' in entry

/** Each single map with how often it counts. */
function pickedLabel(picked: readonly SingleEntry[]): string {
  const labels = picked.map(one => labelOf(one))
  return [...new Set(labels)].map(label => `${labels.filter(other => other === label).length} x ${label}`).join(' + ')
}

export function labelOf(entry: Entry): string {
  const signs = entry.absolute ? ', absolute' : ''
  if (isSingle(entry)) return `${entry.single}${signs}`
  if (entry.picked) return `${entry.scheme} of ${entry.normaliser}: ${pickedLabel(entry.picked)}`
  const scheme = entry.weights ? `convex for ${entry.weights}` : entry.scheme
  return entry.normaliser === 'none' && !entry.absolute ? scheme : `${scheme} of ${entry.normaliser}${signs}`
}

/** Schemes that place by place combine any normalised maps. Those that see only orders need no normaliser. */
const pixelSchemes = [
  'mean',
  'median',
  'trimmed-mean',
  'max',
  'min',
  'geometric',
  'upper-confidence-bound',
  'lower-confidence-bound',
  'probability-of-improvement',
  'expected-improvement',
  'thompson',
  'mean-over-deviation',
] as const

/** Scales for which weights are learned. */
export const learnedScales: readonly Pick<EnsembleEntry, 'normaliser' | 'absolute'>[] = [
  { normaliser: 'l2', absolute: false },
  { normaliser: 'l2', absolute: true },
  { normaliser: 'min-max', absolute: false },
]

const learned = (['faithfulness', 'robustness', 'both'] as const).flatMap(weights =>
  learnedScales.map((scale): EnsembleEntry => ({ ...scale, scheme: 'convex', weights })),
)

/** Everything that is searched. @param slow whether RBM and Kemeny, hundreds of times slower, are among it @param scales normalisers */
export function candidates(slow: boolean, scales = normalisers.map(({ name }) => name) as readonly string[]): EnsembleEntry[] {
  const signs = [false, true]
  const byPixel = signs.flatMap(absolute =>
    scales.flatMap(name => pixelSchemes.map((scheme): EnsembleEntry => ({ normaliser: name, absolute, scheme }))),
  )
  const orders = slow ? ['borda', 'kemeny', 'rbm'] : ['borda']
  const byOrder = orders.flatMap(scheme => signs.map((absolute): EnsembleEntry => ({ normaliser: 'none', absolute, scheme })))
  return [...byPixel, ...byOrder, ...learned]
}

/** Named in advance, scored unselected, and stressed with junk members. */
export const defaults: readonly EnsembleEntry[] = [
  { normaliser: 'min-max', absolute: false, scheme: 'mean' },
  { normaliser: 'none', absolute: false, scheme: 'borda' },
  { normaliser: 'min-max', absolute: false, scheme: 'median' },
  { normaliser: 'min-max', absolute: false, scheme: 'lower-confidence-bound' },
  { normaliser: 'min-max', absolute: false, scheme: 'mean-over-deviation' },
  { normaliser: 'l2', absolute: false, scheme: 'convex', weights: 'faithfulness' },
  { normaliser: 'min-max', absolute: false, scheme: 'upper-confidence-bound' },
  { normaliser: 'min-max', absolute: false, scheme: 'expected-improvement' },
  { normaliser: 'l2', absolute: false, scheme: 'convex', weights: 'both' },
  { normaliser: 'none', absolute: false, scheme: 'kemeny' },
  { normaliser: 'none', absolute: false, scheme: 'rbm' },
]
