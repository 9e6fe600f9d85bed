/** @file Composite operators in standard ones, so that gradient rules are needed for standard operators only. */
import { type Graph, type Node, operatorKey, subgraphs } from '../../graph.js'
import { ConvertContext, collectNames, mapSubgraphs, type PassState, passState } from '../context.js'
import { removeDead } from '../dead.js'
import { activationDecompositions } from './activations.js'
import { embeddingDecompositions } from './embedding.js'
import { headDecompositions } from './heads.js'
import { linearDecompositions } from './linear.js'
import { normalisationDecompositions } from './normalisation.js'

/** Emits what stands for a node; by operator key. */
export type Decompositions = Readonly<Record<string, (node: Node, ctx: ConvertContext) => void>>

/** Every composite operator that can be taken apart. */
export const decompositions: Decompositions = {
  ...activationDecompositions,
  ...linearDecompositions,
  ...normalisationDecompositions,
  ...embeddingDecompositions,
  ...headDecompositions,
}

/**
 * A graph with composite operators (those of ONNX Runtime's transformer optimiser, mostly) written in standard ones.
 * Value names stay; shapes help (run `inferShapes` before) and some operators need them.
 * @param keep operator keys to leave as they are
 * @throws UnsupportedModelError for a form of an operator that has no decomposition, naming the node
 */
export function decompose(graph: Graph, keep: ReadonlySet<string> = new Set()): Graph {
  if (!needed(graph, keep)) return graph
  const [values, nodeNames] = collectNames(graph)
  return removeDead(rewritten(graph, keep, passState(values, nodeNames)))
}

const needed = (graph: Graph, keep: ReadonlySet<string>): boolean =>
  graph.nodes.some(node => applies(node, keep) || subgraphs(node).some(inner => needed(inner, keep)))

const applies = (node: Node, keep: ReadonlySet<string>): boolean => {
  const key = operatorKey(node)
  return Object.hasOwn(decompositions, key) && !keep.has(key)
}

function rewritten(graph: Graph, keep: ReadonlySet<string>, state: PassState, outer?: ConvertContext): Graph {
  const ctx = new ConvertContext(graph, state, outer)
  for (const node of graph.nodes) {
    ctx.begin(node)
    const attributes = mapSubgraphs(node.attributes, inner => rewritten(inner, keep, state, ctx))
    const current = attributes === node.attributes ? node : { ...node, attributes }
    if (applies(node, keep)) decompositions[operatorKey(node)]!(current, ctx)
    else ctx.nodes.push(current)
  }
  return graph.with({ nodes: ctx.nodes, initializers: ctx.initializers })
}
