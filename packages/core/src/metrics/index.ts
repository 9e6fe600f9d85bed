/** @file Every metric of an explanation, listed once. The command and the tests read this list. */
import { UsageError } from '../errors.js'
import { suggestion } from '../suggest.js'
import { agreementCosine, agreementPearson, agreementSpearman, agreementTop } from './agreement/correlation-metrics.js'
import { agreementEmd, emdScore } from './agreement/earth-mover.js'
import { agreementSsim } from './agreement/ssim.js'
import { complexity, effectiveComplexity, sparseness } from './complexity/complexity.js'
import { deletion } from './curves/deletion.js'
import { insertion } from './curves/insertion.js'
import { irof } from './curves/irof.js'
import { klAuc } from './curves/kl-auc.js'
import { pixelFlipping } from './curves/pixel-flipping.js'
import { regionPerturbation } from './curves/region-perturbation.js'
import { abpc, road } from './curves/road.js'
import { softmaxAuc } from './curves/softmax-auc.js'
import { completeness, nonSensitivity } from './faithfulness/axioms.js'
import {
  faithfulnessCorrelation,
  faithfulnessEstimate,
  monotonicityCorrelation,
  muFidelity,
  sensitivityN,
} from './faithfulness/correlations.js'
import { infidelity } from './faithfulness/infidelity.js'
import { monotonicity } from './faithfulness/monotonicity.js'
import { aic, sic } from './information/metrics.js'
import { averagePrecision, iou, rocAuc } from './localisation/detection.js'
import { energyInside, relevanceMass } from './localisation/mass.js'
import { pointingGame } from './localisation/pointing.js'
import { relevanceRank, topK } from './localisation/top.js'
import type { Metric } from './metric.js'
import { avgSensitivity, localLipschitz, maxSensitivity } from './robustness/sensitivity.js'

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
  sic,
  aic,
  infidelity,
  faithfulnessCorrelation,
  muFidelity,
  faithfulnessEstimate,
  sensitivityN,
  monotonicity,
  monotonicityCorrelation,
  completeness,
  nonSensitivity,
  maxSensitivity,
  avgSensitivity,
  localLipschitz,
  sparseness,
  complexity,
  effectiveComplexity,
  pointingGame,
  relevanceMass,
  energyInside,
  relevanceRank,
  topK,
  rocAuc,
  averagePrecision,
  iou,
  emdScore,
  agreementSpearman,
  agreementPearson,
  agreementCosine,
  agreementTop,
  agreementSsim,
  agreementEmd,
]

/** The metric of this name or alias. Throws UsageError with a suggestion where there is none. */
export function metricNamed(name: string): Metric {
  const found = metrics.find(metric => metric.name === name || metric.aliases?.includes(name))
  if (found) return found
  const names = metrics.flatMap(metric => [metric.name, ...(metric.aliases ?? [])])
  throw new UsageError(`unknown metric "${name}"${suggestion(name, names)} (ascribe metrics lists them)`)
}
