/** @file Scores of one map of a picture: four curves, IROF, infidelity, the mask over other contents. */
import {
  type Evaluator,
  faithfulnessForm,
  type Model,
  makeBaseline,
  orderOf,
  predictedChanges,
  type Removals,
  segmentSums,
  sweepOrder,
  type TensorValue,
  unitFactors,
} from '@ascribe/core'
import { noiseLike, type Subject } from '../greedy/image/subject.js'
import { curveMetrics, type MaskOnlyValue, type ScoreValue } from './identity.js'

const rounded = (value: number): number => Number(value.toPrecision(7))

/** The pixels' order, most relevant first; equal ones by index. */
export const pixelOrder = (map: ArrayLike<number>): Uint32Array => orderOf(map)

/** Who predicts the probability of a class, and what all curves of a picture have in common: where they begin and end. */
export interface Scorer {
  readonly evaluator: Evaluator
  /** Probability of the class for the picture, and for each fill alone. */
  readonly whole: number
  readonly blank: Readonly<Record<'blur' | 'mean', number>>
}

export async function makeScorer(subject: Subject, index: number, model?: Model): Promise<Scorer> {
  const evaluator = await subject.evaluator(`softmax:${index}`, model)
  const alone = async ({ data }: TensorValue<'float32'>): Promise<number> =>
    (await evaluator.forward({ [subject.name]: data }, 1))[0]!
  return {
    evaluator,
    whole: evaluator.value,
    blank: { blur: await alone(subject.fills.blur), mean: await alone(subject.fills.mean) },
  }
}

/** How many of `length` places have had their turn at each point of a curve. */
const countsOf = (length: number, steps: number): number[] =>
  Array.from({ length: steps + 1 }, (_, k) => Math.round((k / steps) * length))

/** Trapezoids over k/n. */
function areaOver(counts: readonly number[], values: readonly number[]): number {
  let area = 0
  for (let k = 1; k < counts.length; k++) area += ((values[k]! + values[k - 1]!) / 2) * (counts[k]! - counts[k - 1]!)
  return area / counts.at(-1)!
}

interface Course {
  readonly ranks: ArrayLike<number>
  readonly counts: readonly number[]
  readonly from: Float32Array
  readonly to: Float32Array
  /** Values at the first and the last count, which are known. */
  readonly ends: readonly [first: number, last: number]
}

async function areaAlong(evaluator: Evaluator, { ranks, counts, from, to, ends: [first, last] }: Course): Promise<number> {
  const found = await sweepOrder(evaluator, { ranks, counts: counts.slice(1, -1), from, to })
  return areaOver(counts, [first, ...found, last])
}

function ranksOf(order: ArrayLike<number>): Uint32Array {
  const ranks = new Uint32Array(order.length)
  for (let rank = 0; rank < order.length; rank++) ranks[order[rank]!] = rank
  return ranks
}

/**
 * Insertion and deletion over the blurred and the mean fill: areas under the probability of the class over k/n, trapezoids at `steps` + 1
 * points, pixels with all their channels.
 */
export async function curveScores(
  { evaluator, whole, blank }: Scorer,
  { input, fills }: Subject,
  order: Uint32Array,
  steps: number,
): Promise<ScoreValue> {
  const ranks = ranksOf(order)
  const counts = countsOf(order.length, steps)
  const areas = curveMetrics.map(metric => {
    const fill = metric.endsWith('blur') ? 'blur' : 'mean'
    const [own, other] = [input.data, fills[fill].data]
    return metric.startsWith('insertion')
      ? areaAlong(evaluator, { ranks, counts, from: other, to: own, ends: [blank[fill], whole] })
      : areaAlong(evaluator, { ranks, counts, from: own, to: other, ends: [whole, blank[fill]] })
  })
  const found = await Promise.all(areas)
  return Object.fromEntries(curveMetrics.map((metric, i) => [metric, rounded(found[i]!)]))
}

/** IROF over the mean fill, per segment: segments in the order of the mean of the map inside. */
export async function irofOf({ evaluator, whole, blank }: Scorer, subject: Subject, map: Float64Array): Promise<number> {
  const { input, fills, labels, features } = subject
  const sizes = segmentSums(new Float64Array(map.length).fill(1), labels, features)
  const means = segmentSums(map, labels, features).map((sum, segment) => sum / sizes[segment]!)
  const ranks = ranksOf(orderOf(means))
  const area = await areaAlong(evaluator, {
    ranks: labels.map(label => ranks[label]!),
    counts: countsOf(features, features),
    from: input.data,
    to: fills.mean.data,
    ends: [whole, blank.mean],
  })
  return rounded(1 - area / whole)
}

/**
 * What the order says by its shape alone: insertion of the picture itself, of uniform noise, and of a picture of another class, each over
 * its own channel means, so that nothing but the order comes from the picture.
 */
export async function maskOnlyScores(
  { evaluator }: Scorer,
  subject: Subject,
  other: Subject,
  order: Uint32Array,
  steps: number,
  seed: number,
): Promise<MaskOnlyValue> {
  const ranks = ranksOf(order)
  const counts = countsOf(order.length, steps)
  const along = async (content: TensorValue<'float32'>): Promise<number> => {
    const from = makeBaseline('mean', subject.name, content, 0, subject.preprocessing.layout)
    const values = await sweepOrder(evaluator, { ranks, counts, from, to: content.data })
    return rounded(areaOver(counts, Array.from(values)))
  }
  const [own, noise, another] = await Promise.all([along(subject.input), along(noiseLike(subject, seed)), along(other.input)])
  return { own, noise, other: another }
}

/**
 * Infidelity over the mean square of the changes, with the factor of at least 0 that suits the map best: 0 is perfect, 1 as good as no
 * map. An inverted map is no better than none.
 */
export function infidelityOf(map: ArrayLike<number>, removals: Removals): number {
  const form = faithfulnessForm([predictedChanges(map, removals)], removals.drops)
  const [factor] = unitFactors(form) as unknown as [number]
  const { constant, linear, matrix } = form
  if (constant === 0) return 0
  return rounded((factor * factor * matrix[0]![0]! - 2 * factor * linear[0]! + constant) / constant)
}
