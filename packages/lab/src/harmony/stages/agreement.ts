/** @file How far maps say the same: between models, between methods, and between disjoint sets of models. */
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
  const order = session.models
    .map((_, m) => m)
    .sort((a, b) => session.models[a]!.family.localeCompare(session.models[b]!.family) || a - b)
  return [order.filter((_, i) => i % 2 === 0), order.filter((_, i) => i % 2 === 1)]
}

const pairsOf = (count: number): (readonly [number, number])[] =>
  Array.from({ length: count }, (_, i) => Array.from({ length: count - i - 1 }, (_, k) => [i, i + 1 + k] as const)).flat()

export async function agreementStage(session: Session, { pictures, methods }: Mapped): Promise<AgreementResult> {
  const { models, preset } = session
  const some = pictures.slice(0, preset.agreement)
  const map = (picture: Scored, model: number, spec: Spec): Subject => mapSubject(session, picture, model, spec)
  const groups: { label: string; kind: Comparison['kind']; method?: string; pairs: (picture: Scored) => Pair[] }[] = [
    ...methods.flatMap(spec =>
      pairsOf(models.length).map(([a, b]) => ({
        label: `${spec.label}: ${models[a]!.name} and ${models[b]!.name}`,
        kind: 'between models' as const,
        pairs: (picture: Scored): Pair[] => [{ first: map(picture, a, spec), second: map(picture, b, spec) }],
      })),
    ),
    ...models.flatMap((model, m) =>
      pairsOf(methods.length).map(([a, b]) => ({
        label: `${model.name}: ${methods[a]!.label} and ${methods[b]!.label}`,
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
  const consistent = models.length >= 4 ? methods : []
  for (const spec of consistent) {
    const smooth = (picture: Scored): Subject => harmony(picture, spec, firstSet)
    groups.push(
      {
        label: `${spec.label}: harmonised, two sets of models`,
        kind: 'consistency',
        pairs: picture => [{ first: smooth(picture), second: harmony(picture, spec, secondSet), smoothAs: smooth(picture) }],
      },
      {
        label: `${spec.label}: single models, one of each set, as smooth`,
        kind: 'consistency',
        pairs: picture =>
          firstSet.flatMap(a =>
            secondSet.map(b => ({ first: map(picture, a, spec), second: map(picture, b, spec), smoothAs: smooth(picture) })),
          ),
      },
    )
  }
  await session.run(
    'agreement',
    some.flatMap(picture => groups.flatMap(({ pairs }) => pairs(picture).map(pair => session.agreeCell(picture, pair)))),
  )
  const sources = some.map(({ item }) => item.source)
  const { seed } = session.options
  /** Of each picture, the mean over the pairs. */
  const valuesOf = (pairs: (picture: Scored) => Pair[], measure: string): number[] =>
    some.map(picture => {
      const found = pairs(picture)
        .map(pair => session.valueOf<AgreeValue>(session.agreeCell(picture, pair))?.[measure] ?? Number.NaN)
        .filter(Number.isFinite)
      return found.length > 0 ? found.reduce((sum, value) => sum + value, 0) / found.length : Number.NaN
    })
  const comparisons = groups.map(
    ({ label, kind, pairs }): Comparison => ({
      label,
      kind,
      means: Object.fromEntries(
        agreementMeasures.map(({ title }) => [title, meanInterval(valuesOf(pairs, title), sources, seed)] as const),
      ),
      n: some.length,
    }),
  )
  const consistency = consistent.flatMap((spec, i) => {
    const [together, single] = groups.slice(groups.length - 2 * consistent.length + 2 * i) as [
      (typeof groups)[number],
      (typeof groups)[number],
    ]
    return ['Spearman', 'top 10%'].map(measure => {
      const [ours, theirs] = [valuesOf(together.pairs, measure), valuesOf(single.pairs, measure)]
      const differences = ours.map((value, k) => value - theirs[k]!)
      return {
        method: spec.label,
        measure,
        difference: meanInterval(differences, sources, seed),
        n: differences.filter(Number.isFinite).length,
      }
    })
  })
  return { comparisons, consistency }
}
