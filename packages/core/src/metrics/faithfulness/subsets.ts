/** @file Chosen features removed at once: what they are attributed, and how far the target falls. */
import type { Evaluator } from '../../evaluator.js'
import type { OptionSpec, Options } from '../../methods/method.js'
import type { Random } from '../../random.js'
import { featureOptions, type ScoredFeatures, scoredFeatures } from '../curves/features.js'
import { fillOf, fillOption } from '../curves/fill.js'
import { linkOption, linkReader, outputsAtInput, readRows } from '../curves/reading.js'
import type { Maps } from '../metric.js'

export const subsetOptions = {
  ...featureOptions,
  fill: fillOption('zeros'),
  link: linkOption('target'),
} as const satisfies Readonly<Record<string, OptionSpec>>

/** Features, and f(x) - f(x without a choice of them). */
interface SubsetGame {
  readonly features: ScoredFeatures
  /** f(x). */
  readonly whole: number
  /** f(x) - f(x without subset k), for subsets 0 to count - 1. The same list for every call with `k`. */
  readonly drops: (count: number, subset: (k: number) => Iterable<number>) => Promise<Float64Array>
  /** What a subset is attributed: the sum of its features' scores. */
  readonly attributed: (subset: Iterable<number>) => number
}

export function subsetGame(evaluator: Evaluator, maps: Maps, options: Options, seed: number): SubsetGame {
  const features = scoredFeatures(evaluator, maps, options)
  const fill = fillOf(evaluator, options['fill'], seed)
  const read = linkReader(evaluator, options['link'])
  const whole = read(outputsAtInput(evaluator))
  const gone = new Uint8Array(features.count)
  const make = (subset: (k: number) => Iterable<number>, start: number, used: number) => {
    const points = Object.fromEntries(
      evaluator.at.map(name => [name, new Float32Array(used * evaluator.inputs[name]!.data.length)]),
    )
    for (let row = 0; row < used; row++) {
      gone.fill(0)
      for (const feature of subset(start + row)) gone[feature] = 1
      for (const name of evaluator.at) {
        const { data } = evaluator.inputs[name]!
        const out = points[name]!.subarray(row * data.length, (row + 1) * data.length)
        out.set(data)
        const absent = Uint8Array.from(features.labels[name]!, label => (label >= 0 ? gone[label]! : 0))
        fill(name, out, absent)
      }
    }
    return points
  }
  return {
    features,
    whole,
    drops: async (count, subset) =>
      (await readRows(evaluator, count, (start, used) => make(subset, start, used), read, 'subsets')).map(value => whole - value),
    attributed: subset => {
      let sum = 0
      for (const feature of subset) sum += features.scores[feature]!
      return sum
    },
  }
}

/** `size` different features of `count`, at random. */
export function randomSubset(count: number, size: number, random: Random): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i)
  for (let i = 0; i < size; i++) {
    const other = i + random.integer(count - i)
    const held = order[i]!
    order[i] = order[other]!
    order[other] = held
  }
  return order.subarray(0, size)
}

/** Consecutive groups of `size` along an order, the last one what is left. */
export const groupsOf = (order: ArrayLike<number>, size: number): number[][] =>
  Array.from({ length: Math.ceil(order.length / size) }, (_, k) => Array.prototype.slice.call(order, k * size, (k + 1) * size))
