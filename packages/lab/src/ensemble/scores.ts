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
  sweepOrders,
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
function areaOver(counts: readonly number[], values: ArrayLike<number>): number {
  let area = 0
  for (let k = 1; k < counts.length; k++) area += ((values[k]! + values[k - 1]!) / 2) * (counts[k]! - counts[k - 1]!)
  return area / counts.at(-1)!
}

function ranksOf(order: ArrayLike<number>): Uint32Array {
  const ranks = new Uint32Array(order.length)
  for (let rank = 0; rank < order.length; rank++) ranks[order[rank]!] = rank
  return ranks
}

/** A curve along an order, from one picture to another. */
interface Course {
  readonly from: number
  readonly to: number
  readonly order: number
  readonly counts: readonly number[]
  /** Values at the first and the last count, which are known. */
  readonly ends: readonly [first: number, last: number]
}

/** The areas of courses, all in one sweep. */
async function areasAlong(
  { evaluator }: Scorer,
  pictures: readonly Float32Array[],
  ranks: readonly ArrayLike<number>[],
  courses: readonly Course[],
): Promise<number[]> {
  const inner = courses.map(({ counts }) => counts.slice(1, -1))
  const steps = courses.flatMap(({ from, to, order }, c) => inner[c]!.map(count => ({ from, to, order, count })))
  const values = await sweepOrders(evaluator, { pictures, ranks, steps })
  let at = 0
  return courses.map(({ counts, ends: [first, last] }, c) => {
    const found = values.subarray(at, at + inner[c]!.length)
    at += found.length
    return areaOver(counts, [first, ...found, last])
  })
}

const picturesOf = ({ input, fills }: Subject): Float32Array[] => [input.data, fills.blur.data, fills.mean.data]
/** Numbers among them. */
const [own, numbers] = [0, { blur: 1, mean: 2 }] as const

const curvesAlong = ({ whole, blank }: Scorer, places: number, steps: number): Course[] => {
  const counts = countsOf(places, steps)
  return curveMetrics.map(metric => {
    const fill = metric.endsWith('blur') ? 'blur' : 'mean'
    return metric.startsWith('insertion')
      ? { from: numbers[fill], to: own, order: 0, counts, ends: [blank[fill], whole] }
      : { from: own, to: numbers[fill], order: 0, counts, ends: [whole, blank[fill]] }
  })
}

const curveValues = (areas: readonly number[]): ScoreValue =>
  Object.fromEntries(curveMetrics.map((metric, i) => [metric, rounded(areas[i]!)]))

/**
 * Insertion and deletion over the blurred and the mean fill: areas under the probability of the class over k/n, trapezoids at `steps` + 1
 * points, pixels with all their channels.
 */
export async function curveScores(scorer: Scorer, subject: Subject, order: Uint32Array, steps: number): Promise<ScoreValue> {
  const courses = curvesAlong(scorer, order.length, steps)
  return curveValues(await areasAlong(scorer, picturesOf(subject), [ranksOf(order)], courses))
}

/** The same, and IROF over the mean fill, per segment: segments in the order of the mean of the map inside. */
export async function fullScores(
  scorer: Scorer,
  subject: Subject,
  order: Uint32Array,
  steps: number,
  map: Float64Array,
): Promise<ScoreValue> {
  const { labels, features } = subject
  const sizes = segmentSums(new Float64Array(map.length).fill(1), labels, features)
  const means = segmentSums(map, labels, features).map((sum, segment) => sum / sizes[segment]!)
  const ranks = ranksOf(orderOf(means))
  const irof: Course = {
    from: own,
    to: numbers.mean,
    order: 1,
    counts: countsOf(features, features),
    ends: [scorer.whole, scorer.blank.mean],
  }
  const areas = await areasAlong(
    scorer,
    picturesOf(subject),
    [ranksOf(order), labels.map(label => ranks[label]!)],
    [...curvesAlong(scorer, order.length, steps), irof],
  )
  return { ...curveValues(areas), IROF: rounded(1 - areas.at(-1)! / scorer.whole) }
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
  const counts = countsOf(order.length, steps)
  const contents = [subject.input, noiseLike(subject, seed), other.input]
  const grounds = contents.map(one => makeBaseline('mean', subject.name, one, 0, subject.preprocessing.layout))
  const values = await sweepOrders(evaluator, {
    pictures: [...contents.map(({ data }) => data), ...grounds],
    ranks: [ranksOf(order)],
    steps: contents.flatMap((_, c) => counts.map(count => ({ from: contents.length + c, to: c, order: 0, count }))),
  })
  const [itself, noise, another] = contents.map((_, c) =>
    rounded(areaOver(counts, values.subarray(c * counts.length, (c + 1) * counts.length))),
  )
  return { own: itself!, noise: noise!, other: another! }
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
