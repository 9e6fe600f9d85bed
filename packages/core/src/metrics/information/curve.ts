/** @file The performance information curve: prediction against information, from byte sizes and predictions. */
import { UsageError } from '../../errors.js'
import { trapezoid } from '../curves/area.js'
import type { MetricCurve } from '../metric.js'
import { quantileOf } from '../order.js'

/** A number of the picture, of the interpolated one that only the random mask shows, and at each threshold. */
export interface Shown {
  readonly whole: number
  readonly hidden: number
  readonly steps: readonly number[]
}

interface InformationPoints {
  readonly bytes: Shown
  readonly predictions: Shown
}

interface InformationSettings {
  readonly minimum: number
  readonly monotonous: boolean
  /** The curve has one point more. */
  readonly points: number
}

/** Why a picture has no curve; checked in this order. */
export function invalid({ bytes, predictions }: InformationPoints, minimum: number): string | undefined {
  if (predictions.whole < minimum) return `the prediction ${predictions.whole.toPrecision(3)} is below ${minimum}`
  if (bytes.hidden >= bytes.whole) return 'the hidden picture has no fewer bytes than the whole one'
  if (predictions.hidden >= predictions.whole) return 'the hidden picture is predicted no lower than the whole one'
  return undefined
}

/**
 * x: information, bytes between hidden (0) and whole (1); y: prediction, likewise; both clipped to [0, 1]. y is replaced by its running
 * maximum in the order of thresholds (`monotonous`), (0, 0) and (1, 1) are appended, points are sorted by x (stable) and joined by lines,
 * read at x = 0, 1 / n .. (n - 1) / n; (1, 1) is the last point. Among points at x = 0 the last wins, at x = 1 the first.
 */
export function informationCurve(
  { bytes, predictions }: InformationPoints,
  { monotonous, points }: InformationSettings,
): MetricCurve {
  const share = (value: number, low: number, high: number): number => Math.min(1, Math.max(0, (value - low) / (high - low)))
  let most = 0
  const joints = bytes.steps.map((size, k) => {
    const prediction = share(predictions.steps[k]!, predictions.hidden, predictions.whole)
    most = Math.max(most, prediction)
    return { x: share(size, bytes.hidden, bytes.whole), y: monotonous ? most : prediction }
  })
  joints.push({ x: 0, y: 0 }, { x: 1, y: 1 })
  joints.sort((a, b) => a.x - b.x)
  const x = Float64Array.from({ length: points + 1 }, (_, k) => k / points)
  const y = new Float64Array(points + 1).fill(1)
  let at = 0
  for (let k = 0; k < points; k++) {
    while (at + 1 < joints.length && joints[at + 1]!.x <= x[k]!) at++
    const [from, to] = [joints[at]!, joints[at + 1]!]
    y[k] = from.y + ((to.y - from.y) / (to.x - from.x)) * (x[k]! - from.x)
  }
  return { x, y }
}

/**
 * The curve of many pictures: the median (or mean) at every x, and the area under that, which is not the mean of areas.
 * @throws UsageError for no curve, or curves of different x
 */
export function aggregateCurves(
  curves: readonly MetricCurve[],
  by: 'median' | 'mean' = 'median',
): { curve: MetricCurve; value: number } {
  const [first] = curves
  if (!first) throw new UsageError('there is no valid picture to make a curve of')
  if (curves.some(({ x }) => x.length !== first.x.length || x.some((value, k) => value !== first.x[k])))
    throw new UsageError('the curves have different points; compute them with the same number of points')
  const y = first.x.map((_, k) => {
    const values = curves.map(curve => curve.y[k]!)
    return by === 'median' ? quantileOf(values, 0.5) : values.reduce((sum, value) => sum + value, 0) / values.length
  })
  const curve = { x: first.x, y }
  return { curve, value: trapezoid(curve) }
}
