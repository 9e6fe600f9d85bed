/** @file The layer that class activation maps read: which one, and where its channels and places lie. */
import { elementCount, type Graph, isFloat, type Node } from '@ascribe/onnx'
import { type Axes, axesByShape, channelsFirst, contracts, isPlaces, placeCount, spaceOf } from './axes.js'
import { followAxes } from './axis-readings.js'
import { UsageError } from './errors.js'
import type { Evaluator } from './evaluator.js'

/** How one row of a layer's tensor holds channels x places; class tokens are no places. */
interface LayerView {
  readonly channels: number
  /** Places along each axis of space. */
  readonly space: readonly number[]
  /** Flat index of channel 0 at every place, row-major over space. */
  readonly places: Int32Array
  readonly channelStep: number
}

/** The meaning of the axes of every value of an evaluator's graph. */
export function layerAxes(evaluator: Evaluator): ReadonlyMap<string, Axes> {
  return followAxes(
    evaluator.graph,
    Object.fromEntries(
      evaluator.at.map(name => {
        const { dims } = evaluator.inputs[name]!
        const picture = evaluator.pictureAxes(name)
        const axes = axesByShape(dims, readsPictures(evaluator))
        const { channel } = picture ?? {}
        return [name, channel === undefined ? axes : channelsAt(dims, channel)] as const
      }),
    ),
  )
}

const readsPictures = ({ model }: Evaluator): boolean => model.graph.inputs.some(({ type }) => (type.shape?.length ?? 0) > 3)

/** Axes of a picture whose channels lie at `channel`. */
function channelsAt(dims: readonly number[], channel: number): Axes {
  const others = dims.filter((_, axis) => axis !== channel)
  const first = channelsFirst([others[0]!, dims[channel]!, ...others.slice(1)])
  const places = first.slice(2)
  return dims.map((_, axis) => (axis === 0 ? 'row' : axis === channel ? 'channel' : places.shift()!))
}

/**
 * How the tensor `name` of these dimensions lies. Where its axes could not be followed from the input, four and more dimensions are
 * read as [rows, channels, ...space] and three as [rows, tokens, channels].
 * @throws UsageError for a tensor without places
 */
export function layerView(evaluator: Evaluator, name: string, dims: readonly number[]): LayerView {
  const followed = layerAxes(evaluator).get(name)
  const axes = followed && placeCount(followed) > 0 ? followed : axesByShape(dims, readsPictures(evaluator))
  if (placeCount(axes) === 0)
    throw new UsageError(
      `layer "${name}" has dims [${dims}], and class activation maps need channels at places: [rows, channels, height, width] or [rows, tokens, channels]`,
    )
  return viewOf(axes, dims)
}

/** The view of a tensor by its axes, which must have a positive `placeCount`. */
export function viewOf(axes: Axes, dims: readonly number[]): LayerView {
  const steps = dims.map((_, axis) => elementCount(dims.slice(axis + 1)))
  const space: number[] = []
  for (const axis of axes)
    if (isPlaces(axis))
      axis.space.forEach((which, i) => {
        space[which] = axis.grid[i]!
      })
  const sizes = space.filter(size => size !== undefined)
  const order = [...space.keys()].filter(which => space[which] !== undefined)
  const places = Int32Array.from({ length: elementCount(sizes) }, (_, place) => {
    const coordinates: number[] = []
    for (let k = order.length - 1, rest = place; k >= 0; k--) {
      coordinates[order[k]!] = rest % sizes[k]!
      rest = Math.floor(rest / sizes[k]!)
    }
    return axes.reduce((flat, axis, i) => {
      if (!isPlaces(axis)) return flat
      const index = axis.space.reduce((sum, which, k) => sum * axis.grid[k]! + coordinates[which]!, 0)
      return flat + (axis.start + index) * steps[i]!
    }, 0)
  })
  const channel = axes.indexOf('channel')
  return { channels: dims[channel]!, space: sizes, places, channelStep: steps[channel]! }
}

/**
 * The last tensor of channels at places through which all that the output takes from places passes: what comes right before pooling or
 * flattening. Where only one token is read (a class token), that is the normalised input of the last attention, after which the
 * other tokens no longer count. Where no tensor carries everything (several towers), the last one of them.
 * @throws UsageError where there is none, saying to name one
 */
export function targetLayer(evaluator: Evaluator): string {
  const { graph } = evaluator
  const { output } = evaluator.target
  const axes = layerAxes(evaluator)
  const until = lastUses(graph, output, axes)
  const most = Math.max(0, ...[...until.keys()].map(name => new Set(spaceOf(axes.get(name)!)).size))
  const isLayer = (name: string): boolean =>
    name !== output && spaceOf(axes.get(name)!).length === most && placeCount(axes.get(name)!) > 1
  const open = new Set(evaluator.at.filter(name => until.has(name)))
  let [cut, last]: (string | undefined)[] = []
  graph.nodes.forEach((node, index) => {
    for (const name of node.outputs)
      if (until.has(name)) {
        open.add(name)
        if (isLayer(name)) last = name
      }
    for (const name of open) if (until.get(name)! <= index) open.delete(name)
    const [only] = open
    if (open.size === 1 && graph.producer(only!) && isLayer(only!)) cut = only
  })
  const found = cut ?? last
  if (found === undefined)
    throw new UsageError(
      'class activation maps need a layer of channels at places, [rows, channels, height, width] or [rows, tokens, channels], and the model has none; name one with layer=TENSOR',
    )
  return found
}

/** Index of the last node through which the places of a value count for the output; values whose places do not count are absent. */
function lastUses(graph: Graph, output: string, axes: ReadonlyMap<string, Axes>): ReadonlyMap<string, number> {
  const leads = new Set([output])
  const found = new Map<string, number>()
  if (axes.get(output)?.some(isPlaces)) found.set(output, graph.nodes.length)
  for (let index = graph.nodes.length - 1; index >= 0; index--) {
    const node = graph.nodes[index]!
    const outputs = node.outputs.filter(name => leads.has(name))
    if (outputs.length === 0) continue
    node.inputs.forEach((input, i) => {
      leads.add(input)
      const own = axes.get(input)
      if (!own?.some(isPlaces) || found.has(input) || !isFloat(graph.type(input)!.dtype)) return
      if (outputs.some(name => counts(graph, node, i, own, name, axes.get(name), found))) found.set(input, index)
    })
  }
  return found
}

const picking: ReadonlySet<string> = new Set(['Gather', 'Slice', 'Split'])

/** Whether the places of a node's input count for the output `name` of the node, which leads to the model's. */
function counts(
  graph: Graph,
  node: Node,
  index: number,
  own: Axes,
  name: string,
  axes: Axes | undefined,
  found: ReadonlyMap<string, number>,
): boolean {
  if (contracts(node, index, own)) return true
  const kept = spaceOf(axes ?? [])
  // Each axis of space as often as before: attention has places twice, and summing over one of them uses it.
  const carried = spaceOf(own).every(which => {
    const at = kept.indexOf(which)
    if (at >= 0) kept.splice(at, 1)
    return at >= 0
  })
  if (carried) return found.has(name)
  if (!picking.has(node.operator)) return true
  // Several places picked out count, a class token alone does not.
  const from = graph.dims(node.inputs[0]!)!
  const longest = Math.max(...from.filter((_, axis) => isPlaces(own[axis])))
  return elementCount(graph.dims(name) ?? from) * longest > elementCount(from)
}
