/** @file A map against a mask: both as one row of places. */
import { InputError } from '../../errors.js'
import type { Options } from '../../methods/method.js'
import type { MetricResult, MetricSubject } from '../metric.js'
import { onlyMap, planeOf, resizedPlane, signed } from '../places.js'

export interface Located {
  readonly values: Float64Array
  /** 1 inside, 0 outside. */
  readonly inside: Uint8Array
  readonly count: number
  readonly width: number
}

/**
 * The map at the mask's resolution (bilinear), channels added up and the sign settled. Masks are [H, W] for pictures, as long as the
 * map for anything else.
 * @throws InputError where they do not fit
 */
export function located({ maps, mask }: MetricSubject, options: Options, metric: string): Located {
  const map = onlyMap(maps, metric)
  const { dims, data } = mask!
  const inside = Uint8Array.from(data as Float32Array, value => (Number(value) === 0 ? 0 : 1))
  const count = inside.reduce((sum, one) => sum + one, 0)
  const sizes = dims.filter((dim, axis) => dim !== 1 || axis >= dims.length - 2).slice(-2)
  const plane = planeOf(map)
  if (plane && sizes.length === 2 && sizes[0]! * sizes[1]! === inside.length) {
    const [height, width] = [sizes[0]!, sizes[1]!]
    return { values: signed(resizedPlane(plane, { height, width }).values, options['sign']), inside, count, width }
  }
  if (map.values.length !== inside.length)
    throw new InputError(`${metric}: a mask of dims [${dims}] does not fit a map of dims [${map.dims}]; give [height, width]`)
  return { values: signed(map.values, options['sign']), inside, count, width: inside.length }
}

/** Where a mask has no inside, or no outside, nothing can be located. */
export const unlocatable = ({ count, inside }: Located): MetricResult | undefined =>
  count === 0
    ? { value: Number.NaN, reason: 'the mask is empty' }
    : count === inside.length
      ? { value: Number.NaN, reason: 'the mask covers everything' }
      : undefined
