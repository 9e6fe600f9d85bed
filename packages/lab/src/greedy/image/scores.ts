/** @file The scores of an order of features, as data: which curve, what is read from it. */
import { links } from '@ascribe/core'
import type { Entry, FillName } from './entry.js'

/** Points of a curve: k / n = 0, 0.05 .. 1. */
const steps = 20

/** A family of points: features of the order entering over a fill, or leaving towards it. */
export interface CurveKind {
  readonly name: string
  readonly fill: FillName
  readonly towards: 'on' | 'off'
}

export const curveKinds: readonly CurveKind[] = [
  { name: 'on-black', fill: 'black', towards: 'on' },
  { name: 'on-blur', fill: 'blur', towards: 'on' },
  { name: 'on-mean', fill: 'mean', towards: 'on' },
  { name: 'off-mean', fill: 'mean', towards: 'off' },
]

/** Read from one prediction. `full` is the prediction for the whole picture, both as log probabilities. */
export const readings = {
  probability: (found: Float64Array, _full: Float64Array, target: number): number => Math.exp(found[target]!),
  kl: (found: Float64Array, full: Float64Array): number => divergence(full, found),
  reverse: (found: Float64Array, full: Float64Array): number => divergence(found, full),
  jensenShannon: (found: Float64Array, full: Float64Array): number => {
    const middle = full.map((value, i) => Math.log((Math.exp(value) + Math.exp(found[i]!)) / 2))
    return (divergence(full, middle) + divergence(found, middle)) / 2
  },
} as const

export type ReadingName = keyof typeof readings

/** KL(p || q) in nats, of log probabilities. */
function divergence(p: Float64Array, q: Float64Array): number {
  let sum = 0
  for (let i = 0; i < p.length; i++) {
    const weight = Math.exp(p[i]!)
    if (weight > 0) sum += weight * (p[i]! - q[i]!)
  }
  return sum
}

export function logProbabilities(outputs: ArrayLike<number>): Float64Array {
  const score = links['log-softmax'].scorer(outputs)
  return Float64Array.from({ length: outputs.length }, (_, i) => score(i))
}

/** A number per picture, made from one curve. */
export interface ImageMetric {
  readonly name: string
  readonly title: string
  readonly curve: string
  readonly reading: ReadingName
  /** Divided by the curve's first value. */
  readonly normalised?: true
  readonly higherIsBetter: boolean
  /** Main metrics are compared method by method. */
  readonly main: boolean
}

const overFills = (
  name: string,
  title: string,
  reading: ReadingName,
  rest: Pick<ImageMetric, 'higherIsBetter' | 'main' | 'normalised'>,
): ImageMetric[] =>
  (['black', 'blur'] as const).map(fill => ({
    name: `${name}:${fill}`,
    title: `${title}, ${fill}`,
    curve: `on-${fill}`,
    reading,
    ...rest,
  }))

export const imageMetrics: readonly ImageMetric[] = [
  ...overFills('softmax-auc', 'Softmax AUC', 'probability', { higherIsBetter: true, main: true }),
  ...overFills('kl-auc', 'KL AUC', 'kl', { higherIsBetter: false, main: true }),
  { name: 'insertion', title: 'Insertion', curve: 'on-mean', reading: 'probability', higherIsBetter: true, main: true },
  { name: 'deletion', title: 'Deletion', curve: 'off-mean', reading: 'probability', higherIsBetter: false, main: true },
  ...overFills('kl-auc-normalised', 'KL AUC / KL at k = 0', 'kl', { higherIsBetter: false, main: false, normalised: true }),
  ...overFills('reverse-kl-auc', 'Reverse KL AUC', 'reverse', { higherIsBetter: false, main: false }),
  ...overFills('jensen-shannon-auc', 'Jensen-Shannon AUC', 'jensenShannon', { higherIsBetter: false, main: false }),
]

/** Numbers of switched features at the points of a curve, each once. */
export const curveCounts = (features: number): number[] => [
  ...new Set(Array.from({ length: steps + 1 }, (_, k) => Math.round((k / steps) * features))),
]

/** Area over k / n by trapezoids. */
export function areaOver(counts: readonly number[], values: readonly number[]): number {
  const features = counts.at(-1)!
  let sum = 0
  for (let k = 1; k < counts.length; k++) sum += ((values[k]! + values[k - 1]!) / 2) * ((counts[k]! - counts[k - 1]!) / features)
  return sum
}

/** Curves by kind and reading. */
export type Curves = Readonly<Record<string, Readonly<Partial<Record<ReadingName, readonly number[]>>>>>

export function metricValue({ curve, reading, normalised }: ImageMetric, counts: readonly number[], curves: Curves): number {
  const values = curves[curve]?.[reading]
  if (!values) return Number.NaN
  const area = areaOver(counts, values)
  return normalised ? area / values[0]! : area
}

/**
 * Whether a metric measures what a run optimised, over the fill that it did: its training objective. Log odds are a monotone function of
 * the probability.
 */
export function isTrained(
  { reading, curve }: ImageMetric,
  { objective, baseline }: Pick<Entry, 'objective' | 'baseline'>,
): boolean {
  if (curve !== `on-${baseline}`) return false
  return objective === 'kl' ? reading === 'kl' : reading === 'probability'
}
