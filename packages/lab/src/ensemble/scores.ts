/** @file Scores of one map of a picture: four curves in one sweep, IROF, infidelity. */
import { type Evaluator, faithfulnessForm, measure, orderOf, predictedChanges, type Removals, unitFactors } from '@ascribe/core'
import { logProbabilities } from '../greedy/image/scores.js'
import { placesOf, type Subject } from '../greedy/image/subject.js'
import { curveMetrics, type ScoreValue } from './identity.js'

const rounded = (value: number): number => Number(value.toPrecision(7))

/** The pixels' order, most relevant first; equal ones by index. */
export const pixelOrder = (map: ArrayLike<number>): Uint32Array => orderOf(map)

/**
 * Insertion and deletion over the blurred and the mean fill: areas under the probability of the class over k/n, trapezoids at `steps` + 1
 * points, pixels with all their channels.
 */
export async function curveScores(
  evaluator: Evaluator,
  subject: Subject,
  order: Uint32Array,
  index: number,
  steps: number,
): Promise<ScoreValue> {
  const { name, input, fills } = subject
  const ranks = new Uint32Array(order.length)
  order.forEach((place, rank) => {
    ranks[place] = rank
  })
  const place = placesOf(subject)
  const size = input.data.length
  const rankOf = Uint32Array.from({ length: size }, (_, i) => ranks[place(i)]!)
  const courses = curveMetrics.map(metric => ({
    on: metric.startsWith('insertion'),
    fill: fills[metric.endsWith('blur') ? 'blur' : 'mean'].data,
  }))
  const counts = Array.from({ length: steps + 1 }, (_, k) => Math.round((k / steps) * order.length))
  const { output } = evaluator.target
  const areas = new Float64Array(courses.length)
  await evaluator.sweepValues(
    [output],
    courses.length * counts.length,
    (start, used) => {
      const rows = new Float32Array(used * size)
      for (let row = 0; row < used; row++) {
        const { on, fill } = courses[Math.floor((start + row) / counts.length)]!
        const count = counts[(start + row) % counts.length]!
        const part = rows.subarray(row * size, (row + 1) * size)
        for (let i = 0; i < size; i++) part[i] = rankOf[i]! < count === on ? input.data[i]! : fill[i]!
      }
      return { [name]: rows }
    },
    (row, values) => {
      const k = row % counts.length
      const weight = ((counts[k + 1] ?? counts[k]!) - (counts[k - 1] ?? counts[k]!)) / (2 * order.length)
      areas[Math.floor(row / counts.length)]! += weight * Math.exp(logProbabilities(values[output]!)[index]!)
    },
  )
  return Object.fromEntries(curveMetrics.map((metric, i) => [metric, rounded(areas[i]!)]))
}

/** IROF over the mean fill, per segment. */
export async function irofOf(evaluator: Evaluator, subject: Subject, map: Float64Array): Promise<number> {
  const { width, height } = subject.picture
  const maps = { [subject.name]: { values: Float32Array.from(map), dims: [1, height, width] } }
  const { value } = await measure('irof', { evaluator, maps }, { segments: subject.segments, fill: subject.fills.mean })
  return rounded(value)
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
