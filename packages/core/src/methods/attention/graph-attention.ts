/** @file graph-attention: how much each edge of a graph counts in its attention. */
import { type EdgeAttention, findDenseAttention, findEdgeAttention } from '../../attention/graph.js'
import { UsageError } from '../../errors.js'
import type { Evaluator, Points } from '../../evaluator.js'
import type { Method } from '../method.js'

/** What the heads of a layer, and the layers, become. */
const reductions: Readonly<Record<string, (values: readonly number[]) => number>> = {
  max: values => Math.max(...values),
  mean: values => values.reduce((sum, value) => sum + value, 0) / values.length,
  min: values => Math.min(...values),
}

/** Where the edges of the input are listed, and the tensor whose values they are. */
interface Edges {
  /** Ends of edge e, both rows of the list. */
  readonly ends: readonly [Int32Array, Int32Array]
  readonly count: number
  readonly name: string
  readonly dims: readonly number[]
}

/** The model input [2, edges] of integers, shown at the explained tensor of as many values where there is one. */
function listedEdges({ row, inputs }: Evaluator): Edges | undefined {
  for (const [name, { dtype, dims, data }] of Object.entries(row)) {
    if (!/^u?int/.test(dtype) || dims.length !== 2 || dims[0] !== 2) continue
    const count = dims[1]!
    const ends = (which: number): Int32Array => Int32Array.from({ length: count }, (_, i) => Number(data[which * count + i]))
    const explained = Object.entries(inputs).find(([, value]) => value.data.length === count)
    return {
      ends: [ends(0), ends(1)],
      count,
      name: explained?.[0] ?? name,
      dims: explained?.[1].dims ?? [count],
    }
  }
  return undefined
}

/** The model input [nodes, nodes] or [1, nodes, nodes] of a dense graph, the explained one first. */
function matrixOfEdges({ row, inputs }: Evaluator): { name: string; dims: readonly number[]; nodes: number } | undefined {
  for (const [name, { dims, data }] of [...Object.entries(inputs), ...Object.entries(row)]) {
    const nodes = dims.at(-1) ?? 0
    if (dims.length >= 2 && dims.length <= 3 && nodes > 1 && dims.at(-2) === nodes && data.length === nodes ** 2)
      return { name, dims, nodes }
  }
  return undefined
}

async function read(evaluator: Evaluator, names: readonly string[]): Promise<Points> {
  const found: Record<string, Float32Array> = {}
  await evaluator.sweepValues(
    names,
    1,
    () => evaluator.point,
    (_, values) => {
      for (const name of names) found[name] = values[name]!.slice()
    },
  )
  return found
}

/** Size of the first axis that is not 1. */
const firstAxis = (dims: readonly number[] | null | undefined): number => dims?.find(dim => dim !== 1) ?? 1

/**
 * Coefficients [edges, heads] of one layer. Which end of an edge it enters is told by the sums, which add up over that end alone.
 * @throws UsageError where neither end gives them
 */
function coefficients(evaluator: Evaluator, { count, ends }: Edges, found: EdgeAttention, values: Points): Float64Array {
  const [terms, sums, totals] = [values[found.terms]!, values[found.sums]!, values[found.totals]!]
  const nodes = firstAxis(evaluator.graph.dims(found.sums))
  const listed = firstAxis(evaluator.graph.dims(found.terms))
  const heads = terms.length / listed
  const largest = Math.max(...sums.map(Math.abs))
  const entered = [ends[1], ends[0]].find(nodesOf => {
    if ((listed !== count && listed !== count + nodes) || nodesOf.some(node => node >= nodes)) return false
    const own = new Float64Array(nodes * heads)
    for (let e = 0; e < listed; e++) {
      const node = e < count ? nodesOf[e]! : e - count
      for (let h = 0; h < heads; h++) own[node * heads + h]! += terms[e * heads + h]!
    }
    return own.every((sum, i) => Math.abs(sum - sums[i]!) <= 1e-4 * largest)
  })
  if (!entered || totals.length !== nodes * heads)
    throw new UsageError(
      `graph-attention: "${found.terms}" is no attention over the ${count} edges that are given, nor over these and a loop at each node`,
    )
  return Float64Array.from({ length: count * heads }, (_, i) => {
    const total = totals[entered[Math.floor(i / heads)]! * heads + (i % heads)]!
    return total === 0 ? 0 : terms[i]! / total
  })
}

