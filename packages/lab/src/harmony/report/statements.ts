/** @file What the study was to show, and whether it does. */
import type { Statement } from '../../report/index.js'
import type { HarmonyStudy, Interval } from '../result.js'

/** The difference that a study must be able to see for "none" to be a result. */
const resolvable = 0.02

/** How many methods are "most" of those named in advance: four of six. */
const most = (count: number): number => Math.ceil((2 * count) / 3)

export const number = (value: number): string => (Number.isFinite(value) ? value.toFixed(3).replace('-', '−') : '–')
export const intervalText = ({ value, low, high }: Interval): string =>
  `${number(value)}${Number.isFinite(low) ? ` [${number(low)}, ${number(high)}]` : ''}`

/** One method's claim: shown, or shown to be less than what matters, or neither. */
interface Claim {
  readonly shown: boolean
  readonly interval: Interval
}

/** Enough methods show it; or too few are left that might. */
function verdictOf(claims: readonly Claim[], needed: number): Statement['verdict'] {
  const shown = claims.filter(claim => claim.shown).length
  if (shown >= needed) return 'holds'
  const open = claims.filter(claim => !claim.shown && !(claim.interval.high < resolvable)).length
  return shown + open < needed ? 'does not hold' : 'not resolved'
}

const p = (value: number): string => (Number.isFinite(value) ? `p = ${value.toPrecision(2)} after Holm` : 'not tested')

/** Claims rest on the twins where there are some, the first fill and the probability kept. */
export const mainTables = ({ transfer, preset, adapted }: HarmonyStudy) =>
  transfer.tables.filter(
    ({ fill, reading, testers }) =>
      fill === preset.fills[0] && reading === 'probability' && testers === (adapted ? 'twins' : 'models'),
  )

function familyStatements(study: HarmonyStudy, needed: number): Statement[] {
  const { methods, preset } = study
  const tables = mainTables(study)
  const contrasts = tables.filter(({ contrast }) => Number.isFinite(contrast.value))
  const seeds = tables.filter(({ ceiling }) => Number.isFinite(ceiling.value))
  return [
    contrasts.length > 0
      ? {
          text: `Maps transfer better within a family than across, after main effects of generator and tester (${needed} of ${methods.length} methods)`,
          verdict: verdictOf(
            contrasts.map(({ contrast, adjusted }) => ({ shown: contrast.low > 0 && adjusted <= 0.05, interval: contrast })),
            needed,
          ),
          details: contrasts.map(
            ({ method, contrast, adjusted, detectable, n }) =>
              `${method}: ${intervalText(contrast)}, ${p(adjusted)}, detectable ${number(detectable)}, n = ${n} (${preset.fills[0]} fill, probability)`,
          ),
        }
      : {
          text: 'Maps transfer better within a family than across',
          verdict: 'not resolved',
          details: ['These models cannot tell: that takes two families, one of them with two architectures.'],
        },
    ...(seeds.length > 0
      ? [
          {
            text: `Maps of another seed of the tester’s architecture, the ceiling, transfer better than those of other architectures (${needed} of ${methods.length} methods)`,
            verdict: verdictOf(
              seeds.map(({ ceiling }) => ({ shown: ceiling.low > 0, interval: ceiling })),
              needed,
            ),
            details: seeds.map(({ method, ceiling, n }) => `${method}: ${intervalText(ceiling)}, n = ${n}`),
          },
        ]
      : []),
  ]
}

const wayTexts = {
  'in advance': 'The harmonised map, its scheme named in advance',
  'by cross-fitting': 'The harmonised map, its scheme chosen by cross-fitting',
  'in advance, blurred': 'The harmonised map, its scheme named in advance and blurred as its rivals are',
  'weights, blurred': 'The harmonised map, with weights from transfer and blurred as its rivals are',
} as const

