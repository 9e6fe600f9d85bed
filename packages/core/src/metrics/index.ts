/** @file Every metric of an explanation, listed once. The command and the tests read this list. */
import { UsageError } from '../errors.js'
import { suggestion } from '../suggest.js'
import { deletion } from './curves/deletion.js'
import { insertion } from './curves/insertion.js'
import { irof } from './curves/irof.js'
import { klAuc } from './curves/kl-auc.js'
import { pixelFlipping } from './curves/pixel-flipping.js'
import { regionPerturbation } from './curves/region-perturbation.js'
import { abpc, road } from './curves/road.js'
import { softmaxAuc } from './curves/softmax-auc.js'
import type { Metric } from './metric.js'

export const metrics: readonly Metric[] = [
  deletion,
  insertion,
  pixelFlipping,
  regionPerturbation,
  irof,
  road,
  abpc,
  softmaxAuc,
  klAuc,
]

/** The metric of this name or alias. Throws UsageError with a suggestion where there is none. */
export function metricNamed(name: string): Metric {
  const found = metrics.find(metric => metric.name === name || metric.aliases?.includes(name))
  if (found) return found
  const names = metrics.flatMap(metric => [metric.name, ...(metric.aliases ?? [])])
  throw new UsageError(`unknown metric "${name}"${suggestion(name, names)} (ascribe metrics lists them)`)
}
