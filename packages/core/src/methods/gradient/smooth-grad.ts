/** @file smooth-grad: the gradient averaged over noisy copies of the input. */
import { mapsOf } from '../maps.js'
import type { Method } from '../method.js'
import { noiseForms, noiseOptions, noiseSettings, noisyCopies } from './noise.js'

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
  options: { ...noiseOptions, form: { ...noiseOptions.form, describe: 'what to make of the gradients' } },
  needs: ['gradient'],
  promises: ['dummy'],
  signed: true,
  cost: options => ({ forwards: 1, gradients: noiseSettings(options).samples }),
  async run(evaluator, options, seed) {
    const settings = noiseSettings(options)
    const { samples } = settings
    const { sum, squares } = await evaluator.moments(samples, 1, noisyCopies(evaluator, settings, seed), 'noisy copies')
    const combine = noiseForms[settings.form]!
    return { maps: mapsOf(evaluator, (name, i) => combine(sum[name]![i]! / samples, squares[name]![i]! / samples, samples)) }
  },
}
