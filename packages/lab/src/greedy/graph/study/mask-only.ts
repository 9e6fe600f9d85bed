/** @file Mask-only controls: an explanation's edges without what it was made for, on noise and on another node. */
import { Random } from '@ascribe/core'
import { shuffled } from '../../../order.js'
import type { NodeGraph } from '../data/node-graph.js'
import type { Subject } from '../explainers/explainer.js'
import { areaOver, keptShares, maskOf } from '../metrics/levels.js'
import { logSoftmax } from '../metrics/predictions.js'
import { transported } from '../metrics/transport.js'
import { logitsUnder } from '../models/masked.js'

/** Probability of the explained class over the share of edges kept; null where the control does not exist. */
export interface MaskOnly {
  /** With every node's values taken from a random other node. */
  readonly noise: number | null
  /** On a node that is answered with another class. */
  readonly other: number | null
}

const stream = 42

/** The graph with its nodes' values in another order; undefined where they are all the same, as in graphs without values. */
export function noisyGraph(graph: NodeGraph, seed: number): NodeGraph | undefined {
  const { nodes, columns, features } = graph
  if (graph.structural && features.every(value => value === features[0])) return undefined
  const order = shuffled(nodes, new Random(seed, stream))
  const moved = new Float32Array(features.length)
  for (const [to, from] of order.entries()) moved.set(features.subarray(from * columns, (from + 1) * columns), to * columns)
  return { ...graph, features: moved }
}

/** Among `nodes`, one that is answered otherwise than `node`: drawn by the seed and the node; undefined where there is none. */
export function donorOf(node: number, nodes: readonly number[], predicted: ArrayLike<number>, seed: number): number | undefined {
  const others = nodes.filter(other => predicted[other] !== predicted[node])
  return others.length === 0 ? undefined : others[new Random(seed, stream + 1 + node).integer(others.length)]
}

async function areaOn({ model }: Subject, ranked: ArrayLike<number>, wanted: number, signal: AbortSignal): Promise<number> {
  const masks = keptShares.map(share => maskOf(ranked, Math.round(share * ranked.length), 1))
  const logits = await logitsUnder(model, masks, signal)
  return areaOver(logits.map(one => Math.exp(logSoftmax(one, 0, one.length)[wanted]!)))
}

/** @param predicted the class that was explained */
export async function maskOnly(
  ranked: ArrayLike<number>,
  subject: Subject,
  predicted: number,
  on: { readonly noise: Subject | undefined; readonly other: Subject | undefined },
  signal: AbortSignal,
): Promise<MaskOnly> {
  const { noise, other } = on
  return {
    noise: noise ? await areaOn(noise, ranked, predicted, signal) : null,
    other: other ? await areaOn(other, transported(ranked, subject, other), predicted, signal) : null,
  }
}
