/** @file An ONNX model as an immutable value in normal form. Editing makes a new one. */
import type { Attributes } from './attributes.js'
import type { DataType } from './dtype.js'
import { InvalidGraphError } from './errors.js'
import type { Tensor } from './tensor.js'

/** A number, the name of a symbolic dimension, or null where nothing is known. */
export type Dimension = number | string | null
export type Shape = readonly Dimension[]

/** Type of a value. `shape` null: not even the rank is known. `kind` is set only for the rare non-tensor values. */
export interface ValueType {
  readonly dtype: DataType
  readonly shape: Shape | null
  readonly kind?: 'sequence' | 'optional' | 'map' | 'sparse'
}

/** A named input or output of a graph. */
export interface Port {
  readonly name: string
  readonly type: ValueType
}

/** One operation. An omitted optional input or output is the empty string. */
export interface Node {
  /** '' is ai.onnx. */
  readonly domain: string
  readonly operator: string
  readonly name: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly attributes: Attributes
}

/** The one ai.onnx opset of the normal form: shape rules, gradient rules and emitters know only this one. */
export const normalOpset = 21

/** How a rule table names a node's operator: `Conv`, `com.microsoft:FusedMatMul`. */
export const operatorKey = (node: { readonly domain: string; readonly operator: string }): string =>
  node.domain === '' ? node.operator : `${node.domain}:${node.operator}`

export interface GraphParts {
  readonly name?: string
  /** In topological order. */
  readonly nodes: readonly Node[]
  readonly inputs: readonly Port[]
  readonly outputs: readonly Port[]
  readonly initializers: ReadonlyMap<string, Tensor>
  /** Types of values between nodes, as far as known. */
  readonly values?: ReadonlyMap<string, ValueType>
  /** Version of each operator domain. */
  readonly opsets?: ReadonlyMap<string, number>
  readonly metadata?: ReadonlyMap<string, string>
}

export class Graph {
  readonly name: string
  readonly nodes: readonly Node[]
  readonly inputs: readonly Port[]
  readonly outputs: readonly Port[]
  readonly initializers: ReadonlyMap<string, Tensor>
  readonly values: ReadonlyMap<string, ValueType>
  readonly opsets: ReadonlyMap<string, number>
  readonly metadata: ReadonlyMap<string, string>
  #producers: ReadonlyMap<string, Node> | undefined
  #consumers: ReadonlyMap<string, readonly Node[]> | undefined
  #types: ReadonlyMap<string, ValueType> | undefined

  constructor(parts: GraphParts) {
    this.name = parts.name ?? 'graph'
    this.nodes = parts.nodes
    this.inputs = parts.inputs
    this.outputs = parts.outputs
    this.initializers = parts.initializers
    this.values = parts.values ?? new Map()
    this.opsets = parts.opsets ?? new Map([['', normalOpset]])
    this.metadata = parts.metadata ?? new Map()
  }

  /** A copy with some parts replaced. */
  with(parts: Partial<GraphParts>): Graph {
    return new Graph({ ...this, ...parts })
  }

  /** The node that computes a value; undefined for inputs and initializers. */
  producer(name: string): Node | undefined {
    this.#producers ??= new Map(this.nodes.flatMap(node => node.outputs.filter(Boolean).map(output => [output, node] as const)))
    return this.#producers.get(name)
  }

  /** The nodes that read a value, in graph order (a node's subgraphs count as the node). */
  consumers(name: string): readonly Node[] {
    if (!this.#consumers) {
      const consumers = new Map<string, Node[]>()
      for (const node of this.nodes)
        for (const input of new Set([...node.inputs, ...outerReads(node)])) {
          if (input === '') continue
          const list = consumers.get(input)
          if (list) list.push(node)
          else consumers.set(input, [node])
        }
      this.#consumers = consumers
    }
    return this.#consumers.get(name) ?? []
  }

  /** Type of any value: input, initializer, intermediate or output; undefined where nothing is known. */
  type(name: string): ValueType | undefined {
    if (!this.#types) {
      const types = new Map<string, ValueType>(this.values)
      for (const { name: port, type } of this.outputs) if (!types.has(port)) types.set(port, type)
      for (const { name: port, type } of this.inputs) types.set(port, type)
      for (const [key, tensor] of this.initializers) types.set(key, { dtype: tensor.dtype, shape: tensor.dims })
      this.#types = types
    }
    return this.#types.get(name)
  }

  /** Fully known dimensions of a value, or undefined. */
  dims(name: string): readonly number[] | undefined {
    const shape = this.type(name)?.shape
    return shape?.every(dim => typeof dim === 'number') ? (shape as readonly number[]) : undefined
  }

  /** Every value name in use, for making fresh ones. */
  names(): Set<string> {
    const names = new Set<string>(this.initializers.keys())
    for (const { name } of this.inputs) names.add(name)
    for (const node of this.nodes) for (const output of node.outputs) if (output) names.add(output)
    return names
  }
}

const none: readonly never[] = []

/** Subgraphs held in a node's attributes (If, Loop, Scan). */
export function subgraphs(node: Node): readonly Graph[] {
  let found: Graph[] | undefined
  for (const attribute of Object.values(node.attributes)) {
    if (attribute.kind === 'graph') found = [...(found ?? none), attribute.value]
    else if (attribute.kind === 'graphs') found = [...(found ?? none), ...attribute.value]
  }
  return found ?? none
}

/** Names a node's subgraphs read from the graph around them. */
export function outerReads(node: Node): readonly string[] {
  const inside = subgraphs(node)
  if (inside.length === 0) return none
  const reads = new Set<string>()
  for (const graph of inside) {
    const own = graph.names()
    for (const inner of graph.nodes)
      for (const input of [...inner.inputs, ...outerReads(inner)]) if (input && !own.has(input)) reads.add(input)
    for (const { name } of graph.outputs) if (name && !own.has(name)) reads.add(name)
  }
  return [...reads]
}

/**
 * Nodes in topological order, stable where the given order already is one.
 * @throws InvalidGraphError for a cycle or a read of a value nobody makes
 */
export function sortNodes(nodes: readonly Node[], available: Iterable<string>): Node[] {
  const known = new Set<string>(available)
  known.add('')
  const producer = new Map<string, number>()
  nodes.forEach((node, index) => {
    for (const output of node.outputs) {
      if (output === '') continue
      if (producer.has(output) || known.has(output))
        throw new InvalidGraphError(`value "${output}" is defined twice (second time by ${node.operator} "${node.name}")`)
      producer.set(output, index)
    }
  })
  const order: Node[] = []
  const state = new Uint8Array(nodes.length)
  for (let start = 0; start < nodes.length; start++) {
    const stack = [start]
    while (stack.length > 0) {
      const index = stack[stack.length - 1]!
      const node = nodes[index]!
      if (state[index] === 2) {
        stack.pop()
        continue
      }
      state[index] = 1
      let waiting = false
      const outer = outerReads(node)
      for (const input of outer.length > 0 ? [...node.inputs, ...outer] : node.inputs) {
        if (known.has(input)) continue
        const source = producer.get(input)
        if (source === undefined)
          throw new InvalidGraphError(`${node.operator} "${node.name}" reads "${input}", which nothing in the model defines`)
        if (state[source] === 2) continue
        if (state[source] === 1) throw new InvalidGraphError(`the model has a cycle through ${node.operator} "${node.name}"`)
        stack.push(source)
        waiting = true
      }
      if (waiting) continue
      state[index] = 2
      order.push(node)
      stack.pop()
    }
  }
  return order
}
