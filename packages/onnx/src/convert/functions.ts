/** @file Inlining of the functions a model defines for itself. */
import type { Attribute, Attributes } from '../attributes.js'
import { MalformedModelError } from '../errors.js'
import { Graph, type Node, operatorKey, subgraphs } from '../graph.js'
import type { LocalFunction, RawModel } from '../proto/decode.js'
import { collectNames, mapSubgraphs } from './context.js'

/** Calls nested deeper than any exporter writes are refused. */
const maxDepth = 64
/** Names longer than this start afresh with the function's own. */
const maxScope = 48
/** A model of functions that call each other twice grows as 2^depth; past this many nodes it is refused. */
const maxNodes = 1_000_000

export interface Inlined {
  readonly graph: Graph
  /** ai.onnx version of nodes that come from a function with another version than the model's. */
  readonly versions: ReadonlyMap<Node, number>
}

/**
 * Replaces every call of a local function by its body, with fresh names `caller/inner`.
 * @throws MalformedModelError for functions that call themselves, directly or not, or that unfold without end
 */
export function inlineFunctions(raw: RawModel): Inlined {
  if (raw.functions.length === 0) return { graph: raw.graph, versions: new Map() }
  return new Inliner(raw).run()
}

interface Unfolded {
  readonly size: number
  readonly depth: number
}

class Inliner {
  readonly #functions: Map<string, LocalFunction>
  readonly #versions = new Map<Node, number>()
  readonly #values: Set<string>
  readonly #nodeNames: Set<string>
  readonly #version: number | undefined
  /** Where to go on counting for a name that is taken. */
  readonly #suffixes = new Map<string, number>()

  constructor(readonly raw: RawModel) {
    this.#functions = new Map(raw.functions.map(one => [operatorKey({ domain: one.domain, operator: one.name }), one]))
    const names = collectNames(raw.graph)
    this.#values = names[0]
    this.#nodeNames = names[1]
    this.#version = raw.graph.opsets.get('')
  }

  run(): Inlined {
    const { size } = this.#unfolded(this.raw.graph.nodes, [], new Map())
    if (size > maxNodes) throw new MalformedModelError(`the model's functions unfold to ${size} nodes, more than ${maxNodes}`)
    return { graph: this.#graph(this.raw.graph), versions: this.#versions }
  }

  /** How many nodes these become and how deep their calls go, without making them. */
  #unfolded(nodes: readonly Node[], stack: readonly string[], known: Map<string, Unfolded>): Unfolded {
    let size = 0
    let depth = 0
    const add = (part: Unfolded, levels: number): void => {
      size += part.size
      depth = Math.max(depth, part.depth + levels)
    }
    for (const node of nodes) {
      for (const inner of subgraphs(node)) add(this.#unfolded(inner.nodes, stack, known), 0)
      const key = operatorKey(node)
      const fn = this.#functions.get(key)
      if (!fn) {
        size++
        continue
      }
      if (stack.includes(key)) throw new MalformedModelError(`the model's function ${key} calls itself, which ONNX forbids`)
      const part = stack.length < maxDepth ? (known.get(key) ?? this.#unfolded(fn.nodes, [...stack, key], known)) : undefined
      if (!part || stack.length + part.depth >= maxDepth)
        throw new MalformedModelError(`the model's functions are nested deeper than ${maxDepth} levels`)
      known.set(key, part)
      add(part, 1)
    }
    return { size, depth }
  }

  #graph(graph: Graph): Graph {
    const nodes: Node[] = []
    for (const node of graph.nodes) this.#node(node, nodes)
    return graph.with({ nodes })
  }

  #node(node: Node, into: Node[]): void {
    const found = this.#functions.get(operatorKey(node))
    if (found) {
      this.#call(node, found, into)
      return
    }
    const attributes = mapSubgraphs(node.attributes, inner => this.#graph(inner))
    if (attributes === node.attributes) {
      into.push(node)
      return
    }
    const copy = { ...node, attributes }
    const version = this.#versions.get(node)
    if (version !== undefined) this.#versions.set(copy, version)
    into.push(copy)
  }

  #fresh(set: Set<string>, hint: string): string {
    if (!set.has(hint)) {
      set.add(hint)
      return hint
    }
    let i = this.#suffixes.get(hint) ?? 1
    while (set.has(`${hint}_${i}`)) i++
    this.#suffixes.set(hint, i + 1)
    set.add(`${hint}_${i}`)
    return `${hint}_${i}`
  }

  #call(call: Node, fn: LocalFunction, into: Node[]): void {
    const key = operatorKey(call)
    if (call.inputs.length > fn.inputs.length || call.outputs.length > fn.outputs.length)
      throw new MalformedModelError(`"${call.name}" calls the function ${key} with more inputs or outputs than it has`)
    const path = call.name || call.outputs.find(Boolean) || fn.name
    const scope = path.length > maxScope ? fn.name : path
    const names = new Map<string, string>([['', '']])
    for (const [i, name] of fn.inputs.entries()) names.set(name, call.inputs[i] ?? '')
    const aliases: Node[] = []
    fn.outputs.forEach((name, i) => {
      const target = call.outputs[i] ?? ''
      if (target === '') return
      if (names.has(name))
        aliases.push({ ...call, domain: '', operator: 'Identity', inputs: [names.get(name)!], outputs: [target], attributes: {} })
      else names.set(name, target)
    })
    const version = fn.opsets.get('') ?? this.#version
    for (const node of fn.nodes) this.#node(this.#rename(node, names, scope, call, fn, version), into)
    into.push(...aliases)
  }

  #rename(
    node: Node,
    names: Map<string, string>,
    scope: string,
    call: Node,
    fn: LocalFunction,
    version: number | undefined,
  ): Node {
    const map = (name: string): string => {
      const known = names.get(name)
      if (known !== undefined) return known
      const fresh = this.#fresh(this.#values, `${scope}/${name}`)
      names.set(name, fresh)
      return fresh
    }
    const attributes: Record<string, Attribute> = {}
    for (const [key, value] of Object.entries(node.attributes)) {
      const resolved = value.kind === 'reference' ? this.#argument(value.value, call, fn) : value
      if (resolved) attributes[key] = resolved
    }
    const inner = mapSubgraphs(attributes as Attributes, graph => {
      const own = new Map(names)
      for (const name of graph.names()) own.set(name, this.#fresh(this.#values, `${scope}/${name}`))
      const rename = (name: string): string => own.get(name) ?? map(name)
      return new Graph({
        name: graph.name,
        nodes: graph.nodes.map(one => this.#rename(one, own, scope, call, fn, version)),
        inputs: graph.inputs.map(port => ({ ...port, name: rename(port.name) })),
        outputs: graph.outputs.map(port => ({ ...port, name: rename(port.name) })),
        initializers: new Map([...graph.initializers].map(([name, tensor]) => [rename(name), tensor])),
        values: new Map([...graph.values].map(([name, type]) => [rename(name), type])),
        opsets: graph.opsets,
      })
    })
    const renamed: Node = {
      ...node,
      name: this.#fresh(this.#nodeNames, `${scope}/${node.name || node.operator}`),
      inputs: node.inputs.map(map),
      outputs: node.outputs.map(map),
      attributes: inner,
    }
    if (version !== undefined && version !== this.#version) this.#versions.set(renamed, version)
    return renamed
  }

  /** The caller's attribute, or the function's default; undefined where neither is there. */
  #argument(name: string, call: Node, fn: LocalFunction): Attribute | undefined {
    return call.attributes[name] ?? fn.defaults[name]
  }
}
