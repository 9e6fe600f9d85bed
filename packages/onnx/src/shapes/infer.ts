/** @file Shape and type inference over a graph: asks the rule table, node by node, and follows the contents of small tensors. */
import { type Attribute, attribute } from '../attributes.js'
import { type DataType, isFloat } from '../dtype.js'
import { ShapeError } from '../errors.js'
import { type Dimension, type Graph, type Node, operatorKey, type Port, type Shape, subgraphs, type ValueType } from '../graph.js'
import type { Tensor } from '../tensor.js'
import { contentsByEvaluation } from './contents.js'
import { canonicalDim } from './dimension.js'
import { shapeRules } from './index.js'
import { maxElements, maxFloatElements, type ShapeContext, type ShapeResult } from './rule.js'

export interface InferOptions {
  /** Use shapes the model declares for intermediate values where no rule says anything (default true). */
  readonly declared?: boolean
}

/** A graph with its types, and the contents of its small values as far as known. */
export interface Inference {
  readonly graph: Graph
  /** Contents by value name, row-major, of the graph's own nodes. */
  readonly elements: ReadonlyMap<string, readonly Dimension[]>
  /** The same for the graph and every inferred subgraph in it. */
  readonly contents: ReadonlyMap<Graph, ReadonlyMap<string, readonly Dimension[]>>
}

/**
 * The graph with the types of all its values, as far as its operators determine them; linear in the number of nodes.
 * Shapes the model declares are used only where no rule says anything. Subgraphs are inferred too.
 * @throws ShapeError where inputs provably do not fit an operator
 */
export function inferShapes(graph: Graph, options: InferOptions = {}): Graph {
  return inferWithElements(graph, options).graph
}

/** As `inferShapes`, with the contents of small integer tensors (shape arithmetic) beside it. */
export function inferWithElements(graph: Graph, options: InferOptions = {}): Inference {
  const contents = new Map<Graph, ReadonlyMap<string, readonly Dimension[]>>()
  const scope = new Scope(graph, undefined, options, contents)
  const inferred = inferInto(
    scope,
    graph.inputs.map(port => nameUnknown(port)),
  )
  return { graph: inferred, elements: contents.get(inferred)!, contents }
}

/** The symbol inference uses for an unnamed dimension of a graph input. */
export const inputSymbol = (input: string, axis: number): string =>
  `${input.replace(/[^\w.]/g, '_').replace(/^(?=\d)/, '_')}_dim${axis}`

const nameUnknown = ({ name, type }: Port): ShapeResult => ({
  ...type,
  shape: type.shape?.map((dim, axis) => (dim === null ? inputSymbol(name, axis) : canonicalDim(dim))) ?? null,
})

/** What is known of the values of one graph; looks outwards for names it does not have. */
class Scope {
  readonly known = new Map<string, ShapeResult>()
  readonly #contents = new Map<string, readonly Dimension[] | undefined>()

  constructor(
    readonly graph: Graph,
    readonly outer: Scope | undefined,
    readonly options: InferOptions,
    readonly contents: Map<Graph, ReadonlyMap<string, readonly Dimension[]>>,
    /** Nodes of subgraphs still to be looked at: a loop's body is walked until its shapes settle, and loops nest. */
    readonly visits = { left: 1_000_000 },
  ) {}

  find(name: string): ShapeResult | undefined {
    for (let scope: Scope | undefined = this; scope; scope = scope.outer) {
      const known = scope.known.get(name)
      if (known) return known
      const tensor = scope.graph.initializers.get(name)
      if (tensor) {
        const result = { dtype: tensor.dtype, shape: tensor.dims, tensor }
        scope.known.set(name, result)
        return result
      }
    }
    return undefined
  }

  elements(name: string): readonly Dimension[] | undefined {
    const known = this.find(name)
    if (known?.elements || !known?.tensor) return known?.elements
    const { tensor } = known
    if (this.#contents.has(name)) return this.#contents.get(name)
    const readable =
      tensor.dtype !== 'string' &&
      !tensor.dtype.startsWith('complex') &&
      tensor.size <= (isFloat(tensor.dtype) ? maxFloatElements : maxElements)
    const contents = readable ? Array.from(tensor.numbers()) : undefined
    this.#contents.set(name, contents)
    return contents
  }

  declared(name: string): ValueType | undefined {
    return this.options.declared === false ? undefined : this.graph.values.get(name)
  }
}

/** Thrown by `dtype()` to leave a rule whose input's type is unknown. */
const unknownInput = Symbol('unknown input')

function inferInto(scope: Scope, inputs: readonly ShapeResult[]): Graph {
  const { graph } = scope
  for (const [i, { name }] of graph.inputs.entries()) scope.known.set(name, inputs[i]!)
  const declaredOutputs = new Map(graph.outputs.map(({ name, type }) => [name, type]))
  const nodes = graph.nodes.map(node => {
    const context = new Context(node, scope)
    const results = context.run()
    node.outputs.forEach((name, i) => {
      if (name === '') return
      const result = merge(
        results[i],
        scope.declared(name) ?? (scope.options.declared === false ? undefined : declaredOutputs.get(name)),
      )
      if (result) scope.known.set(name, result)
    })
    return context.rewritten()
  })
  const own = new Set(graph.outputs.map(({ name }) => name))
  const values = new Map<string, ValueType>()
  for (const node of nodes)
    for (const name of node.outputs) {
      const found = name !== '' && !own.has(name) ? scope.known.get(name) : undefined
      if (found) values.set(name, plain(found))
    }
  const outputs = graph.outputs.map(({ name, type }) => {
    const found = scope.find(name)
    return { name, type: found ? plain(found) : type }
  })
  const inferred = graph.with({ nodes, values, outputs })
  const elements = new Map<string, readonly Dimension[]>()
  for (const [name, known] of scope.known) if (known.elements) elements.set(name, known.elements)
  scope.contents.set(inferred, elements)
  return inferred
}

const plain = ({ dtype, shape, kind }: ValueType): ValueType => (kind ? { dtype, shape, kind } : { dtype, shape })

/** A rule's result, with what it leaves open filled from the model's own declaration. */
function merge(result: ShapeResult | undefined, declared: ValueType | undefined): ShapeResult | undefined {
  if (!declared?.shape) return result ?? declared
  const said = declared.shape.map(canonicalDim)
  if (!result) return { ...declared, shape: said }
  if (result.shape === null) return result.kind ? result : { ...result, shape: said }
  if (result.shape.length !== said.length || !result.shape.includes(null)) return result
  return { ...result, shape: result.shape.map((dim, i) => dim ?? said[i]!) }
}

class Context implements ShapeContext {
  readonly inputCount: number
  readonly outputCount: number
  readonly #replaced = new Map<Graph, Graph>()

