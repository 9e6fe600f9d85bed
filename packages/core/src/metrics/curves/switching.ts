/** @file Features switched off one after the other, or on: the one engine behind every curve. */
import type { Evaluator, Points } from '../../evaluator.js'
import type { Features } from '../../segments/segments.js'
import type { Fill } from './fill.js'

interface Switching {
  readonly features: Features
  /** Features in the order in which they are switched. */
  readonly order: ArrayLike<number>
  /** `off`: from the input, ordered features become absent. `on`: from the fill alone, ordered features become present. */
  readonly towards: 'off' | 'on'
  readonly fill: Fill
}

/** Never absent. */
const never = 0x7fffffff

/**
 * Makes rows by how many features are switched: `rows(counts)` gives one row for each count, in that order. A feature's elements are
 * absent together, whatever tensors they stand in; elements of no feature never are.
 */
export function switcher(
  evaluator: Evaluator,
  { features, order, towards, fill }: Switching,
): (counts: readonly number[]) => Points {
  const rankOf = new Int32Array(features.count)
  for (let rank = 0; rank < order.length; rank++) rankOf[order[rank]!] = rank
  const off = towards === 'off'
  const ranks = Object.fromEntries(
    evaluator.at.map(name => [name, features.labels[name]!.map(label => (label < 0 ? (off ? never : -1) : rankOf[label]!))]),
  )
  return counts =>
    Object.fromEntries(
      evaluator.at.map(name => {
        const { data } = evaluator.inputs[name]!
        const own = ranks[name]!
        const out = new Float32Array(counts.length * data.length)
        const absent = new Uint8Array(data.length)
        counts.forEach((count, row) => {
          for (let i = 0; i < absent.length; i++) absent[i] = (off ? own[i]! < count : own[i]! >= count) ? 1 : 0
          const part = out.subarray(row * data.length, (row + 1) * data.length)
          part.set(data)
          fill(name, part, absent)
        })
        return [name, out]
      }),
    )
}
