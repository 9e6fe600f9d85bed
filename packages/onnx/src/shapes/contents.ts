/** @file Contents of integer tensors whose rules give none: computed by the reference evaluator where every input's contents are known. */
import { type DataType, isFloat } from '../dtype.js'
import { NotEvaluableError } from '../errors.js'
import { ndarray } from '../evaluate/array.js'
import { evaluate } from '../evaluate/evaluate.js'
import { evaluations } from '../evaluate/index.js'
import { Graph, operatorKey, subgraphs } from '../graph.js'
import { smallCount } from './common.js'
import { maxElements, type ShapeContext, type ShapeResult } from './rule.js'

const followed = (dtype: DataType): boolean => !isFloat(dtype) && dtype !== 'string' && !dtype.startsWith('complex')

/** The results with contents, where the first is an integer tensor whose contents its rule leaves unknown; else undefined. */
export function contentsByEvaluation(
  c: ShapeContext,
  results: readonly (ShapeResult | undefined)[],
): readonly ShapeResult[] | undefined {
  const { node } = c
  const first = results[0]
  if (!first || first.tensor || first.kind || !followed(first.dtype) || node.outputs.length > 1 || c.inputCount === 0)
    return undefined
  if (first.elements && !first.elements.includes(null)) return undefined
  if (!Object.hasOwn(evaluations, operatorKey(node)) || subgraphs(node).length > 0) return undefined
  if (first.shape?.every(dim => typeof dim === 'number') && smallCount(first.shape) === undefined) return undefined
  const feeds = []
  for (const [i, name] of node.inputs.entries()) {
    if (name === '') continue
    const shape = c.shape(i)
    const numbers = smallCount(shape) === undefined ? undefined : c.numbers(i)
    if (!numbers) return undefined
    feeds.push([name, ndarray(shape as readonly number[], numbers, c.dtype(i))] as const)
  }
  try {
    const alone = new Graph({ nodes: [node], inputs: [], outputs: [], initializers: new Map() })
    const value = evaluate(alone, Object.fromEntries(feeds), [node.outputs[0]!]).get(node.outputs[0]!)
    if (!value || value.data.length > maxElements) return undefined
    return [{ dtype: first.dtype, shape: value.dims, elements: Array.from(value.data) }]
  } catch (error) {
    if (error instanceof NotEvaluableError) return undefined
    throw error
  }
}