/**
 * A_e = the largest, over layers and heads, of the coefficient alpha_e with which the node that edge e enters reads the node that it
 * leaves; the coefficients of the edges into a node (and of the loop that most layers add) are a softmax. It says where layers look, not
 * what the model makes of it: the same for every target.
 *
 * Found in the graph by what they compute: exponentials, added up by scattering over the nodes that edges enter, and a division by these
 * sums, before or after messages are added up; or, with a dense graph, a softmax over rows of [nodes, nodes]. Values lie at the explained
 * tensor of one value per edge (or element of the matrix) where there is one, else at the list of edges itself. Loops that the model adds
 * are left out.
 * Peers: PyTorch Geometric's AttentionExplainer (`reduce="max"` over heads and layers), which hooks message passing layers.
 * @throws UsageError for a model without such attention, or an input that lists no edges
 */
export const graphAttention: Method = {
  name: 'graph-attention',
  aliases: ['attention-explainer', 'gat-attention'],
  summary: 'how much each edge counts in the attention of a graph network, whatever the target',
  formula: 'A_e = max over layers l and heads h of alpha_lh,e, alpha_e = exp s_e / sum over edges into the same node of exp s',
  citation: 'Velickovic et al.: Graph Attention Networks, ICLR 2018; as an explanation: PyTorch Geometric, AttentionExplainer',
  options: {
    reduce: { kind: 'choice', default: 'max', values: Object.keys(reductions), describe: 'how heads and layers become one' },
  },
  needs: ['graph attention'],
  promises: [],
  signed: false,
  cost: () => ({ forwards: 2, gradients: 0 }),
  async run(evaluator, options) {
    const { shown, layers } = (await overEdges(evaluator)) ?? (await overMatrix(evaluator))
    const reduce = reductions[options['reduce']]!
    const count = shown.dims.reduce((product, dim) => product * dim, 1)
    const values = Float32Array.from({ length: count }, (_, e) =>
      reduce(
        layers.map(layer => {
          const heads = layer.length / count
          return reduce(Array.from({ length: heads }, (_, h) => layer[e * heads + h]!))
        }),
      ),
    )
    return { maps: { [shown.name]: { values, dims: shown.dims } }, settled: { layers: layers.length } }
  },
}

/** Coefficients [edges, heads] of every layer, and the tensor that they are shown at. */
interface Coefficients {
  readonly shown: { readonly name: string; readonly dims: readonly number[] }
  readonly layers: readonly Float64Array[]
}

/** Undefined where no edges are listed, or nothing attends over them. */
async function overEdges(evaluator: Evaluator): Promise<Coefficients | undefined> {
  const edges = listedEdges(evaluator)
  const found = edges ? findEdgeAttention(evaluator.graph, evaluator.target.output) : []
  if (!edges || found.length === 0) return undefined
  const values = await read(evaluator, [...new Set(found.flatMap(({ terms, sums, totals }) => [terms, sums, totals]))])
  return { shown: edges, layers: found.map(layer => coefficients(evaluator, edges, layer, values)) }
}

/** @throws UsageError where there is no matrix of nodes, or nothing attends over it */
async function overMatrix(evaluator: Evaluator): Promise<Coefficients> {
  const shown = matrixOfEdges(evaluator)
  const found = shown ? findDenseAttention(evaluator.graph, evaluator.target.output, shown.nodes) : []
  if (!shown || found.length === 0)
    throw new UsageError(
      'graph-attention needs attention over edges: an input [2, edges] of integers with a softmax over the edges into each node, or an input [nodes, nodes] with a softmax over its rows; the model and what it is given have neither',
    )
  const names = found.map(({ weights }) => weights)
  const values = await read(evaluator, names)
  const size = shown.nodes ** 2
  const layers = found.map(({ heads, weights }) =>
    Float64Array.from({ length: heads * size }, (_, i) => values[weights]![(i % heads) * size + Math.floor(i / heads)]!),
  )
  return { shown, layers }
}
