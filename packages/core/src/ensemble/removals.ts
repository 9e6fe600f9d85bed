/** @file What weights are learned from: how far the target falls when random regions are replaced, and what maps predict for that. */

import { makeBaseline } from '../baseline.js'
import type { Evaluator } from '../evaluator.js'
import { pictureStrides } from '../picture.js'
import { Random } from '../random.js'
import type { Segments } from '../segments/segments.js'
import { placeSegments, segmentSums } from './segmentwise.js'

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
  const { labels, count } = placeSegments(evaluator, segments)
  const name = evaluator.at[0]!
  const { data } = evaluator.inputs[name]!
  const place = placeOf(evaluator, name)
  const own = Int32Array.from(data, (_, i) => labels[place(i)]!)
  const replacement = makeBaseline(fill, name, evaluator.inputs[name]!, seed, evaluator.pictureAxes(name)?.layout)
  const taken = Array.from({ length: perturbations }, (_, k) => {
    const random = new Random(seed, 0x7e3 + k)
    return Uint8Array.from({ length: count }, () => (random.uniform() < share ? 1 : 0))
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
  return { regions: count, labels, taken, drops }
}

/** The place of an element of the tensor: its pixel, or itself. */
function placeOf(evaluator: Evaluator, name: string): (element: number) => number {
  const axes = evaluator.pictureAxes(name)
  if (!axes) return element => element
  const { places, channels } = pictureStrides(evaluator.inputs[name]!.dims, axes)
  return axes.layout === 'NCHW' ? element => element % places : element => Math.floor(element / channels)
}

/** For every perturbation, the sum of the map over the regions that it replaces. @param map one value per place */
export function predictedChanges(map: ArrayLike<number>, { labels, regions, taken }: Removals): Float64Array {
  const sums = segmentSums(map, labels, regions)
  return Float64Array.from(taken, mask => sums.reduce((sum, value, r) => (mask[r] ? sum + value : sum), 0))
}
