/** @file How much a class of model depends on the object and on the scene, measured by swapping and removing them, from logits. */
import { InputError, links, Random } from '@ascribe/core'
import { type BootstrapOptions, bootstrapMean, type Estimate, mean, type Source, standardDeviation } from '../statistics/index.js'
import { type BamEntry, type BamSet, type BamSource, labelOf, type Split } from './source.js'

/** A picture's partners: indices into `set` (swaps) and into `scene_only` (removal); undefined where the source has none. */
export interface Partners {
  /** Another object, same scene and place. */
  readonly objectSwap: number | undefined
  /** Another scene, same object and place. */
  readonly sceneSwap: number | undefined
  /** The scene without the object. */
  readonly removed: number | undefined
}

/**
 * The partners of a picture, one seeded choice each, uniform among the other classes that the split has; the choice depends on
 * (seed, index) alone. Sets `obj` and `scene` hold all pairs of classes; in other sets a swap may not exist.
 */
export function partnersOf(source: BamSource, set: BamSet, split: Split, index: number, seed = 0): Partners {
  const entry = source.entry(set, split, index)
  const random = new Random(seed, index)
  const pick = (entries: readonly BamEntry[]): number | undefined => {
    const found = entries.map(other => source.find(set, split, other)).filter(at => at !== undefined)
    const draw = random.uniform()
    return found[Math.floor(draw * found.length)]
  }
  const others = (names: readonly string[], own: number | null): number[] => [...names.keys()].filter(k => k !== own)
  const objectSwap =
    entry.object === null ? undefined : pick(others(source.objects, entry.object).map(object => ({ ...entry, object })))
  const sceneSwap = pick(others(source.scenes, entry.scene).map(scene => ({ ...entry, scene })))
  const removed = entry.object === null ? undefined : source.find('scene_only', split, { ...entry, object: null })
  return { objectSwap, sceneSwap, removed }
}

/** One model's logits on a picture and on its partners. */
export interface SwapLogits {
  readonly entry: BamEntry
  readonly source: Source
  readonly logits: ArrayLike<number>
  readonly objectSwap?: ArrayLike<number> | undefined
  readonly sceneSwap?: ArrayLike<number> | undefined
  readonly removed?: ArrayLike<number> | undefined
}

/** What one kind of change does to a model, over pictures that it classified correctly before the change. */
export interface ChangeEffect {
  /** Pictures with such a partner. */
  readonly n: number
  /** Share of them on which the predicted class changes; NaN for n = 0. */
  readonly flips: number
  /** Mean and standard deviation of the fall of log-odds:C = z_C - log sum_{j != C} exp z_j, C the picture's own label. */
  readonly fall: number
  readonly deviation: number
}

export interface Importance {
  /** Pictures given, and those classified correctly, which alone are counted. */
  readonly n: number
  readonly correct: number
  readonly objectSwap: ChangeEffect
  readonly sceneSwap: ChangeEffect
  readonly removed: ChangeEffect
}

/** One pair of classes. */
export interface PairImportance extends Importance {
  readonly object: number | null
  readonly scene: number
}

const changes = ['objectSwap', 'sceneSwap', 'removed'] as const
type Change = (typeof changes)[number]

/** The whole model with intervals over sources, and the same by pair of classes without. */
export interface MeasuredImportance extends Importance {
  readonly estimates: Readonly<Record<Change, { readonly flips: Estimate; readonly fall: Estimate }>>
  readonly pairs: readonly PairImportance[]
}

/** Index of the largest logit, the first of equal ones. */
export function predictedClass(logits: ArrayLike<number>): number {
  let best = 0
  for (let i = 1; i < logits.length; i++) if (logits[i]! > logits[best]!) best = i
  return best
}

function checkClass(logits: ArrayLike<number>, label: number): void {
  if (!(label >= 0 && label < logits.length))
    throw new InputError(`${logits.length} logits have no class ${label}; is this the right model for the set?`)
}

/** z_C - log sum_{j != C} exp z_j. @throws InputError where the logits have no class C */
export function logOdds(logits: ArrayLike<number>, label: number): number {
  checkClass(logits, label)
  return links['log-odds'].scorer(logits)(label)
}

type LabelOf = (row: SwapLogits) => number

/** Of rows that have this partner: 1 where the prediction changes, how far the log odds of the label fall, and the source. */
function columnsOf(rows: readonly SwapLogits[], change: Change, label: LabelOf) {
  const used = rows.filter(row => row[change] !== undefined)
  return {
    flips: used.map(row => (predictedClass(row[change]!) === predictedClass(row.logits) ? 0 : 1)),
    falls: used.map(row => logOdds(row.logits, label(row)) - logOdds(row[change]!, label(row))),
    sources: used.map(row => row.source),
  }
}

const classifiedCorrectly = (rows: readonly SwapLogits[], label: LabelOf): SwapLogits[] =>
  rows.filter(row => predictedClass(row.logits) === label(row))

function summarise(rows: readonly SwapLogits[], label: LabelOf): Importance {
  const correct = classifiedCorrectly(rows, label)
  const effect = (change: Change): ChangeEffect => {
    const { flips, falls } = columnsOf(correct, change, label)
    return { n: flips.length, flips: mean(flips), fall: mean(falls), deviation: standardDeviation(falls) }
  }
  return {
    n: rows.length,
    correct: correct.length,
    objectSwap: effect('objectSwap'),
    sceneSwap: effect('sceneSwap'),
    removed: effect('removed'),
  }
}

