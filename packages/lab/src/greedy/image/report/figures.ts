/** @file The curves of a study as pictures. */

import { lineChart } from '../../../charts/index.js'
import type { Figure } from '../../../report/index.js'
import { bootstrapMean } from '../../../statistics/index.js'
import { meanCurve, type Run } from '../analysis.js'
import type { FillName } from '../entry.js'
import type { ImageStudy } from '../result.js'
import type { ReadingName } from '../scores.js'
import { rivalRuns } from './tables.js'

/** As many as there are colours and dashes. */
const drawn = [
  'greedy-pig',
  'integrated-gradients',
  'sequential-gradient',
  'guided-ig',
  'blur-ig',
  'xrai',
  'greedy-gain',
  'random',
] as const

const charts: readonly { curve: string; reading: ReadingName; title: string; yLabel: string; x: string; includes?: number[] }[] =
  [
    { curve: 'on-black', reading: 'probability', title: 'Softmax, black fill', yLabel: 'probability', x: 'present' },
    { curve: 'on-blur', reading: 'probability', title: 'Softmax, blurred fill', yLabel: 'probability', x: 'present' },
    { curve: 'on-black', reading: 'kl', title: 'KL, black fill', yLabel: 'nats', x: 'present' },
    { curve: 'on-blur', reading: 'kl', title: 'KL, blurred fill', yLabel: 'nats', x: 'present' },
    { curve: 'on-mean', reading: 'probability', title: 'Insertion, mean fill', yLabel: 'probability', x: 'present' },
    { curve: 'off-mean', reading: 'probability', title: 'Deletion, mean fill', yLabel: 'probability', x: 'absent' },
  ]

/** A band around Greedy PIG's line: 95% of the bootstrapped mean at each point. */
function bandOf(lines: readonly (readonly (readonly [number, number])[])[], sources: readonly string[], seed: number) {
  return lines[0]!.map(([x], k): readonly [number, number, number] => {
    const at = lines.map(line => line[k]![1])
    const { low, high } = bootstrapMean(at, sources, { seed, resamples: 500 })
    return [x, low, high]
  })
}

export function curveFigures(study: ImageStudy, baseline: FillName, seed: number): Figure[] {
  const runs = rivalRuns(study, baseline).filter(({ entry }) => (drawn as readonly string[]).includes(entry.contestant))
  const sources = new Map(study.scored.map(({ item }) => [item.key, item.source]))
  const curvesOf = ({ values }: Run, curve: string, reading: ReadingName) =>
    [...values.values()].map(({ counts, curves }) => ({ counts, values: curves[curve]![reading]! }))
  const over = study.preset.baselines.length > 1 ? ` (optimised over ${baseline})` : ''
  return charts.map(({ curve, reading, title: plain, yLabel, x }) => {
    const title = `${plain}${over}`
    const series = runs
      .filter(({ values }) => values.size > 0)
      .map(run => {
        const own = curvesOf(run, curve, reading)
        const greedy = run.entry.contestant === 'greedy-pig' && own.length > 1
        const keys = [...run.values.keys()].map(key => sources.get(key) ?? key)
        const band = greedy
          ? bandOf(
              own.map(one => meanCurve([one])),
              keys,
              seed,
            )
          : undefined
        return { label: run.entry.contestant, points: meanCurve(own), ...(band && { band }) }
      })
    return {
      title,
      caption: `Mean over ${runs[0]?.values.size ?? 0} pictures with k of n features ${x}; the band is Greedy PIG's 95% interval.`,
      svg: lineChart({ title, xLabel: `share of features ${x}`, yLabel, series, include: [0], width: 520, height: 340 }),
    }
  })
}
