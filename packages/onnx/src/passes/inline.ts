/** @file Opens control flow whose course is known: If with a constant condition, Loop and Scan of known length. */
import type { Attribute } from '../attributes.js'
import { attribute, attributes } from '../attributes.js'
import { type Graph, type Node, subgraphs, type ValueType } from '../graph.js'
import { Tensor } from '../tensor.js'
import { renameNode } from './rename.js'

/** Longest loop that is unrolled. */
const maxTrips = 256
/** Most nodes a graph may come to by unrolling; loops in loops multiply. */
const maxNodes = 50_000

/** Collects the nodes and constants that replace one node. */
class Opened {
  readonly nodes: Node[] = []
  readonly initializers = new Map<string, Tensor>()
  readonly #shared = new Map<string, string>()

  constructor(
    readonly node: Node,
    readonly graph: Graph,
    readonly taken: Set<string>,
    readonly room: number,
  ) {}

  fresh(stem: string): string {
    let name = `${this.node.name || this.node.outputs.find(Boolean)}/${stem}`
    for (let i = 1; this.taken.has(name); i++) name = `${this.node.name || this.node.outputs.find(Boolean)}/${stem}_${i}`
    this.taken.add(name)
    return name
  }

  constant(tensor: Tensor, stem: string): string {
    const name = this.fresh(stem)
    this.initializers.set(name, tensor)
    return name
  }

  emit(operator: string, inputs: readonly string[], output: string, plain: Readonly<Record<string, Attribute>> = {}): string {
    this.nodes.push({ domain: '', operator, name: this.fresh(operator), inputs, outputs: [output], attributes: plain })
    return output
  }

  identity(input: string, output: string): void {
    if (output !== '') this.emit('Identity', [input], output)
  }

  /** A copy of a body with values for its inputs; gives the names of its outputs. */
  copy(body: Graph, inputs: readonly string[]): string[] {
    const names = new Map<string, string>()
    for (const [i, { name }] of body.inputs.entries()) names.set(name, inputs[i]!)
    for (const [name, tensor] of body.initializers) {
      const shared = this.#shared.get(name) ?? this.constant(tensor, name)
      this.#shared.set(name, shared)
      names.set(name, shared)
    }
    for (const node of body.nodes) for (const output of node.outputs) if (output !== '') names.set(output, this.fresh(output))
    const rename = (name: string) => names.get(name) ?? name
    for (const node of body.nodes) this.nodes.push({ ...renameNode(node, rename), name: this.fresh(node.name || node.operator) })
    return body.outputs.map(({ name }) => rename(name))
  }

  /** Per-step results joined along a new axis. */
  stack(steps: readonly string[], axis: number, output: string): void {
    if (output === '') return
    const axes = this.constant(Tensor.ints([axis]), 'axes')
    const parts = steps.map(step => this.emit('Unsqueeze', [step, axes], this.fresh('step')))
    this.emit('Concat', parts, output, attributes({ axis }))
  }
}

/** Nodes a body comes to with the loops in it unrolled too. */
function unrolledSize(body: Graph, outer: Graph): number {
  let size = 0
  for (const node of body.nodes) {
    const inside = subgraphs(node).reduce((sum, inner) => sum + unrolledSize(inner, body), 0)
    const limit = node.operator === 'Loop' ? (node.inputs[0] ?? '') : ''
    const trips = (body.initializers.get(limit) ?? outer.initializers.get(limit))?.scalar()
    size += 1 + inside * (trips === undefined ? 1 : Math.max(1, trips))
  }
  return size
}

type Opener = (opened: Opened) => boolean

const bodyOf = (node: Node, name: string): Graph | undefined => attribute(node, name, 'graph')

const openIf: Opener = opened => {
  const { node, graph } = opened
  const condition = graph.initializers.get(node.inputs[0]!)
  const branch = condition && bodyOf(node, condition.scalar() !== 0 ? 'then_branch' : 'else_branch')
  if (!branch) return false
  opened.copy(branch, []).forEach((name, i) => {
    opened.identity(name, node.outputs[i] ?? '')
  })
  return true
}

/** Value of a boolean in a loop body where it is the same in every step. */
function steady(body: Graph, graph: Graph, name: string, condition: boolean | undefined): boolean | undefined {
  let at = name
  for (let node = body.producer(at); node?.operator === 'Identity'; node = body.producer(at)) at = node.inputs[0]!
  if (at === body.inputs[1]?.name) return condition
  const tensor = body.initializers.get(at) ?? (body.producer(at) ? undefined : graph.initializers.get(at))
  return tensor && tensor.scalar() !== 0
}

const emptyStack = (type: ValueType | undefined): Tensor | undefined =>
  type?.shape?.every(dim => typeof dim === 'number') ? Tensor.from(type.dtype, [0, ...(type.shape as number[])], []) : undefined

