/** @file The reverse walk: from a graph, a new graph that also computes gradients. It asks the rule set and compares no operator names. */
import { type Graph, GraphBuilder, isFloat, type Node, operatorKey, outerReads, UnknownShapeError } from '@ascribe/onnx'
import { ruleContext, type Walk } from './context.js'
import { MissingRuleError, NoGradientPathError } from './errors.js'
import { gradientRules } from './gradient/index.js'
import type { Block, RuleEntry, RuleSet } from './rule.js'
import { summed } from './sum.js'

export interface DifferentiateOptions {
  /** The values to differentiate. */
  readonly of: readonly string[]
  /** The tensors to differentiate with respect to: inputs, initializers, or any value in between. */
  readonly at: readonly string[]
  /**
   * Cotangent of each value in `of`: the name of a tensor of the value's shape that the graph has, or null for ones.
   * Missing ones become graph inputs called `cotangent/<value>`.
   */
  readonly cotangents?: Readonly<Record<string, string | null>>
  /** Default: the gradient of every operator. */
  readonly rules?: RuleSet
  /** For rules that compare with a baseline: the names, in the same graph, of the values that differ there. */
  readonly baseline?: ReadonlyMap<string, string>
  /** A target that no gradient reaches is an error (default), or has no entry in the result. */
  readonly unreached?: 'error' | 'omit'
}

export interface Differentiated {
  /** The graph with the gradient's nodes added; its outputs are those of the graph followed by the gradients. */
  readonly graph: Graph
  /** Name of the gradient for each entry of `at`. */
  readonly gradients: Readonly<Record<string, string>>
  /** Name of the cotangent for each entry of `of`. */
  readonly cotangents: Readonly<Record<string, string>>
}

/**
 * Adds to a graph the nodes that compute, for each tensor t in `at`, the sum over `of` of cotangent · d value / d t.
 * Every value on a path must have a static shape (see `specialise`). The result can be differentiated again.
 * @throws MissingRuleError where an operator on the path has no rule, NoGradientPathError, UnknownShapeError
 */
export function differentiate(graph: Graph, options: DifferentiateOptions): Differentiated {
  const rules = options.rules ?? gradientRules
  const builder = new GraphBuilder(graph, 'gradient')
  const depends = dependents(graph, options.at, rules)
  const omit = options.unreached === 'omit'
  for (const value of options.of)
    if (!depends.has(value) && !omit)
      throw new NoGradientPathError(`"${value}" does not depend on ${options.at.map(name => `"${name}"`).join(', ')}`)

  const sums = new Map<string, (string | Block)[]>()
  const cotangents: Record<string, string> = {}
  for (const value of options.of) {
    const name = seed(graph, builder, value, options.cotangents?.[value])
    cotangents[value] = name
    add(sums, value, name)
  }
  const take = (value: string): string | null => {
    const parts = sums.get(value)
    if (!parts) return null
    builder.scope = 'gradient'
    const total = summed(parts, graph.type(value)?.dtype ?? 'float32', builder)
    sums.set(value, [total])
    return total
  }
  const walk: Walk = { left: new Map(), ...(options.baseline ? { baseline: options.baseline } : {}) }
  const targets = new Set(options.at)
  const blocked: string[] = []
  for (const node of reversed(graph.nodes)) {
    if (!node.outputs.some(output => sums.has(output))) continue
    const wanted = node.inputs.map(input => depends.has(input))
    const captured = outerReads(node).find(name => depends.has(name))
    if (captured === undefined && !wanted.some(Boolean)) continue
    const entry = entryFor(rules, node, graph)
    if (captured !== undefined && entry.kind === 'gradient')
      throw new MissingRuleError(operatorKey(node), node.name, `its subgraph reads "${captured}" from the graph around it`)
    if (entry.kind === 'zero') {
      blocked.push(`${operatorKey(node)} "${node.name}"`)
      continue
    }
    // A target's own producer is walked too: another target may lie behind it.
    const flowing = node.outputs.map(output => (output ? take(output) : null))
    const gradients = entry.rule(flowing, ruleContext(graph, node, builder, wanted, walk))
    node.inputs.forEach((input, index) => {
      const gradient = gradients[index]
      if (gradient && wanted[index]) add(sums, input, gradient)
    })
  }
  const gradients: Record<string, string> = {}
  for (const target of targets) {
    const total = take(target)
    if (total === null && omit) continue
    if (total === null) throw new NoGradientPathError(noPath(options.of, target, blocked))
    builder.scope = ''
    gradients[target] = builder.emit('Identity', [total], {}, builder.fresh(`gradient_of/${target}`))
  }
  for (const port of graph.outputs) builder.output(port.name, port.type.dtype, port.type.shape)
  for (const [target, name] of Object.entries(gradients))
    builder.output(name, graph.type(target)?.dtype ?? 'float32', graph.type(target)?.shape ?? null)
  return { graph: builder.build(), gradients, cotangents }
}

