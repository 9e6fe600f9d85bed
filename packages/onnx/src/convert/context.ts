/** @file What a converter or a decomposition may ask and emit: nodes at the normal opset, constants, types as far as known. */
import { type Attribute, type Attributes, attribute, attributes } from '../attributes.js'
import type { PlainAttributes } from '../build.js'
import type { DataType } from '../dtype.js'
import { UnsupportedModelError } from '../errors.js'
import { type Graph, type Node, operatorKey, type Shape, subgraphs, type ValueType } from '../graph.js'
import { Tensor } from '../tensor.js'

/** Shared by all contexts of one pass: names in use, types found elsewhere, and whether a type was asked for in vain. */
export interface PassState {
  readonly values: Set<string>
  readonly nodeNames: Set<string>
  /** Types of values by name, from an earlier shape inference. */
  readonly hints: ReadonlyMap<string, ValueType>
  /** Set when a converter asked for a shape that is not known (it then wrote a longer, shape-free form). */
  asked: boolean
  /** Float values behind the int32 results of integer kernels. */
  readonly twins: Map<string, string>
}

/** A pass over a graph whose names are these. */
export function passState(
  values: Iterable<string>,
  nodeNames: Iterable<string>,
  hints: PassState['hints'] = new Map(),
): PassState {
  return { values: new Set(values), nodeNames: new Set(nodeNames), hints, asked: false, twins: new Map() }
}

/** The graph that one pass writes, node by node. */
export class ConvertContext {
  readonly nodes: Node[] = []
  readonly initializers: Map<string, Tensor>
  #current: Node | undefined
  #named = false
  readonly #constants = new Map<string, string>()

  constructor(
    readonly graph: Graph,
    readonly state: PassState,
    readonly outer?: ConvertContext,
  ) {
    this.initializers = new Map(graph.initializers)
  }

  /** The node being converted: names what is emitted. */
  get current(): Node | undefined {
    return this.#current
  }

  begin(node: Node): void {
    this.#current = node
    this.#named = false
  }