/**
 * Flip rates and falls of the log odds of one model under swapping the object, swapping the scene and removing the object.
 * @param set `obj` where the model's label is the object, any other where it is the scene
 * @throws InputError for a label that the model does not have
 */
export function measureImportance(set: BamSet, rows: readonly SwapLogits[], options?: BootstrapOptions): MeasuredImportance {
  const label: LabelOf = row => labelOf(set, row.entry)
  for (const row of rows) checkClass(row.logits, label(row))
  const estimate = (change: Change) => {
    const { flips, falls, sources } = columnsOf(classifiedCorrectly(rows, label), change, label)
    return { flips: bootstrapMean(flips, sources, options), fall: bootstrapMean(falls, sources, options) }
  }
  const estimates = {
    objectSwap: estimate('objectSwap'),
    sceneSwap: estimate('sceneSwap'),
    removed: estimate('removed'),
  }
  const groups = new Map<string, SwapLogits[]>()
  for (const row of rows) {
    const key = `${row.entry.object}/${row.entry.scene}`
    const group = groups.get(key)
    if (group) group.push(row)
    else groups.set(key, [row])
  }
  const pairs = [...groups.values()]
    .map(group => ({ object: group[0]!.entry.object, scene: group[0]!.entry.scene, ...summarise(group, label) }))
    .sort((a, b) => (a.object ?? -1) - (b.object ?? -1) || a.scene - b.scene)
  return { ...summarise(rows, label), estimates, pairs }
}

/** A model must flip on at least this share of swaps of what it is to depend on, and at most this share of swaps of what it is not. */
export const admission = { flips: 0.9, keeps: 0.02 } as const

export interface Admitted {
  readonly admitted: boolean
  /** Each bound that was missed, with the number. */
  readonly reasons: readonly string[]
}

/**
 * Whether f_obj and f_scene differ in what they depend on as the model contrast score takes for granted: f_obj flips on >= 90% of object swaps
 * and <= 2% of scene swaps, f_scene the reverse. A rate that could not be measured is a reason against.
 */
export function admitPair(object: Importance, scene: Importance): Admitted {
  const percent = (share: number): string => `${(100 * share).toFixed(1)}%`
  const bounds = [
    { who: 'f_obj', what: 'object', effect: object.objectSwap, must: true },
    { who: 'f_obj', what: 'scene', effect: object.sceneSwap, must: false },
    { who: 'f_scene', what: 'scene', effect: scene.sceneSwap, must: true },
    { who: 'f_scene', what: 'object', effect: scene.objectSwap, must: false },
  ]
  const reasons = bounds
    .filter(({ effect, must }) => !(must ? effect.flips >= admission.flips : effect.flips <= admission.keeps))
    .map(({ who, what, effect, must }) =>
      effect.n === 0
        ? `${who}: no ${what} swaps measured`
        : `${who} flips on ${percent(effect.flips)} of ${effect.n} ${what} swaps (${must ? `>= ${percent(admission.flips)}` : `<= ${percent(admission.keeps)}`} is needed)`,
    )
  return { admitted: reasons.length === 0, reasons }
}

export interface AdmittedClasses extends Admitted {
  readonly object: number | null
  readonly scene: number
}

/**
 * The same rule for each pair of classes by itself. With few pictures per pair one flip is more than 2%; the rule over all pairs
 * (`admitPair` of the whole) is the one that the study is held to.
 */
export function admitClasses(object: MeasuredImportance, scene: MeasuredImportance): AdmittedClasses[] {
  return object.pairs.flatMap(pair => {
    const other = scene.pairs.find(({ object: o, scene: s }) => o === pair.object && s === pair.scene)
    return other ? [{ object: pair.object, scene: pair.scene, ...admitPair(pair, other) }] : []
  })
}

/** One picture of the dog in the bedroom: logits of a model of the ladder with the dog and without it. */
export interface LadderLogits {
  readonly source: Source
  readonly withDog: ArrayLike<number>
  readonly withoutDog: ArrayLike<number>
}

/** How much one picture's label rests on the dog. */
export interface LadderRow {
  readonly source: Source
  /** log-odds:bedroom with the dog minus without it. */
  readonly dependence: number
  /** Correct with the dog minus correct without it: -1, 0 or 1. Its mean is the change of accuracy. */
  readonly accuracyChange: number
}

/**
 * Dependence of one model of scene1..scene10 on the dog, picture by picture. Positive where the dog speaks for the bedroom (it is in few
 * scene classes, this one among them), near 0 where it is in all.
 * @param bedroom the class, `source.roles.bedroom`
 * @throws InputError for a label that the model does not have
 */
export function ladderDependence(rows: readonly LadderLogits[], bedroom: number): LadderRow[] {
  const correct = (logits: ArrayLike<number>): number => (predictedClass(logits) === bedroom ? 1 : 0)
  return rows.map(({ source, withDog, withoutDog }) => ({
    source,
    dependence: logOdds(withDog, bedroom) - logOdds(withoutDog, bedroom),
    accuracyChange: correct(withDog) - correct(withoutDog),
  }))
}
