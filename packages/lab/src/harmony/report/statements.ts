/** @file What the study was to show, and whether it does. */
import type { HarmonyStudy, Interval } from '../result.js'

export interface Statement {
  readonly text: string
  readonly verdict: 'holds' | 'does not hold' | 'not resolved'
  readonly details: readonly string[]
}

/** The difference that a study must be able to see for "none" to be a result. */
const resolvable = 0.02

/** How many methods are "most" of those named in advance: four of six. */
const most = (count: number): number => Math.ceil((2 * count) / 3)

export const number = (value: number): string => (Number.isFinite(value) ? value.toFixed(3).replace('-', '−') : '–')
const withEnds = ({ value, low, high }: Interval): string =>
  `${number(value)}${Number.isFinite(low) ? ` [${number(low)}, ${number(high)}]` : ''}`

function verdict(good: number, needed: number, seen: boolean): Statement['verdict'] {
  if (good >= needed) return 'holds'
  return seen ? 'does not hold' : 'not resolved'
}

export function statementsOf(study: HarmonyStudy): Statement[] {
  const { transfer, harmonised, agreement, methods, preset } = study
  const needed = most(methods.length)
  const family = transfer.tables.filter(({ fill, reading }) => fill === preset.fills[0] && reading === 'probability')
  const contrasts = family.filter(({ contrast }) => Number.isFinite(contrast.value))
  const out: Statement[] = []
  if (contrasts.length > 0)
    out.push({
      text: `Maps transfer better within a family than across, after main effects of generator and tester (${needed} of ${methods.length} methods)`,
      verdict: verdict(
        contrasts.filter(({ contrast }) => contrast.low > 0).length,
        needed,
        contrasts.every(({ detectable }) => detectable <= resolvable),
      ),
      details: contrasts.map(
        ({ method, contrast, detectable, n }) =>
          `${method}: ${withEnds(contrast)}, detectable ${number(detectable)}, n = ${n} (${preset.fills[0]} fill, probability)`,
      ),
    })
  else
    out.push({
      text: 'Maps transfer better within a family than across',
      verdict: 'not resolved',
      details: ['These models cannot tell: that takes two families, one of them with two architectures.'],
    })
  const advance = harmonised.gains.filter(({ chosen }) => chosen === 'in advance')
  out.push({
    text: `The harmonised map, its scheme named in advance, transfers to an unseen tester better than every rival (${needed} of ${methods.length} methods)`,
    verdict: harmonised.refused
      ? 'not resolved'
      : verdict(
          harmonised.holds.length,
          needed,
          advance.length > 0 && advance.every(({ detectable }) => detectable <= resolvable),
        ),
    details: harmonised.refused
      ? [harmonised.refused]
      : [
          `It holds for: ${harmonised.holds.join(', ') || 'no method'}.`,
          ...advance.map(
            ({ method, rival, difference, detectable, n }) =>
              `${method}, minus ${rival}: ${withEnds(difference)}, detectable ${number(detectable)}, n = ${n}`,
          ),
        ],
  })
  if (agreement.consistency.length > 0) {
    const good = methods.filter(({ label }) =>
      agreement.consistency.every(({ method, difference }) => method !== label || difference.low > 0),
    )
    out.push({
      text: `Maps harmonised over two disjoint sets of models agree more than single models at equal smoothness (${needed} of ${methods.length} methods, Spearman and top 10%)`,
      verdict: verdict(
        good.length,
        needed,
        agreement.consistency.every(({ difference }) => difference.high < resolvable),
      ),
      details: agreement.consistency.map(
        ({ method, measure, difference, n }) => `${method}, ${measure}: ${withEnds(difference)}, n = ${n}`,
      ),
    })
  }
  return out
}
