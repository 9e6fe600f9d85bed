/** @file Constant folding: nodes whose values are known become initializers; nodes that do nothing are bypassed. */
import { isFloat } from '../dtype.js'
import { NotEvaluableError } from '../errors.js'
import { toTensor } from '../evaluate/array.js'
import { evaluate } from '../evaluate/evaluate.js'
import { evaluations } from '../evaluate/index.js'
import { Graph, type Node, operatorKey, outerReads, subgraphs } from '../graph.js'
import { constantTensor } from '../shapes/constant.js'
import { type Inference, type InferOptions, inferWithElements } from '../shapes/infer.js'
import { elementCount, Tensor } from '../tensor.js'
import { inlineControlFlow } from './inline.js'
import { isNoOp } from './no-op.js'
import { prune } from './prune.js'
import { mapSubgraphs, renameReads } from './rename.js'
import { openSequences } from './sequences.js'

/** Float results larger than this are left to the runtime's own folding. */
const maxFloats = 4096
/** Float inputs larger than this are weights, which are not read here. */
const maxFloatInput = 65_536
/** The bound for integers and booleans: attention masks and index tables. */
const maxIntegers = 1_000_000
/** Rounds of folding and unrolling; each opens one level of nested control flow. */
const maxRounds = 16

/** Give another value every time, so they are never constant. */
export const random: ReadonlySet<string> = new Set([
  'RandomNormal',
  'RandomUniform',
  'RandomNormalLike',
  'RandomUniformLike',
  'Bernoulli',
  'Multinomial',
])

/** These only give a tensor's bytes another shape. */
const reshaping: ReadonlySet<string> = new Set(['Identity', 'Reshape', 'Squeeze', 'Unsqueeze', 'Flatten'])

/**
 * The same function with what is known computed: Constant nodes and shape arithmetic become initializers (bytes of constants are
 * never copied), nodes with constant inputs are evaluated where the result is small, an If with a known condition is inlined,
 * a Loop or Scan of known length up to 256 is unrolled, sequences of known items are opened, nodes without effect are bypassed,
 * dead nodes and unused initializers go.
 * Names of inputs and outputs stay.
 * @throws ShapeError where inputs provably do not fit an operator
 */
export function foldConstants(graph: Graph, options: InferOptions = {}): Graph {
  let current = graph
  for (let round = 0; ; round++) {
    const inference = inferWithElements(current, options)
    const folded = prune(foldGraph(inference.graph, inference, () => undefined))
    const opened = round < maxRounds ? openSequences(inlineControlFlow(folded)) : folded
    if (opened === folded) return folded
    current = opened
  }
}

function foldGraph(graph: Graph, inference: Inference, outer: (name: string) => Tensor | undefined): Graph {
  const elements = inference.contents.get(graph) ?? new Map()
  const initializers = new Map(graph.initializers)
  const constant = (name: string): Tensor | undefined => initializers.get(name) ?? (name === '' ? undefined : outer(name))
  const aliases = new Map<string, string>()
  const resolve = (name: string): string => aliases.get(name) ?? name
  const outputs = new Set(graph.outputs.map(({ name }) => name))
  const reads = readCounts(graph)
  const taken = graph.names()
  const nodes: Node[] = []

  /** Constant under the output's name; where that is the graph's own output, under another with an Identity. */
  const keep = (output: string, tensor: Tensor): void => {
    if (!outputs.has(output)) {
      initializers.set(output, tensor)
      return
    }
    const name = unique(`${output}_constant`, taken)
    initializers.set(name, tensor)
    nodes.push({ domain: '', operator: 'Identity', name, inputs: [name], outputs: [output], attributes: {} })
  }

  for (const original of graph.nodes) {
    const inner = mapSubgraphs(original, held => prune(foldGraph(held, inference, name => constant(resolve(name)))))
    const renamed = aliases.size > 0 ? renameReads(inner, resolve) : inner
    const made = renamed.outputs.filter(Boolean)
    const settled = isSettled(renamed, constant, outputs)
      ? undefined
      : (moved(renamed, graph, constant) ?? known(renamed, graph, elements) ?? computed(renamed, graph, constant, reads))
    if (settled) {
      made.forEach((output, i) => {
        keep(output, settled[i]!)
      })
      continue
    }
    const output = renamed.outputs[0]!
    const context = {
      node: renamed,
      type: (name: string) => graph.type(name),
      constant,
      used: (name: string) => reads.has(name) || outputs.has(name),
    }
    if (output && !outputs.has(output) && isNoOp(context)) {
      aliases.set(output, renamed.inputs[0]!)
      continue
    }
    nodes.push(renamed)
  }
  return graph.with({ nodes, initializers })
}

