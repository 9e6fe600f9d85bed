/** @file Which part of a network is computed on boxes for windows over one of its tensors: where it ends is what costs least. */
import { elementCount, type Graph, type Node, operatorKey } from '@ascribe/onnx'
import { type AxisReach, boxOf, type Extent, grown, isOwnPlace, spanOf, united } from './extent.js'
import { boxRules, type Reach } from './rules.js'

/** A value that changes with the window. */
export interface Moving {
  readonly name: string
  /** Whole dimensions for one row: [1, channels, ...space]. */
  readonly dims: readonly number[]
  readonly extents: readonly Extent[]
}

/** What is cut out of a value: all that the boxes of these extents read through `reach`; or the whole value, without one. */
export interface Cut {
  readonly value: Moving
  readonly reader?: { readonly extents: readonly Extent[]; readonly axes: readonly AxisReach[] }
}

/** One node on boxes. */
interface Step {
  readonly node: Node
  readonly reach: Reach
  readonly output: Moving
  /** For each input of the node what is cut out for it; undefined for constants, and for boxes that are read as they are. */
  readonly cuts: readonly (Cut | undefined)[]
}

export interface Plan {
  readonly start: Moving
  readonly steps: readonly Step[]
  readonly moving: ReadonlyMap<string, Moving>
  /** Values on boxes that the rest of the network reads: they are put into the clean tensors. */
  readonly frontier: readonly string[]
  /** Estimated cost of a window as a share of computing it in full. */
  readonly share: number
}

/** The ranges along each axis of windows that run together. */
export type Group = readonly ReadonlySet<number>[]

/**
 * Relative costs on a CPU, a multiply-add of a convolution over many channels being one: measured on ResNet-18 and MobileNetV2 with
 * ONNX Runtime. `value` is one pass over a value, `gathered` cutting a value out of one layout and into another.
 */
const costs = { multiply: 1, narrowMultiply: 2, value: 12, gathered: 150 } as const

/** Convolutions over fewer multiply-adds per value are bound by memory. */
const narrow = 16

/** What is to be saved at least, as a share. */
const leastSaving = 0.1

/** Cost of making a value of the node. */
function valueCost(node: Node, graph: Graph): number {
  const work = boxRules[operatorKey(node)]?.work(node, graph) ?? 1
  return costs.value + work * (work < narrow ? costs.narrowMultiply : costs.multiply)
}

/** What any node costs for one row: nodes without a rule by what they read and make. */
function fullCost(node: Node, graph: Graph): number {
  const sizeOf = (name: string): number => elementCount((graph.dims(name) ?? []).slice(1))
  const out = node.outputs.reduce((sum, name) => sum + (name === '' ? 0 : sizeOf(name)), 0)
  if (boxRules[operatorKey(node)]) return out * valueCost(node, graph)
  const weights = node.inputs.reduce((sum, name) => sum + (graph.initializers.get(name)?.size ?? 0), 0)
  const read = node.inputs.reduce((sum, name) => sum + (graph.initializers.has(name) ? 0 : sizeOf(name)), 0)
  return costs.value * (out + read) + weights
}

/**
 * How far boxes go: to where it is cheapest, if that saves a tenth (`saving`) or in any case (`cheapest`); or as far as there are rules
 * (`furthest`).
 */
export type Extend = 'saving' | 'cheapest' | 'furthest'

/**
 * The plan for windows that change `extents` of `start`, a tensor [rows, channels, ...space]; undefined where nothing can be computed on boxes,
 * or where computing every window in full is about as good.
 * @param graph static, with nothing but what leads to `output`
 * @param groups windows that run together, for the estimate; `rows` of them in each
 */
