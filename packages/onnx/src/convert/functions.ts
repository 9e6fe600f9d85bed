/** @file Inlining of the functions a model defines for itself. */
import type { Attribute, Attributes } from '../attributes.js'
import { MalformedModelError } from '../errors.js'
import { Graph, type Node, operatorKey } from '../graph.js'
import type { LocalFunction, RawModel } from '../proto/decode.js'
import { collectNames, mapSubgraphs } from './context.js'

/** Calls nested deeper than any exporter writes are refused. */
const maxDepth = 64
/** A model of functions that call each other twice grows as 2^depth; past this many nodes it is refused. */
const maxNodes = 100_000

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

class Inliner {
  readonly #functions: Map<string, LocalFunction>
  readonly #versions = new Map<Node, number>()
  readonly #values: Set<string>
  readonly #nodeNames: Set<string>
  readonly #version: number | undefined
  #count = 0

  constructor(readonly raw: RawModel) {
    this.#functions = new Map(raw.functions.map(one => [operatorKey({ domain: one.domain, operator: one.name }), one]))
    const names = collectNames(raw.graph)
    this.#values = names[0]
    this.#nodeNames = names[1]
    this.#version = raw.graph.opsets.get('')
  }

  run(): Inlined {
    return { graph: this.#graph(this.raw.graph, []), versions: this.#versions }
  }

  #graph(graph: Graph, stack: readonly string[]): Graph {
    const nodes: Node[] = []
    for (const node of graph.nodes) this.#node(node, stack, nodes)
    return graph.with({ nodes })
  }

  #node(node: Node, stack: readonly string[], into: Node[]): void {
    const found = this.#functions.get(operatorKey(node))
    if (found) {
      this.#call(node, found, stack, into)
      return
    }
    if (stack.length > 0 && ++this.#count > maxNodes)
      throw new MalformedModelError(`the model's functions unfold to more than ${maxNodes} nodes`)
    const attributes = mapSubgraphs(node.attributes, inner => this.#graph(inner, stack))
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
    let name = hint
    for (let i = 1; set.has(name); i++) name = `${hint}_${i}`
    set.add(name)
    return name
  }

  #call(call: Node, fn: LocalFunction, stack: readonly string[], into: Node[]): void {
    const key = operatorKey(call)
    if (stack.includes(key)) throw new MalformedModelError(`the model's function ${key} calls itself, which ONNX forbids`)
    if (stack.length >= maxDepth) throw new MalformedModelError(`the model's functions are nested deeper than ${maxDepth} levels`)
    if (call.inputs.length > fn.inputs.length || call.outputs.length > fn.outputs.length)
      throw new MalformedModelError(`"${call.name}" calls the function ${key} with more inputs or outputs than it has`)
    const scope = call.name || call.outputs.find(Boolean) || fn.name
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
    const inner = [...stack, key]
    for (const node of fn.nodes) this.#node(this.#rename(node, names, scope, call, fn, version), inner, into)
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
