/**
 * @file Rules for operators written as other operators: the forward formula is emitted again and differentiated by the same
 * walk.
 */
import { type Attribute, Graph, GraphBuilder, inferShapes, type Node } from '@ascribe/onnx'
import { ruleContext } from './context.js'
import { differentiate } from './reverse.js'
import type { Rule, RuleContext, RuleEntry } from './rule.js'

/** Emits an operator as others and gives the names of its outputs, null for those that the node omits. */
export type Expansion = (context: RuleContext) => readonly (string | null)[]

/**
 * The gradient of an operator from its expansion. The operator itself stays in the graph; of the expansion only what the
 * gradient reads is kept. Inputs that the expansion does not differentiably depend on get none.
 */
export function recomputed(expansion: Expansion, note?: string): RuleEntry {
  const rule: Rule = (cotangents, c) => {
    const { node } = c
    const builder = new GraphBuilder(inputsOnly(c))
    const outputs = expansion(
      ruleContext(
        c.graph,
        node,
        builder,
        node.inputs.map((_, i) => c.wants(i)),
      ),
    )
    const flowing = outputs.flatMap((name, i) => (name && cotangents[i] ? [{ name, cotangent: cotangents[i] }] : []))
    for (const { name } of flowing) builder.output(name)
    const inner = inferShapes(builder.build())
    const at = [...new Set(node.inputs.filter((name, i) => name && c.wants(i)))]
    const result = differentiate(inner, { of: flowing.map(({ name }) => name), at, unreached: 'omit' })
    const names = new Map(flowing.map(({ name, cotangent }) => [result.cotangents[name]!, cotangent]))
    for (const name of node.inputs) names.set(name, name)
    copy(result.graph, Object.values(result.gradients), names, c)
    const given = new Set<string>()
    return node.inputs.map(name => {
      const gradient = result.gradients[name]
      if (gradient === undefined || given.has(name)) return null
      given.add(name)
      return names.get(gradient)!
    })
  }
  return { kind: 'gradient', rule, ...(note === undefined ? {} : { note }) }
}

/** A graph that has the node's inputs and nothing else. */
function inputsOnly(c: RuleContext): Graph {
  const names = [...new Set(c.node.inputs.filter(Boolean))]
  const constants = names.filter(name => c.constant(name) && !c.node.inputs.some((input, i) => input === name && c.wants(i)))
  return new Graph({
    nodes: [],
    outputs: [],
    inputs: names
      .filter(name => !constants.includes(name))
      .map(name => ({ name, type: { dtype: c.dtype(name), shape: c.dims(name) } })),
    initializers: new Map(constants.map(name => [name, c.constant(name)!])),
  })
}

/** Emits the nodes of another graph that the wanted values need, and records the names their values get. */
function copy(from: Graph, wanted: readonly string[], names: Map<string, string>, c: RuleContext): void {
  const needed = new Set(wanted)
  const kept: Node[] = []
  for (let i = from.nodes.length - 1; i >= 0; i--) {
    const node = from.nodes[i]!
    if (!node.outputs.some(output => needed.has(output))) continue
    for (const input of node.inputs) needed.add(input)
    kept.push(node)
  }
  const outer = (name: string): string => {
    const known = names.get(name)
    if (known !== undefined || name === '') return known ?? ''
    const tensor = from.initializers.get(name)
    const made = c.constantTensor(tensor!)
    names.set(name, made)
    return made
  }
  for (const { domain, operator, inputs, outputs, attributes } of kept.reverse()) {
    const key = domain === '' ? operator : `${domain}:${operator}`
    const made = c.emitAll(key, inputs.map(outer), outputs.length, attributes as Readonly<Record<string, Attribute>>)
    outputs.forEach((output, i) => {
      if (output) names.set(output, made[i]!)
    })
  }
}
