/** @file The target's value for every window of a tensor, by recomputing only what a window can reach. */
import { type Graph, operatorKey, prune } from '@ascribe/onnx'
import type { RowProgram, Rows } from '../evaluation/rows.js'
import { peakBytes } from '../memory.js'
import { port } from '../programs.js'
import { targetValue } from '../target.js'
import type { TensorValue, TensorValues } from '../tensor-value.js'
import type { Extent } from './extent.js'
import { cutKey, cutsOf, groupOf, placesOf, type WindowPlace } from './places.js'
import { type Cut, type Plan, planOf } from './plan.js'
import { boxPort, type Entry, incrementalProgram } from './program.js'

/** Places of a window along one axis of the tensor: from `from`, before `to`. */
export interface Range {
  readonly from: number
  readonly to: number
}

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
 * input's. Undefined where the model does not allow it or it would save next to nothing.
 * @param windows the range of every axis but the first, in the order of the axes
 */
export function incremental(
  rows: Rows,
  name: string,
  filling: Float32Array,
  windows: readonly (readonly Range[])[],
): Incremental | undefined {
  const { batching, target, inputs } = rows.situation
  const { dims } = inputs[name]!
  if (!batching.batched || batching.fixed !== undefined || windows.length < fewestWindows || dims.length < 3) return undefined
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
  const plan = planOf(
    graph,
    entry.start,
    target.output,
    extents,
    groups.map(group => groupOf(group.map(i => places[i]!))),
    count,
  )
  if (!plan) return undefined
  const variants = variantsOf(inputs[name]!, filling, channels.extent, channelAxis + 1)
  const program: RowProgram = {
    key: rows.targetKey(`incremental ${JSON.stringify([name, variants.dims[0], structureOf(plan)])}`),
    make: source =>
      incrementalProgram({ ...source, graph: towards(source.graph, source.output) }, plan, entry, variants.dims[0]!),
  }
  return {
    share: plan.share,
    sweep: step =>
      run(
        rows,
        program,
        name,
        variants,
        plan,
        groups.map(group => group.map(i => places[i]!)),
        order,
        count,
        step,
      ),
  }
}

/** What tells apart the graphs of plans for one model: which nodes are on boxes and what is cut out for them. */
function structureOf(plan: Plan): unknown {
  const keys = [...cutsOf(plan).keys()]
  const index = (cut: Cut | undefined): number => (cut ? keys.indexOf(cutKey(cut, plan.start)) : -1)
  return [plan.frontier, plan.steps.map(({ cuts }) => cuts.map(index)), keys.length]
}

async function run(
  rows: Rows,
  program: RowProgram,
  name: string,
  variants: TensorValue<'float32'>,
  plan: Plan,
  groups: readonly (readonly WindowPlace[])[],
  order: readonly number[],
  count: number,
  step: string | undefined,
): Promise<Float64Array> {
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

/**
 * Indices of the windows in an order in which those that run together are about as far from the edges, so that their boxes are about
 * equal: in strips by the distance along the first axis, to and fro by the distance along the others.
 */
function neighbours(places: readonly WindowPlace[], extents: readonly Extent[], count: number): readonly number[] {
  const distance = (window: WindowPlace, axis: number): number => {
    const { from, to, length } = extents[axis]!
    const range = window.ranges[axis]!
    return Math.min(from[range]!, length - to[range]!)
  }
  const sorted = (indices: readonly number[], axis: number, sign = 1): number[] =>
    [...indices].sort((a, b) => sign * (distance(places[a]!, axis) - distance(places[b]!, axis)) || a - b)
  const split = (indices: readonly number[], axis: number, sign: number): number[] => {
    const inOrder = sorted(indices, axis, sign)
    const axesLeft = extents.length - axis
    if (axesLeft <= 1) return inOrder
    const strips = Math.max(1, Math.round((indices.length / count) ** (1 / axesLeft)))
    const size = Math.ceil(indices.length / strips / count) * count
    const out: number[] = []
    for (let strip = 0; strip * size < inOrder.length; strip++)
      out.push(...split(inOrder.slice(strip * size, (strip + 1) * size), axis + 1, strip % 2 === 0 ? 1 : -1))
    return out
  }
  return split(
    places.map((_, i) => i),
    0,
    1,
  )
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

/** The different ranges, and which of them each window has. */
function distinct(ranges: readonly Range[], length: number): { readonly extent: Extent; readonly indices: readonly number[] } {
  const found = new Map<string, number>()
  const different: Range[] = []
  const indices = ranges.map(range => {
    const key = `${range.from} ${range.to}`
    if (!found.has(key)) found.set(key, different.push(range) - 1)
    return found.get(key)!
  })
  return { extent: { length, from: different.map(({ from }) => from), to: different.map(({ to }) => to) }, indices }
}

/** The input with the channels of each range replaced, one row per range. */
function variantsOf(
  { dims, data }: TensorValue<'float32'>,
  filling: Float32Array,
  channels: Extent,
  axis: number,
): TensorValue<'float32'> {
  const rows = channels.from.length
  const inner = dims.slice(axis + 1).reduce((product, dim) => product * dim, 1)
  const out = new Float32Array(rows * data.length)
  for (let row = 0; row < rows; row++)
    for (let i = 0; i < data.length; i++) {
      const channel = Math.floor(i / inner) % dims[axis]!
      out[row * data.length + i] = (channel >= channels.from[row]! && channel < channels.to[row]! ? filling : data)[i]!
    }
  return { dtype: 'float32', dims: [rows, ...dims.slice(1)], data: out }
}
