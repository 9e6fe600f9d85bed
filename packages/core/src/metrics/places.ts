/** @file Attribution maps read element by element, place by place, or as one row of numbers. */
import type { AttributionMap } from '../attribution.js'
import { UsageError } from '../errors.js'
import type { Evaluator } from '../evaluator.js'
import type { Layout } from '../io/preprocessing.js'
import { resizeMap } from '../io/resample.js'
import type { OptionSpec } from '../methods/method.js'
import { pictureAxes, pictureStrides } from '../picture.js'
import type { Maps } from './metric.js'

/** How attributed values count. Applied place by place, after channels are added up. */
const signs: Readonly<Record<string, (value: number) => number>> = {
  signed: value => value,
  absolute: Math.abs,
  positive: value => Math.max(0, value),
}

/** The option that says how values count. */
export const signOption = (standard: 'signed' | 'absolute' | 'positive'): OptionSpec => ({
  kind: 'choice',
  default: standard,
  values: Object.keys(signs),
  describe: 'values as they are, their absolute values, or zero for negative ones; after channels are added up',
})

export const signed = <A extends ArrayLike<number>>(values: A, sign: string): Float64Array =>
  Float64Array.from(values, value => signs[sign]!(value))

/** A plane of values. */
export interface Plane {
  readonly values: Float64Array
  readonly height: number
  readonly width: number
}

/**
 * A map with its channels added up: of [1, C, H, W], [1, H, W, C], [1, H, W] or [H, W]. Undefined for maps of other dimensions
 * ([D], [1, D]).
 */
export function planeOf({ values, dims }: AttributionMap, layout?: Layout): Plane | undefined {
  const axes = pictureAxes(dims, layout)
  if (axes) {
    const { channels, height, width, places, channelStep, placeStep } = pictureStrides(dims, axes)
    const out = new Float64Array(places)
    for (let i = 0; i < places; i++) for (let c = 0; c < channels; c++) out[i]! += values[c * channelStep + i * placeStep]!
    return { values: out, height, width }
  }
  const flat = dims.length === 3 && dims[0] === 1 ? dims.slice(1) : dims
  if (flat.length !== 2 || (dims.length === 2 && flat[0] === 1)) return undefined
  return { values: Float64Array.from(values), height: flat[0]!, width: flat[1]! }
}

/** A plane at another resolution, bilinear between pixel centres. */
export const resizedPlane = ({ values, height, width }: Plane, to: { readonly height: number; readonly width: number }): Plane =>
  height === to.height && width === to.width
    ? { values, height, width }
    : { values: Float64Array.from(resizeMap(values, { height, width }, to, 'bilinear')), height: to.height, width: to.width }

/** The only map of an explanation. @throws UsageError where there are several */
export function onlyMap(maps: Maps, metric: string): AttributionMap {
  const all = Object.entries(maps)
  if (all.length !== 1)
    throw new UsageError(`${metric} takes one map; the explanation has ${all.length} (${all.map(([name]) => name).join(', ')})`)
  return all[0]![1]
}

/** Every value of every map, channels of pictures added up. */
export function placeValues(maps: Maps): Float64Array {
  const parts = Object.values(maps).map(map => planeOf(map)?.values ?? Float64Array.from(map.values))
  const out = new Float64Array(parts.reduce((total, { length }) => total + length, 0))
  let start = 0
  for (const part of parts) {
    out.set(part, start)
    start += part.length
  }
  return out
}

/**
 * A value for every element of every explained tensor. A map of a picture's places, at any resolution, is resized bilinearly and shared
 * equally among channels; one value per vector is shared among the vector's elements. The total is kept where nothing is resized.
 * @throws UsageError for maps that do not fit the input
 */
export function elementValues(evaluator: Evaluator, maps: Maps): Readonly<Record<string, Float64Array>> {
  const single = evaluator.at.length === 1 ? Object.values(maps) : []
  return Object.fromEntries(
    evaluator.at.map(name => {
      const map = maps[name] ?? (single.length === 1 ? single[0] : undefined)
      if (!map)
        throw new UsageError(
          `the explanation has no map of "${name}" (it has ${Object.keys(maps).join(', ')}); explain the same tensors`,
        )
      return [name, spread(evaluator, name, map)]
    }),
  )
}

function spread(evaluator: Evaluator, name: string, map: AttributionMap): Float64Array {
  const { dims, data } = evaluator.inputs[name]!
  if (map.values.length === data.length) return Float64Array.from(map.values)
  const axes = evaluator.pictureAxes(name)
  const plane = axes && planeOf(map)
  if (axes && plane) {
    const { channels, height, width, places, channelStep, placeStep } = pictureStrides(dims, axes)
    const { values } = resizedPlane(plane, { height, width })
    const out = new Float64Array(data.length)
    for (let c = 0; c < channels; c++)
      for (let i = 0; i < places; i++) out[c * channelStep + i * placeStep] = values[i]! / channels
    return out
  }
  const vector = data.length / map.values.length
  if (!axes && vector === dims.at(-1)) return Float64Array.from(data, (_, i) => map.values[Math.floor(i / vector)]! / vector)
  throw new UsageError(`a map of dims [${map.dims}] does not fit "${name}" of dims [${dims}]`)
}
