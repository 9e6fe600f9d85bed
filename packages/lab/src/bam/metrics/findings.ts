/** @file The paper's findings, tested on our scores: confirmed, not confirmed, or not resolved, with intervals. */
import { type BootstrapOptions, bootstrap, type Estimate, holm, mean } from '../../statistics/index.js'
import { paperMethods } from './paper.js'
import { compareScores, type MetricScore, sharedRows } from './score.js'
import { nullMargin, type Verdict, verdictAboveZero, verdictWithin } from './verdict.js'
import type { Variant } from './visual.js'

/** A method's scores on a metric, in one variant of the map. */
export interface ScoreKey {
  readonly metric: 'mcs' | 'iir'
  /** Named as in `paperMethods`, and `smooth-grad`, `integrated-gradients-smooth` for the unsquared forms. */
  readonly method: string
  readonly variant: Variant
}

/** All scores that one finding needs must be of the same images in the same order. */
export type ScoreTable = (key: ScoreKey, finding: FindingDefinition) => MetricScore | undefined

/** One number of a finding. */
export interface FindingNumber {
  readonly name: string
  readonly value: number
  readonly low: number
  readonly high: number
  /** Images that count. */
  readonly valid: number
  readonly detectable: number
}

/** What a test found; `p` where the finding belongs to a family that is corrected for. */
interface Outcome {
  readonly verdict: Verdict
  readonly numbers: readonly FindingNumber[]
  readonly p?: number
}

export interface FindingDefinition {
  readonly id: string
  readonly statement: string
  /** Findings of one family share one Holm correction. */
  readonly family?: string
  readonly needs: readonly ScoreKey[]
  /** `scores` in the order of `needs`. */
  readonly test: (scores: readonly MetricScore[], options?: BootstrapOptions) => Outcome
}

export interface Finding {
  readonly id: string
  readonly statement: string
  readonly verdict: Verdict
  readonly numbers: readonly FindingNumber[]
  /** Two-sided p-value, after Holm's correction over the family; only for findings of a family. */
  readonly p?: number
  readonly adjusted?: number
  /** What was missing, for `not tested`. */
  readonly missing?: readonly string[]
}

/** The paper's "over 80% false positives", as an IIR. */
export const lowIndependence = 0.2
/** Level of the tests: that of the intervals. */
const significance = 0.05

const numberOf = (name: string, estimate: Estimate, valid: number, detectable: number): FindingNumber => ({
  name,
  value: estimate.value,
  low: estimate.low,
  high: estimate.high,
  valid,
  detectable,
})

const scoreNumber = (name: string, score: MetricScore): FindingNumber =>
  numberOf(name, score.estimate, score.valid, score.detectable)

/** Second largest, NaN for fewer than two. */
const second = (values: readonly number[]): number => [...values].sort((a, b) => b - a)[1] ?? Number.NaN

/**
 * Grad-CAM is first or second exactly if it is above the second best of the others: the effect is that margin, the second best chosen
 * anew in each resample. The detectable difference is that of the pair.
 */
function testTopTwo([gradCam, ...others]: readonly MetricScore[], options?: BootstrapOptions): Outcome {
  const scores = [gradCam!, ...others]
  const rows = sharedRows(scores)
  const means = (drawn: Int32Array): number[] => scores.map(score => mean(Float64Array.from(drawn, k => score.scores[rows[k]!]!)))
  const margin = (drawn: Int32Array): number => {
    const [own, ...rest] = means(drawn)
    return own! - second(rest)
  }
  const effect = bootstrap(
    rows.map(row => gradCam!.sources[row]!),
    margin,
    options,
  )
  const [, ...rest] = means(Int32Array.from(rows.keys()))
  const rival = others[rest.indexOf(second(rest))]
  if (!rival) return { verdict: 'not resolved', numbers: [scoreNumber('Grad-CAM', gradCam!)] }
  const { valid, detectable } = compareScores(gradCam!, rival, options)
  return {
    verdict: verdictAboveZero(effect, detectable),
    numbers: [
      numberOf('Grad-CAM minus the second best of the others', effect, valid, detectable),
      scoreNumber('Grad-CAM', gradCam!),
    ],
  }
}

function testRaises([raised, plain]: readonly MetricScore[], options?: BootstrapOptions): Outcome {
  const { estimate, valid, detectable, p } = compareScores(raised!, plain!, options)
  return {
    verdict: verdictAboveZero(estimate, detectable),
    numbers: [
      numberOf('difference', estimate, valid, detectable),
      scoreNumber('with SmoothGrad', raised!),
      scoreNumber('without', plain!),
    ],
    p,
  }
}

interface Pair {
  readonly smooth: string
  readonly plain: string
  readonly variant: Variant
  readonly words: string
}

