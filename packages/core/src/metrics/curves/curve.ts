/** @file A curve of the model's answer over the share of features that are switched. */
import type { Evaluator } from '../../evaluator.js'
import type { Options } from '../../methods/method.js'
import type { Maps, MetricCurve } from '../metric.js'
import { featureOptions, featureOrder, type ScoredFeatures, scoredFeatures } from './features.js'
import { type Fill, fillOf, fillOption } from './fill.js'
import { linkOption, linkReader, readRows } from './reading.js'
import { stepCounts, stepsOption } from './steps.js'
import { switcher } from './switching.js'

interface CurvePlan {
  readonly features: ScoredFeatures
  readonly order: ArrayLike<number>
  readonly towards: 'off' | 'on'
  readonly fill: Fill
  readonly counts: readonly number[]
}

/** The answer with each of `counts` features switched; x is the share of features. */
export async function switchingCurve(
  evaluator: Evaluator,
  plan: CurvePlan,
  read: (outputs: Float32Array, row: number) => number,
): Promise<MetricCurve> {
  const rows = switcher(evaluator, plan)
  const { counts } = plan
  const y = await readRows(evaluator, counts.length, (start, used) => rows(counts.slice(start, start + used)), read, 'points')
  return { x: Float64Array.from(counts, count => count / plan.features.count), y }
}

/** Options that every curve takes. */
export const curveOptions = (standard: { readonly fill: string; readonly link: string; readonly steps: string }) => ({
  ...featureOptions,
  fill: fillOption(standard.fill),
  steps: stepsOption(standard.steps),
  link: linkOption(standard.link),
})

/** The curve that the options of `curveOptions` describe. */
export async function curveOf(
  evaluator: Evaluator,
  maps: Maps,
  options: Options,
  seed: number,
  towards: 'off' | 'on',
  direction: 'descending' | 'ascending' = 'descending',
): Promise<MetricCurve> {
  const features = scoredFeatures(evaluator, maps, options)
  return switchingCurve(
    evaluator,
    {
      features,
      order: featureOrder(features, direction),
      towards,
      fill: fillOf(evaluator, options['fill'], seed),
      counts: stepCounts(options['steps'], features.count),
    },
    linkReader(evaluator, options['link']),
  )
}
