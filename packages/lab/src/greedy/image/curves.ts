/** @file Predictions along the order of the features: every curve of a picture in one sweep. */
import type { Evaluator } from '@ascribe/core'
import { ranksOf } from './order.js'
import { type CurveKind, type Curves, curveCounts, logProbabilities, type ReadingName, readings } from './scores.js'
import { placesOf, type Subject } from './subject.js'

interface Course {
  readonly name: string
  readonly fill: Float32Array
  readonly towards: CurveKind['towards']
  /** What present features show. Default: the picture. */
  readonly content?: Float32Array
}

/** The courses of `curveKinds` for a picture. */
export const coursesOf = ({ fills }: Subject, kinds: readonly CurveKind[]): Course[] =>
  kinds.map(({ name, fill, towards }) => ({ name, fill: fills[fill].data, towards }))

const rounded = (value: number): number => Number(value.toPrecision(7))

/**
 * What `wanted` reads along each course with k = 0 .. n features of the order switched.
 * @param index the class whose probability is read
 */
export async function curvesOf(
  evaluator: Evaluator,
  subject: Subject,
  order: readonly number[],
  index: number,
  courses: readonly Course[],
  wanted: readonly ReadingName[] = ['probability', 'kl', 'reverse', 'jensenShannon'],
): Promise<{ counts: number[]; curves: Curves }> {
  const { name, labels, input } = subject
  const counts = curveCounts(subject.features)
  const ranks = ranksOf(order)
  const place = placesOf(subject)
  const rankOf = Int32Array.from(input.data, (_, i) => ranks[labels[place(i)]!]!)
  const { output } = evaluator.target
  const full = logProbabilities(evaluator.outputs[output]!.data as Float32Array)
  const found = courses.map(() => Object.fromEntries(wanted.map(reading => [reading, new Array<number>(counts.length)])))
  const size = input.data.length
  await evaluator.sweepValues(
    [output],
    courses.length * counts.length,
    (start, used) => {
      const rows = new Float32Array(used * size)
      for (let row = 0; row < used; row++) {
        const { fill, towards, content = input.data } = courses[Math.floor((start + row) / counts.length)]!
        const count = counts[(start + row) % counts.length]!
        const part = rows.subarray(row * size, (row + 1) * size)
        const on = towards === 'on'
        for (let i = 0; i < size; i++) part[i] = rankOf[i]! < count === on ? content[i]! : fill[i]!
      }
      return { [name]: rows }
    },
    (row, values) => {
      const prediction = logProbabilities(values[output]!)
      const curve = found[Math.floor(row / counts.length)]!
      for (const reading of wanted) curve[reading]![row % counts.length] = rounded(readings[reading](prediction, full, index))
    },
  )
  return { counts, curves: Object.fromEntries(courses.map((course, i) => [course.name, found[i]!])) }
}
