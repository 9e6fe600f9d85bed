/** @file smooth-grad: the gradient averaged over noisy copies of the input. */
import type { Points } from '../evaluator.js'
import { Random } from '../random.js'
import { extent } from '../tensor-value.js'
import { mapsOf } from './maps.js'
import type { Method, Options } from './method.js'

/** Defaults of other libraries. Captum's noise is absolute, PAIR's relative to the range and squared. */
const variants: Readonly<
  Record<string, { readonly samples: number; readonly noise: number; readonly scale: string; readonly form: string } | undefined>
> = {
  captum: { samples: 5, noise: 1, scale: 'absolute', form: 'mean' },
  pair: { samples: 25, noise: 0.15, scale: 'range', form: 'squared' },
}

const settingsOf = (options: Options) =>
  variants[options['variant']] ?? {
    samples: options['samples'],
    noise: options['noise'],
    scale: options['scale'],
    form: options['form'],
  }

/** From the mean of gradients m and the mean of their squares q. */
const forms: Readonly<Record<string, (mean: number, square: number, samples: number) => number>> = {
  mean: mean => mean,
  squared: (_, square) => square,
  variance: (mean, square) => Math.max(0, square - mean * mean),
  'unbiased-variance': (mean, square, samples) =>
    samples > 1 ? (Math.max(0, square - mean * mean) * samples) / (samples - 1) : 0,
}

/**
 * mean: A = (1/n) sum_k grad f(x + e_k); squared: (1/n) sum_k grad^2; variance (VarGrad): E[g^2] - E[g]^2.
 * e_k is normal with standard deviation `noise` times (max x - min x) where scale is `range`, else `noise`.
 * Noise draw k depends on seed and k only.
 */
export const smoothGrad: Method = {
  name: 'smooth-grad',
  aliases: ['smoothgrad', 'smooth-grad-squared', 'var-grad'],
  summary: 'the gradient averaged over noisy copies of the input',
  formula: 'A_i = (1/n) sum_k d f(x + e_k) / d x_i, e_k ~ N(0, sigma^2)',
  citation: 'Smilkov et al.: SmoothGrad, 2017; squared: Hooker et al., NeurIPS 2019; variance: Adebayo et al., 2018',
  options: {
    samples: { kind: 'number', default: 25, minimum: 1, maximum: 1_000_000, integer: true, describe: 'noisy copies' },
    noise: { kind: 'number', default: 0.15, minimum: 0, describe: 'standard deviation of the noise' },
    scale: {
      kind: 'choice',
      default: 'range',
      values: ['range', 'absolute'],
      describe: 'noise relative to max x - min x, or absolute',
    },
    form: { kind: 'choice', default: 'mean', values: Object.keys(forms), describe: 'what to make of the gradients' },
    variant: {
      kind: 'choice',
      default: 'ascribe',
      values: ['ascribe', ...Object.keys(variants)],
      describe: "another library's defaults",
    },
  },
  needs: ['gradient'],
  promises: ['dummy'],
  signed: true,
  cost: options => ({ forwards: 1, gradients: settingsOf(options).samples }),
  async run(evaluator, options, seed) {
    const { samples, noise, scale, form } = settingsOf(options)
    const deviation = new Map(
      Object.entries(evaluator.inputs).map(([name, { data }]) => {
        const [low, high] = extent(data)
        return [name, scale === 'range' ? noise * (high - low) : noise]
      }),
    )
    const draw = (start: number, used: number): Points =>
      Object.fromEntries(
        Object.entries(evaluator.inputs).map(([name, { data }], input) => {
          const out = new Float32Array(used * data.length)
          for (let row = 0; row < used; row++) {
            const random = new Random(seed, (start + row) * evaluator.at.length + input)
            for (let i = 0; i < data.length; i++) out[row * data.length + i] = data[i]! + deviation.get(name)! * random.normal()
          }
          return [name, out]
        }),
      )
    const { sum, squares } = await evaluator.moments(samples, 1, draw, 'noisy copies')
    const combine = forms[form]!
    return { maps: mapsOf(evaluator, (name, i) => combine(sum[name]![i]! / samples, squares[name]![i]! / samples, samples)) }
  },
}
