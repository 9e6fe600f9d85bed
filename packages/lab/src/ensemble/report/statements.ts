/** @file What an ensemble study was to show, and whether it does. */

import type { Statement } from '../../report/index.js'
import { type Analysis, type Comparison, type JunkCost, wantedLabel } from '../analysis.js'
import type { TwistGain } from '../control-analysis.js'
import { curveMetrics } from '../identity.js'
import { bars, type EnsembleComparison, leastForJunk, wantedDetectable } from './data.js'
import { interval, number, percent, signed } from './words.js'

export const onCurves = (metrics: readonly Comparison[]): readonly Comparison[] =>
  metrics.filter(({ metric }) => (curveMetrics as readonly string[]).includes(metric))

export const wins = (metrics: readonly Comparison[]): boolean =>
  onCurves(metrics).every(({ beaten, rivals }) => beaten === rivals)

const isResolved = (metrics: readonly Comparison[]): boolean =>
  onCurves(metrics).every(({ hardest }) => hardest.detectable <= wantedDetectable)

const foundStatement = (who: string, { metrics }: EnsembleComparison, by: string): Statement => ({
  text: `${who} every single member on the fifth, on insertion and deletion in two fills${by}`,
  verdict: wins(metrics) ? 'holds' : isResolved(metrics) ? 'does not hold' : 'not resolved',
  details: onCurves(metrics).map(
    ({ metric, beaten, rivals, hardest }) =>
      `${metric}: beats ${beaten} of ${rivals}; hardest ${hardest.rival}, ${signed(hardest.value)} ${interval(hardest.low, hardest.high)}, detects ${number(hardest.detectable)}`,
  ),
})

/** @param by who predicts */
export function winStatements(comparisons: readonly EnsembleComparison[], by: string): Statement[] {
  const [selected, forward, ...rest] = comparisons as readonly [EnsembleComparison, EnsembleComparison, ...EnsembleComparison[]]
  const winners = rest.filter(({ metrics }) => wins(metrics))
  const anyResolved = rest.every(({ metrics }) => isResolved(metrics))
  return [
    foundStatement('The ensemble selected on four folds beats', selected, by),
    foundStatement('The ensemble that forward selection put together on four folds beats', forward, by),
    {
      text: `An ensemble named in advance beats every single member on insertion and deletion in two fills${by}`,
      verdict: winners.length > 0 ? 'holds' : anyResolved ? 'does not hold' : 'not resolved',
      details:
        winners.length > 0
          ? [`these do: ${winners.map(({ ensemble }) => ensemble).join(', ')}`]
          : rest
              .map(({ ensemble, metrics }) => ({
                ensemble,
                beaten: onCurves(metrics).reduce((sum, one) => sum + one.beaten, 0),
                of: onCurves(metrics).reduce((sum, one) => sum + one.rivals, 0),
              }))
              .sort((a, b) => b.beaten - a.beaten)
              .slice(0, 3)
              .map(({ ensemble, beaten, of }) => `${ensemble}: ${beaten} of ${of} comparisons`),
    },
  ]
}

const groups = ['insertion', 'deletion', 'IROF'] as const
const worstLoss = ({ losses }: JunkCost): number => Math.max(...groups.map(name => losses[name]))
const keptText = (share: number): string => (Number.isFinite(share) ? `${number(100 * share, 0)}%` : 'nothing: it had no gain')

export function junkStatements(analysis: Analysis, junk: readonly JunkCost[]): Statement[] {
  const labels = [...new Set(junk.map(({ label }) => label))]
  const single = labels.map(label => {
    const own = junk.filter(one => one.label === label && one.junk.length === 1)
    return {
      label,
      loss: Math.max(...own.map(worstLoss)),
      infidelity: Math.max(...own.map(one => one.infidelity)),
      above: analysis.aboveMedian(analysis.ensembles.find(one => one.label === label)!),
    }
  })
  const robust = single.filter(({ loss, infidelity, above }) => above && loss < bars.loss && infidelity < bars.infidelity)
  const selected = junk.filter(({ label }) => label === labels[0])
  const keptOf = ({ kept }: JunkCost): number[] => groups.map(name => kept[name].value)
  const few = (junk[0]?.n ?? 0) < leastForJunk
  // Where nothing was gained on a metric, nothing of it can be kept.
  const gained = selected.every(one => keptOf(one).every(Number.isFinite))
  const keeps = selected.every(one => keptOf(one).every(share => share >= bars.kept))
  return [
    {
      text: 'A scheme above the median member loses under 0.02 on insertion, deletion and IROF and under 5% on infidelity with one junk member of eight',
      verdict: few ? 'not resolved' : robust.length > 0 ? 'holds' : 'does not hold',
      details: single.map(
        ({ label, loss, infidelity, above }) =>
          `${label}: loses at most ${number(loss)}, infidelity ${percent(infidelity)}${above ? '' : ', not above the median member'}`,
      ),
    },
    {
      text: 'The ensemble selected without junk keeps 80% of its gain over the members’ mean with one and two junk members of eight',
      verdict: !gained || few ? 'not resolved' : keeps ? 'holds' : 'does not hold',
      details: selected.map(
        ({ junk: kinds, kept }) =>
          `${kinds.join(' + ')}: keeps ${groups.map(name => `${name} ${keptText(kept[name].value)}`).join(', ')}`,
      ),
    },
  ]
}

const headlines = [
  { found: 'selected', text: 'The selected ensemble' },
  { found: 'forward', text: 'The ensemble that forward selection put together' },
] as const

/** The headline of what was found by looking at scores: right minus wrong class. */
export function headlineStatements(gains: readonly TwistGain[]): Statement[] {
  const wrong = gains.filter(({ twist }) => twist === 'wrong-class')
  return headlines.flatMap(({ found, text }): Statement[] => {
    const own = wrong.filter(({ label }) => label === wantedLabel(found))
    if (own.length === 0) return []
    const resolved = own.every(({ aboveBest }) => aboveBest!.detectable <= wantedDetectable)
    return [
      {
        text: `${text} lifts the right class beyond a wrong one by more than any member does, on insertion in two fills`,
        verdict: own.every(({ aboveBest }) => aboveBest!.low > 0) ? 'holds' : resolved ? 'does not hold' : 'not resolved',
        details: own.map(
          ({ metric, own: right, twisted, gain, aboveBest, n }) =>
            `${metric}: right ${number(right.value)}, wrong ${number(twisted.value)}, difference ${number(gain.value)} ${interval(gain.low, gain.high)}; minus that of ${aboveBest!.member} ${signed(aboveBest!.value)} ${interval(aboveBest!.low, aboveBest!.high)}; n = ${n}`,
        ),
      },
    ]
  })
}
