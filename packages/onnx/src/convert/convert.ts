/** @file The walk that brings every node to the normal opset: version steps, then rewrites, then constants. */
import { attribute } from '../attributes.js'
import { dataTypes } from '../dtype.js'
import { InvalidGraphError, MalformedModelError, UnsupportedModelError } from '../errors.js'
import { type Graph, type Node, normalOpset, operatorKey } from '../graph.js'
import { Tensor } from '../tensor.js'
import { ConvertContext, mapSubgraphs, type PassState } from './context.js'
import { standardOperators } from './operators.js'
import { rewrites } from './rewrites/index.js'
import { nextStep } from './steps/index.js'

export interface ConvertOptions {
  /** ai.onnx version of the model. */
  readonly opset: number
  /** Versions of nodes that have another. */
  readonly versions: ReadonlyMap<Node, number>
}

/** A graph whose nodes are sorted and named, with every ai.onnx node at the normal opset. */
export function convertGraph(graph: Graph, options: ConvertOptions, state: PassState, outer?: ConvertContext): Graph {
  const ctx = new ConvertContext(graph, state, outer)
  const outputs = new Set(graph.outputs.map(({ name }) => name))
  for (const node of graph.nodes) {
    ctx.begin(node)
    const version = options.versions.get(node) ?? options.opset
    const attributes = mapSubgraphs(node.attributes, inner => convertGraph(inner, options, state, ctx))
    const done = upgrade(attributes === node.attributes ? node : { ...node, attributes }, version, ctx)
    if (!done) continue
    if (done.domain === '' && done.operator === 'Constant') constant(done, outputs, ctx)
    else ctx.nodes.push(done)
  }
  return graph.with({ nodes: ctx.nodes, initializers: ctx.initializers })
}

function upgrade(node: Node, version: number, ctx: ConvertContext): Node | undefined {
  let current: Node | undefined = node
  let opset = version
  while (current && current.domain === '') {
    const step = nextStep(current.operator, opset)
    if (!step) break
    current = step.convert(current, ctx)
    opset = step.to
  }
  if (!current) return undefined
  if (current.domain === '') checkArity(current, version)
  const rewrite = rewrites[operatorKey(current)]
  if (rewrite && rewrite(current, ctx) !== false) return undefined
  return readTwin(current, ctx)
}

function checkArity(node: Node, version: number): void {
  const arity = standardOperators.get(node.operator)
  if (!arity)
    throw new UnsupportedModelError(
      `node "${node.name}" is a ${node.operator}, which ai.onnx does not define at opset ${version} (ascribe knows its operators up to opset 26)`,
    )
  const { fewest, most } = arity
  if (node.inputs.length < fewest || node.inputs.length > most || node.inputs.slice(0, fewest).includes('')) {
    const wanted =
      fewest === most ? `${fewest}` : most === Number.POSITIVE_INFINITY ? `at least ${fewest}` : `${fewest} to ${most}`
    throw new InvalidGraphError(
      `${node.operator} "${node.name}" has ${node.inputs.filter(Boolean).length} inputs, it takes ${wanted}`,
    )
  }
  if (!node.outputs.some(Boolean)) throw new InvalidGraphError(`${node.operator} "${node.name}" has no output`)
}

/** A cast to float of an integer kernel's result reads the float value behind it. */
function readTwin(node: Node, ctx: ConvertContext): Node {
  const twin = ctx.state.twins.get(node.inputs[0] ?? '')
  return twin && node.operator === 'Cast' && attribute(node, 'to', 'int') === dataTypes.float32.code
    ? { ...node, inputs: [twin] }
    : node
}

/** A Constant node becomes an initializer, which is how every later step finds constants. */
function constant(node: Node, outputs: ReadonlySet<string>, ctx: ConvertContext): void {
  const [output] = node.outputs as [string]
  const tensor = constantTensor(node)
  if (!outputs.has(output)) ctx.initializers.set(output, tensor)
  else ctx.emitTo([output], 'Identity', [ctx.constant(tensor)])
}

function constantTensor(node: Node): Tensor {
  const tensor = attribute(node, 'value', 'tensor') ?? attribute(node, 'sparse_value', 'tensor')
  if (tensor) return tensor
  const float = attribute(node, 'value_float', 'float')
  if (float !== undefined) return Tensor.float32([], [float])
  const floats = attribute(node, 'value_floats', 'floats')
  if (floats) return Tensor.float32([floats.length], floats)
  const int = attribute(node, 'value_int', 'int')
  if (int !== undefined) return Tensor.from('int64', [], [int])
  const ints = attribute(node, 'value_ints', 'ints')
  if (ints) return Tensor.ints(ints)
  const string = attribute(node, 'value_string', 'string')
  if (string !== undefined) return Tensor.strings([], [string])
  const strings = attribute(node, 'value_strings', 'strings')
  if (strings) return Tensor.strings([strings.length], strings)
  throw new MalformedModelError(`Constant "${node.name}" holds no value`)
}

/** Oldest and newest ai.onnx opset that can be read. */
const opsetRange = { from: 7, to: 26 } as const

/** @throws UnsupportedModelError outside opset 7 to 26 */
export function checkOpset(version: number, where: string): void {
  if (version < opsetRange.from)
    throw new UnsupportedModelError(
      `${where} uses ai.onnx opset ${version}; opsets below ${opsetRange.from} broadcast by other rules and are not read: export it again at opset 13 or later`,
    )
  if (version > opsetRange.to)
    throw new UnsupportedModelError(
      `${where} uses ai.onnx opset ${version}; ascribe reads ${opsetRange.from} to ${opsetRange.to} (normal form: ${normalOpset})`,
    )
}
