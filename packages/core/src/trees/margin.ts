/** @file What trees say about a target: the sum of trees behind it, found by walking back from the model's output. */
import { type Graph, isFloat, type Node, operatorKey } from '@ascribe/onnx'
import { UsageError } from '../errors.js'
import { type Forest, leafValues } from './forest.js'
import { isTreeNode, readTrees } from './read.js'

/** One ensemble's part of a margin: the values that its leaves add, by node. */
interface MarginTerm {
  readonly forest: Forest
  readonly values: Float64Array
  /** The tensor that the trees read. */
  readonly input: string
}

/** A weighted sum of an output's elements before its last transform: sum of terms + constant. */
interface Margin {
  readonly terms: readonly MarginTerm[]
  readonly constant: number
  /** What the model applies after it (LOGISTIC, Softmax, ...), last first. */
  readonly transforms: readonly string[]
}

/** Weights of the elements of one row of a value. */
type Weights = ReadonlyMap<number, number>

interface Walk {
  readonly graph: Graph
  readonly terms: MarginTerm[]
  constant: number
  readonly transforms: string[]
  /** The weights asked for: what may still be transformed carries these same ones. */
  readonly asked: Weights
  follow(value: string, weights: Weights): void
}

type Rule = (walk: Walk, node: Node, weights: Weights) => void

const refuse = (node: Node, why: string): never => {
  throw new UsageError(
    `the trees of this model end in ${operatorKey(node)} "${node.name}", ${why}; use exact-shapley, kernel-shap or occlusion, or explain the trees' own scores with --output`,
  )
}

const times = (weights: Weights, factor: (index: number) => number): Weights =>
  new Map([...weights].map(([index, weight]) => [index, weight * factor(index)]))

/** Elements of one row as a constant gives them: one for all, or one for each. */
function constantOf({ graph }: Walk, name: string, node: Node): ((index: number) => number) | undefined {
  const tensor = graph.initializers.get(name)
  if (!tensor) return undefined
  const size = graph.dims(node.outputs[0]!)?.at(-1) ?? 1
  if (tensor.size !== 1 && tensor.size !== size) refuse(node, `whose constant "${name}" has ${tensor.size} values`)
  const numbers = tensor.numbers()
  return index => numbers[index % numbers.length]!
}

const through: Rule = (walk, node, weights) => walk.follow(node.inputs[0]!, weights)

const floatCast: Rule = (walk, node, weights) => {
  if (!isFloat(walk.graph.type(node.outputs[0]!)?.dtype ?? 'float32')) refuse(node, 'which rounds')
  through(walk, node, weights)
}

/** Sum of the inputs, each times a sign. */
const sum =
  (sign: (input: number) => number): Rule =>
  (walk, node, weights) => {
    node.inputs.forEach((input, i) => {
      const constant = constantOf(walk, input, node)
      const signed = times(weights, () => sign(i))
      if (constant) for (const [index, weight] of signed) walk.constant += weight * constant(index)
      else if (`${walk.graph.dims(input)}` === `${walk.graph.dims(node.outputs[0]!)}`) walk.follow(input, signed)
      else refuse(node, 'which repeats a value')
    })
  }

const scaled =
  (factor: (constant: number) => number, sides: readonly number[]): Rule =>
  (walk, node, weights) => {
    for (const side of sides) {
      const constant = constantOf(walk, node.inputs[side]!, node)
      if (constant)
        return walk.follow(
          node.inputs[1 - side]!,
          times(weights, index => factor(constant(index))),
        )
    }
    refuse(node, 'which multiplies what depends on the input')
  }

/** Values side by side along the last axis, one row each. */
const joined: Rule = (walk, node, weights) => {
  let start = 0
  for (const input of node.inputs) {
    const dims = walk.graph.dims(input)
    if (dims?.length !== 2) refuse(node, 'whose inputs are no tables')
    const width = dims!.at(-1)!
    const own = new Map([...weights].flatMap(([i, weight]) => (i >= start && i < start + width ? [[i - start, weight]] : [])))
    if (own.size > 0) walk.follow(input, own)
    start += width
  }
}

/** The last step of a model, which is left out: what comes before it is explained. */
const transform: Rule = (walk, node, weights) => {
  apply(walk, node, weights, node.operator)
  through(walk, node, weights)
}

