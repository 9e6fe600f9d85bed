/** @file Choice of the layers at which concepts are looked for. */
import { type Model, UsageError } from '@ascribe/core'
import { elementCount, type Graph, isFloat } from '@ascribe/onnx'

/**
 * Values that all the information from the input to the output passes through, in graph order: the output cannot be computed from
 * them and the weights otherwise. A residual stream is one, what is inside a residual branch is not.
 */
function passages(graph: Graph, input: string, output: string): string[] {
  const reached = new Set([input])
  for (const node of graph.nodes)
    if (node.inputs.some(name => reached.has(name))) for (const out of node.outputs) if (out) reached.add(out)
  const leads = new Set([output])
  for (const node of graph.nodes.toReversed())
    if (node.outputs.some(out => leads.has(out))) for (const name of node.inputs) if (reached.has(name)) leads.add(name)
  // Values computed and still to be read, node by node: where only one is left, everything goes through it.
  const path = graph.nodes.filter(node => node.outputs.some(out => reached.has(out) && leads.has(out)))
  const last = new Map<string, number>()
  path.forEach((node, index) => {
    for (const name of node.inputs) if (leads.has(name) && reached.has(name)) last.set(name, index)
  })
  const open = new Set([input])
  const found: string[] = []
  path.forEach((node, index) => {
    for (const out of node.outputs) if (leads.has(out) && reached.has(out)) open.add(out)
    for (const name of [...open]) if (name !== output && (last.get(name) ?? -1) <= index) open.delete(name)
    const [only] = open
    if (open.size === 1 && only !== input && only !== output && !found.includes(only!)) found.push(only!)
  })
  return found
}

/** Values with places: [rows, channels, height, width], [rows, tokens, features]. */
const placed = (dims: readonly number[]): boolean => dims.length >= 3 && elementCount(dims.slice(2)) > 1

/**
 * Up to `count` layers to look for concepts at, in graph order: of the values that all information passes through, those at the ends
 * of stages (the last before the dimensions change), and between them the ones furthest from those chosen, or fewer stages spread
 * evenly where there are more; always the last one. Two values without weights between them are one layer, its last value.
 * Values with places (grids, tokens) are taken, or others where the model has none.
 * @param dims dimensions of one row of the model's input
 * @throws UsageError for a model with several inputs or without a layer between input and output
 */
export function bottleneckLayers(model: Model, dims: readonly number[], count = 4, output?: string): string[] {
  const [input, ...others] = model.graph.inputs
  if (!input || others.length > 0) throw new UsageError('concepts are looked for in models with one input; name the layers')
  const batching = model.batching({ [input.name]: dims })
  const rows = batching.fixed ?? 2
  const graph = batching.graph(rows)
  const all = passages(graph, input.name, model.outputName(output)).filter(name => {
    const own = graph.dims(name)
    return own && isFloat(graph.type(name)!.dtype) && (!batching.batched || own[0] === rows)
  })
  const grids = all.filter(name => placed(graph.dims(name)!))
  const layers = lastOfEach(grids.length > 0 ? grids : all, name => weightsBefore(graph, name))
  if (layers.length === 0)
    throw new UsageError(`${model.name} has no layer that all its information passes through; name the layers`)
  const shape = (name: string): string => String(graph.dims(name))
  const ends = layers.flatMap((name, i) => (i === layers.length - 1 || shape(name) !== shape(layers[i + 1]!) ? [i] : []))
  const chosen = spread(ends, layers.length, Math.min(count, layers.length))
  return chosen.map(i => layers[i]!)
}

/** The last of each run of items with the same key. */
const lastOfEach = (names: readonly string[], key: (name: string) => number): string[] => {
  const keys = names.map(key)
  return names.filter((_, i) => i === names.length - 1 || keys[i] !== keys[i + 1])
}

/** Number of weights that a value is computed from. */
function weightsBefore(graph: Graph, name: string): number {
  const needed = new Set([name])
  for (const node of graph.nodes.toReversed())
    if (node.outputs.some(out => needed.has(out))) for (const input of node.inputs) needed.add(input)
  let total = 0
  for (const [key, tensor] of graph.initializers)
    if (needed.has(key) && isFloat(tensor.dtype) && tensor.size > 1) total += tensor.size
  return total
}

/** `count` of the indices 0..total-1: of more ends evenly many, of fewer all and those furthest from them. */
function spread(ends: readonly number[], total: number, count: number): number[] {
  if (ends.length >= count) return Array.from({ length: count }, (_, i) => ends[Math.ceil(((i + 1) * ends.length) / count) - 1]!)
  const chosen = new Set(ends)
  while (chosen.size < count) {
    const distance = (index: number): number => Math.min(index + 1, ...[...chosen].map(other => Math.abs(other - index)))
    const free = Array.from({ length: total }, (_, i) => i).filter(i => !chosen.has(i))
    chosen.add(free.reduce((best, i) => (distance(i) > distance(best) ? i : best)))
  }
  return [...chosen].sort((a, b) => a - b)
}