function gainStatements({ harmonised, methods }: HarmonyStudy, needed: number): Statement[] {
  if (harmonised.refused)
    return [{ text: 'Harmonised maps transfer better than single ones', verdict: 'not resolved', details: [harmonised.refused] }]
  const own = (chosen: string) => harmonised.verdicts.filter(one => one.chosen === chosen)
  const advance = own('in advance')
  const scheme = advance[0]?.least.harmoniser
  const singles = (verdicts: typeof advance): string[] =>
    verdicts.map(
      ({ method, single, singleAdjusted }) =>
        `${method}: ${intervalText(single.difference)}, ${p(singleAdjusted)}, detectable ${number(single.detectable)}, n = ${single.n}`,
    )
  const rivals = (chosen: string): string =>
    [...new Set(harmonised.gains.filter(gain => gain.chosen === chosen).map(({ rival }) => rival))].join('; ')
  const least = (one: (typeof advance)[number]): string =>
    `${one.method}: the least gain is ${intervalText(one.least.difference)}, over ${one.least.rival} (n = ${one.least.n}, detectable ${number(one.least.detectable)}); ${p(one.adjusted)}; every rival beaten with fill: ${one.fills.join(', ') || 'none'}`
  return [
    {
      text: `The harmonised map (${scheme}, named in advance) transfers to an unseen tester better than the best single model’s own map (${needed} of ${methods.length} methods)`,
      verdict: verdictOf(
        advance.map(({ beatsSingle, single }) => ({ shown: beatsSingle, interval: single.difference })),
        needed,
      ),
      details: singles(advance),
    },
    ...(['in advance, blurred', 'weights, blurred'] as const)
      .filter(chosen => own(chosen).length > 0)
      .map(
        (chosen): Statement => ({
          text: `${chosen === 'weights, blurred' ? 'With weights from transfer instead, both blurred' : 'The same, both blurred'}, each with the sigma that served it best on the other folds (${needed} of ${methods.length} methods)`,
          verdict: verdictOf(
            own(chosen).map(({ beatsSingle, single }) => ({ shown: beatsSingle, interval: single.difference })),
            needed,
          ),
          details: singles(own(chosen)),
        }),
      ),
    ...(Object.keys(wayTexts) as (keyof typeof wayTexts)[])
      .filter(chosen => own(chosen).length > 0)
      .map((chosen): Statement => {
        const verdicts = own(chosen)
        const good = verdicts.filter(({ beatsAll }) => beatsAll).map(({ method }) => method)
        return {
          text: `${wayTexts[chosen]}, beats every rival: ${rivals(chosen)} (${needed} of ${methods.length} methods)`,
          verdict: verdictOf(
            verdicts.map(({ beatsAll, least: { difference } }) => ({ shown: beatsAll, interval: difference })),
            needed,
          ),
          details: [`It holds for: ${good.join(', ') || 'no method'}.`, ...verdicts.map(least)],
        }
      }),
  ]
}

function consistencyStatement({ agreement, methods }: HarmonyStudy, needed: number): Statement[] {
  if (agreement.consistency.length === 0) return []
  const shown = (one: (typeof agreement.consistency)[number]): boolean => one.difference.low > 0 && one.adjusted <= 0.05
  return [
    {
      text: `Maps harmonised over two disjoint sets of models agree more than single models at equal smoothness (${needed} of ${methods.length} methods, Spearman and top 10%)`,
      verdict: verdictOf(
        methods.map(({ label }) => {
          const own = agreement.consistency.filter(({ method }) => method === label)
          const least = own.reduce((a, b) => (b.difference.high < a.difference.high ? b : a))
          return { shown: own.every(shown), interval: least.difference }
        }),
        needed,
      ),
      details: agreement.consistency.map(
        ({ method, measure, difference, adjusted, n }) =>
          `${method}, ${measure}: ${intervalText(difference)}, ${p(adjusted)}, n = ${n}`,
      ),
    },
  ]
}

export function statementsOf(study: HarmonyStudy): Statement[] {
  const needed = most(study.methods.length)
  return [...familyStatements(study, needed), ...gainStatements(study, needed), ...consistencyStatement(study, needed)]
}
