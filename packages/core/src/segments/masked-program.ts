/** @file The graphs of masked rows: coalitions and backgrounds go in, and values of the target, or their sums over the background, come out. */
import { elementCount } from '@ascribe/onnx'
import { bindRows, madeRows, type RowBinder } from '../evaluation/forward.js'
import type { RowProgram } from '../evaluation/rows.js'
import type { Evaluator } from '../evaluator.js'
import { finish, port } from '../programs.js'
import { linearBegin, linearRows } from './linear-begin.js'
import type { Shared } from './shared-labels.js'

/** ONNX's number of float64. */
const float64 = 11

/** Ports of a program that sums: the classes that are read, and what comes back for each coalition. */
export const sumPort = { classes: 'target:indices', sums: 'target:sums' } as const

/**
 * f at x where a mask is set, at the baseline elsewhere, exactly. Rows are (coalition, baseline) pairs, `block` baselines to a coalition.
 * Ports: mask/NAME [coalitions, 1, 1, places, 1], input/NAME [1, 1, outer, places, inner], baseline/NAME [1, block, outer, places, inner], or
 * [coalitions, 1, outer, places, inner] with `own`, where block is 1 and each row has a baseline of its own.
 */
export function maskedProgram(
  { rows }: Evaluator,
  views: Readonly<Record<string, Shared>>,
  block: number,
  own: boolean,
): RowProgram {
  return madeRows(rows, key('masked', views, block, own), picked(views, block, own))
}

/**
 * The same rows, and for each coalition the sum over its block of each chosen class, in double precision: little comes back.
 * Ports: those of maskedProgram, target:indices [classes] (not where the output has one value a row) -> target:sums [coalitions, classes].
 * @param linear the rows may be put together behind the linear layer that they enter: see linear-begin.ts
 */
export function summedProgram(
  { target }: Evaluator,
  views: Readonly<Record<string, Shared>>,
  block: number,
  linear: boolean,
): RowProgram {
  const count = target.classes.length
  return {
    key: `${key('summed', views, block, linear)} ${JSON.stringify([target.output, count])}`,
    make: source => {
      const begin = linear ? linearBegin(source, views, block) : undefined
      const builder = begin ? bindRows(begin.source, linearRows(begin, block)) : bindRows(source, picked(views, block, false))
      const coalitions = source.rows / block
      const size = elementCount(source.graph.dims(target.output)!) / source.rows
      let chosen = builder.emit('Reshape', [target.output, builder.ints([source.rows, size])])
      if (size > 1) chosen = builder.emit('Gather', [chosen, builder.input(sumPort.classes, 'int64', [count])], { axis: 1 })
      const wide = builder.emit('Cast', [chosen], { to: float64 })
      const blocks = builder.emit('Reshape', [wide, builder.ints([coalitions, block, size > 1 ? count : 1])])
      const sums = builder.emit('ReduceSum', [blocks, builder.ints([1])], { keepdims: 0 })
      return finish(builder, [[sums, sumPort.sums]])
    },
  }
}

function key(kind: string, views: Readonly<Record<string, Shared>>, ...more: readonly (number | boolean)[]): string {
  const sizes = Object.entries(views).map(([name, { outer, places, inner }]) => [name, outer, places, inner])
  return JSON.stringify([kind, sizes, ...more])
}

const picked =
  (views: Readonly<Record<string, Shared>>, block: number, own: boolean): RowBinder =>
  (source, builder, name) => {
    const { outer, places, inner } = views[name]!
    const coalitions = source.rows / block
    const mask = builder.input(port.mask(name), 'bool', [coalitions, 1, 1, places, 1])
    const input = builder.input(port.input(name), 'float32', [1, 1, outer, places, inner])
    const baseline = builder.input(port.baseline(name), 'float32', [own ? coalitions : 1, block, outer, places, inner])
    const whole = builder.ints([coalitions, block, outer, places, inner])
    // Rows of a few columns: copies are quick, picking with three repeated inputs is not.
    const parts = [mask, input, baseline].map(part => (block > 1 ? builder.emit('Expand', [part, whole]) : part))
    return builder.emit('Reshape', [builder.emit('Where', parts), builder.ints(source.graph.dims(name) as readonly number[])])
  }
