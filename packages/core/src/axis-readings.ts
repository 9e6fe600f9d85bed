/** @file How each operator passes the meaning of axes on. Operators without an entry work element by element, or nothing is known. */
import { elementCount, type Graph, isFloat, type Node, operatorKey } from '@ascribe/onnx'
import { type Axes, type Axis, channelsFirst, isPlaces, placesAlong } from './axes.js'

interface Reading {
  readonly node: Node
  readonly graph: Graph
  /** Which output, and its dimensions. */
  readonly index: number
  readonly dims: readonly number[]
  readonly axes: (name: string) => Axes | undefined
}

/** Axes of one output; undefined where nothing is known. */
type AxisReading = (reading: Reading) => Axes | undefined

const numbersOf = (graph: Graph, name: string | undefined): number[] | undefined =>
  name && graph.initializers.has(name) ? [...graph.initializers.get(name)!.numbers()] : undefined

const axisAttribute = (node: Node, rank: number, fallback = 0): number => {
  const axis = (node.attributes['axis']?.value as number | undefined) ?? fallback
  return axis < 0 ? axis + rank : axis
}

/** Known places win over other meanings, those over unknown ones: what a branch lost, the shortcut around it still has. */
const rank = (axis: Axis): number => (isPlaces(axis) ? 2 : axis === 'unknown' ? 0 : 1)

/** Inputs aligned at their last axes. */
const broadcastAxes: AxisReading = ({ node, graph, dims, axes }) => {
  const out: Axis[] = dims.map(() => 'unknown')
  for (const input of node.inputs) {
    const [own, from] = [axes(input), graph.dims(input)]
    if (!own || !from) continue
    const lead = dims.length - from.length
    if (lead < 0 || from.some((size, i) => size !== 1 && size !== dims[i + lead])) return undefined
    own.forEach((axis, i) => {
      if (from[i] === dims[i + lead] && rank(axis) > rank(out[i + lead]!)) out[i + lead] = axis
    })
  }
  return out
}

const windowed: AxisReading = ({ dims }) => (dims.length > 2 ? channelsFirst(dims) : undefined)

/** The axis after its length changed to `size`. */
const resized = (axis: Axis, size: number): Axis =>
  isPlaces(axis) ? (axis.space.length === 1 && axis.start === 0 ? placesAlong(axis.space[0]!, size) : 'unknown') : axis

const first: AxisReading = ({ node, graph, dims, axes }) => {
  const [own, from] = [axes(node.inputs[0]!), graph.dims(node.inputs[0]!)]
  return own && from && own.length === dims.length
    ? own.map((axis, i) => (from[i] === dims[i] ? axis : resized(axis, dims[i]!)))
    : undefined
}

/** Entries [from, from + size) of an axis. */
function part(axis: Axis, from: number, size: number): Axis {
  if (!isPlaces(axis)) return axis
  const count = elementCount(axis.grid)
  if (from <= axis.start && from + size >= axis.start + count) return { ...axis, start: axis.start - from }
  return size > 1 ? resized(axis, size) : 'unknown'
}

const transposed: AxisReading = ({ node, dims, axes }) => {
  const own = axes(node.inputs[0]!)
  const perm = (node.attributes['perm']?.value as readonly number[] | undefined) ?? [...dims.keys()].reverse()
  return own && perm.map(axis => own[axis]!)
}

function merged(axes: readonly Axis[]): Axis {
  if (axes.length === 1) return axes[0]!
  const places = axes.filter(isPlaces)
  if (places.length === axes.length && places.every(({ start }) => start === 0))
    return { space: places.flatMap(({ space }) => space), grid: places.flatMap(({ grid }) => grid), start: 0 }
  return places.length === 0 && axes.includes('channel') ? 'channel' : 'unknown'
}

/** One axis taken apart: a grid into its own axes, one axis of space into patches and what lies inside a patch. */
function split(axis: Axis, sizes: readonly number[]): Axis[] {
  if (!isPlaces(axis)) return sizes.map(() => axis)
  const { space, grid, start } = axis
  const own = space.length === sizes.length && grid.every((size, i) => size === sizes[i])
  if (own && start === 0) return space.map((which, i) => placesAlong(which, sizes[i]!))
  if (space.length === 1 && start === 0) return sizes.map((size, i) => (i === 0 ? placesAlong(space[0]!, size) : 'unknown'))
  return sizes.map(() => 'unknown')
}

