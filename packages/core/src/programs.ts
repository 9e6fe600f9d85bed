/** @file Graphs that methods run: the model, the target and its gradient, with named ports for one chunk of work. */
import { differentiate, type RuleSetName, ruleSets } from '@ascribe/autodiff'
import { elementCount, foldConstants, type Graph, GraphBuilder, inferShapes, type Node, type Port, prune } from '@ascribe/onnx'
import { appendTarget, type TargetShape } from './target.js'

/** What every program is made from. */
export interface ProgramSource extends TargetShape {
  /** Static graph of `rows` rows. */
  readonly graph: Graph
  readonly rows: number
  readonly batched: boolean
  /** The tensors that are explained, which become inputs. */
  readonly at: readonly string[]
  /** What stands in for the gradient on the way back; default the gradient. */
  readonly rules?: RuleSetName
}

/** Port names. `of(name)` marks one per explained tensor. */
export const port = {
  classes: 'target:classes',
  value: 'target:value',
  weights: 'points:weights',
  positions: 'points:positions',
  points: (name: string): string => `points/${name}`,
  input: (name: string): string => `input/${name}`,
  baseline: (name: string): string => `baseline/${name}`,
  mask: (name: string): string => `mask/${name}`,
  layer: (name: string): string => `layer/${name}`,
  sum: (name: string): string => `sum/${name}`,
  squares: (name: string): string => `squares/${name}`,
} as const

/** A node that gives a value another name; folding takes it away again. */
export const alias = (value: string, name: string): Node => ({
  domain: '',
  operator: 'Identity',
  name: `alias/${name}`,
  inputs: [value],
  outputs: [name],
  attributes: {},
})

/** Dimensions of one row of a value. */
export const rowDims = ({ graph, batched }: ProgramSource, name: string): readonly number[] => {
  const dims = graph.dims(name)!
  return batched ? [1, ...dims.slice(1)] : dims
}

/** A graph whose values `at` are inputs: what computes them is dropped. */
export function cut(graph: Graph, at: readonly string[]): Graph {
  const cuts = at.filter(name => graph.producer(name))
  if (cuts.length === 0) return graph
  const renamed = new Map(cuts.map(name => [name, `${name}/computed`]))
  const nodes = graph.nodes.map((node): Node => ({ ...node, outputs: node.outputs.map(output => renamed.get(output) ?? output) }))
  const ports: Port[] = cuts.map(name => ({ name, type: graph.type(name)! }))
  return prune(graph.with({ nodes, inputs: [...graph.inputs, ...ports] }))
}

/** The class count of the explained output, per row. */
export function classCount({ graph, output, rows, batched }: ProgramSource): number {
  const dims = graph.dims(output)!
  const all = elementCount(dims)
  return batched ? all / rows : all
}

const expandRows = (builder: GraphBuilder, value: string, dims: readonly number[], rows: number, batched: boolean): string =>
  batched && rows > 1 ? builder.emit('Expand', [value, builder.ints([rows, ...dims.slice(1)])]) : value

/**
 * Rebinds the graph's inputs: explained ones to values made by `make`, the others to one row repeated.
 * Gives a builder holding the rebound graph, to which a target and outputs can be added.
 */
export function rebind(source: ProgramSource, make: (builder: GraphBuilder, name: string) => string): GraphBuilder {
  const { graph, rows, batched, at } = source
  const head = new GraphBuilder(undefined, 'bind')
  const bound = new Map<string, string>()
  for (const name of at) bound.set(name, make(head, name))
  const rest = graph.inputs.filter(({ name }) => !at.includes(name))
  const given = rest.map(({ name, type }): Port => {
    const dims = type.shape as readonly number[]
    return { name: port.input(name), type: { dtype: type.dtype, shape: batched ? [1, ...dims.slice(1)] : dims } }
  })
  for (const { name, type } of rest)
    bound.set(name, expandRows(head, port.input(name), type.shape as readonly number[], rows, batched))
  const front = head.build()
  const joined = graph.with({
    nodes: [...front.nodes, ...[...bound].map(([name, value]) => alias(value, name)), ...graph.nodes],
    inputs: [...front.inputs, ...given],
    outputs: [],
    initializers: new Map([...graph.initializers, ...front.initializers]),
  })
  return new GraphBuilder(joined, 'program')
}

/** Adds the target: one value per row. */
export function withTarget(source: ProgramSource, builder: GraphBuilder): string {
  const classes = source.custom ? '' : builder.input(port.classes, 'float32', [1, classCount(source)])
  return appendTarget(builder, source.graph, source, classes, source.batched ? source.rows : 1)
}

interface GradientParts {
  readonly value: string
  readonly gradients: ReadonlyMap<string, string>
  readonly builder: GraphBuilder
}

/** Adds the target's gradient at each explained tensor. */
function withGradient(source: ProgramSource, bound: GraphBuilder): GradientParts {
  const value = withTarget(source, bound)
  bound.output(value)
  const shaped = inferShapes(bound.build())
  const rules = ruleSets[source.rules ?? 'gradient']
  const result = differentiate(shaped, { of: [value], at: source.at, cotangents: { [value]: null }, rules })
  const gradients = new Map(source.at.map(name => [name, result.gradients[name]!]))
  return { value, gradients, builder: new GraphBuilder(result.graph, 'reduce') }
}

