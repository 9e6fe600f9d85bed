/** @file blur-ig: gradients collected along the path from a blurred picture to the picture itself. */
import { UsageError } from '../../errors.js'
import type { Evaluator, Points } from '../../evaluator.js'
import { fromPlanes, pictureStrides, toPlanes } from '../../picture.js'
import { mapsOf } from '../maps.js'
import type { Method } from '../method.js'
import { zeroSums } from './line.js'
import { quadratures } from './quadrature.js'
import { blurred, blurredWithSlope, edgeRules, gaussianKernel, type Planes } from './scale-space.js'

/** Quadrature starts at this sigma: its blur differs from the picture by 4e-6 of the neighbours, which is one straight step. */
const sharp = 0.2

/** PAIR's forward difference in sigma, and the width of its kernel in sigmas. */
const [pairStep, pairWidth] = [0.01, 4]

interface Blur {
  readonly values: Float64Array
  /** How the picture changes along the path, in the unit that the scheme's weights measure. */
  readonly slope: Float64Array
}

/** Where on the path gradients are taken, sharpest first, and how they add up. */
interface Scheme {
  readonly weights: ArrayLike<number>
  readonly blur: (planes: Planes, point: number, edge: string) => Blur
  readonly end: (planes: Planes, edge: string) => Float64Array
}

/** Quadrature in ln sigma, with the derivative of the blurred picture. */
function logarithmic(points: number, maxSigma: number, rule: string): Scheme {
  const range = Math.log(maxSigma / sharp)
  const { positions, weights } = quadratures[rule]!(points)
  const first = weights[0]! * range
  return {
    weights: weights.map(weight => weight * range),
    blur: (planes, point, edge) => {
      const { values, slope } = blurredWithSlope(planes, sharp * Math.exp(positions[point]! * range), edge)
      if (point > 0) return { values, slope }
      const start = blurredWithSlope(planes, sharp, edge).values
      return { values, slope: slope.map((change, i) => change + (start[i]! - planes.values[i]!) / first) }
    },
    end: (planes, edge) => blurredWithSlope(planes, maxSigma, edge).values,
  }
}

const cutBlur = (planes: Planes, sigma: number, edge: string): Float64Array =>
  sigma === 0
    ? Float64Array.from(planes.values)
    : blurred(planes, gaussianKernel(sigma, Math.floor(pairWidth * sigma + 0.5)), edge)

/** PAIR's sums: sigmas at `at(i / points)`, forward differences, each step with the gradient at its sharper end. */
const pair = (points: number, at: (share: number) => number): Scheme => {
  const sigmas = Float64Array.from({ length: points + 1 }, (_, i) => at(i / points))
  return {
    weights: Float64Array.from({ length: points }, (_, i) => sigmas[i + 1]! - sigmas[i]!),
    blur: (planes, point, edge) => {
      const values = cutBlur(planes, sigmas[point]!, edge)
      const next = cutBlur(planes, sigmas[point]! + pairStep, edge)
      return { values, slope: next.map((value, i) => (value - values[i]!) / pairStep) }
    },
    end: (planes, edge) => cutBlur(planes, sigmas[points]!, edge),
  }
}

const variants: Readonly<Record<string, (points: number, maxSigma: number, rule: string) => Scheme>> = {
  ascribe: logarithmic,
  pair: (points, maxSigma) => pair(points, share => share * maxSigma),
  'pair-sqrt': (points, maxSigma) => pair(points, share => Math.sqrt(share * maxSigma)),
}

/**
 * A_i = integral over sigma from `maxSigma` down to 0 of d f(L_sigma) / d x_i * d L_sigma,i / d sigma, with L_sigma = x under a Gaussian
 * blur of sigma pixels: what each pixel adds as detail appears. No colour stands for absence, but beyond the edges is zero in the
 * model's input space, as in the paper (`edge=reflect` mirrors the picture: the path starts from its mean).
 * Completeness: the values sum to f(x) - f(L_maxSigma). Points lie by quadrature in ln sigma, where the picture changes evenly, with
 * the exact derivative of the sampled kernel; kernels reach to six sigma.
 * `variant=pair` is PAIR's library (points and maxSigma are its defaults): equal steps in sigma, forward differences of 0.01, kernels cut
 * at four sigma, which misses f(x) - f(L) by some percent; `pair-sqrt` is its sqrt=True, which ends at sqrt(maxSigma), as it should
 * be and as it is at batch size 1 (at others every step of a batch gets the last one's length).
 * @throws UsageError where an explained tensor is not a picture
 */
