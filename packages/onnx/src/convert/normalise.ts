/** @file From a model as the file has it to the normal form. */
import type { DataType } from '../dtype.js'
import { InvalidGraphError, MalformedModelError, UnsupportedModelError } from '../errors.js'
import { type Graph, type Node, normalOpset, outerReads, sortNodes } from '../graph.js'
import type { RawModel } from '../proto/decode.js'
import { inferShapes } from '../shapes/infer.js'
import { collectNames, mapSubgraphs, type PassState, passState } from './context.js'
import { checkOpset, convertGraph } from './convert.js'
import { removeDead } from './dead.js'
import { inlineFunctions } from './functions.js'
import { widen } from './widen.js'

export interface NormaliseOptions {
  /** Receives a sentence for each thing that is not exactly as the file has it (types widened or narrowed), or not as one would want it (dropout that trains). */
  readonly notices?: string[]
}

/** Newest IR version that is read. */
const maxIrVersion = 13

/**
 * The normal form of a model: functions inlined, nodes sorted and named, every ai.onnx node at opset 21, one float type (float32),
 * integer kernels as dequantised float operators, Constant nodes as initializers, initializers taken out of the inputs, dead nodes dropped.
 * Value names stay as the file has them.
 * @throws UnsupportedModelError for opsets outside 7 to 26, IR versions above 13, and operators ai.onnx does not define
 * @throws InvalidGraphError for cycles, values defined twice or never; MalformedModelError for functions that call themselves
 */
export function normalise(raw: RawModel, options: NormaliseOptions = {}): Graph {
  const opset = checkVersions(raw)
  const { graph: inlined, versions } = inlineFunctions(raw)
  const found = new Set<DataType>()
  const widened = widen(inlined, found)
  // Widening copies nodes, so the versions move along by position.
  const prepared = prepare(widened, carry(inlined, widened, versions), [])
  const [values, nodeNames] = collectNames(prepared.graph)
  const run = (hints: PassState['hints']): { graph: Graph; asked: boolean } => {
    const state = passState(values, nodeNames, hints)
    const converted = convertGraph(prepared.graph, { opset, versions: prepared.versions }, state)
    const opsets = new Map([...converted.opsets, ['', normalOpset]])
    return { graph: removeDead(converted.with({ opsets })), asked: state.asked }
  }
  let result = run(new Map())
  if (result.asked) {
    const typed = inferShapes(result.graph)
    if (typed.values.size > result.graph.values.size) result = run(typed.values)
  }
  if (options.notices) report(raw.graph, result.graph, found, options.notices)
  return result.graph
}

function checkVersions(raw: RawModel): number {
  if (raw.irVersion > maxIrVersion)
    throw new UnsupportedModelError(`the model has IR version ${raw.irVersion}; ascribe reads up to ${maxIrVersion}`)
  const opset = raw.graph.opsets.get('')
  const standard = raw.graph.nodes.some(({ domain }) => domain === '')
  if (opset === undefined) {
    if (standard) throw new MalformedModelError('the model does not say which version of ai.onnx it uses (no opset import)')
  } else if (standard || raw.functions.length > 0) checkOpset(opset, 'the model')
  for (const fn of raw.functions) {
    const version = fn.opsets.get('')
    if (version !== undefined && fn.nodes.some(({ domain }) => domain === ''))
      checkOpset(version, `the model's function ${fn.name}`)
  }
  return opset ?? normalOpset
}

/** The versions of `from`'s nodes, for the nodes of a copy with the same structure. */
function carry(from: Graph, to: Graph, versions: ReadonlyMap<Node, number>, into = new Map<Node, number>()): Map<Node, number> {
  if (versions.size === 0) return into
  from.nodes.forEach((node, i) => {
    const copy = to.nodes[i]!
    const version = versions.get(node)
    if (version !== undefined) into.set(copy, version)
    const before = innerGraphs(node)
    for (const [j, inner] of innerGraphs(copy).entries()) carry(before[j]!, inner, versions, into)
  })
  return into
}

const innerGraphs = (node: Node): Graph[] =>
  Object.values(node.attributes).flatMap(one =>
    one.kind === 'graph' ? [one.value] : one.kind === 'graphs' ? [...one.value] : [],
  )

/** Sorts, names nodes uniquely and takes initializers out of the inputs, in every subgraph too. */
function prepare(
  graph: Graph,
  versions: ReadonlyMap<Node, number>,
  outerNames: Iterable<string>,
): { graph: Graph; versions: Map<Node, number> } {
  const kept = new Map<Node, number>()
  const taken = new Set<string>()
  const used = collectNames(graph)[1]
  let counter = 0
  const nameOf = (node: Node): string => {
    const index = counter++
    if (node.name && !taken.has(node.name)) {
      taken.add(node.name)
      return node.name
    }
    let name = `${node.operator}_${index}`
    for (let i = 1; taken.has(name) || used.has(name); i++) name = `${node.operator}_${index}_${i}`
    taken.add(name)
    return name
  }
  const walk = (inner: Graph, outer: Iterable<string>): Graph => {
    checkPorts(inner)
    const inputs = inner.inputs.filter(({ name }) => !inner.initializers.has(name))
    const available = new Set(outer)
    for (const { name } of inputs) available.add(name)
    for (const name of inner.initializers.keys()) available.add(name)
    const sorted = sortNodes(inner.nodes, available)
    const visible = available
    for (const node of sorted) for (const output of node.outputs) visible.add(output)
    for (const { name } of inner.outputs)
      if (!visible.has(name)) throw new InvalidGraphError(`nothing in the model defines its output "${name}"`)
    const nodes = sorted.map(node => {
      const name = nameOf(node)
      const attributes = mapSubgraphs(node.attributes, body =>
        walk(
          body,
          outerReads(node).filter(read => visible.has(read)),
        ),
      )
      const done = name === node.name && attributes === node.attributes ? node : { ...node, name, attributes }
      const version = versions.get(node)
      if (version !== undefined) kept.set(done, version)
      return done
    })
    return inner.with({ nodes, inputs })
  }
  return { graph: walk(graph, outerNames), versions: kept }
}

function checkPorts(graph: Graph): void {
  for (const [kind, ports] of [
    ['input', graph.inputs],
    ['output', graph.outputs],
  ] as const) {
    const seen = new Set<string>()
    for (const { name } of ports) {
      if (name === '') throw new InvalidGraphError(`an ${kind} of the model has no name`)
      if (seen.has(name)) throw new InvalidGraphError(`${kind} "${name}" is declared twice`)
      seen.add(name)
    }
  }
}

function report(graph: Graph, normal: Graph, found: ReadonlySet<DataType>, notices: string[]): void {
  const random = normal.nodes.find(({ domain, operator }) => domain === '' && operator === 'Dropout')
  if (random)
    notices.push(`Dropout "${random.name}" is in training mode, so that every run differs; export the model for inference`)
  if (found.has('float64'))
    notices.push(
      'the model computes in float64; ascribe computes in float32, because ONNX Runtime lacks float64 kernels for common operators',
    )
  const halves = [...found].filter(type => type !== 'float64')
  if (halves.length > 0) notices.push(`${halves.join(' and ')} values are widened to float32`)
  for (const { name, type } of graph.inputs)
    if (found.has(type.dtype) && !graph.initializers.has(name))
      notices.push(`input "${name}" is ${type.dtype} in the file and float32 here`)
}
