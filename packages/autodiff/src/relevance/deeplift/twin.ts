/** @file A second copy of a graph's forward pass, for a baseline, beside the first. */
import { type Graph, type Node, operatorKey, outerReads, type Port, type ValueType } from '@ascribe/onnx'
import { MissingRuleError } from '../../errors.js'

/** Operators whose outputs do not depend on the values of their inputs: both streams read the same ones. */
const independent: ReadonlySet<string> = new Set([
  'Shape',
  'Size',
  'ConstantOfShape',
  'EyeLike',
  'RandomNormalLike',
  'RandomUniformLike',
])

interface Twinned {
  /** The graph with the second stream's inputs and nodes. */
  readonly graph: Graph
  /** Names in the second stream, by name in the first, of every value that differs there. */
  readonly baseline: ReadonlyMap<string, string>
}

/**
 * Adds a second stream: new inputs, and copies of all nodes that lead from the inputs to `of`. What does not depend on them is shared.
 * @param inputs name of the new input, by name of the input it stands for
 * @throws MissingRuleError where a subgraph reads a value that differs between the streams
 */
export function withBaseline(graph: Graph, inputs: ReadonlyMap<string, string>, of: readonly string[]): Twinned {
  const needed = new Set(of)
  for (const node of [...graph.nodes].reverse())
    if (node.outputs.some(name => needed.has(name))) for (const name of [...node.inputs, ...outerReads(node)]) needed.add(name)
  const taken = graph.names()
  const baseline = new Map(inputs)
  const values = new Map<string, ValueType>(graph.values)
  const fresh = (name: string): string => {
    let twin = `twin/${name}`
    while (taken.has(twin)) twin = `${twin}_`
    taken.add(twin)
    return twin
  }
  const copies = graph.nodes.flatMap((node): Node[] => {
    if (independent.has(operatorKey(node)) || !node.outputs.some(name => needed.has(name))) return []
    const captured = outerReads(node).find(name => baseline.has(name))
    if (captured !== undefined)
      throw new MissingRuleError(
        operatorKey(node),
        node.name,
        `its subgraph reads "${captured}", which changes with the baseline`,
      )
    if (!node.inputs.some(name => baseline.has(name))) return []
    const outputs = node.outputs.map(name => name && fresh(name))
    const read = node.inputs.map(name => baseline.get(name) ?? name)
    node.outputs.forEach((name, i) => {
      if (!name) return
      baseline.set(name, outputs[i]!)
      const type = graph.type(name)
      if (type) values.set(outputs[i]!, type)
    })
    return [{ ...node, name: fresh(node.name), inputs: read, outputs }]
  })
  const ports = [...inputs].map(([name, twin]): Port => ({ name: twin, type: graph.type(name)! }))
  return { graph: graph.with({ nodes: [...graph.nodes, ...copies], inputs: [...graph.inputs, ...ports], values }), baseline }
}
