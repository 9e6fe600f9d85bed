/** @file How far maps say the same: between models, between methods, and between disjoint sets of models. */
import { spread } from '../../order.js'
import { holm } from '../../statistics/index.js'
import { agreementMeasures } from '../compare.js'
import type { AgreeOptions, AgreeValue } from '../identity.js'
import { meanInterval } from '../intervals.js'
import type { AgreementResult, Comparison, Mapped } from '../result.js'
import { mapSubject } from '../scores.js'
import type { Scored, Session } from '../session.js'
import { harmonisers, type Subject } from '../subject.js'

type Spec = Mapped['methods'][number]
type Pair = Omit<AgreeOptions, 'size'>

/** Models in turns by family, so that both sets have some of each. */
function disjointSets(session: Session): [number[], number[]] {
  const order = [...session.bases].sort((a, b) => session.models[a]!.family.localeCompare(session.models[b]!.family) || a - b)
  return [order.filter((_, i) => i % 2 === 0), order.filter((_, i) => i % 2 === 1)]
}

const pairsOf = (items: readonly number[]): (readonly [number, number])[] =>
  items.flatMap((a, i) => items.slice(i + 1).map(b => [a, b] as const))

/** Consistency is claimed by these. */
const claimed = ['Spearman', 'top 10%']

export async function agreementStage(session: Session, { pictures, methods }: Mapped): Promise<AgreementResult> {
  const { models, preset, bases, extras } = session
  const order = spread(pictures)
  const some = order.slice(0, preset.agreement)
  const more = order.slice(0, preset.controls)
  const seeds = extras.flatMap(e => bases.filter(b => session.alike(b, e)).map(b => [b, e] as const))
  const map = (picture: Scored, model: number, spec: Spec): Subject => mapSubject(session, picture, model, spec)
  type Group = { label: string; kind: Comparison['kind']; pairs: (picture: Scored) => Pair[] }
  const of = (kind: Comparison['kind']): readonly Scored[] => (kind === 'consistency' ? more : some)
  const sourcesOf = (kind: Comparison['kind']): string[] => of(kind).map(({ item }) => item.source)
  const groups: Group[] = [
    ...methods.flatMap(spec =>
      [...pairsOf(bases), ...seeds].map(([a, b]) => ({
        label: `${spec.label}: ${models[a]!.name} and ${models[b]!.name}`,
        kind: session.alike(a, b) ? ('between seeds' as const) : ('between models' as const),
        pairs: (picture: Scored): Pair[] => [{ first: map(picture, a, spec), second: map(picture, b, spec) }],
      })),
    ),
    ...bases.flatMap(m =>
      pairsOf(methods.map((_, i) => i)).map(([a, b]) => ({
        label: `${models[m]!.name}: ${methods[a]!.label} and ${methods[b]!.label}`,
        kind: 'between methods' as const,
        pairs: (picture: Scored): Pair[] => [{ first: map(picture, m, methods[a]!), second: map(picture, m, methods[b]!) }],
      })),
    ),
  ]
  const [firstSet, secondSet] = disjointSets(session)
  const { normaliser, scheme } = harmonisers[0]!
  const harmony = (picture: Scored, spec: Spec, set: readonly number[]): Subject => ({
    kind: 'combined',
    maps: set.map(g => session.mapCell(picture, g, spec).key),
    normaliser,
    scheme,
  })
  const consistent = bases.length >= 4 ? methods : []
  for (const spec of consistent) {
    const smooth = (picture: Scored): Subject => harmony(picture, spec, firstSet)
    groups.push(
      {
        label: `${spec.label}: harmonised, two sets of models`,
        kind: 'consistency',
        pairs: picture => [
          {
            first: smooth(picture),
            second: harmony(picture, spec, secondSet),
            smoothAs: smooth(picture),
            measures: claimed,
          },
        ],
      },
      {
        label: `${spec.label}: single models, one of each set, as smooth`,
        kind: 'consistency',
        pairs: picture =>
          firstSet.flatMap(a =>
            secondSet.map(b => ({
              first: map(picture, a, spec),
              second: map(picture, b, spec),
              smoothAs: smooth(picture),
              measures: claimed,
            })),
          ),
      },
    )
  }
  await session.run(
    'agreement',
    groups.flatMap(({ pairs, kind }) =>
      of(kind).flatMap(picture => pairs(picture).map(pair => session.agreeCell(picture, pair))),
    ),
  )
  const { seed } = session.options
  /** Of each picture, the mean over the pairs. */
  const valuesOf = ({ pairs, kind }: Pick<Group, 'pairs' | 'kind'>, measure: string): number[] =>
    of(kind).map(picture => {
      const found = pairs(picture)
        .map(pair => session.found<AgreeValue>(session.agreeCell(picture, pair))?.[measure] ?? Number.NaN)
        .filter(Number.isFinite)
      return found.length > 0 ? found.reduce((sum, value) => sum + value, 0) / found.length : Number.NaN
    })
  const comparisons = groups.map((group): Comparison => {
    const { label, kind } = group
    const measures = agreementMeasures.filter(({ title }) => kind !== 'consistency' || claimed.includes(title))
    return {
      label,
      kind,
      means: Object.fromEntries(
        measures.map(({ title }) => [title, meanInterval(valuesOf(group, title), sourcesOf(kind), seed)] as const),
      ),
      n: of(kind).length,
    }
  })
  const differences = claimed.flatMap(measure => {
    const own = consistent.map((spec, i) => {
      const at = groups.length - 2 * consistent.length + 2 * i
      const [ours, theirs] = [valuesOf(groups[at]!, measure), valuesOf(groups[at + 1]!, measure)]
      const values = ours.map((value, k) => value - theirs[k]!)
      const difference = meanInterval(values, sourcesOf('consistency'), seed)
      return { method: spec.label, measure, difference, n: values.filter(Number.isFinite).length }
    })
    const adjusted = holm(own.map(({ difference }) => difference.p))
    return own.map((one, i) => ({ ...one, adjusted: adjusted[i]! }))
  })
  return { comparisons, consistency: differences }
}
