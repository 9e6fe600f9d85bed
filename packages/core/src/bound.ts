/** @file Graphs whose shapes depend on the values of inputs that are not explained (edges, masks): those inputs become constants. */
import { bindInputs, decompose, type Graph, outerReads, Tensor } from '@ascribe/onnx'
import type { Batching } from './batching.js'
import { cut } from './programs.js'
import type { TensorValue, TensorValues } from './tensor-value.js'

/**
 * The batching itself where every shape on the way from the explained tensors to the output is known, or the model takes rows.
 * Else one for this input alone: whatever else the model is given is a constant of its graph, and `key` tells the graphs apart.
 * @param row every model input
 */
export function boundBatching(batching: Batching, row: TensorValues, at: readonly string[], output: string): Batching {
  if (batching.batched || hasStaticPath(cut(batching.graph(1, at), at), at, output)) return batching
  const others = Object.entries(row).filter(([name]) => !at.includes(name))
  const values = new Map(others.map(([name, value]) => [name, tensorOf(value)]))
  const made = new Map<string, Graph>()
  return {
    ...batching,
    key: digest(others),
    graph: (rows, keep = []) => {
      const identity = JSON.stringify(keep)
      const known = made.get(identity)
      if (known) return known
      const base = cut(batching.graph(rows, keep), at)
      const kept = keep.filter(name => base.producer(name)).map(name => ({ name, type: base.type(name)! }))
      const bound = decompose(bindInputs(base.with({ outputs: [...base.outputs, ...kept] }), values))
      const types = new Map([...bound.values, ...kept.map(({ name, type }) => [name, bound.type(name) ?? type] as const)])
      const graph = bound.with({ outputs: bound.outputs.slice(0, base.outputs.length), values: types })
      made.set(identity, graph)
      return graph
    },
  }
}

/** True where every value that a node between `at` and the output reads or makes has known dimensions. */
function hasStaticPath(graph: Graph, at: readonly string[], output: string): boolean {
  const reached = new Set(at)
  const nodes = graph.nodes.filter(node => {
    const reads = [...node.inputs, ...outerReads(node)].some(name => reached.has(name))
    if (reads) for (const name of node.outputs) reached.add(name)
    return reads
  })
  const needed = new Set([output])
  return nodes.reverse().every(node => {
    if (!node.outputs.some(name => needed.has(name))) return true
    const reads = [...node.inputs, ...outerReads(node)]
    for (const name of reads) needed.add(name)
    return [...reads, ...node.outputs].every(name => name === '' || graph.type(name)?.kind || graph.dims(name))
  })
}

const bytesOf = ({ data }: TensorValue): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength)

const tensorOf = (value: TensorValue): Tensor => new Tensor(value.dtype, value.dims, bytesOf(value))

/** Four 32-bit multiply-and-rotate hashes side by side, over names, types, dimensions and bytes. */
function digest(values: readonly (readonly [string, TensorValue])[]): string {
  const lanes = [0x9e3779b9, 0x85ebca6b, 0xc2b2ae35, 0x27d4eb2f]
  const multipliers = [0xcc9e2d51, 0x1b873593, 0xe6546b65, 0x7feb352d]
  const take = (byte: number): void => {
    for (let lane = 0; lane < 4; lane++) {
      const mixed = Math.imul(lanes[lane]! ^ byte, multipliers[lane]!)
      lanes[lane] = (mixed << 13) | (mixed >>> 19)
    }
  }
  for (const [name, value] of values) {
    for (const byte of new TextEncoder().encode(`${name} ${value.dtype}[${value.dims}]`)) take(byte)
    for (const byte of bytesOf(value)) take(byte)
  }
  return lanes.map(lane => (lane >>> 0).toString(16).padStart(8, '0')).join('')
}
