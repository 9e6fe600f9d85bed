/** @file What a study runs: every entry, on how many pictures, and why. */
import { contestantNamed, contestants } from './contestants.js'
import type { Entry, Twist } from './entry.js'
import type { ImagePreset } from './presets.js'

export interface PlannedEntry {
  readonly entry: Entry
  /** What it is for; an entry may serve several. */
  readonly purpose: 'rivals' | 'objectives' | 'control' | 'ablation'
  /** Pictures, of as many sources as there are. */
  readonly limit: number
}

/** On objectives beside the main one, where not every rival runs. */
const onEveryObjective: ReadonlySet<string> = new Set([
  'greedy-pig',
  'integrated-gradients',
  'sequential-gradient',
  'greedy-gain',
])
/** Run for a wrong class; those that read the model, on shuffled weights too. */
const spoiled: readonly string[] = ['greedy-pig', 'integrated-gradients', 'greedy-gain', 'random']
/** Left out of AIC, SIC and mosaics: nearly the same as others, or with nothing to say there. */
const leftOut: ReadonlySet<string> = new Set(['integrated-gradients-one-round', 'uniform', 'blurred-copy'])
/** Whose masks are laid over other contents. */
const masked: ReadonlySet<string> = new Set(['greedy-pig', 'integrated-gradients', 'random'])

/** What the ablation changes, one at a time. A share near zero is one feature per round. */
const changes: readonly Partial<Entry>[] = [
  { share: 1e-6 },
  { share: 0.125 },
  { share: 0.25 },
  { share: 1 },
  { points: 1 },
  { points: 32 },
  { baseline: 'black' },
  { baseline: 'blur' },
  { baseline: 'mean' },
  { contestant: 'greedy-pig-random-rounds' },
]

/** AIC and SIC look at pictures predicted with at least this probability: the reference's threshold, and a lower one. */
export const informationThresholds = [0.8, 0.5] as const

/** The entry that everything is compared with. */
export const mainEntry = ({ objectives, baselines, share, points }: ImagePreset, contestant = 'greedy-pig'): Entry => ({
  contestant,
  objective: objectives[0]!,
  baseline: baselines[0]!,
  share,
  points,
})

export function plannedEntries(preset: ImagePreset): PlannedEntry[] {
  const { objectives, baselines, rivals, pictures, controls, ablation } = preset
  const main = mainEntry(preset)
  const runs = objectives.flatMap((objective, o) =>
    baselines.flatMap(baseline =>
      contestants
        // Controls know nothing of the objective.
        .filter(({ name, role }) => o === 0 || (role !== 'control' && (rivals === 'all' || onEveryObjective.has(name))))
        .map(
          ({ name }): PlannedEntry => ({
            entry: { ...main, contestant: name, objective, baseline },
            purpose: o === 0 ? 'rivals' : 'objectives',
            limit: o === 0 ? pictures : controls,
          }),
        ),
    ),
  )
  const twisted = (['wrong-class', 'shuffled-weights'] as const satisfies readonly Twist[]).flatMap(twist =>
    spoiled
      .filter(name => twist === 'wrong-class' || contestantNamed(name).role !== 'control')
      .map((name): PlannedEntry => ({ entry: { ...main, contestant: name, twist }, purpose: 'control', limit: controls })),
  )
  const ablated = changes
    .map(change => ({ ...main, ...change }))
    .filter(entry => JSON.stringify(entry) !== JSON.stringify(main))
    .map((entry): PlannedEntry => ({ entry, purpose: 'ablation', limit: ablation }))
  return [...runs, ...twisted, ...ablated]
}

type Planned = Pick<PlannedEntry, 'entry' | 'purpose'>

export const isMasked = ({ entry, purpose }: Planned): boolean => purpose === 'rivals' && masked.has(entry.contestant)

/** Entries that AIC, SIC and mosaics look at. @param preset decides the main baseline */
export const isInformative = ({ entry, purpose }: Planned, { baselines }: ImagePreset): boolean =>
  purpose === 'rivals' && entry.baseline === baselines[0] && !leftOut.has(entry.contestant)
