/** @file A small builder: models for tests, architectures, programs and gradient graphs are all made with it. */
import { type Attribute, attributes, type PlainAttribute } from './attributes.js'
import type { DataType } from './dtype.js'
import { InvalidGraphError } from './errors.js'
import { Graph, type GraphParts, type Node, type Port, type Shape } from './graph.js'
import { Tensor } from './tensor.js'

export type PlainAttributes = Readonly<Record<string, PlainAttribute | undefined>>

/** Builds a graph node by node; values are their names. Names are made unique. */
export class GraphBuilder {
  readonly #names: Set<string>
  readonly #nodes: Node[] = []
  readonly #inputs: Port[] = []
  readonly #outputs: Port[] = []
  readonly #initializers = new Map<string, Tensor>()
  readonly #constants = new Map<string, string>()
  readonly #base: Graph | undefined
  #counter = 0

  /**
   * @param base a graph to extend: its nodes, inputs and initializers are kept, its outputs are not
   * @param scope prefix for the names this builder makes
   */
  constructor(
    base?: Graph,
    public scope = '',
  ) {
    this.#base = base
    this.#names = base ? base.names() : new Set()
    for (const node of base?.nodes ?? []) this.#names.add(node.name)
  }

  /** A name nothing else uses. */
  fresh(hint: string): string {
    let name = this.scope ? `${this.scope}/${hint}` : hint
    const stem = name
    while (this.#names.has(name)) name = `${stem}_${++this.#counter}`
    this.#names.add(name)
    return name
  }

  /** Declares a graph input with exactly this name. */
  input(name: string, dtype: DataType, shape: Shape | null): string {
    if (this.#names.has(name)) throw new InvalidGraphError(`input "${name}" is defined twice`)
    this.#names.add(name)
    this.#inputs.push({ name, type: { dtype, shape } })
    return name
  }

  /** Declares an existing value as a graph output. */
  output(name: string, dtype: DataType = 'float32', shape: Shape | null = null): string {
    this.#outputs.push({ name, type: { dtype, shape } })
    return name
  }

  /** A constant under a fresh name; small equal constants share one. */
  constant(tensor: Tensor, hint = 'constant'): string {
    const key =
      tensor.strings || tensor.byteLength > 256 ? undefined : `${tensor.dtype}[${tensor.dims}]${Array.from(tensor.bytes).join()}`
    const shared = key === undefined ? undefined : this.#constants.get(key)
    if (shared !== undefined) return shared
    const name = this.fresh(hint)
    this.#initializers.set(name, tensor)
    if (key !== undefined) this.#constants.set(key, name)
    return name
  }

  /** A float32 scalar, or an array with the dims given. */
  float(value: number | readonly number[], dims?: readonly number[], dtype: DataType = 'float32'): string {
    const list = typeof value === 'number' ? [value] : value
    return this.constant(Tensor.from(dtype, dims ?? (typeof value === 'number' ? [] : [list.length]), list), 'float')
  }

  /** A one-dimensional int64 constant. */
  ints(values: readonly number[]): string {
    return this.constant(Tensor.ints(values), 'ints')
  }

  /** Adds a node with one output and gives that output's name. `operator` may carry a domain: 'com.microsoft:FusedMatMul'. */
  emit(operator: string, inputs: readonly string[], plain: PlainAttributes = {}, name?: string): string {
    return this.emitAll(operator, inputs, 1, plain, name)[0]!
  }

  /** Adds a node with several outputs and gives their names. */
  emitAll(
    operator: string,
    inputs: readonly string[],
    outputCount: number,
    plain: PlainAttributes = {},
    name?: string,
  ): string[] {
    const colon = operator.lastIndexOf(':')
    const domain = colon < 0 ? '' : operator.slice(0, colon)
    const kind = colon < 0 ? operator : operator.slice(colon + 1)
    const label = name ?? this.fresh(kind)
    const outputs = Array.from({ length: outputCount }, (_, i) => this.fresh(`${kind}_out${outputCount > 1 ? i : ''}`))
    this.append({
      domain,
      operator: kind,
      name: label,
      inputs,
      outputs,
      attributes: attributes(plain) as Record<string, Attribute>,
    })
    return outputs
  }

  /** Adds a node as it is. */
  append(node: Node): void {
    for (const output of node.outputs) this.#names.add(output)
    this.#nodes.push(node)
  }

  /** The nodes added so far. */
  get nodes(): readonly Node[] {
    return this.#nodes
  }

  /** A constant this builder or its base knows under this name. */
  tensor(name: string): Tensor | undefined {
    return this.#initializers.get(name) ?? this.#base?.initializers.get(name)
  }

  build(parts: Partial<Pick<GraphParts, 'name' | 'opsets' | 'metadata'>> = {}): Graph {
    const base = this.#base
    const opsets = new Map(
      parts.opsets ?? base?.opsets ?? new Graph({ nodes: [], inputs: [], outputs: [], initializers: new Map() }).opsets,
    )
    for (const node of this.#nodes) if (!opsets.has(node.domain)) opsets.set(node.domain, 1)
    return new Graph({
      name: parts.name ?? base?.name ?? 'graph',
      nodes: [...(base?.nodes ?? []), ...this.#nodes],
      inputs: [...(base?.inputs ?? []), ...this.#inputs],
      outputs: this.#outputs,
      initializers: new Map([...(base?.initializers ?? []), ...this.#initializers]),
      values: base?.values ?? new Map(),
      opsets,
      metadata: parts.metadata ?? base?.metadata ?? new Map(),
    })
  }
}
