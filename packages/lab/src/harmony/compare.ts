/** @file Two maps compared by every measure, at equal smoothness where asked; a map as a detector of the object. */
import { gaussianBlur, type Metric, type MetricSubject, metricNamed, resolveOptionSpecs } from '@ascribe/core'

/** A reading of one metric: its name and options as data. */
interface Measure {
  readonly title: string
  readonly metric: string
  readonly options?: Readonly<Record<string, unknown>>
}

/** All side by side: which maps agree depends on the measure. */
export const agreementMeasures: readonly Measure[] = [
  { title: 'Spearman', metric: 'agreement-spearman' },
  { title: 'Pearson', metric: 'agreement-pearson' },
  { title: 'cosine', metric: 'agreement-cosine' },
  { title: 'top 10%', metric: 'agreement-top', options: { share: 0.1 } },
  { title: 'SSIM', metric: 'agreement-ssim' },
  { title: "earth mover's distance", metric: 'agreement-emd', options: { cells: 8 } },
]

export const detectorMeasures: readonly Measure[] = [
  { title: 'pointing game', metric: 'pointing-game' },
  { title: 'IoU, best threshold', metric: 'iou', options: { at: 'best' } },
  { title: 'IoU, threshold 0.25', metric: 'iou', options: { at: 'fixed', threshold: 0.25 } },
  { title: 'average precision', metric: 'average-precision' },
  { title: 'energy inside', metric: 'energy-inside' },
]

async function readings(measures: readonly Measure[], subject: MetricSubject): Promise<Record<string, number | null>> {
  const out: Record<string, number | null> = {}
  for (const { title, metric, options } of measures) {
    const found: Metric = metricNamed(metric)
    const { value } = await found.run(subject, resolveOptionSpecs(metric, found.options, options ?? {}), 0)
    out[title] = Number.isFinite(value) ? Number(value.toPrecision(7)) : null
  }
  return out
}

const asMaps = (values: Float64Array, size: number): MetricSubject['maps'] => ({
  map: { values: Float32Array.from(values), dims: [size, size] },
})

/** @param titles of the measures; default all */
export const agreementOf = (first: Float64Array, second: Float64Array, size: number, titles?: readonly string[]) =>
  readings(titles ? agreementMeasures.filter(({ title }) => titles.includes(title)) : agreementMeasures, {
    maps: asMaps(first, size),
    other: asMaps(second, size),
  })

export const detectionOf = (map: Float64Array, mask: Uint8Array, size: number) =>
  readings(detectorMeasures, {
    maps: asMaps(map, size),
    mask: { dtype: 'float32', dims: [size, size], data: Float32Array.from(mask) },
  })

/** Mean squared difference of neighbours over the variance: 0 for a flat map, 2 for white noise. */
export function roughness(map: ArrayLike<number>, size: number): number {
  let [sum, squares] = [0, 0]
  for (let i = 0; i < map.length; i++) {
    sum += map[i]!
    squares += map[i]! ** 2
  }
  const variance = squares / map.length - (sum / map.length) ** 2
  if (!(variance > 1e-300)) return 0
  let [steps, count] = [0, 0]
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++) {
      const at = y * size + x
      if (x + 1 < size) {
        steps += (map[at + 1]! - map[at]!) ** 2
        count += 1
      }
      if (y + 1 < size) {
        steps += (map[at + size]! - map[at]!) ** 2
        count += 1
      }
    }
  return steps / count / variance
}

const blurred = (map: Float64Array, size: number, sigma: number): Float64Array =>
  Float64Array.from(gaussianBlur(map, 1, size, size, sigma))

/** The map, blurred just so much that it is at most as rough as asked: bisection over sigma up to a quarter of the side. */
export function smoothedTo(map: Float64Array, size: number, wanted: number): Float64Array {
  if (roughness(map, size) <= wanted) return map
  let [low, high] = [0, size / 4]
  for (let round = 0; round < 8; round++) {
    const middle = (low + high) / 2
    if (roughness(blurred(map, size, middle), size) > wanted) low = middle
    else high = middle
  }
  return blurred(map, size, high)
}