function noPath(of: readonly string[], target: string, blocked: readonly string[]): string {
  const through =
    blocked.length > 0
      ? ` other than through operators whose derivative is zero: ${[...new Set(blocked)].slice(0, 5).join(', ')}`
      : ''
  return `no gradient flows from ${of.map(name => `"${name}"`).join(', ')} to "${target}"${through}`
}

function* reversed(nodes: readonly Node[]): Iterable<Node> {
  for (let i = nodes.length - 1; i >= 0; i--) yield nodes[i]!
}

function add(sums: Map<string, (string | Block)[]>, value: string, gradient: string | Block): void {
  const parts = sums.get(value)
  if (parts) parts.push(gradient)
  else sums.set(value, [gradient])
}

/**
 * Values that are, or are computed from, one of `at` through values that can carry a gradient: floats, integers that a
 * straight-through operator makes, and what is computed from those in the same type.
 */
function dependents(graph: Graph, at: readonly string[], rules: RuleSet): Set<string> {
  const found = new Set(at)
  const quantised = new Set<string>()
  const carries = (name: string): boolean => {
    const type = graph.type(name)
    return !type || isFloat(type.dtype)
  }
  for (const node of graph.nodes) {
    const reads = [...node.inputs, ...outerReads(node)].filter(input => found.has(input))
    if (reads.length === 0) continue
    const entry = rules(node, graph)
    const straight = entry?.kind === 'gradient' && entry.straightThrough
    const types = new Set(reads.filter(input => quantised.has(input)).map(input => graph.type(input)?.dtype))
    for (const output of node.outputs) {
      if (!output) continue
      if (!carries(output)) {
        if (!straight && !types.has(graph.type(output)?.dtype)) continue
        quantised.add(output)
      }
      found.add(output)
    }
  }
  return found
}

function entryFor(rules: RuleSet, node: Node, graph: Graph): Extract<RuleEntry, { kind: 'gradient' | 'zero' }> {
  const entry = rules(node, graph)
  if (!entry) throw new MissingRuleError(operatorKey(node), node.name, 'ascribe has no rule for it yet')
  if (entry.kind === 'none') throw new MissingRuleError(operatorKey(node), node.name, entry.why)
  if (entry.kind === 'decomposed')
    throw new MissingRuleError(operatorKey(node), node.name, `it is differentiated as ${entry.into}; call decompose(graph) first`)
  return entry
}

function seed(graph: Graph, builder: GraphBuilder, value: string, given: string | null | undefined): string {
  if (typeof given === 'string') return given
  const type = graph.type(value)
  const shape = graph.dims(value)
  if (given === null) {
    if (!shape) throw new UnknownShapeError(`the shape of "${value}" is not known, so it cannot be seeded with ones`)
    const one = builder.float(1, [], type?.dtype ?? 'float32')
    return shape.length === 0 ? one : builder.emit('Expand', [one, builder.ints(shape)])
  }
  return builder.input(`cotangent/${value}`, type?.dtype ?? 'float32', type?.shape ?? null)
}
