/** @file BatchNormalization folded into the linear operator before it. */
import { attribute } from '../attributes.js'
import { type Graph, type Node, operatorKey } from '../graph.js'
import { elementCount, Tensor } from '../tensor.js'
import { unique } from './fold.js'
import { prune } from './prune.js'

/** scale[c] * x + shift[c] */
interface Affine {
  readonly scale: Float64Array
  readonly shift: Float64Array
}

interface Linear {
  readonly node: Node
  readonly weight: Tensor
  readonly bias: Tensor | undefined
  /** Output channels. */
  readonly channels: number
}

/** How an operator's weight is laid out: the output channel of each element of the weight, by flat index. */
type Layout = (linear: Linear) => ((index: number) => number) | undefined

const conv: Layout = ({ weight, channels }) => {
  const per = weight.size / channels
  return index => Math.floor(index / per)
}

/** Weight [in, out / group, ...]: the input channel says the group. */
const convTranspose: Layout = ({ node, weight }) => {
  const group = attribute(node, 'group', 'int', 1)
  const [inputs, outputs] = weight.dims as [number, number]
  const area = elementCount(weight.dims.slice(2))
  const perGroup = inputs / group
  return index => Math.floor(index / (area * outputs * perGroup)) * outputs + (Math.floor(index / area) % outputs)
}

const gemm: Layout = ({ node, weight }) => {
  if (attribute(node, 'beta', 'float', 1) !== 1) return undefined
  const columns = weight.dims[1]!
  return attribute(node, 'transB', 'int', 0) ? index => Math.floor(index / columns) : index => index % columns
}

const matmul: Layout = ({ weight }) => (weight.dims.length === 2 ? index => index % weight.dims[1]! : undefined)

interface Target {
  readonly layout: Layout
  readonly channels: (weight: Tensor, node: Node) => number
}

const targets: Readonly<Record<string, Target>> = {
  Conv: { layout: conv, channels: ({ dims }) => dims[0]! },
  ConvTranspose: { layout: convTranspose, channels: ({ dims }, node) => dims[1]! * attribute(node, 'group', 'int', 1) },
  Gemm: { layout: gemm, channels: ({ dims }, node) => dims[attribute(node, 'transB', 'int', 0) ? 0 : 1]! },
  MatMul: { layout: matmul, channels: ({ dims }) => dims.at(-1)! },
}

/**
 * BatchNormalization in inference, y = scale (x - mean) / sqrt(variance + epsilon) + B, folded into the Conv, ConvTranspose, Gemm or
 * MatMul before it, computed in double precision and rounded once. Only where all of it is constant, nothing else reads the value
 * between, and that value is no output. The value after the normalisation keeps its name. Other nodes are left alone.
 */
export function foldBatchNorm(graph: Graph): Graph {
  const initializers = new Map(graph.initializers)
  const taken = graph.names()
  const outputs = new Set(graph.outputs.map(({ name }) => name))
  const replaced = new Map<Node, readonly Node[]>()
  for (const norm of graph.nodes) {
    if (norm.operator !== 'BatchNormalization' || norm.domain !== '') continue
    const between = norm.inputs[0]!
    const linear = linearBefore(graph, between)
    const affine = affineOf(graph, norm)
    if (!linear || !affine || affine.scale.length !== linear.channels || outputs.has(between)) continue
    if (graph.consumers(between).length !== 1 || replaced.has(linear.node)) continue
    const nodes = merge(linear, affine, graph, norm, initializers, taken)
    if (!nodes) continue
    replaced.set(linear.node, [])
    replaced.set(norm, nodes)
  }
  if (replaced.size === 0) return graph
  return prune(graph.with({ nodes: graph.nodes.flatMap(node => replaced.get(node) ?? [node]), initializers }))
}

/** Exporters that share equal tensors pass some of them through Identity. */
function constantOf(graph: Graph, name: string): Tensor | undefined {
  const node = graph.producer(name)
  if (node?.operator === 'Identity' && node.domain === '') return constantOf(graph, node.inputs[0]!)
  return graph.initializers.get(name)
}

function linearBefore(graph: Graph, name: string): Linear | undefined {
  const node = graph.producer(name)
  const target = node && Object.hasOwn(targets, operatorKey(node)) ? targets[node.operator] : undefined
  const weight = node && constantOf(graph, node.inputs[1] ?? '')
  if (!target || !node || weight?.dtype !== 'float32') return undefined
  const biasName = node.inputs[2] ?? ''
  const bias = constantOf(graph, biasName)
  const channels = target.channels(weight, node)
  if (biasName !== '' && (!bias || (bias.size !== channels && bias.size !== 1) || bias.size !== (bias.dims.at(-1) ?? 1)))
    return undefined
  // MatMul of more than two dimensions has its channels last, the normalisation second.
  if (node.operator === 'MatMul' && graph.type(name)?.shape?.length !== 2) return undefined
  return { node, weight, bias, channels }
}

function affineOf(graph: Graph, norm: Node): Affine | undefined {
  if (attribute(norm, 'training_mode', 'int', 0) || norm.outputs.slice(1).some(Boolean)) return undefined
  const [gain, offset, mean, variance] = norm.inputs.slice(1, 5).map(name => constantOf(graph, name)?.numbers())
  if (!gain || !offset || !mean || !variance) return undefined
  const epsilon = attribute(norm, 'epsilon', 'float', 1e-5)
  const scale = gain.map((value, i) => value / Math.sqrt(variance[i]! + epsilon))
  return { scale, shift: offset.map((value, i) => value - mean[i]! * scale[i]!) }
}

function merge(
  linear: Linear,
  affine: Affine,
  graph: Graph,
  norm: Node,
  initializers: Map<string, Tensor>,
  taken: Set<string>,
): readonly Node[] | undefined {
  const { node, weight, bias, channels } = linear
  const channel = targets[node.operator]!.layout(linear)
  if (!channel) return undefined
  const values = weight.numbers()
  for (let i = 0; i < values.length; i++) values[i]! *= affine.scale[channel(i)]!
  const before = bias?.numbers()
  const shift = affine.shift.map((value, i) => value + (before ? before[before.length === 1 ? 0 : i]! * affine.scale[i]! : 0))
  const constant = (tensor: Tensor, hint: string): string => {
    const name = unique(hint, taken)
    initializers.set(name, tensor)
    return name
  }
  const scaled = constant(Tensor.float32(weight.dims, values), `${node.inputs[1]}_folded`)
  const offset = constant(Tensor.float32([channels], shift), `${norm.inputs[2]}_folded`)
  if (node.operator !== 'MatMul') return [{ ...node, inputs: [node.inputs[0]!, scaled, offset], outputs: [norm.outputs[0]!] }]
  const product = unique(`${graph.producer(norm.inputs[0]!)!.outputs[0]}_folded`, taken)
  return [
    { ...node, inputs: [node.inputs[0]!, scaled], outputs: [product] },
    { ...norm, operator: 'Add', inputs: [product, offset], attributes: {} },
  ]
}
