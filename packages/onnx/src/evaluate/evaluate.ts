/** @file The reference evaluator: runs a graph in double precision, slowly and plainly. For constant folding and as an oracle in tests. */
import { NotEvaluableError } from '../errors.js'
import { type Graph, operatorKey } from '../graph.js'
import { fromTensor, type NdArray, type OperatorEvaluations } from './array.js'
import { evaluations } from './index.js'

/**
 * Values of `wanted` (default: the graph's outputs) for the given inputs, in double precision throughout.
 * @throws NotEvaluableError for an operator the evaluator lacks
 */
export function evaluate(
  graph: Graph,
  feeds: Readonly<Record<string, NdArray>>,
  wanted?: readonly string[],
): Map<string, NdArray> {
  const names = wanted ?? graph.outputs.map(({ name }) => name)
  const values = run(graph, new Map(Object.entries(feeds)), evaluations)
  return new Map(names.map(name => [name, values.get(name)!]))
}

function run(graph: Graph, values: Map<string, NdArray>, table: OperatorEvaluations): Map<string, NdArray> {
  for (const [name, tensor] of graph.initializers) if (!tensor.strings && !values.has(name)) values.set(name, fromTensor(tensor))
  for (const node of graph.nodes) {
    const operation = table[operatorKey(node)]
    if (!operation) throw new NotEvaluableError(`${operatorKey(node)} "${node.name}" is not in the reference evaluator`)
    const inputs = node.inputs.map(name => {
      if (name === '') return undefined
      const value = values.get(name)
      if (!value) throw new NotEvaluableError(`${operatorKey(node)} "${node.name}" reads "${name}", which has no value`)
      return value
    })
    const outputs = operation(inputs, {
      node,
      subgraph: (inner, given) => {
        const scope = new Map(values)
        inner.inputs.forEach(({ name }, i) => {
          scope.set(name, given[i]!)
        })
        const results = run(inner, scope, table)
        return inner.outputs.map(({ name }) => results.get(name)!)
      },
    })
    node.outputs.forEach((name, i) => {
      if (name !== '' && outputs[i]) values.set(name, outputs[i]!)
    })
  }
  return values
}
