/** @file Peak memory of running a graph, from the lifetimes of its values. */
import { byteLength, elementCount, type Graph } from '@ascribe/onnx'

/** Default memory budget for activations: 1 GiB. */
export const defaultMemory = 2 ** 30

/**
 * Largest total of bytes alive at once when a static graph runs in order, weights not counted: a value lives from the node that
 * makes it to the last one that reads it. Views (Reshape and its like) count as copies, so this errs on the high side.
 */
export function peakBytes(graph: Graph): number {
  const last = new Map<string, number>()
  graph.nodes.forEach((node, index) => {
    for (const input of node.inputs) last.set(input, index)
  })
  for (const { name } of graph.outputs) last.set(name, graph.nodes.length)
  const size = (name: string): number => {
    const dims = graph.dims(name)
    return dims ? byteLength(graph.type(name)!.dtype, elementCount(dims)) : 0
  }
  const ending = new Map<number, string[]>()
  for (const [name, index] of last) if (!graph.initializers.has(name)) ending.set(index, [...(ending.get(index) ?? []), name])
  let alive = graph.inputs.reduce((sum, { name }) => sum + size(name), 0)
  let peak = alive
  graph.nodes.forEach((node, index) => {
    for (const output of node.outputs) if (output) alive += size(output)
    peak = Math.max(peak, alive)
    for (const name of ending.get(index) ?? []) alive -= size(name)
    for (const output of node.outputs) if (output && !last.has(output)) alive -= size(output)
  })
  return peak
}

/**
 * On a CPU a larger batch is no faster once its activations leave the caches, and it costs memory: measured on ResNet-50 (4 rows),
 * MobileNetV2 (8) and ViT-B (1), a size within a few per cent of the fastest keeps a run under about this many bytes.
 */
const usualBytes = 256 * 2 ** 20
const usualRows = 8
/** Rows that take next to nothing run together up to these bounds, since each run has a cost of its own. */
const smallBytes = 2 ** 25
const smallRows = 4096

/**
 * Rows per run for `count` rows that take `rowBytes` each, within `memory`: padded as little as possible, then as large as possible.
 * 50 rows of 16 MiB run five at a time, ten runs with nothing padded.
 */
export function chunkSize(count: number, rowBytes: number, memory: number, small = smallRows): number {
  const limit = Math.floor(memory / Math.max(1, rowBytes))
  const within = (bytes: number, rows: number): number => Math.min(rows, Math.floor(bytes / Math.max(1, rowBytes)))
  const sensible = Math.max(within(usualBytes, usualRows), within(smallBytes, small))
  const most = Math.max(1, Math.min(count, limit, sensible))
  const padding = (size: number): number => Math.ceil(count / size) * size - count
  let best = most
  for (let size = most - 1; size > most / 2; size--) if (padding(size) < padding(best)) best = size
  return best
}
