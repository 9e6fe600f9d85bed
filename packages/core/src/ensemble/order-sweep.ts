/** @file The target while the places of a picture enter, or leave, in some order. */
import { UsageError } from '../errors.js'
import { madeRows, sweepProgram } from '../evaluation/forward.js'
import type { RowProgram } from '../evaluation/rows.js'
import type { Evaluator } from '../evaluator.js'
import { port } from '../programs.js'
import type { TensorValue } from '../tensor-value.js'

/** One picture made of two. */
export interface OrderStep {
  /** Numbers of pictures: what places show before their turn, and after it. */
  readonly from: number
  readonly to: number
  /** Number of the ranks. */
  readonly order: number
  /** How many ranks have had their turn. */
  readonly count: number
}

export interface OrderSweep {
  /** Values of the explained tensor. */
  readonly pictures: readonly Float32Array[]
  /** For each order the rank of every place, row by row: 0 the first. Places of one rank go together. */
  readonly ranks: readonly ArrayLike<number>[]
  readonly steps: readonly OrderStep[]
}

const ports = { ranks: 'order/ranks', counts: 'order/counts', order: 'order/order', from: 'order/from', to: 'order/to' } as const

const float32 = (dims: readonly number[], data: Float32Array): TensorValue => ({ dtype: 'float32', dims, data })

/** Arrays one after the other. */
function stacked(parts: readonly ArrayLike<number>[]): Float32Array {
  const size = parts[0]!.length
  const out = new Float32Array(parts.length * size)
  for (const [k, part] of parts.entries()) out.set(part, k * size)
  return out
}

/**
 * f at each step: a picture with `to` at the places of its order's first `count` ranks and `from` elsewhere, all channels together. Rows
 * are put together inside the model: what is sent to it is the pictures and the ranks, however many steps there are.
 * @throws UsageError where something else than one picture is explained
 */
export async function sweepOrders(evaluator: Evaluator, { pictures, ranks, steps }: OrderSweep): Promise<Float64Array> {
  const [name, ...more] = evaluator.at
  const axes = name === undefined || more.length > 0 ? undefined : evaluator.pictureAxes(name)
  if (name === undefined || !axes) throw new UsageError('an order of places is that of one picture; name it with --at')
  const { rows } = evaluator
  const row = evaluator.inputs[name]!.dims
  const stack = [pictures.length, ...row.slice(1)]
  const planes = row.map((size, axis) => (axis === 0 ? ranks.length : axis === axes.channel ? 1 : size))
  const perRow = (many: number): number[] => row.map((_, axis) => (axis === 0 ? many : 1))
  const key = JSON.stringify(['orders', axes.layout, pictures.length, ranks.length])
  const program: RowProgram = madeRows(rows, key, ({ graph, rows: many }, builder) => {
    const all = builder.input(port.input(name), 'float32', stack)
    const picked = (from: string, which: string): string => builder.emit('Gather', [from, which], { axis: 0 })
    const [before, after] = [ports.from, ports.to].map(one => picked(all, builder.input(one, 'int64', [many])))
    const own = picked(builder.input(ports.ranks, 'float32', planes), builder.input(ports.order, 'int64', [many]))
    const turns = builder.input(ports.counts, 'float32', perRow(many))
    const made = builder.emit('Where', [builder.emit('Less', [own, turns]), after!, before!])
    return builder.emit('Reshape', [made, builder.ints(graph.dims(name) as readonly number[])])
  })
  const chunk = rows.chunk(program, steps.length)
  const fixed = { [port.input(name)]: float32(stack, stacked(pictures)), [ports.ranks]: float32(planes, stacked(ranks)) }
  const out = new Float64Array(steps.length)
  await sweepProgram(
    rows,
    program,
    chunk,
    steps.length,
    (start, used) => {
      // What is left of the run stays at the first picture.
      const some = steps.slice(start, start + used)
      const numbers = (of: (step: OrderStep) => number): TensorValue => {
        const data = new BigInt64Array(chunk)
        for (const [k, step] of some.entries()) data[k] = BigInt(of(step))
        return { dtype: 'int64', dims: [chunk], data }
      }
      const counts = new Float32Array(chunk)
      for (const [k, { count }] of some.entries()) counts[k] = count
      return {
        ...fixed,
        [ports.from]: numbers(({ from }) => from),
        [ports.to]: numbers(({ to }) => to),
        [ports.order]: numbers(({ order }) => order),
        [ports.counts]: float32(perRow(chunk), counts),
      }
    },
    (start, values) => out.set(values, start),
  )
  return out
}