/** Axes after a change of shape: runs of axes with equal products are merged or taken apart; axes of length 1 come and go. */
const reshaped: AxisReading = ({ node, graph, dims: to, axes }) => {
  const [own, from] = [axes(node.inputs[0]!), graph.dims(node.inputs[0]!)]
  if (!own || !from) return undefined
  const out: Axis[] = to.map((size, i) => (i === 0 && size === 1 ? 'row' : 'unknown'))
  let [i, j] = [0, 0]
  if (own[0] === 'row' && from[0] === to[0]) {
    out[0] = 'row'
    ;[i, j] = [1, 1]
  }
  while (i < from.length && j < to.length) {
    if (from[i] === 1) i++
    else if (to[j] === 1) j++
    else {
      const [a, b] = [[i++], [j++]]
      let [left, right] = [from[a[0]!]!, to[b[0]!]!]
      while (left !== right) {
        if (left < right && i < from.length) {
          left *= from[i]!
          a.push(i++)
        } else if (right < left && j < to.length) {
          right *= to[j]!
          b.push(j++)
        } else return undefined
      }
      const [old, fresh] = [a.filter(axis => from[axis] !== 1), b.filter(axis => to[axis] !== 1)]
      const meaning = old.length > 1 && fresh.length > 1 ? 'unknown' : merged(old.map(axis => own[axis]!))
      const parts =
        fresh.length === 1
          ? [meaning]
          : split(
              meaning,
              fresh.map(axis => to[axis]!),
            )
      fresh.forEach((axis, k) => {
        out[axis] = parts[k]!
      })
    }
  }
  return out
}

const matmul: AxisReading = ({ node, dims, axes }) => {
  const [left, right] = node.inputs.map(axes)
  const contracted = (axis: Axis | undefined): Axis => (axis === undefined || isPlaces(axis) ? 'unknown' : 'channel')
  if (left && left.length === dims.length)
    return [...left.slice(0, -1), right && right.length > 1 ? right.at(-1)! : contracted(left.at(-1))]
  if (!left && right && right.length === dims.length)
    return right.map((axis, i) => (i === dims.length - 2 ? contracted(axis) : axis))
  return undefined
}

const gemm: AxisReading = ({ node, axes }) => {
  const left = axes(node.inputs[0]!)
  return [left && !node.attributes['transA']?.value ? left[0]! : 'unknown', 'channel']
}

const reduced: AxisReading = ({ node, graph, dims, axes }) => {
  const own = axes(node.inputs[0]!)
  if (!own) return undefined
  const given = numbersOf(graph, node.inputs[1]) ?? (node.attributes['axes']?.value as readonly number[] | undefined)
  const gone = new Set((given ?? [...own.keys()]).map(axis => (axis < 0 ? axis + own.length : axis)))
  if (dims.length === own.length) return own.map((axis, i) => (gone.has(i) ? 'unknown' : axis))
  return own.filter((_, i) => !gone.has(i))
}

const gathered: AxisReading = ({ node, graph, dims, axes }) => {
  const own = axes(node.inputs[0]!)
  if (!own) return undefined
  const at = axisAttribute(node, own.length)
  const inserted: Axis[] = Array(Math.max(0, dims.length - own.length + 1)).fill(isPlaces(own[at]) ? 'unknown' : own[at])
  const indices = numbersOf(graph, node.inputs[1])
  const run = indices?.every((index, i) => index === indices[0]! + i)
  if (inserted.length === 1 && indices && run && indices[0]! >= 0) inserted[0] = part(own[at]!, indices[0]!, indices.length)
  return [...own.slice(0, at), ...inserted, ...own.slice(at + 1)]
}