  constructor(
    readonly node: Node,
    readonly scope: Scope,
  ) {
    this.inputCount = node.inputs.length
    this.outputCount = node.outputs.length
  }

  run(): readonly (ShapeResult | undefined)[] {
    const rule = Object.hasOwn(shapeRules, operatorKey(this.node)) ? shapeRules[operatorKey(this.node)] : undefined
    if (!rule) return []
    try {
      const results = rule(this)
      return contentsByEvaluation(this, results) ?? results
    } catch (error) {
      if (error === unknownInput) return []
      throw error
    }
  }

  /** The node with inferred graphs in place of its subgraphs. */
  rewritten(): Node {
    if (this.#replaced.size === 0) return this.node
    const swap = (value: Graph) => this.#replaced.get(value) ?? value
    const attributes = Object.fromEntries(
      Object.entries(this.node.attributes).map(([name, held]): [string, Attribute] => {
        if (held.kind === 'graph') return [name, { kind: 'graph', value: swap(held.value) }]
        return [name, held.kind === 'graphs' ? { kind: 'graphs', value: held.value.map(swap) } : held]
      }),
    )
    return { ...this.node, attributes }
  }

  has(index: number): boolean {
    return (this.node.inputs[index] ?? '') !== ''
  }

  #input(index: number): ShapeResult | undefined {
    const name = this.node.inputs[index]
    return name ? this.scope.find(name) : undefined
  }

  type(index: number): ValueType | undefined {
    return this.#input(index)
  }

  shape(index: number): Shape | null {
    return this.#input(index)?.shape ?? null
  }

  dtype(index: number): DataType {
    if (!this.has(index)) this.fail(`input ${index} is missing`)
    const found = this.#input(index)
    if (!found) throw unknownInput
    return found.dtype
  }

  elements(index: number): readonly Dimension[] | undefined {
    const name = this.node.inputs[index]
    return name ? this.scope.elements(name) : undefined
  }

  numbers(index: number): readonly number[] | undefined {
    const elements = this.elements(index)
    return elements?.every(item => typeof item === 'number') ? (elements as readonly number[]) : undefined
  }

  tensor(index: number): Tensor | undefined {
    return this.#input(index)?.tensor
  }

  int(name: string): number | undefined
  int(name: string, fallback: number): number
  int(name: string, fallback?: number): number | undefined {
    return attribute(this.node, name, 'int', fallback)
  }

  ints(name: string): readonly number[] | undefined {
    return attribute(this.node, name, 'ints')
  }

  float(name: string, fallback: number): number {
    return attribute(this.node, name, 'float', fallback)
  }

  string(name: string, fallback: string): string {
    return attribute(this.node, name, 'string', fallback)
  }

  attribute(name: string): Attribute | undefined {
    return this.node.attributes[name]
  }

  subgraph(graph: Graph, inputs: readonly ShapeResult[]): readonly ShapeResult[] {
    const { visits } = this.scope
    visits.left -= graph.nodes.length + 1
    if (visits.left < 0) return graph.outputs.map(({ type }) => type)
    const scope = new Scope(graph, this.scope, this.scope.options, this.scope.contents, visits)
    const types = graph.inputs.map(({ type }, i) => inputs[i] ?? type)
    const inferred = inferInto(scope, types)
    this.#replaced.set(graph, inferred)
    return inferred.outputs.map(({ name, type }) => scope.find(name) ?? type)
  }

  fail(message: string): never {
    const { inputs, name } = this.node
    const shown = inputs.map(input => {
      const shape = input === '' ? undefined : this.scope.find(input)?.shape
      return `${input || '(none)'} ${shape ? `[${shape.map(dim => dim ?? '?').join(', ')}]` : '[unknown]'}`
    })
    const holds = subgraphs(this.node).length > 0 ? ' (control flow)' : ''
    throw new ShapeError(`${operatorKey(this.node)} "${name}"${holds}: ${message}; inputs: ${shown.join(', ') || 'none'}`)
  }
}
