/** @file Two maps as rows of numbers at one resolution. */
import { InputError } from '../../errors.js'
import type { Options } from '../../methods/method.js'
import type { MetricSubject } from '../metric.js'
import { onlyMap, type Plane, planeOf, resizedPlane, signed } from '../places.js'

interface Pair {
  readonly first: Float64Array
  readonly second: Float64Array
  /** Undefined where the maps are no pictures. */
  readonly height?: number
  readonly width?: number
}

/** Both maps, channels added up, the coarser one brought to the resolution of the finer one. @throws InputError where they do not fit */
export function pairOf({ maps, other }: MetricSubject, options: Options, metric: string): Pair {
  const [a, b] = [onlyMap(maps, metric), onlyMap(other!, metric)]
  const [left, right] = [planeOf(a), planeOf(b)]
  if (left && right) {
    const finer: Plane = left.values.length >= right.values.length ? left : right
    const { height, width } = finer
    return {
      first: signed(resizedPlane(left, finer).values, options['sign']),
      second: signed(resizedPlane(right, finer).values, options['sign']),
      height,
      width,
    }
  }
  if (a.values.length !== b.values.length)
    throw new InputError(`${metric}: maps of dims [${a.dims}] and [${b.dims}] cannot be compared`)
  return { first: signed(a.values, options['sign']), second: signed(b.values, options['sign']) }
}
