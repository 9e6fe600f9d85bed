/** @file guided-ig: integrated gradients along a path that moves first where the gradient is smallest. */
import type { Points } from '../../evaluator.js'
import { mapsOf } from '../maps.js'
import type { Method } from '../method.js'
import { baselinePoints } from './integrated-gradients.js'

/** The distance still to go is taken for reached within this share of the whole. */
const tolerance = 1e-9

/** Value number `index` (from 0) of the ascending order; `values` is reordered. */
function select(values: Float64Array, index: number): number {
  let [low, high] = [0, values.length - 1]
  while (low < high) {
    const pivot = values[(low + high) >> 1]!
    let [i, j] = [low, high]
    while (i <= j) {
      while (values[i]! < pivot) i++
      while (values[j]! > pivot) j--
      if (i > j) break
      const swapped = values[i]!
      values[i++] = values[j]!
      values[j--] = swapped
    }
    if (index <= j) high = j
    else if (index >= i) low = i
    else break
  }
  return values[index]!
}

/**
 * Moves the features' `places` (0 at the baseline, 1 at the input) until the distance left to the input is (1 - position) of the whole.
 * Those with the smallest gradient go first, `fraction` of all at a time, none further than `maxDistance` from the straight line.
 */
function advance(
  places: Float64Array,
  lengths: Float64Array,
  gradient: Float64Array,
  position: number,
  fraction: number,
  maxDistance: number,
): void {
  const [low, high] = [Math.max(0, position - maxDistance), Math.min(1, position + maxDistance)]
  let [total, left] = [0, 0]
  for (let i = 0; i < places.length; i++) {
    places[i] = Math.max(places[i]!, low)
    total += lengths[i]!
    left += lengths[i]! * (1 - places[i]!)
  }
  const goal = total * (1 - position)
  const magnitudes = new Float64Array(places.length)
  const index = Math.floor(fraction * (places.length - 1))
  while (left - goal > tolerance * total) {
    // Features that cannot move count among those that `fraction` is a share of, after all others.
    for (let i = 0; i < places.length; i++)
      magnitudes[i] = lengths[i] === 0 || places[i]! >= high ? Number.POSITIVE_INFINITY : Math.abs(gradient[i]!)
    const threshold = Math.min(Number.MAX_VALUE, select(magnitudes.slice(), index))
    let reach = 0
    for (let i = 0; i < places.length; i++) if (magnitudes[i]! <= threshold) reach += lengths[i]! * (high - places[i]!)
    if (reach === 0) return
    const share = Math.min(1, (left - goal) / reach)
    for (let i = 0; i < places.length; i++)
      if (magnitudes[i]! <= threshold) places[i] = share === 1 ? high : places[i]! + share * (high - places[i]!)
    if (share < 1) return
    left = 0
    for (let i = 0; i < places.length; i++) left += lengths[i]! * (1 - places[i]!)
  }
}

/**
 * A_i = sum over steps of the change of x_i times d f / d x_i, along a path from the baseline to the input that is chosen on the way. Step
 * k of n ends where the L1 distance to the input is (1 - k/n) of the whole. In each step the share `fraction` of features with the smallest
 * |gradient| moves first, then the next, but no feature is ever further than `maxDistance` (of its own way) from the straight line:
 * 0 is plain integrated gradients, 1 leaves the path free. Features of all explained tensors are compared with each other.
 * A step's gradient is the mean of those at its two ends (`variant=pair`: the one at its start, as in PAIR's library: a residual of
 * order 1/n). Each step needs the one before: rows are run one by one.
 * PAIR's defaults are ours: 200 steps, fraction 0.25, distance 0.02. Their code stops on current NumPy (a removed argument).
 */
export const guidedIg: Method = {
  name: 'guided-ig',
  aliases: ['gig', 'guided-integrated-gradients'],
  summary: 'integrated gradients along a path that avoids high gradients: less noise',
  formula: 'A_i = sum_k (p_k+1,i - p_k,i) (g_i(p_k) + g_i(p_k+1)) / 2, g = grad f; p moves where |g| is smallest',
  citation: 'Kapishnikov et al.: Guided Integrated Gradients: an Adaptive Path Method for Removing Noise, CVPR 2021',
  options: {
    points: { kind: 'number', default: 200, minimum: 1, maximum: 100_000, integer: true, describe: 'steps of the path' },
    fraction: { kind: 'number', default: 0.25, minimum: 0.001, maximum: 1, describe: 'share of features that moves at a time' },
    maxDistance: { kind: 'number', default: 0.02, minimum: 0, maximum: 1, describe: 'furthest from the straight line (1: free)' },
    baseline: { kind: 'baseline', default: 'zeros', describe: 'zeros, constant:V, mean, blur:SIGMA, uniform, or an .npy file' },
    variant: {
      kind: 'choice',
      default: 'ascribe',
      values: ['ascribe', 'pair'],
      describe: 'gradients at both ends of a step, or at its start',
    },
  },
  needs: ['gradient'],
  promises: ['dummy'],
  signed: true,
  cost: ({ points, variant }) => ({ forwards: 1, gradients: variant === 'pair' ? points : points + 1 }),
  async run(evaluator, options, seed) {
    const { points, fraction, maxDistance } = options as { points: number; fraction: number; maxDistance: number }
    const bothEnds = options['variant'] !== 'pair'
    const from = baselinePoints(evaluator, options['baseline'], seed)
    let size = 0
    const offsets: Record<string, number> = {}
    for (const name of evaluator.at) {
      offsets[name] = size
      size += from[name]!.length
    }
    const differences = new Float64Array(size)
    for (const name of evaluator.at)
      evaluator.inputs[name]!.data.forEach((x, i) => {
        differences[offsets[name]! + i] = x - from[name]![i]!
      })
    const lengths = differences.map(Math.abs)
    const places = new Float64Array(size)
    const point = (): Points =>
      Object.fromEntries(
        evaluator.at.map(name => {
          const offset = offsets[name]!
          return [name, from[name]!.map((b, i) => b + places[offset + i]! * differences[offset + i]!)]
        }),
      )
    const gradient = new Float64Array(size)
    const sums = new Float64Array(size)
    const step = new Float64Array(size)
    let baselineValue = 0
    for (let k = 0; k < points + (bothEnds ? 1 : 0); k++) {
      const { values, gradients } = await evaluator.gradient(point(), 1)
      if (k === 0) baselineValue = values[0]!
      for (const name of evaluator.at) gradient.set(gradients[name]!, offsets[name])
      if (bothEnds) for (let i = 0; i < size; i++) sums[i]! += (step[i]! * gradient[i]!) / 2
      if (k < points) {
        step.set(places)
        advance(places, lengths, gradient, (k + 1) / points, fraction, maxDistance)
        for (let i = 0; i < size; i++) {
          step[i] = places[i]! - step[i]!
          sums[i]! += step[i]! * gradient[i]! * (bothEnds ? 0.5 : 1)
        }
      }
      evaluator.progress(k + 1, points + (bothEnds ? 1 : 0), 'steps')
    }
    const maps = mapsOf(evaluator, (name, i) => sums[offsets[name]! + i]! * differences[offsets[name]! + i]!)
    return { maps, baselineValue }
  },
}
