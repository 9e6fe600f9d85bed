/** @file Rows with some features absent, put together inside the graph: what is sent to it is the features, not the values. */
import { sweepProgram } from '../evaluation/forward.js'
import type { RowProgram } from '../evaluation/rows.js'
import type { Evaluator, Points } from '../evaluator.js'
import { port } from '../programs.js'
import type { TensorValue, TensorValues } from '../tensor-value.js'
import { maskedProgram, summedProgram, sumPort } from './masked-program.js'
import { type Shared, sharedLabels } from './shared-labels.js'

/** Writes 1 for every player of coalition `k` that is present into `present`, which comes filled with 0. The same for every call with `k`. */
type Coalition = (k: number, present: Uint8Array) => void

/** v of coalitions 0 to count - 1, in chunks: no more rows are made at a time than run together. */
export type CoalitionValues = (count: number, coalition: Coalition, step: string) => Promise<Float64Array>

/** Rows of a run where sums come back, not rows: more at a time than where each row's value does. */
const summedRows = 16384

/** How the rows of coalitions and backgrounds go into runs: `chunk` rows each, `block` backgrounds to a coalition. */
function layout(evaluator: Evaluator, views: Readonly<Record<string, Shared>>, count: number, backgrounds: number) {
  const program = maskedProgram(evaluator, views, 1, false)
  const summed = backgrounds > 1 && evaluator.target.link === 'logit'
  const chunk = evaluator.rows.chunk(program, count * backgrounds, summed ? summedRows : undefined)
  const whole = Math.ceil(count / Math.ceil(count / Math.max(1, Math.floor(chunk / backgrounds))))
  const blocks = backgrounds <= chunk && evaluator.rows.rows(whole * backgrounds) === whole * backgrounds
  if (backgrounds === 1) return { chunk, block: 1, own: false }
  return blocks ? { chunk: whole * backgrounds, block: backgrounds, own: false } : { chunk, block: 1, own: true }
}

/**
 * The game of `players`, the player of every element as told (-1 where always present), against background rows that are averaged over in
 * double precision, row after row.
 */
export function maskedValues(
  evaluator: Evaluator,
  playerOf: Readonly<Record<string, Int32Array>>,
  players: number,
  background: readonly Points[],
): CoalitionValues {
  const { at, inputs, target } = evaluator
  const views = Object.fromEntries(at.map(name => [name, sharedLabels(playerOf[name]!, inputs[name]!.dims)]))
  const backgrounds = background.length
  const together = (name: string, start: number, used: number, rows: number): Float32Array => {
    const size = inputs[name]!.data.length
    const out = new Float32Array(rows * size)
    for (let row = 0; row < used; row++) out.set(background[(start + row) % backgrounds]![name]!, row * size)
    return out
  }
  return async (count, coalition, step) => {
    const sums = new Float64Array(count)
    if (count === 0) return sums
    const { chunk, block, own } = layout(evaluator, views, count, backgrounds)
    const all = own ? {} : Object.fromEntries(at.map(name => [name, together(name, 0, block, block)]))
    const present = new Uint8Array(players)
    const coalitions = chunk / block

    const feeds = (start: number, used: number): Record<string, TensorValue> => {
      const masks = at.map(name => new Uint8Array(coalitions * views[name]!.places))
      let drawn = -1
      for (let row = 0; row < used / block; row++) {
        const k = Math.floor((start + row * block) / backgrounds)
        if (k !== drawn) coalition((drawn = k), present.fill(0))
        at.forEach((name, i) => {
          const { labels, places } = views[name]!
          const mask = masks[i]!
          for (let place = 0, to = row * places; place < places; place++, to++) {
            const player = labels[place]!
            mask[to] = player < 0 ? 1 : present[player]!
          }
        })
      }
      const made: Record<string, TensorValue> = {}
      at.forEach((name, i) => {
        const { outer, places, inner } = views[name]!
        const part = [outer, places, inner]
        made[port.mask(name)] = { dtype: 'bool', dims: [coalitions, 1, 1, places, 1], data: masks[i]! }
        made[port.input(name)] = { dtype: 'float32', dims: [1, 1, ...part], data: inputs[name]!.data }
        made[port.baseline(name)] = own
          ? { dtype: 'float32', dims: [coalitions, 1, ...part], data: together(name, start, used, chunk) }
          : { dtype: 'float32', dims: [1, block, ...part], data: all[name]! }
      })
      return made
    }

    const add = (start: number, found: Float64Array): void => {
      let [k, left] = [Math.floor(start / backgrounds), backgrounds - (start % backgrounds)]
      for (const value of found) {
        sums[k]! += value / backgrounds
        if (--left === 0) [k, left] = [k + 1, backgrounds]
      }
    }
    if (block > 1 && target.link === 'logit') {
      // Infinity less infinity is no number, present or not.
      const finite = [evaluator.point, ...background].every(row => at.every(name => row[name]!.every(Number.isFinite)))
      const program = summedProgram(evaluator, views, block, finite)
      await sumBlocks(evaluator, program, { count, coalitions, backgrounds }, feeds, sums, step)
      return sums
    }
    await sweepProgram(evaluator.rows, maskedProgram(evaluator, views, block, own), chunk, count * backgrounds, feeds, add, step)
    return sums
  }
}

/** v of every coalition from sums over its background. */
async function sumBlocks(
  { rows, target }: Evaluator,
  program: RowProgram,
  { count, coalitions, backgrounds }: { readonly count: number; readonly coalitions: number; readonly backgrounds: number },
  feeds: (start: number, used: number) => TensorValues,
  sums: Float64Array,
  step: string,
): Promise<void> {
  const indices = BigInt64Array.from(target.classes, ({ index }) => BigInt(index))
  const single = rows.situation.outputs[target.output]!.data.length === 1
  const chosen: TensorValues = single ? {} : { [sumPort.classes]: { dtype: 'int64', dims: [indices.length], data: indices } }
  const chunk = coalitions * backgrounds
  const all = (start: number, used: number): TensorValues => ({ ...chosen, ...feeds(start, used) })
  await rows.chunks(program, count * backgrounds, chunk, all, (start, used, result) => {
    const data = result[sumPort.sums]!.data as Float64Array
    const first = start / backgrounds
    for (let row = 0, at = 0; row < used / backgrounds; row++)
      for (const { weight } of target.classes) sums[first + row]! += (weight * data[at++]!) / backgrounds
    rows.situation.cost.forwards += used
    rows.progress(start + used, count * backgrounds, step)
  })
}
