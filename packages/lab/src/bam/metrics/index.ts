/** @file The metrics of BAM, listed once, and what is done with them: from maps to numbers, scores, ranks and findings. */
import { UsageError } from '@ascribe/core'
import { inputDependence } from './idr.js'
import { functionalChange, inputIndependence } from './iir.js'
import { modelContrast } from './mcs.js'
import type { Metric } from './metric.js'
import { placeboContrast } from './placebo.js'
import { relativeModelContrast } from './relative-mcs.js'

export const bamMetrics: readonly Metric[] = [
  modelContrast,
  inputDependence,
  inputIndependence,
  functionalChange,
  relativeModelContrast,
  placeboContrast,
]

/** The metric of this name. @throws UsageError where there is none */
export function bamMetricNamed(name: string): Metric {
  const found = bamMetrics.find(metric => metric.name === name)
  if (found) return found
  throw new UsageError(`unknown BAM metric "${name}"; there are ${bamMetrics.map(metric => metric.name).join(', ')}`)
}

export * from './findings.js'
export * from './images.js'
export * from './inside.js'
export * from './ladder.js'
export * from './metric.js'
export * from './paper.js'
export * from './ranking.js'
export { rungs } from './relative-mcs.js'
export * from './score.js'
export * from './verdict.js'
export * from './visual.js'
