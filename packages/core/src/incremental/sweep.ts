/** @file The target's value for every window of a tensor, by recomputing only what a window can reach. */
import { type Graph, operatorKey, prune } from '@ascribe/onnx'
import type { RowProgram, Rows } from '../evaluation/rows.js'
import { peakBytes } from '../memory.js'
import { port } from '../programs.js'
import { targetOutputs, targetValue } from '../target.js'
import type { TensorValue, TensorValues } from '../tensor-value.js'
import { cutKey, cutsOf, groupOf, placesOf, type WindowPlace } from './places.js'
import { type Cut, type Extend, type Plan, planOf } from './plan.js'
import { boxPort, type Entry, incrementalProgram } from './program.js'
import { distinct, neighbours, type Range, variantsOf } from './windows.js'

/** Windows of one run at most: the clean input is computed once for all of them. */
const mostRows = 32
const fewestWindows = 8

/** How windows over one tensor are computed, ready to run. */
export interface Incremental {
  /** Estimated cost of a window as a share of computing it in full. */
  readonly share: number
  /** f of every window. */
  readonly sweep: (step?: string) => Promise<Float64Array>
}

/**
 * Incremental inference for windows over the explained tensor `name`: a window's values are those of `filling`, everything else is the
 * input's. Undefined where the model does not allow it, the target reads other outputs than the explained one, or it would save next to nothing.
 * @param windows the range of every axis but the first, in the order of the axes
 */
export function incremental(
  rows: Rows,
  name: string,
  filling: Float32Array,
  windows: readonly (readonly Range[])[],
  extend: Extend = 'saving',
): Incremental | undefined {
  const { batching, target, inputs } = rows.situation
  const { dims } = inputs[name]!
  if (targetOutputs(target).join() !== target.output) return undefined
  if (!batching.batched || batching.fixed !== undefined || dims.length < 3) return undefined
  if (extend === 'saving' && windows.length < fewestWindows) return undefined
  const count = rowsAtOnce(rows, windows.length)
  if (count === undefined) return undefined
  const graph = towards(rows.source(1).graph, target.output)
  const entry = entryOf(graph, name)
  const channelAxis = entry.channelsLast ? dims.length - 2 : 0
  const space = dims.slice(1).flatMap((length, axis) => (axis === channelAxis ? [] : [{ length, axis }]))
  const ranges = space.map(({ axis, length }) =>
    distinct(
      windows.map(window => window[axis]!),
      length,
    ),
  )
  const channels = distinct(
    windows.map(window => window[channelAxis]!),
    dims[channelAxis + 1]!,
  )
  const extents = ranges.map(({ extent }) => extent)
  const places = windows.map(
    (_, i): WindowPlace => ({ ranges: ranges.map(({ indices }) => indices[i]!), variant: channels.indices[i]! }),
  )
  const order = neighbours(places, extents, count)
  const groups: number[][] = []
  for (let start = 0; start < order.length; start += count) groups.push(order.slice(start, start + count))
  const rangesOf = groups.map(group => groupOf(group.map(i => places[i]!)))
  const plan = planOf(graph, entry.start, target.output, extents, rangesOf, count, extend)
  if (!plan) return undefined
  const variants = variantsOf(inputs[name]!, filling, channels.extent, channelAxis + 1)
  const program: RowProgram = {
    key: rows.targetKey(`incremental ${JSON.stringify([name, variants.dims[0], structureOf(plan)])}`),
    make: source =>
      incrementalProgram({ ...source, graph: towards(source.graph, source.output) }, plan, entry, variants.dims[0]!),
  }
  const work: Work = { program, name, variants, plan, groups: groups.map(group => group.map(i => places[i]!)), order, count }
  return { share: plan.share, sweep: step => run(rows, work, step) }
}

/** What one sweep runs. */
interface Work {
  readonly program: RowProgram
  readonly name: string
  readonly variants: TensorValue<'float32'>
  readonly plan: Plan
  /** Windows of each run, at most `count`; `order` holds their indices, run after run. */
  readonly groups: readonly (readonly WindowPlace[])[]
  readonly order: readonly number[]
  readonly count: number
}

/** What tells apart the graphs of plans for one model: which nodes are on boxes and what is cut out for them. */
function structureOf(plan: Plan): unknown {
  const keys = [...cutsOf(plan).keys()]
  const index = (cut: Cut | undefined): number => (cut ? keys.indexOf(cutKey(cut, plan.start)) : -1)
  return [plan.frontier, plan.steps.map(({ cuts }) => cuts.map(index)), keys.length]
}

async function run(rows: Rows, work: Work, step: string | undefined): Promise<Float64Array> {
  const { program, name, variants, plan, groups, order, count } = work
  const { target, cost, inputs } = rows.situation
  const { output } = target
  const given: TensorValues = {
    ...Object.fromEntries(rows.at.map(other => [port.points(other), inputs[other]!])),
    [boxPort.variants(name)]: variants,
  }
  const cuts = [...cutsOf(plan).values()]
  const feeds = (start: number): TensorValues => {
    const group = groups[start / count]!
    const filled = Array.from({ length: count }, (_, row) => group[Math.min(row, group.length - 1)]!)
    const indices = cuts.map((cut, i): [string, TensorValue] => [
      boxPort.places(i),
      { dtype: 'int32', ...placesOf(cut, plan.start, filled) },
    ])
    return { ...given, ...Object.fromEntries(indices) }
  }
  const values = new Float64Array(order.length)
  await rows.chunks(program, order.length, count, feeds, (start, used, result) => {
    const scores = result[boxPort.value(output)]!.data as Float32Array
    const classes = scores.length / count
    for (let row = 0; row < used; row++)
      values[order[start + row]!] = targetValue(target, scores.subarray(row * classes, (row + 1) * classes))
    cost.forwards += used
    rows.progress(start + used, order.length, step)
  })
  return values
}

/** Rows per run: as many as fit the memory budget, at most `mostRows`, with as little padding as possible; undefined where none fits. */
function rowsAtOnce(rows: Rows, count: number): number | undefined {
  const { model } = rows.situation
  const each = peakBytes(rows.source(1).graph)
  const most = Math.min(mostRows, count, Math.floor(model.memory / Math.max(1, each)))
  if (most < 1) return undefined
  const padding = (size: number): number => Math.ceil(count / size) * size - count
  let best = most
  for (let size = most - 1; size > most / 2; size--) if (padding(size) < padding(best)) best = size
  return best
}

/** Nothing but what leads to `output`. */
const towards = (graph: Graph, output: string): Graph =>
  prune(graph.with({ outputs: [{ name: output, type: graph.type(output)! }] }))

/** The tensor itself, or, where all that reads it is one Transpose that puts the last axis second, what that makes. */
function entryOf(graph: Graph, name: string): Entry {
  const [reader, ...others] = graph.consumers(name)
  if (reader && others.length === 0 && operatorKey(reader) === 'Transpose') {
    const perm = reader.attributes['perm']?.value as readonly number[] | undefined
    const rank = graph.dims(name)!.length
    if (perm?.every((axis, i) => axis === (i === 0 ? 0 : i === 1 ? rank - 1 : i - 1)))
      return { name, start: reader.outputs[0]!, channelsLast: true }
  }
  return { name, start: name, channelsLast: false }
}
