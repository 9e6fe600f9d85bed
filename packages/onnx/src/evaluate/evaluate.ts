/** @file The reference evaluator: runs a graph in double precision, slowly and plainly. For constant folding and as an oracle in tests. */
import { NotEvaluableError } from '../errors.js'
import { type Graph, type Node, operatorKey, outerReads } from '../graph.js'
import { fromTensor, type NdArray, type OperatorEvaluations } from './array.js'
import { evaluations } from './index.js'

/**
 * Values of `wanted` (default: the graph's outputs) for the given inputs, in double precision throughout. Only the nodes they
 * depend on are run; a fed value hides the node or initializer that would make it.
 * @throws NotEvaluableError for an operator the evaluator lacks, and for a value that nothing gives
 */
export function evaluate(
  graph: Graph,
  feeds: Readonly<Record<string, NdArray>>,
  wanted?: readonly string[],
): Map<string, NdArray> {
  const names = wanted ?? graph.outputs.map(({ name }) => name)
  const results = run(new Scope(graph, new Map(Object.entries(feeds))), names, evaluations)
  return new Map(names.map((name, i) => [name, results[i]!]))
}

/** Values by name: computed or fed, then the graph's initializers (decoded when first read), then the graph around it. */
class Scope {
  constructor(
    readonly graph: Graph,
    readonly values: Map<string, NdArray>,
    readonly outer?: Scope,
  ) {}

  get(name: string): NdArray | undefined {
    const known = this.values.get(name)
    if (known) return known
    const tensor = this.graph.initializers.get(name)
    if (!tensor || tensor.strings) return this.outer?.get(name)
    const decoded = fromTensor(tensor)
    this.values.set(name, decoded)
    return decoded
  }
}

/** The nodes that `names` depend on and that no fed value stands for, in graph order. */
function neededNodes({ graph, values }: Scope, names: readonly string[]): Node[] {
  const needed = new Set(names)
  const nodes: Node[] = []
  for (const node of graph.nodes.toReversed()) {
    if (!node.outputs.some(output => output !== '' && needed.has(output) && !values.has(output))) continue
    nodes.push(node)
    for (const input of [...node.inputs, ...outerReads(node)]) needed.add(input)
  }
  return nodes.reverse()
}

function run(scope: Scope, names: readonly string[], table: OperatorEvaluations): NdArray[] {
  const read = (name: string, reader: string): NdArray => {
    const value = scope.get(name)
    if (!value) throw new NotEvaluableError(`${reader} reads "${name}", which has no value: feed it`)
    return value
  }
  for (const node of neededNodes(scope, names)) {
    const label = `${operatorKey(node)} "${node.name}"`
    const operation = table[operatorKey(node)]
    if (!operation) throw new NotEvaluableError(`${label} is not in the reference evaluator`)
    const outputs = operation(
      node.inputs.map(name => (name === '' ? undefined : read(name, label))),
      {
        node,
        subgraph: (inner, given) => {
          const fed = new Map(inner.inputs.map(({ name }, i) => [name, given[i]!]))
          const outputs = inner.outputs.map(({ name }) => name)
          return run(new Scope(inner, fed, scope), outputs, table)
        },
      },
    )
    node.outputs.forEach((name, i) => {
      if (name !== '' && outputs[i] && !scope.values.has(name)) scope.values.set(name, outputs[i]!)
    })
  }
  return names.map(name => read(name, 'the result'))
}
