/** @file Whether the relative model contrast score follows what the dog is worth to the models, along the commonality ladder. */
import { InputError } from '@ascribe/core'
import {
  type BootstrapOptions,
  bootstrap,
  type Correlation,
  type Estimate,
  mean,
  pearson,
  spearman,
} from '../../statistics/index.js'
import type { LadderRow } from '../importance.js'
import type { MetricScore } from './score.js'

/** One rung: its relative MCS, and what its model made of the dog on the same pictures in the same order. */
export interface LadderStep {
  readonly rung: number
  readonly score: MetricScore
  readonly rows: readonly LadderRow[]
}

export interface LadderPoint {
  readonly rung: number
  /** MCS(scene_i, scene_10). */
  readonly contrast: number
  /** Mean fall of log-odds:bedroom without the dog, of scene_i minus that of scene_10: the ladder's x-axis. */
  readonly dependence: number
  /** Accuracy with the dog minus without it, of scene_i minus that of scene_10. */
  readonly accuracyChange: number
}

export interface LadderCorrelation {
  readonly points: readonly LadderPoint[]
  /** Correlation of the contrast with the measured dependence, over rungs; intervals over resampled pictures. */
  readonly dependence: { readonly pearson: Estimate; readonly spearman: Estimate }
  /** The same with the change of accuracy, which is what the paper reports. */
  readonly accuracyChange: { readonly pearson: Estimate; readonly spearman: Estimate }
}

/** Means over the drawn pictures, point by point; a rung with no valid picture among them has contrast NaN. */
function pointsOf(steps: readonly LadderStep[], last: readonly LadderRow[], drawn: Int32Array): LadderPoint[] {
  const over = (value: (row: number) => number): number => mean(Float64Array.from(drawn, value))
  return steps.map(({ rung, score, rows }) => ({
    rung,
    contrast: mean(Float64Array.from(drawn.filter(row => score.scores[row] !== null)).map(row => score.scores[row]!)),
    dependence: over(row => rows[row]!.dependence - last[row]!.dependence),
    accuracyChange: over(row => rows[row]!.accuracyChange - last[row]!.accuracyChange),
  }))
}

/**
 * Correlates MCS(scene_i, scene_10) with the measured dependence on the dog and with the change of accuracy. The rungs are the points;
 * the interval comes from resampling pictures by source, all rungs on the same pictures, and says nothing of other trained models.
 * @param last the rows of scene10
 * @throws InputError for fewer than three rungs, or rows that are not of the scores' pictures in the same order
 */
export function ladderCorrelation(
  steps: readonly LadderStep[],
  last: readonly LadderRow[],
  options?: BootstrapOptions,
): LadderCorrelation {
  if (steps.length < 3) throw new InputError(`a correlation along the ladder needs at least 3 rungs, not ${steps.length}`)
  const sources = last.map(row => row.source)
  for (const { rung, score, rows } of steps) {
    const same = [score.sources, rows.map(row => row.source)].every(
      own => own.length === sources.length && own.every((source, i) => source === sources[i]),
    )
    if (!same) throw new InputError(`rung ${rung} of the ladder is not measured on the pictures of scene10, in the same order`)
  }
  const estimate = (correlation: Correlation, by: 'dependence' | 'accuracyChange'): Estimate =>
    bootstrap(
      sources,
      drawn => {
        const points = pointsOf(steps, last, drawn)
        return correlation(
          points.map(point => point[by]),
          points.map(point => point.contrast),
        )
      },
      options,
    )
  const both = (by: 'dependence' | 'accuracyChange') => ({ pearson: estimate(pearson, by), spearman: estimate(spearman, by) })
  return {
    points: pointsOf(steps, last, Int32Array.from(sources.keys())),
    dependence: both('dependence'),
    accuracyChange: both('accuracyChange'),
  }
}
