/** @file Rows with some features absent, put together inside the graph: what is sent to it is the features, not the values. */
import { madeRows, sweepProgram } from '../evaluation/forward.js'
import type { RowProgram } from '../evaluation/rows.js'
import type { Evaluator, Points } from '../evaluator.js'
import { port } from '../programs.js'
import type { TensorValue } from '../tensor-value.js'

/** Writes 1 for every player of coalition `k` that is present into `present`, which comes filled with 0. The same for every call with `k`. */
type Coalition = (k: number, present: Uint8Array) => void

/** v of coalitions 0 to count - 1, in chunks: no more rows are made at a time than run together. */
export type CoalitionValues = (count: number, coalition: Coalition, step: string) => Promise<Float64Array>

/** A tensor as [outer, places, inner], elements of one place sharing a label: the channels of a picture, the width of a token. */
interface Shared {
  readonly outer: number
  readonly places: number
  readonly inner: number
  /** Label of each place. */
  readonly labels: Int32Array
}

/** The coarsest such view of a tensor of these dims (the first is the row's). */
function sharedLabels(labels: Int32Array, dims: readonly number[]): Shared {
  const size = labels.length
  const repeats = (step: number, period: number): boolean => {
    for (let start = 0; start < size; start += period)
      for (let i = start + step; i < start + period; i++) if (labels[i] !== labels[i - step]) return false
    return true
  }
  let inner = 1
  for (let axis = dims.length - 1, next = 1; axis >= 0; axis--) {
    next *= dims[axis]!
    if (next > 1 && repeats(1, next)) inner = next
  }
  let outer = 1
  for (let axis = 0, next = 1; axis < dims.length && next * dims[axis]! * inner <= size; axis++) {
    next *= dims[axis]!
    if (next > 1 && repeats(size / next, size)) outer = next
  }
  const places = size / outer / inner
  return { outer, places, inner, labels: Int32Array.from({ length: places }, (_, i) => labels[i * inner]!) }
}

/**
 * f at x where a mask is set, at the baseline elsewhere, exactly. Rows are (coalition, baseline) pairs, `block` baselines to a coalition.
 * Ports: mask/NAME [coalitions, 1, 1, places, 1], input/NAME [1, 1, outer, places, inner], baseline/NAME [1, block, outer, places, inner], or
 * [coalitions, 1, outer, places, inner] with `own`, where block is 1 and each row has a baseline of its own.
 */
function maskedProgram({ rows }: Evaluator, views: Readonly<Record<string, Shared>>, block: number, own: boolean): RowProgram {
  const sizes = Object.entries(views).map(([name, { outer, places, inner }]) => [name, outer, places, inner])
  return madeRows(rows, JSON.stringify(['masked', sizes, block, own]), (source, builder, name) => {
    const { outer, places, inner } = views[name]!
    const coalitions = source.rows / block
    const mask = builder.input(port.mask(name), 'bool', [coalitions, 1, 1, places, 1])
    const input = builder.input(port.input(name), 'float32', [1, 1, outer, places, inner])
    const baseline = builder.input(port.baseline(name), 'float32', [own ? coalitions : 1, block, outer, places, inner])
    const whole = builder.ints([coalitions, block, outer, places, inner])
    // Rows of a few columns: copies are quick, picking with three repeated inputs is not.
    const parts = [mask, input, baseline].map(part => (block > 1 ? builder.emit('Expand', [part, whole]) : part))
    return builder.emit('Reshape', [builder.emit('Where', parts), builder.ints(source.graph.dims(name) as readonly number[])])
  })
}

/** How the rows of coalitions and backgrounds go into runs: `chunk` rows each, `block` backgrounds to a coalition. */
function layout(evaluator: Evaluator, views: Readonly<Record<string, Shared>>, count: number, backgrounds: number) {
  const chunk = evaluator.rows.chunk(maskedProgram(evaluator, views, 1, false), count * backgrounds)
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
  const { at, inputs } = evaluator
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
    await sweepProgram(evaluator.rows, maskedProgram(evaluator, views, block, own), chunk, count * backgrounds, feeds, add, step)
    return sums
  }
}