/** An Identity that gives a constant the name of an output is as far as folding goes. */
const isSettled = (node: Node, constant: (name: string) => Tensor | undefined, outputs: ReadonlySet<string>): boolean =>
  node.operator === 'Identity' && outputs.has(node.outputs[0]!) && constant(node.inputs[0]!) !== undefined

/** Values that inference found, where every element is a number. */
function known(node: Node, graph: Graph, elements: ReadonlyMap<string, readonly unknown[]>): Tensor[] | undefined {
  const tensors: Tensor[] = []
  for (const name of node.outputs) {
    if (name === '') continue
    const contents = elements.get(name)
    const dims = graph.dims(name)
    if (!contents || !dims || contents.length !== elementCount(dims) || !contents.every(item => typeof item === 'number'))
      return undefined
    tensors.push(Tensor.from(graph.type(name)!.dtype, dims, contents as number[]))
  }
  return tensors.length > 0 ? tensors : undefined
}

/** Constants whose bytes exist already: Constant nodes, and constants under another shape. */
function moved(node: Node, graph: Graph, constant: (name: string) => Tensor | undefined): Tensor[] | undefined {
  if (node.domain !== '') return undefined
  if (node.operator === 'Constant') {
    const tensor = constantTensor(node.attributes)
    return tensor && [tensor]
  }
  const source = node.inputs[0] ? constant(node.inputs[0]) : undefined
  const dims = graph.dims(node.outputs[0]!)
  if (!source || !dims || node.outputs.length > 1) return undefined
  return reshaping.has(node.operator) || isNoOpCast(node, graph, source) ? [source.reshaped(dims)] : undefined
}

/** Values of a node with constant inputs. */
function computed(
  node: Node,
  graph: Graph,
  constant: (name: string) => Tensor | undefined,
  reads: ReadonlySet<string>,
): Tensor[] | undefined {
  const names = node.inputs.filter(Boolean)
  const inputs = names.map(name => [name, constant(name)] as const)
  if (names.length === 0 || inputs.some(([, tensor]) => tensor === undefined) || random.has(node.operator)) return undefined
  const dims = graph.dims(node.outputs[0]!)
  if (subgraphs(node).length > 0 || !Object.hasOwn(evaluations, operatorKey(node))) return undefined
  if (inputs.some(([, tensor]) => !isNumeric(tensor!))) return undefined
  const size = dims ? elementCount(dims) : Math.max(...inputs.map(([, tensor]) => tensor!.size))
  const dtype = graph.type(node.outputs[0]!)?.dtype
  if (
    !dtype ||
    size > (isFloat(dtype) ? maxFloats : maxIntegers) ||
    inputs.some(([, tensor]) => tensor!.size > (isFloat(tensor!.dtype) ? maxFloatInput : maxIntegers))
  )
    return undefined
  const wanted = node.outputs.filter(Boolean)
  if (wanted.some((name, i) => i > 0 && !reads.has(name) && !graph.outputs.some(port => port.name === name))) return undefined
  const alone = new Graph({ nodes: [node], inputs: [], outputs: [], initializers: new Map(inputs as [string, Tensor][]) })
  try {
    const values = evaluate(alone, {}, wanted)
    const found = wanted.map(name => values.get(name))
    return found.every(value => value !== undefined) ? found.map(value => toTensor(value!)) : undefined
  } catch (error) {
    if (error instanceof NotEvaluableError) return undefined
    throw error
  }
}

const isNumeric = (tensor: Tensor): boolean => tensor.dtype !== 'string' && !tensor.dtype.startsWith('complex')

const isNoOpCast = (node: Node, graph: Graph, input: Tensor): boolean =>
  (node.operator === 'Cast' || node.operator === 'CastLike') && graph.type(node.outputs[0]!)?.dtype === input.dtype

function readCounts(graph: Graph): Set<string> {
  return new Set(graph.nodes.flatMap(node => [...node.inputs, ...outerReads(node)]))
}

/** A name not in `taken`, which it joins. */
export function unique(stem: string, taken: Set<string>): string {
  let name = stem
  for (let i = 1; taken.has(name); i++) name = `${stem}_${i}`
  taken.add(name)
  return name
}