export function planOf(
  graph: Graph,
  start: string,
  output: string,
  extents: readonly Extent[],
  groups: readonly Group[],
  rows: number,
  extend: Extend,
): Plan | undefined {
  const first = movingOf(graph, start, extents)
  const moving = new Map([[start, first]])
  const full = graph.nodes.map(node => fullCost(node, graph))
  const steps: (Step | undefined)[] = []
  for (const node of graph.nodes) {
    const reads = node.inputs.some(name => moving.has(name))
    const step = reads ? stepOf(graph, node, moving, first) : undefined
    if (reads && !step) break
    if (step) moving.set(step.output.name, step.output)
    steps.push(step)
  }
  const known = (name: string): boolean => moving.has(name)
  const dependent = dependents(graph, start)
  const whole = graph.nodes.reduce((sum, node, i) => sum + (dependent.has(node) ? full[i]! : 0), 0)
  let [spent, left] = [0, whole]
  let best: { readonly cut: number; readonly cost: number } | undefined
  steps.forEach((step, i) => {
    if (!step) return
    spent += stepCost(step, graph, groups) + full[i]! / rows
    left -= full[i]!
    const pasted = frontierOf(graph, i + 1, output, known)
    const cost = spent + left + pasted.reduce((sum, name) => sum + costs.gathered * elementCount(moving.get(name)!.dims), 0)
    if (!best || extend === 'furthest' || cost < best.cost) best = { cut: i + 1, cost }
  })
  if (!best || (extend === 'saving' && best.cost > (1 - leastSaving) * whole)) return undefined
  const { cut, cost } = best
  const kept = steps.slice(0, cut).filter(step => step !== undefined)
  return { start: first, steps: kept, moving, frontier: frontierOf(graph, cut, output, known), share: cost / whole }
}

function movingOf(graph: Graph, name: string, extents: readonly Extent[]): Moving {
  return { name, dims: [1, ...graph.dims(name)!.slice(1)], extents }
}

function stepOf(graph: Graph, node: Node, moving: ReadonlyMap<string, Moving>, start: Moving): Step | undefined {
  const constant = (name: string): boolean => name === '' || graph.initializers.has(name)
  if (!node.inputs.every(name => moving.has(name) || constant(name))) return undefined
  if (!node.outputs.every(name => name === '' || graph.dims(name))) return undefined
  const reach = boxRules[operatorKey(node)]?.reach(node, graph, name => moving.has(name))
  if (!reach) return undefined
  const { axes } = reach
  const inputs = node.inputs.map(name => moving.get(name))
  const read = inputs.filter(input => input !== undefined)
  const space = graph.dims(node.outputs[0]!)!.slice(2)
  const extents = space.map((length, axis) => united(read.map(input => grown(input.extents[axis]!, axes[axis]!, length))))
  const output = movingOf(graph, node.outputs[0]!, extents)
  const asItIs = (input: Moving): boolean =>
    input !== start && axes.every(isOwnPlace) && JSON.stringify(input.extents) === JSON.stringify(extents)
  const cuts = inputs.map(input => (input && !asItIs(input) ? { value: input, reader: { extents, axes } } : undefined))
  return { node, reach, output, cuts }
}

/** Mean cost of a step over groups of windows. */
function stepCost({ node, output, cuts }: Step, graph: Graph, groups: readonly Group[]): number {
  const each = valueCost(node, graph)
  let total = 0
  for (const group of groups) {
    const boxes = output.extents.map((extent, axis) => boxOf(extent, group[axis]!))
    total += each * output.dims[1]! * elementCount(boxes.map(({ size }) => size))
    for (const cut of cuts) {
      if (!cut) continue
      const counts = boxes.map((box, axis) => spanOf(box, cut.reader!.axes[axis]!).count)
      total += costs.gathered * cut.value.dims[1]! * elementCount(counts)
    }
  }
  return total / groups.length
}

function dependents(graph: Graph, start: string): ReadonlySet<Node> {
  const reached = new Set([start])
  return new Set(
    graph.nodes.filter(node => {
      if (!node.inputs.some(name => reached.has(name))) return false
      for (const name of node.outputs) reached.add(name)
      return true
    }),
  )
}

/** Values that change and are made before node `cut`, and read from there on. */
function frontierOf(graph: Graph, cut: number, output: string, known: (name: string) => boolean): readonly string[] {
  const made = new Set(graph.nodes.slice(cut).flatMap(node => node.outputs))
  const read = [...graph.nodes.slice(cut).flatMap(node => node.inputs), output]
  return [...new Set(read.filter(name => known(name) && !made.has(name)))]
}