const sliced: AxisReading = ({ node, graph, dims, axes }) => {
  const own = axes(node.inputs[0]!)
  const from = graph.dims(node.inputs[0]!)
  const starts = numbersOf(graph, node.inputs[1])
  if (!own || !from || !starts) return undefined
  const which = numbersOf(graph, node.inputs[3]) ?? starts.map((_, i) => i)
  const steps = numbersOf(graph, node.inputs[4]) ?? starts.map(() => 1)
  const out = [...own]
  which.forEach((named, i) => {
    const axis = named < 0 ? named + own.length : named
    if (from[axis] === dims[axis]) return
    const start = starts[i]! < 0 ? Math.max(0, starts[i]! + from[axis]!) : starts[i]!
    out[axis] = steps[i] === 1 ? part(own[axis]!, start, dims[axis]!) : resized(own[axis]!, dims[axis]!)
  })
  return out
}

const divided: AxisReading = ({ node, graph, index, dims, axes }) => {
  const own = axes(node.inputs[0]!)
  if (!own) return undefined
  const axis = axisAttribute(node, own.length)
  const before = node.outputs.slice(0, index).reduce((sum, name) => sum + (graph.dims(name)?.[axis] ?? 0), 0)
  return own.map((meaning, i) => (i === axis ? part(meaning, before, dims[axis]!) : meaning))
}

const joined: AxisReading = ({ node, graph, dims, axes }) => {
  const axis = axisAttribute(node, dims.length)
  const known = node.inputs.flatMap((name, index) => (axes(name) ? [{ index, own: axes(name)! }] : []))
  const meanings = known.map(({ own }) => own[axis]!)
  const [only] = known
  const along = (): Axis => {
    if (!meanings.some(isPlaces)) return meanings[0]!
    const meaning = meanings[0]!
    if (known.length > 1 || !isPlaces(meaning)) return meanings.every(isPlaces) ? resized(meaning, dims[axis]!) : 'unknown'
    const before = node.inputs.slice(0, only!.index).reduce((sum, name) => sum + (graph.dims(name)?.[axis] ?? 0), 0)
    return { ...meaning, start: meaning.start + before }
  }
  return only!.own.map((meaning, i) => (i === axis ? along() : meaning))
}

const table = (reading: AxisReading, ...operators: string[]): Record<string, AxisReading> =>
  Object.fromEntries(operators.map(operator => [operator, reading]))

/** By operator key. */
const axisReadings: Readonly<Record<string, AxisReading>> = {
  ...table(windowed, 'Conv', 'ConvTranspose', 'MaxPool', 'AveragePool', 'LpPool', 'DepthToSpace', 'SpaceToDepth'),
  ...table(windowed, 'GlobalAveragePool', 'GlobalMaxPool', 'GlobalLpPool', 'MaxRoiPool', 'RoiAlign'),
  ...table(first, 'Resize', 'Upsample', 'Pad', 'BatchNormalization', 'LayerNormalization', 'GroupNormalization'),
  ...table(transposed, 'Transpose'),
  ...table(reshaped, 'Reshape', 'Flatten', 'Squeeze', 'Unsqueeze'),
  ...table(matmul, 'MatMul'),
  ...table(gemm, 'Gemm'),
  ...table(reduced, 'ReduceMean', 'ReduceSum', 'ReduceMax', 'ReduceMin', 'ReduceProd', 'ReduceL1', 'ReduceL2'),
  ...table(reduced, 'ReduceSumSquare', 'ReduceLogSum', 'ReduceLogSumExp'),
  ...table(gathered, 'Gather'),
  ...table(sliced, 'Slice'),
  ...table(divided, 'Split'),
  ...table(joined, 'Concat'),
  ...table(() => undefined, 'Einsum', 'Loop', 'If', 'Scan', 'LSTM', 'GRU', 'RNN', 'Tile'),
}

/** Follows the axes of `at` through the graph. Values that do not depend on them through floats have no entry. */
export function followAxes(graph: Graph, at: Readonly<Record<string, Axes>>): ReadonlyMap<string, Axes> {
  const found = new Map<string, Axes>(Object.entries(at))
  for (const node of graph.nodes) {
    if (!node.inputs.some(input => found.has(input))) continue
    node.outputs.forEach((output, index) => {
      const dims = output && graph.dims(output)
      if (!dims || !isFloat(graph.type(output)!.dtype) || found.has(output)) return
      const reading = axisReadings[operatorKey(node)] ?? broadcastAxes
      const axes = reading({ node, graph, index, dims, axes: name => found.get(name) })
      found.set(output, axes?.length === dims.length ? axes : dims.map(() => 'unknown'))
    })
  }
  return found
}