const openLoop: Opener = opened => {
  const { node, graph } = opened
  const body = bodyOf(node, 'body')
  const [limit, start] = [node.inputs[0] ?? '', node.inputs[1] ?? '']
  const condition =
    start === '' ? true : graph.initializers.has(start) ? graph.initializers.get(start)!.scalar() !== 0 : undefined
  if (!body || condition === undefined) return false
  const bound = limit === '' ? Number.POSITIVE_INFINITY : graph.initializers.get(limit)?.scalar()
  if (bound === undefined) return false
  const goesOn = steady(body, graph, body.outputs[0]!.name, true)
  const trips = condition === false || bound <= 0 ? 0 : goesOn === false ? 1 : goesOn ? bound : Number.POSITIVE_INFINITY
  if (trips > maxTrips || trips * unrolledSize(body, graph) > opened.room) return false
  const count = node.inputs.length - 2
  let carried = node.inputs.slice(2)
  const scans: string[][] = body.outputs.slice(1 + count).map(() => [])
  const empty = scans.map((_, i) => emptyStack(body.outputs[1 + count + i]!.type))
  if (trips === 0 && empty.some(tensor => tensor === undefined)) return false
  const always = opened.constant(Tensor.from('bool', [], [1]), 'condition')
  for (let step = 0; step < trips; step++) {
    const counter = opened.constant(Tensor.from('int64', [], [step]), 'iteration')
    const results = opened.copy(body, [counter, always, ...carried])
    carried = results.slice(1, 1 + count)
    for (const [i, scan] of scans.entries()) scan.push(results[1 + count + i]!)
  }
  node.outputs.forEach((output, i) => {
    if (i < count) opened.identity(carried[i]!, output)
    else if (trips > 0) opened.stack(scans[i - count]!, 0, output)
    else opened.identity(opened.constant(empty[i - count]!, 'empty'), output)
  })
  return true
}

const openScan: Opener = opened => {
  const { node, graph } = opened
  const body = bodyOf(node, 'body')
  const scanned = attribute(node, 'num_scan_inputs', 'int')
  if (!body || scanned === undefined) return false
  const states = node.inputs.length - scanned
  const list = (name: string) => attribute(node, name, 'ints')
  const sources = node.inputs.slice(states).map((name, i) => {
    const shape = graph.type(name)?.shape
    const axis = list('scan_input_axes')?.[i] ?? 0
    return { name, axis, length: shape?.at(axis), backwards: list('scan_input_directions')?.[i] === 1 }
  })
  const length = sources[0]?.length
  if (typeof length !== 'number' || length < 1 || length > maxTrips || length * unrolledSize(body, graph) > opened.room)
    return false
  let carried = node.inputs.slice(0, states)
  const scans: string[][] = body.outputs.slice(states).map(() => [])
  const ranks = body.outputs.slice(states).map(({ type }) => type.shape?.length)
  const axes = scans.map((_, i) => list('scan_output_axes')?.[i] ?? 0)
  if (axes.some((axis, i) => axis < 0 && ranks[i] === undefined)) return false
  for (let step = 0; step < length; step++) {
    const slices = sources.map(({ name, axis, backwards }) => {
      const index = opened.constant(Tensor.from('int64', [], [backwards ? length - 1 - step : step]), 'step')
      return opened.emit('Gather', [name, index], opened.fresh('slice'), attributes({ axis }))
    })
    const results = opened.copy(body, [...carried, ...slices])
    carried = results.slice(0, states)
    for (const [i, scan] of scans.entries()) scan.push(results[states + i]!)
  }
  node.outputs.forEach((output, i) => {
    if (i < states) {
      opened.identity(carried[i]!, output)
      return
    }
    const at = i - states
    const steps = list('scan_output_directions')?.[at] === 1 ? [...scans[at]!].reverse() : scans[at]!
    opened.stack(steps, axes[at]! < 0 ? axes[at]! + ranks[at]! + 1 : axes[at]!, output)
  })
  return true
}

const openers: Readonly<Record<string, Opener>> = { If: openIf, Loop: openLoop, Scan: openScan }

/**
 * The graph with every If of constant condition, and every Loop and Scan of known length (at most 256), replaced by its body.
 * One level: what a body holds is opened by another call. The graph itself where there is nothing to open.
 */
export function inlineControlFlow(graph: Graph): Graph {
  if (!graph.nodes.some(node => node.domain === '' && Object.hasOwn(openers, node.operator))) return graph
  const taken = allNames(graph)
  const nodes: Node[] = []
  const initializers = new Map(graph.initializers)
  let changed = false
  for (const node of graph.nodes) {
    const opener = node.domain === '' && Object.hasOwn(openers, node.operator) ? openers[node.operator]! : undefined
    const opened = new Opened(node, graph, taken, maxNodes - graph.nodes.length - nodes.length)
    if (!opener?.(opened)) {
      nodes.push(node)
      continue
    }
    changed = true
    nodes.push(...opened.nodes)
    for (const [name, tensor] of opened.initializers) initializers.set(name, tensor)
  }
  return changed ? graph.with({ nodes, initializers }) : graph
}

/** Names in use anywhere, in subgraphs too: a name of an inner graph must not come to stand for one around it. */
export function allNames(graph: Graph, names = new Set<string>()): Set<string> {
  for (const name of graph.names()) names.add(name)
  for (const node of graph.nodes)
    for (const held of Object.values(node.attributes)) {
      if (held.kind === 'graph') allNames(held.value, names)
      else if (held.kind === 'graphs') for (const inner of held.value) allNames(inner, names)
    }
  return names
}