/** Sum over rows of weight times gradient, as one row: a matrix product. */
function weightedSum(builder: GraphBuilder, source: ProgramSource, weights: string, gradient: string, name: string): string {
  const dims = rowDims(source, name)
  if (!source.batched) return builder.emit('Mul', [gradient, builder.emit('Reshape', [weights, builder.ints(dims.map(() => 1))])])
  const size = elementCount(dims)
  const rows = builder.emit('Reshape', [gradient, builder.ints([source.rows, size])])
  const row = builder.emit('Reshape', [weights, builder.ints([1, source.rows])])
  return builder.emit('Reshape', [builder.emit('MatMul', [row, rows]), builder.ints(dims)])
}

/** Per-row gradients. Ports: points/NAME -> target:value, sum/NAME (here one gradient per row). */
export function gradientProgram(source: ProgramSource): Graph {
  const bound = rebind(source, (head, name) => head.input(port.points(name), 'float32', source.graph.dims(name)!))
  const { value, gradients, builder } = withGradient(source, bound)
  return finish(builder, [[value, port.value], ...[...gradients].map(([name, gradient]) => [gradient, port.sum(name)] as const)])
}

/**
 * Weighted sums of gradients over rows given as they are, and of their squares.
 * Ports: points/NAME, points:weights [rows] -> target:value, sum/NAME, squares/NAME.
 */
export function momentsProgram(source: ProgramSource): Graph {
  const bound = rebind(source, (head, name) => head.input(port.points(name), 'float32', source.graph.dims(name)!))
  const { value, gradients, builder } = withGradient(source, bound)
  const weights = builder.input(port.weights, 'float32', [source.rows])
  const outputs: (readonly [string, string])[] = [[value, port.value]]
  for (const [name, gradient] of gradients) {
    outputs.push([weightedSum(builder, source, weights, gradient, name), port.sum(name)])
    const squares = builder.emit('Mul', [gradient, gradient])
    outputs.push([weightedSum(builder, source, weights, squares, name), port.squares(name)])
  }
  return finish(builder, outputs)
}

/**
 * Weighted sum of gradients along the straight line from baseline to input.
 * Ports: input/NAME, baseline/NAME (one row each), points:positions [rows], points:weights [rows] -> target:value, sum/NAME.
 * Row k is baseline + position_k (input - baseline).
 */
export function pathProgram(source: ProgramSource): Graph {
  const { rows } = source
  let positions: string | undefined
  const bound = rebind(source, (head, name) => {
    const dims = rowDims(source, name)
    const input = head.input(port.input(name), 'float32', dims)
    const baseline = head.input(port.baseline(name), 'float32', dims)
    positions ??= head.input(port.positions, 'float32', [rows])
    const column = head.emit('Reshape', [
      positions,
      head.ints(source.batched ? [rows, ...dims.slice(1).map(() => 1)] : dims.map(() => 1)),
    ])
    return head.emit('Add', [baseline, head.emit('Mul', [column, head.emit('Sub', [input, baseline])])])
  })
  const { value, gradients, builder } = withGradient(source, bound)
  const weights = builder.input(port.weights, 'float32', [rows])
  const sums = [...gradients].map(
    ([name, gradient]) => [weightedSum(builder, source, weights, gradient, name), port.sum(name)] as const,
  )
  return finish(builder, [[value, port.value], ...sums])
}

/** Values inside the graph and the target's gradient there. Ports: points/NAME -> layer/LAYER, sum/LAYER, target:value. */
export function layerProgram(source: ProgramSource, layers: readonly string[]): Graph {
  const bound = rebind(source, (head, name) => head.input(port.points(name), 'float32', source.graph.dims(name)!))
  const { value, gradients, builder } = withGradient({ ...source, at: layers }, bound)
  return finish(builder, [
    [value, port.value],
    ...layers.flatMap(layer => [[layer, port.layer(layer)] as const, [gradients.get(layer)!, port.sum(layer)] as const]),
  ])
}

/** Outputs or any values inside the model, for rows given as they are. Ports: points/NAME, input/OTHER -> value/NAME. */
export function valuesProgram(source: ProgramSource, names: readonly string[]): Graph {
  const builder = rebind(source, (head, name) =>
    head.input(port.points(name), source.graph.type(name)!.dtype, source.graph.dims(name)!),
  )
  return finish(
    builder,
    names.map(name => [name, `value/${name}`] as const),
  )
}

/** Names the outputs, infers shapes, folds and drops what nothing reads. */
export function finish(builder: GraphBuilder, outputs: readonly (readonly [string, string])[]): Graph {
  const built = builder.build()
  const graph = built.with({
    nodes: [...built.nodes, ...outputs.map(([value, name]) => alias(value, name))],
    outputs: outputs.map(([value, name]) => ({ name, type: built.type(value) ?? { dtype: 'float32', shape: null } })),
  })
  return prune(foldConstants(inferShapes(graph)))
}