function apply(walk: Walk, node: Node, weights: Weights, name: string): void {
  if (weights !== walk.asked) refuse(node, `with ${name} inside a sum`)
  walk.transforms.push(name)
}

const trees: Rule = (walk, node, weights) => {
  const { forest, elements, transform: post } = readTrees(node)
  if (post !== 'NONE') apply(walk, node, weights, post)
  const combined = new Map<number, number>()
  for (const [index, weight] of weights) {
    const { coefficients, constant } = elements[index]!
    walk.constant += weight * constant
    for (const [target, coefficient] of coefficients) {
      combined.set(target, (combined.get(target) ?? 0) + weight * coefficient)
      walk.constant += weight * coefficient * forest.base[target]!
    }
  }
  walk.terms.push({ forest, values: leafValues(forest, combined), input: node.inputs[0]! })
}

const rules: Readonly<Record<string, Rule>> = {
  Identity: through,
  Reshape: through,
  Flatten: through,
  Squeeze: through,
  Unsqueeze: through,
  Cast: floatCast,
  Add: sum(() => 1),
  Sum: sum(() => 1),
  Sub: sum(input => (input === 0 ? 1 : -1)),
  Neg: (walk, node, weights) =>
    walk.follow(
      node.inputs[0]!,
      times(weights, () => -1),
    ),
  Mul: scaled(constant => constant, [1, 0]),
  Div: scaled(constant => 1 / constant, [1]),
  Concat: joined,
  Sigmoid: transform,
  Softmax: transform,
  Exp: transform,
  'ai.onnx.ml:TreeEnsembleRegressor': trees,
  'ai.onnx.ml:TreeEnsembleClassifier': trees,
  'ai.onnx.ml:TreeEnsemble': trees,
}

/** True where a graph holds trees. */
export const hasTrees = (graph: Graph): boolean => graph.nodes.some(isTreeNode)

/**
 * The trees behind sum_i weights_i output_i, i counting the elements of one row of the output. Sums, differences, constant factors and joins of
 * ensembles are followed exactly; post transforms, Sigmoid, Softmax and Exp at the very end are left out.
 * @throws UsageError where there are no trees, or something else lies between them and the output; InputError for malformed trees
 */
export function marginOf(graph: Graph, output: string, weights: Weights): Margin {
  if (!hasTrees(graph))
    throw new UsageError('the model has no trees (TreeEnsembleRegressor, TreeEnsembleClassifier, TreeEnsemble of ai.onnx.ml)')
  const walk: Walk = {
    graph,
    terms: [],
    constant: 0,
    transforms: [],
    asked: weights,
    follow(value, part) {
      const node = graph.producer(value)
      if (!node) throw new UsageError(`output "${output}" depends on "${value}" without passing any tree`)
      const rule = Object.hasOwn(rules, operatorKey(node)) ? rules[operatorKey(node)]! : undefined
      if (!rule) return refuse(node, 'which is neither a sum nor a last transform')
      if (isTreeNode(node) && node.outputs.indexOf(value) !== readTrees(node).output) refuse(node, 'whose labels are no scores')
      rule(walk, node, part)
    },
  }
  walk.follow(output, weights)
  return walk
}

/** Tensors and places that a table's columns come from. */
interface Column {
  readonly tensor: string
  readonly index: number
}

/**
 * Where each column of the table `name` comes from among the explained tensors `at`. Reshapes, casts between floats and joins are followed.
 * @throws UsageError where something else computes the table
 */
export function columnsOf(graph: Graph, name: string, at: readonly string[]): readonly Column[] {
  if (at.includes(name)) {
    const width = graph.dims(name)!.slice(1)
    return Array.from({ length: width.reduce((a, b) => a * b, 1) }, (_, index) => ({ tensor: name, index }))
  }
  const node = graph.producer(name)
  const float = isFloat(graph.type(name)?.dtype ?? 'float32')
  if (node && float && ['Identity', 'Reshape', 'Flatten', 'Cast'].includes(node.operator))
    return columnsOf(graph, node.inputs[0]!, at)
  if (node && ['Concat', 'FeatureVectorizer'].includes(node.operator) && graph.dims(name)?.length === 2)
    return node.inputs.flatMap(input => columnsOf(graph, input, at))
  throw new UsageError(
    `the trees read "${name}", which ${node ? `${operatorKey(node)} computes` : 'is not explained'}; explain it itself with --at "${name}"`,
  )
}
