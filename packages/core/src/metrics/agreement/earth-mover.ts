/** @file agreement-emd and emd-score: how far mass must move to turn one map into another, or into the mask. */
import { UsageError } from '../../errors.js'
import { resizeMap } from '../../io/resample.js'
import type { OptionSpec } from '../../methods/method.js'
import { located } from '../localisation/truth.js'
import type { Metric } from '../metric.js'
import { signOption } from '../places.js'
import { pairOf } from './pairs.js'
import { transportCost } from './transport.js'

interface Size {
  readonly height: number
  readonly width: number
}

/** Values as shares of their sum, averaged onto a grid of at most `most` cells a side. */
function distribution(values: Float64Array, size: Size, most: number): { shares: Float64Array; grid: Size } | undefined {
  const grid = { height: Math.min(most, size.height), width: Math.min(most, size.width) }
  const coarse: Float64Array =
    grid.height === size.height && grid.width === size.width ? values : Float64Array.from(resizeMap(values, size, grid, 'box'))
  const total = coarse.reduce((sum, value) => sum + value, 0)
  return total > 0 ? { shares: coarse.map(value => value / total), grid } : undefined
}

/** 1-Wasserstein distance over the grid's Euclidean distance, and its largest possible ground distance root(height^2 + width^2). */
function distanceOf(
  first: Float64Array,
  second: Float64Array,
  size: Size,
  most: number,
): { distance: number; scale: number } | undefined {
  const [a, b] = [distribution(first, size, most), distribution(second, size, most)]
  if (!a || !b) return undefined
  const { width, height } = a.grid
  const cost = (from: number, to: number): number =>
    Math.hypot(Math.floor(from / width) - Math.floor(to / width), (from % width) - (to % width))
  return { distance: transportCost(a.shares, b.shares, cost), scale: Math.hypot(height, width) }
}

const options = {
  sign: signOption('absolute'),
  cells: {
    kind: 'number',
    default: 16,
    minimum: 2,
    maximum: 64,
    integer: true,
    describe: 'most cells a side: larger maps are averaged onto a grid, on which the distance is exact',
  },
} as const satisfies Readonly<Record<string, OptionSpec>>

/** W1 of both maps as distributions over places, relative to the diagonal: 0 where equal, below 1 always. */
export const agreementEmd: Metric = {
  name: 'agreement-emd',
  summary: "earth mover's distance of two maps as distributions, relative to the diagonal",
  formula: 'W1(|A| / sum |A|, |B| / sum |B|) / sqrt(H^2 + W^2)',
  citation: 'Rubner, Tomasi, Guibas: The Earth Mover’s Distance as a Metric for Image Retrieval, IJCV 2000',
  options,
  needs: ['other maps'],
  higherIsBetter: false,
  run(subject, { sign, cells }) {
    const { first, second, height, width } = pairOf(subject, { sign: sign === 'signed' ? 'absolute' : sign }, 'agreement-emd')
    if (height === undefined || width === undefined) throw new UsageError('agreement-emd compares maps of pictures')
    const found = distanceOf(first, second, { height, width }, cells)
    return found ? { value: found.distance / found.scale } : { value: Number.NaN, reason: 'one of the maps is zero everywhere' }
  },
}

/** 1 - W1(mask, |A|) / diagonal. A uniform map gets a high score: `more.uniform` is what it gets with this mask. */
export const emdScore: Metric = {
  name: 'emd-score',
  summary: "one minus the earth mover's distance of the map to the mask, relative to the diagonal",
  formula: '1 - W1(M / |M|, |A| / sum |A|) / sqrt(H^2 + W^2)',
  citation: 'Clark, Wilming, Haufe: XAI-TRIS, Machine Learning 2024',
  options,
  needs: ['mask'],
  higherIsBetter: true,
  run(subject, { sign, cells }) {
    const { values, inside, count, width } = located(subject, { sign: sign === 'signed' ? 'absolute' : sign }, 'emd-score')
    if (count === 0) return { value: Number.NaN, reason: 'the mask is empty' }
    const size = { height: inside.length / width, width }
    const mask = Float64Array.from(inside)
    const found = distanceOf(mask, values, size, cells)
    const uniform = distanceOf(mask, new Float64Array(values.length).fill(1), size, cells)!
    const more = { uniform: 1 - uniform.distance / uniform.scale }
    return found
      ? { value: 1 - found.distance / found.scale, more }
      : { value: Number.NaN, reason: 'the map is zero everywhere', more }
  },
}