/** Like with like: the mean of gradients with the gradient, the mean of squares with the square and with the magnitude. */
const smoothPairs: readonly Pair[] = [
  { smooth: 'smooth-grad', plain: 'gradient', variant: 'positive', words: 'SmoothGrad raises the MCS of the gradient' },
  {
    smooth: 'smooth-grad-squared',
    plain: 'gradient',
    variant: 'squared',
    words: 'SmoothGrad squared raises the MCS of the squared gradient',
  },
  {
    smooth: 'smooth-grad-squared',
    plain: 'gradient',
    variant: 'absolute',
    words: 'SmoothGrad squared raises the MCS of |gradient|',
  },
  {
    smooth: 'integrated-gradients-smooth',
    plain: 'integrated-gradients',
    variant: 'positive',
    words: 'SmoothGrad raises the MCS of IG',
  },
  {
    smooth: 'integrated-gradients-smooth-squared',
    plain: 'integrated-gradients',
    variant: 'squared',
    words: 'SmoothGrad squared raises the MCS of squared IG',
  },
  {
    smooth: 'integrated-gradients-smooth-squared',
    plain: 'integrated-gradients',
    variant: 'absolute',
    words: 'SmoothGrad squared raises the MCS of |IG|',
  },
]

/** Named in advance; the paper's eight methods are the field in which Grad-CAM is placed. */
export const findings: readonly FindingDefinition[] = [
  {
    id: 'grad-cam-top-two',
    statement: "Grad-CAM is first or second on MCS among the paper's eight methods",
    needs: paperMethods.map(({ name }) => ({ metric: 'mcs', method: name, variant: 'positive' })),
    test: testTopTwo,
  },
  ...smoothPairs.map(
    ({ smooth, plain, variant, words }): FindingDefinition => ({
      id: `${smooth}-raises-${plain}-${variant}`,
      statement: words,
      family: 'SmoothGrad raises MCS',
      needs: [
        { metric: 'mcs', method: smooth, variant: 'positive' },
        { metric: 'mcs', method: plain, variant },
      ],
      test: testRaises,
    }),
  ),
  {
    id: 'guided-backprop-contrast',
    statement: `the MCS of guided backprop is near 0 (within ${nullMargin})`,
    needs: [{ metric: 'mcs', method: 'guided-backprop', variant: 'positive' }],
    test: ([score]) => ({
      verdict: verdictWithin(score!.estimate, -nullMargin, nullMargin),
      numbers: [scoreNumber('MCS', score!)],
    }),
  },
  {
    id: 'guided-backprop-independence',
    statement: `the IIR of guided backprop is low (below ${lowIndependence}: over ${100 * (1 - lowIndependence)}% false positives)`,
    needs: [{ metric: 'iir', method: 'guided-backprop', variant: 'positive' }],
    test: ([score]) => ({
      verdict: verdictWithin(score!.estimate, Number.NEGATIVE_INFINITY, lowIndependence),
      numbers: [scoreNumber('IIR', score!)],
    }),
  },
]

/** A family's finding is confirmed only if it also holds after the correction. */
function corrected(tested: readonly { definition: FindingDefinition; finding: Finding }[]): Finding[] {
  const adjusted = new Map<Finding, number>()
  for (const family of new Set(tested.map(({ definition }) => definition.family))) {
    if (family === undefined) continue
    const members = tested.filter(({ definition }) => definition.family === family).map(({ finding }) => finding)
    for (const [i, p] of holm(members.map(({ p }) => p ?? Number.NaN)).entries()) adjusted.set(members[i]!, p)
  }
  return tested.map(({ finding }) => {
    const p = adjusted.get(finding)
    if (p === undefined || Number.isNaN(p)) return finding
    return {
      ...finding,
      adjusted: p,
      verdict: finding.verdict === 'confirmed' && p > significance ? 'not resolved' : finding.verdict,
    }
  })
}

/** Tests each finding on the scores that there are; one whose scores are missing is `not tested` and says what it lacks. */
export function testFindings(
  table: ScoreTable,
  options?: BootstrapOptions,
  definitions: readonly FindingDefinition[] = findings,
): Finding[] {
  return corrected(
    definitions.map(definition => {
      const { id, statement, needs } = definition
      const scores = needs.map(key => table(key, definition))
      const missing = needs
        .filter((_, i) => scores[i] === undefined)
        .map(({ metric, method, variant }) => `${metric} of ${method} (${variant})`)
      if (missing.length > 0) return { definition, finding: { id, statement, verdict: 'not tested', numbers: [], missing } }
      return { definition, finding: { id, statement, ...definition.test(scores as readonly MetricScore[], options) } }
    }),
  )
}
