/** @file Noisy copies of an input, and what is made of the maps at them: shared by smooth-grad and noise-tunnel. */
import type { Evaluator, Points } from '../../evaluator.js'
import { Random } from '../../random.js'
import { extent } from '../../tensor-value.js'
import type { OptionSpecs, Options } from '../method.js'

interface NoiseSettings {
  readonly samples: number
  readonly noise: number
  readonly scale: string
  readonly form: string
}

/** Defaults of other libraries. Captum's noise is absolute, PAIR's relative to the range and squared. */
const variants: Readonly<Record<string, NoiseSettings | undefined>> = {
  captum: { samples: 5, noise: 1, scale: 'absolute', form: 'mean' },
  pair: { samples: 25, noise: 0.15, scale: 'range', form: 'squared' },
}

export const noiseSettings = (options: Options): NoiseSettings =>
  variants[options['variant']] ?? {
    samples: options['samples'],
    noise: options['noise'],
    scale: options['scale'],
    form: options['form'],
  }

/** From the mean of values m and the mean of their squares q. */
export const noiseForms: Readonly<Record<string, (mean: number, square: number, samples: number) => number>> = {
  mean: mean => mean,
  squared: (_, square) => square,
  variance: (mean, square) => Math.max(0, square - mean * mean),
  'unbiased-variance': (mean, square, samples) =>
    samples > 1 ? (Math.max(0, square - mean * mean) * samples) / (samples - 1) : 0,
}

export const noiseOptions = {
  samples: { kind: 'number', default: 25, minimum: 1, maximum: 1_000_000, integer: true, describe: 'noisy copies' },
  noise: { kind: 'number', default: 0.15, minimum: 0, describe: 'standard deviation of the noise' },
  scale: {
    kind: 'choice',
    default: 'range',
    values: ['range', 'absolute'],
    describe: 'noise relative to max x - min x, or absolute',
  },
  form: { kind: 'choice', default: 'mean', values: Object.keys(noiseForms), describe: 'what to make of the maps' },
  variant: {
    kind: 'choice',
    default: 'ascribe',
    values: ['ascribe', ...Object.keys(variants)],
    describe: "another library's defaults",
  },
} as const satisfies OptionSpecs

/** Numbers kept so that explaining many inputs of one size draws their common noise once. */
const keptNumbers = 2 ** 21
const kept = new Map<string, Float64Array>()
let keptSize = 0

/** `length` draws from N(0, 1) of one stream. */
function unitNoise(seed: number, stream: number, length: number): Float64Array {
  const key = `${seed}/${stream}/${length}`
  const known = kept.get(key)
  if (known) return known
  const random = new Random(seed, stream)
  const drawn = Float64Array.from({ length }, () => random.normal())
  if (keptSize + length <= keptNumbers) {
    kept.set(key, drawn)
    keptSize += length
  } else if (length <= keptNumbers && keptSize > 0 && !sameKind(key)) {
    kept.clear()
    kept.set(key, drawn)
    keptSize = length
  }
  return drawn
}

/** Whether what is kept is of the same seed and length, so that throwing it away would only make room for more of the same. */
function sameKind(key: string): boolean {
  const [seed, , length] = key.split('/')
  const [first] = kept.keys()
  return first?.startsWith(`${seed}/`) === true && first.endsWith(`/${length}`)
}

/**
 * Copies of the explained tensors, copies x + e_k for k from `start`, as rows one after another. e_k is normal with standard deviation
 * `noise` times (max x - min x) where scale is `range`, else `noise`; it depends on seed and k only.
 */
export function noisyCopies(evaluator: Evaluator, { noise, scale }: NoiseSettings, seed: number) {
  const inputs = Object.entries(evaluator.inputs).map(([name, { data }]) => {
    const [low, high] = extent(data)
    return { name, data, deviation: scale === 'range' ? noise * (high - low) : noise }
  })
  return (start: number, used: number): Points =>
    Object.fromEntries(
      inputs.map(({ name, data, deviation }, input) => {
        const out = new Float32Array(used * data.length)
        for (let row = 0; row < used; row++) {
          const unit = unitNoise(seed, (start + row) * inputs.length + input, data.length)
          for (let i = 0; i < data.length; i++) out[row * data.length + i] = data[i]! + deviation * unit[i]!
        }
        return [name, out]
      }),
    )
}
