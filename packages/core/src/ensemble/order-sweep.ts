/** @file The target while the places of a picture enter, or leave, in one order. */
import { UsageError } from '../errors.js'
import { madeRows, sweepProgram } from '../evaluation/forward.js'
import type { RowProgram } from '../evaluation/rows.js'
import type { Evaluator } from '../evaluator.js'
import { port } from '../programs.js'

export interface OrderSweep {
  /** Rank of every place, row by row: 0 the first. Places of one rank go together. */
  readonly ranks: ArrayLike<number>
  /** How many ranks have had their turn: one number for each value. */
  readonly counts: readonly number[]
  /** The picture before any place had its turn, and after all had: values of the explained tensor. */
  readonly from: Float32Array
  readonly to: Float32Array
}

const ports = { ranks: 'order/ranks', counts: 'order/counts' } as const

/**
 * f at pictures with `to` at the places of the first `counts[k]` ranks and `from` elsewhere, all channels together. Rows are put together
 * inside the model: what is sent to it is two pictures and the ranks, however many rows there are.
 * @throws UsageError where something else than one picture is explained
 */
export async function sweepOrder(evaluator: Evaluator, { ranks, counts, from, to }: OrderSweep): Promise<Float64Array> {
  const [name, ...more] = evaluator.at
  const axes = name === undefined || more.length > 0 ? undefined : evaluator.pictureAxes(name)
  if (name === undefined || !axes) throw new UsageError('an order of places is that of one picture; name it with --at')
  const { rows } = evaluator
  const row = evaluator.inputs[name]!.dims
  const plane = row.map((size, axis) => (axis === axes.channel ? 1 : size))
  const program: RowProgram = madeRows(rows, JSON.stringify(['order', axes.layout]), ({ graph, rows: many }, builder) => {
    const before = builder.input(port.baseline(name), 'float32', row)
    const after = builder.input(port.input(name), 'float32', row)
    const own = builder.input(ports.ranks, 'float32', plane)
    const turns = builder.input(
      ports.counts,
      'float32',
      row.map((_, axis) => (axis === 0 ? many : 1)),
    )
    const made = builder.emit('Where', [builder.emit('Less', [own, turns]), after, before])
    return builder.emit('Reshape', [made, builder.ints(graph.dims(name) as readonly number[])])
  })
  const chunk = rows.chunk(program, counts.length)
  const float32 = (dims: readonly number[], data: Float32Array) => ({ dtype: 'float32' as const, dims, data })
  const fixed = {
    [port.baseline(name)]: float32(row, from),
    [port.input(name)]: float32(row, to),
    [ports.ranks]: float32(plane, Float32Array.from(ranks)),
  }
  const out = new Float64Array(counts.length)
  await sweepProgram(
    rows,
    program,
    chunk,
    counts.length,
    (start, used) => {
      const turns = new Float32Array(chunk)
      turns.set(counts.slice(start, start + used))
      return {
        ...fixed,
        [ports.counts]: float32(
          row.map((_, axis) => (axis === 0 ? chunk : 1)),
          turns,
        ),
      }
    },
    (start, values) => out.set(values, start),
  )
  return out
}
