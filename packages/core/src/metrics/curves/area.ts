/** @file One number from a curve. Libraries differ: the same four values 1, 0.6, 0.3, 0.1 give 0.483, 0.3625, 1.45 or 0.5. */
import type { OptionSpec } from '../../methods/method.js'
import type { MetricCurve } from '../metric.js'

/** Trapezoids with every step counted as `width`. */
const trapezoids = (y: ArrayLike<number>, width: number): number => {
  let sum = 0
  for (let k = 1; k < y.length; k++) sum += ((y[k]! + y[k - 1]!) / 2) * width
  return sum
}

/** Area under the curve over its own x. */
export function trapezoid({ x, y }: MetricCurve): number {
  let sum = 0
  for (let k = 1; k < y.length; k++) sum += ((y[k]! + y[k - 1]!) / 2) * (x[k]! - x[k - 1]!)
  return sum
}

const areas: Readonly<Record<string, (curve: MetricCurve) => number>> = {
  trapezoid,
  'trapezoid-steps': ({ y }) => trapezoids(y, 1),
  'trapezoid-points': ({ y }) => trapezoids(y, 1 / y.length),
  mean: ({ y }) => y.reduce((sum, value) => sum + value, 0) / y.length,
}

export const areaOption: OptionSpec = {
  kind: 'choice',
  default: 'trapezoid',
  values: Object.keys(areas),
  describe:
    'trapezoid: over the share of features (RISE, Xplique); trapezoid-steps: every step counts 1 (Quantus); trapezoid-points: 1 / points (LATEC); mean of the points (InterpretDL)',
}

export const areaOf = (curve: MetricCurve, area: string): number => areas[area]!(curve)