export const blurIg: Method = {
  name: 'blur-ig',
  aliases: ['blur-integrated-gradients'],
  summary: 'integrated gradients from a blurred picture to the picture: no baseline colour',
  formula: 'A_i = integral from max sigma to 0 of d f(L_s) / d x_i * d L_s,i / d s ds, L_s = G_s * x',
  citation: 'Xu, Venugopalan, Sundararajan: Attribution in Scale and Space, CVPR 2020',
  options: {
    points: { kind: 'number', default: 100, minimum: 1, maximum: 100_000, integer: true, describe: 'points on the path' },
    maxSigma: { kind: 'number', default: 50, minimum: 0.5, maximum: 10_000, describe: 'sigma of the widest blur in pixels' },
    rule: {
      kind: 'choice',
      default: 'gauss-legendre',
      values: Object.keys(quadratures),
      describe: 'quadrature rule in ln sigma',
    },
    edge: {
      kind: 'choice',
      default: 'zeros',
      values: Object.keys(edgeRules),
      describe: 'beyond the edges: zeros, or the picture mirrored',
    },
    variant: {
      kind: 'choice',
      default: 'ascribe',
      values: Object.keys(variants),
      describe: "another library's steps and differences (no rule)",
    },
  },
  needs: ['gradient', 'picture'],
  promises: ['completeness', 'dummy', 'linearity'],
  signed: true,
  cost: ({ points }) => ({ forwards: 2, gradients: points }),
  async run(evaluator, options) {
    const { points, maxSigma, rule, edge } = options as { points: number; maxSigma: number; rule: string; edge: string }
    const scheme = variants[options['variant']]!(points, maxSigma, rule)
    const pictures = picturesOf(evaluator)
    const slopes = new Map<number, Points>()
    const sum = zeroSums(evaluator)
    await evaluator.gradients(
      points,
      (start, used) => {
        const out = Object.fromEntries(pictures.map(({ name, size }) => [name, new Float32Array(used * size)]))
        for (let row = 0; row < used; row++) {
          const slope: Record<string, Float32Array> = {}
          for (const { name, size, planes, layOut } of pictures) {
            const blur = scheme.blur(planes, start + row, edge)
            out[name]!.set(layOut(blur.values), row * size)
            slope[name] = layOut(blur.slope)
          }
          slopes.set(start + row, slope)
        }
        return out
      },
      (k, _, gradients) => {
        for (const { name } of pictures) {
          const [total, gradient, slope] = [sum[name]!, gradients[name]!, slopes.get(k)![name]!]
          for (let i = 0; i < total.length; i++) total[i]! -= scheme.weights[k]! * gradient[i]! * slope[i]!
        }
        slopes.delete(k)
      },
      'points',
    )
    const end = Object.fromEntries(pictures.map(({ name, planes, layOut }) => [name, layOut(scheme.end(planes, edge))]))
    const baselineValue = (await evaluator.forward(end, 1))[0]!
    return { maps: mapsOf(evaluator, (name, i) => sum[name]![i]!), baselineValue }
  },
}

/** The explained tensors as planes, and the way back to their own layout. */
function picturesOf(evaluator: Evaluator) {
  return Object.entries(evaluator.inputs).map(([name, { dims, data }]) => {
    const axes = evaluator.pictureAxes(name)
    if (!axes)
      throw new UsageError(
        `blur-ig needs pictures [1, channels, height, width]; "${name}" has dims [${dims}]; name a picture with --at, or use integrated-gradients`,
      )
    const { channels, height, width } = pictureStrides(dims, axes)
    const planes: Planes = { values: Float64Array.from(toPlanes(data, dims, axes)), count: channels, height, width }
    return { name, size: data.length, planes, layOut: (values: Float64Array) => fromPlanes(values, dims, axes) }
  })
}
