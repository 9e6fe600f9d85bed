/** @file meaningful-perturbation: the smallest smooth region whose blurring makes the target fall, found by optimising a mask. */
import { Random } from '../../random.js'
import type { Method } from '../method.js'
import { blended, blendedBack, blurLevels } from './blend-levels.js'
import { blurredMask } from './mask-maps.js'
import { optimisedPicture } from './optimised-picture.js'
import { adam, clampUnit } from './optimisers.js'
import { totalVariation } from './penalties.js'

/**
 * Minimises over a coarse mask m in [0, 1], by Adam from ones, one gradient an iteration:
 * f(b + M (x - b)) + sparsity sum_j |1 - m_j| + smoothness sum |m_j - m_k|^power over neighbours j, k,
 * b the blurred picture, M the mask enlarged from cells of `cell` pixels, bilinearly, and blurred by `smooth` pixels.
 * In every iteration x and b are moved against the mask by up to `jitter` pixels each way, drawn from seed and iteration (edges repeat), so that
 * the mask cannot fit the network's artefacts. The map is 1 - M, one value per place.
 * The penalties weigh against the target as it is given: the defaults are the paper's, for a probability (`-t softmax:predicted`); for logits raise
 * them alike. Its successor, extremal-perturbation, fixes the area instead.
 * Peers: none of Captum, PAIR and xplique has it; the authors' own code is Caffe.
 */
export const meaningfulPerturbation: Method = {
  name: 'meaningful-perturbation',
  summary: 'the smallest smooth region whose blurring makes the target fall, by optimising a mask',
  formula: 'A = 1 - M, m = argmin f(b + M (x - b)) + l1 |1 - m|_1 + l2 sum |grad m|^beta',
  citation: 'Fong, Vedaldi: Interpretable Explanations of Black Boxes by Meaningful Perturbation, ICCV 2017',
  options: {
    iterations: { kind: 'number', default: 300, minimum: 1, maximum: 100_000, integer: true, describe: 'steps, a gradient each' },
    rate: { kind: 'number', default: 0.1, minimum: 0, describe: "Adam's step" },
    sparsity: { kind: 'number', default: 1e-4, minimum: 0, describe: 'weight of sum |1 - m|' },
    smoothness: { kind: 'number', default: 1e-2, minimum: 0, describe: 'weight of the total variation' },
    power: { kind: 'number', default: 3, minimum: 1, describe: 'power of differences in the total variation' },
    sigma: { kind: 'number', default: 10, minimum: 0.1, describe: 'blur of what masked places show, in pixels' },
    cell: { kind: 'number', default: 8, minimum: 1, integer: true, describe: 'pixels along a side of a mask cell' },
    smooth: { kind: 'number', default: 5, minimum: 0, describe: 'blur of the enlarged mask, in pixels' },
    jitter: { kind: 'number', default: 4, minimum: 0, integer: true, describe: 'most pixels the picture is moved each way' },
  },
  needs: ['gradient', 'picture'],
  promises: [],
  signed: false,
  cost: options => ({ forwards: 1, gradients: options['iterations'] }),
  async run(evaluator, options, seed) {
    const picture = optimisedPicture(evaluator, 'meaningful-perturbation')
    const { name, planes, channels, height, width } = picture
    const levels = blurLevels(planes, channels, height, width, 2, options['sigma'])
    const map = blurredMask(height, width, options['cell'], options['smooth'])
    const parameters = new Float64Array(map.rows * map.columns).fill(1)
    const step = adam(options['rate'])
    const source = new Int32Array(height * width)
    for (let k = 0; k < options['iterations']; k++) {
      const random = new Random(seed, k)
      const [down, across] = [0, 1].map(() => random.integer(2 * options['jitter'] + 1) - options['jitter']) as [number, number]
      const inside = (place: number, length: number): number => Math.min(length - 1, Math.max(0, place))
      for (let y = 0; y < height; y++)
        for (let x = 0; x < width; x++) source[y * width + x] = inside(y - down, height) * width + inside(x - across, width)
      const mask = map.mask(parameters)
      const [found] = await picture.gradients([blended(levels, mask, source)])
      const gradient = map.back(parameters, blendedBack(levels, mask, found!.gradient, source))
      const variation = totalVariation(parameters, map.rows, map.columns, options['power'])
      for (let j = 0; j < gradient.length; j++) {
        gradient[j]! += options['smoothness'] * variation.gradient[j]!
        if (parameters[j]! < 1) gradient[j]! -= options['sparsity']
      }
      step(parameters, gradient)
      clampUnit(parameters)
      evaluator.progress(k + 1, options['iterations'], 'iterations')
    }
    return { maps: { [name]: { values: Float32Array.from(map.mask(parameters), value => 1 - value), dims: [1, height, width] } } }
  },
}