  #unique(set: Set<string>, hint: string): string {
    const stem = this.current?.name ? `${this.current.name}/${hint}` : hint
    let name = stem
    for (let i = 1; set.has(name); i++) name = `${stem}_${i}`
    set.add(name)
    return name
  }

  /** A value name nothing else uses. */
  fresh(hint: string): string {
    return this.#unique(this.state.values, hint)
  }

  /** Adds a node with one output and gives that output's name. `operator` may carry a domain before a colon. */
  emit(operator: string, inputs: readonly string[], plain: PlainAttributes = {}): string {
    return this.emitAll(operator, inputs, 1, plain)[0]!
  }

  /** Adds a node with several outputs and gives their names. */
  emitAll(operator: string, inputs: readonly string[], count: number, plain: PlainAttributes = {}): string[] {
    const kind = operator.slice(operator.lastIndexOf(':') + 1)
    const outputs = Array.from({ length: count }, () => this.fresh(kind))
    this.#add(operator, inputs, outputs, attributes(plain), this.#unique(this.state.nodeNames, kind))
    return outputs
  }

  /** Adds the node that makes the current node's own outputs; it keeps the current node's name. */
  emitTo(outputs: readonly string[], operator: string, inputs: readonly string[], plain: PlainAttributes = {}): void {
    const name = this.#named || !this.current ? this.#unique(this.state.nodeNames, operator) : this.current.name
    this.#named = true
    this.#add(operator, inputs, outputs, attributes(plain), name)
  }

  #add(operator: string, inputs: readonly string[], outputs: readonly string[], plain: Attributes, name: string): void {
    const colon = operator.lastIndexOf(':')
    const domain = colon < 0 ? '' : operator.slice(0, colon)
    const trimmed = [...inputs]
    while (trimmed.length > 0 && trimmed[trimmed.length - 1] === '') trimmed.pop()
    this.nodes.push({ domain, operator: operator.slice(colon + 1), name, inputs: trimmed, outputs, attributes: plain })
  }

  /** A constant under a fresh name; small equal ones share a name. */
  constant(tensor: Tensor, hint = 'constant'): string {
    const small = !tensor.strings && tensor.byteLength <= 256
    const key = small ? `${tensor.dtype}[${tensor.dims}]${tensor.bytes.join()}` : undefined
    const shared = key === undefined ? undefined : this.#constants.get(key)
    if (shared !== undefined) return shared
    const name = this.fresh(hint)
    this.initializers.set(name, tensor)
    if (key !== undefined) this.#constants.set(key, name)
    return name
  }

  /** A float32 scalar. */
  float(value: number): string {
    return this.constant(Tensor.float32([], [value]), 'float')
  }

  /** An int64 scalar. */
  int(value: number): string {
    return this.constant(Tensor.from('int64', [], [value]), 'int')
  }

  /** A one-dimensional int64 constant. */
  ints(values: readonly number[]): string {
    return this.constant(Tensor.ints(values), 'ints')
  }

  type(name: string): ValueType | undefined {
    const tensor = this.tensor(name)
    if (tensor) return { dtype: tensor.dtype, shape: tensor.dims }
    return this.graph.type(name) ?? this.state.hints.get(name) ?? this.outer?.type(name)
  }

  dtype(name: string): DataType | undefined {
    const type = this.type(name)
    if (!type) this.state.asked = true
    return type?.dtype
  }

  /** Dimensions as far as known, or null where not even the rank is. */
  shape(name: string): Shape | null {
    const shape = this.graph.type(name)?.shape ?? this.type(name)?.shape ?? this.state.hints.get(name)?.shape ?? null
    if (!shape) this.state.asked = true
    return shape
  }

  rank(name: string): number | undefined {
    return this.shape(name)?.length
  }

  /** The constant of this name, if it is one. */
  tensor(name: string): Tensor | undefined {
    return this.initializers.get(name) ?? this.outer?.tensor(name)
  }

  /** The current node's integer attribute. */
  attributeInt(name: string, fallback: number): number {
    return attribute(this.current!, name, 'int', fallback)
  }

  attributeFloat(name: string, fallback: number): number {
    return attribute(this.current!, name, 'float', fallback)
  }

  attributeString(name: string, fallback: string): string {
    return attribute(this.current!, name, 'string', fallback)
  }

  fail(message: string): never {
    throw new UnsupportedModelError(`${this.current ? `${operatorKey(this.current)} "${this.current.name}": ` : ''}${message}`)
  }
}

/** Every value and node name of a graph and its subgraphs. */
export function collectNames(
  graph: Graph,
  values = new Set<string>(),
  nodeNames = new Set<string>(),
): [Set<string>, Set<string>] {
  for (const name of graph.names()) values.add(name)
  for (const { name } of graph.outputs) values.add(name)
  for (const node of graph.nodes) {
    if (node.name) nodeNames.add(node.name)
    for (const input of node.inputs) values.add(input)
    for (const inner of subgraphs(node)) collectNames(inner, values, nodeNames)
  }
  return [values, nodeNames]
}

const holdsGraph = (one: Attribute): boolean => one.kind === 'graph' || one.kind === 'graphs'

/** Attributes with every subgraph replaced; the same object where there is none. */
export function mapSubgraphs(all: Attributes, map: (graph: Graph) => Graph): Attributes {
  if (!Object.values(all).some(holdsGraph)) return all
  const entry = (one: Attribute): Attribute => {
    if (one.kind === 'graph') return { kind: 'graph', value: map(one.value) }
    return one.kind === 'graphs' ? { kind: 'graphs', value: one.value.map(map) } : one
  }
  return Object.fromEntries(Object.entries(all).map(([name, one]) => [name, entry(one)]))
}

/** Attributes without those named. */
export function without(all: Attributes, ...names: readonly string[]): Attributes {
  return Object.fromEntries(Object.entries(all).filter(([name]) => !names.includes(name)))
}
