/** @file extremal-perturbation: the region of a fixed area that does most to the target, found by optimising a mask. */
import { UsageError } from '../../errors.js'
import type { Method, Options } from '../method.js'
import { blended, blendedBack, blurLevels, type Levels } from './blend-levels.js'
import { smoothMaximumMask } from './mask-maps.js'
import { type OptimisedPicture, optimisedPicture } from './optimised-picture.js'
import { clampUnit, momentumDescent } from './optimisers.js'
import { areaPenalty } from './penalties.js'

/** Signs of f at the pictures of each mask: `keep` shows the mask's region and blurs the rest, `lose` the opposite. */
const variants: Readonly<Record<string, readonly { readonly shows: 'keep' | 'lose'; readonly sign: number }[]>> = {
  preserve: [{ shows: 'keep', sign: 1 }],
  delete: [{ shows: 'lose', sign: -1 }],
  dual: [
    { shows: 'keep', sign: 1 },
    { shows: 'lose', sign: -1 },
  ],
}

function areasOf(options: Options): number[] {
  const areas = String(options['areas']).split(/[x,]/).map(Number)
  if (areas.some(area => !(area > 0 && area < 1)))
    throw new UsageError(
      `extremal-perturbation: areas "${options['areas']}" must be numbers between 0 and 1, as in 0.1 or 0.05,0.1,0.2`,
    )
  return areas
}

/** The picture mirrored left to right, planes of one width. */
const mirrored = <A extends Float32Array | Float64Array>(planes: A, width: number): A =>
  planes.map((_, i) => planes[i - 2 * (i % width) + width - 1]!) as A

/**
 * For each area a, maximises over a mask M by gradient descent with momentum, from ones:
 * reward - weight_t mean (sorted M - r_a)^2, where r_a is 1 for the share a of largest places and 0 for the rest, and weight_t = penalty growth^t:
 * a constraint on the area that grows hard. M is a smooth maximum of disks on a grid (see `smoothMaximumMask`), place u of the picture
 * shows level M_u of a pyramid of blurs from sigma `blur` to none. Rewards: `preserve` f with the region kept, `delete` minus f with the region
 * blurred, `dual` both. Every other iteration the pictures are mirrored (`flip`). The map is the mean of M over areas, one value per place.
 * Nothing is random. A contrastive reward is a target here: `-t 207-208`, `-t log-odds:207`.
 * Peers: TorchRay, whose defaults these are. Here equal places share the area's ones, where a sort favours the first, and cells at the edge are
 * repeated beyond it.
 */
export const extremalPerturbation: Method = {
  name: 'extremal-perturbation',
  summary: 'the region of a fixed area that keeps the target highest (or makes it fall most), by optimising a mask',
  formula: 'M_a = argmax reward(x under M) - penalty growth^t mean (sorted M - r_a)^2; A = mean_a M_a',
  citation: 'Fong, Patrick, Vedaldi: Understanding Deep Networks via Extremal Perturbations and Smooth Masks, ICCV 2019',
  options: {
    areas: { kind: 'text', default: '0.1', describe: 'shares of the picture, with commas between' },
    variant: { kind: 'choice', default: 'preserve', values: Object.keys(variants), describe: 'what the region is to do' },
    iterations: { kind: 'number', default: 800, minimum: 1, maximum: 100_000, integer: true, describe: 'steps' },
    levels: { kind: 'number', default: 8, minimum: 2, maximum: 100, integer: true, describe: 'levels of the pyramid of blurs' },
    blur: { kind: 'number', default: 20, minimum: 0.1, describe: 'strongest blur, sigma in pixels' },
    step: { kind: 'number', default: 7, minimum: 1, integer: true, describe: 'pixels between disks of the mask' },
    sigma: { kind: 'number', default: 21, minimum: 0.1, describe: 'size of the disks, in pixels' },
    rate: { kind: 'number', default: 0.01, minimum: 0, describe: 'step of the descent' },
    momentum: { kind: 'number', default: 0.9, minimum: 0, maximum: 1, describe: 'momentum of the descent' },
    penalty: { kind: 'number', default: 300, minimum: 0, describe: 'weight of the area at the start' },
    growth: { kind: 'number', default: 1.0035, minimum: 1, describe: 'factor of that weight per step' },
    flip: { kind: 'flag', default: true, describe: 'mirror the picture every other step' },
  },
  needs: ['gradient', 'picture'],
  promises: [],
  signed: false,
  cost: options => ({
    forwards: 1,
    gradients: options['iterations'] * areasOf(options).length * variants[options['variant']]!.length,
  }),
  async run(evaluator, options) {
    const areas = areasOf(options)
    const picture = optimisedPicture(evaluator, 'extremal-perturbation')
    const { name, planes, channels, height, width } = picture
    const levels = blurLevels(planes, channels, height, width, options['levels'], options['blur'])
    const map = smoothMaximumMask(height, width, options['step'], options['sigma'])
    const runs = areas.map(area => ({
      area,
      parameters: new Float64Array(map.rows * map.columns).fill(1),
      descend: momentumDescent(options['rate'], options['momentum']),
    }))
    for (let t = 0; t < options['iterations']; t++) {
      const masks = runs.map(({ parameters }) => map.mask(parameters))
      const slopes = await rewardSlopes(picture, levels, masks, options['variant'], options['flip'] && t % 2 === 1)
      const weight = options['penalty'] * options['growth'] ** t
      runs.forEach(({ area, parameters, descend }, k) => {
        const { gradient } = areaPenalty(masks[k]!, area)
        descend(
          parameters,
          map.back(
            parameters,
            gradient.map((slope, i) => weight * slope - slopes[k]![i]!),
          ),
        )
        clampUnit(parameters)
      })
      evaluator.progress(t + 1, options['iterations'], 'iterations')
    }
    const masks = runs.map(({ parameters }) => map.mask(parameters))
    const values = Float32Array.from(masks[0]!, (_, i) => masks.reduce((sum, mask) => sum + mask[i]!, 0) / masks.length)
    return { maps: { [name]: { values, dims: [1, height, width] } } }
  },
}

/** d reward / d mask, for every mask. */
async function rewardSlopes(
  picture: OptimisedPicture,
  levels: Levels,
  masks: readonly Float64Array[],
  variant: string,
  mirror: boolean,
): Promise<Float64Array[]> {
  const rows = masks.flatMap((mask, k) =>
    variants[variant]!.map(({ shows, sign }) => ({
      k,
      shown: shows === 'keep' ? mask : mask.map(value => 1 - value),
      inner: shows === 'keep' ? sign : -sign,
    })),
  )
  const turn = <A extends Float32Array | Float64Array>(planes: A): A => (mirror ? mirrored(planes, picture.width) : planes)
  const found = await picture.gradients(rows.map(({ shown }) => turn(blended(levels, shown))))
  const slopes = masks.map(mask => new Float64Array(mask.length))
  rows.forEach(({ k, shown, inner }, row) => {
    const back = blendedBack(levels, shown, turn(found[row]!.gradient))
    for (let i = 0; i < back.length; i++) slopes[k]![i]! += inner * back[i]!
  })
  return slopes
}
