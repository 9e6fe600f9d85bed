/** @file What weights are learned from: how far the target falls when random regions are replaced, and what maps predict for that. */

import { makeBaseline } from '../baseline.js'
import { UsageError } from '../errors.js'
import type { Evaluator } from '../evaluator.js'
import { pictureStrides } from '../picture.js'
import { Random } from '../random.js'
import { featuresOf } from '../segments/index.js'
import type { Segments } from '../segments/segments.js'

export interface RemovalOptions {
  /** Default `auto`: superpixels, tokens or columns. */
  readonly segments?: Segments
  /** Default 100. */
  readonly perturbations?: number
  /** Chance that a region is replaced; default 0.2. */
  readonly share?: number
  /** What replaced regions show; default `uniform`, noise within the input's own range. */
  readonly fill?: string
  readonly seed?: number
}

export interface Removals {
  readonly regions: number
  /** Region of every place of the map: a pixel of a picture, an element of anything else; -1 for none. */
  readonly labels: Int32Array
  /** For each perturbation, which regions were replaced. */
  readonly taken: readonly Uint8Array[]
  /** f(x) - f(x with the regions replaced). */
  readonly drops: Float64Array
}

/**
 * Measures random replacements on the only tensor that is explained. Perturbation k depends on the seed and k alone.
 * @throws UsageError where several tensors are explained
 */
export async function measureRemovals(evaluator: Evaluator, options: RemovalOptions = {}): Promise<Removals> {
  const { segments = 'auto', perturbations = 100, share = 0.2, fill = 'uniform', seed = 0 } = options
  const [name, ...more] = evaluator.at
  if (name === undefined || more.length > 0)
    throw new UsageError(`weights are learned for one explained tensor, not for ${evaluator.at.join(', ')}`)
  const features = featuresOf(evaluator, segments)
  const own = features.labels[name]!
  const { data, dims } = evaluator.inputs[name]!
  const replacement = makeBaseline(fill, name, evaluator.inputs[name]!, seed, evaluator.pictureAxes(name)?.layout)
  const taken = Array.from({ length: perturbations }, (_, k) => {
    const random = new Random(seed, 0x7e3 + k)
    return Uint8Array.from({ length: features.count }, () => (random.uniform() < share ? 1 : 0))
  })
  const drops = new Float64Array(perturbations)
  await evaluator.sweep(
    perturbations,
    (start, used) => {
      const rows = new Float32Array(used * data.length)
      for (let row = 0; row < used; row++) {
        const mask = taken[start + row]!
        for (let i = 0; i < data.length; i++) {
          const label = own[i]!
          rows[row * data.length + i] = label >= 0 && mask[label] ? replacement[i]! : data[i]!
        }
      }
      return { [name]: rows }
    },
    (start, values) => {
      values.forEach((value, k) => {
        drops[start + k] = evaluator.value - value
      })
    },
    'perturbations',
  )
  return { regions: features.count, labels: placeLabels(evaluator, name, own, dims), taken, drops }
}

/** Labels of a picture's pixels, from those of its first channel. */
function placeLabels(evaluator: Evaluator, name: string, labels: Int32Array, dims: readonly number[]): Int32Array {
  const axes = evaluator.pictureAxes(name)
  if (!axes) return labels
  const { places, placeStep } = pictureStrides(dims, axes)
  return Int32Array.from({ length: places }, (_, i) => labels[i * placeStep]!)
}

/** For every perturbation, the sum of the map over the regions that it replaces. @param map one value per place */
export function predictedChanges(map: ArrayLike<number>, { labels, regions, taken }: Removals): Float64Array {
  if (map.length !== labels.length)
    throw new UsageError(`a map of ${map.length} values does not fit regions over ${labels.length} places`)
  const sums = new Float64Array(regions)
  labels.forEach((label, i) => {
    if (label >= 0) sums[label]! += map[i]!
  })
  return Float64Array.from(taken, mask => sums.reduce((sum, value, r) => (mask[r] ? sum + value : sum), 0))
}
