/** @file One explainer on one node: its scores on the network, on the twin, and in the mask-only controls. */
import type { Explainer, Subject } from '../explainers/explainer.js'
import { type NodeScores, nodeMasks, nodeScores } from '../metrics/fidelity.js'
import { rankedEdges, rocAuc } from '../metrics/ranking.js'
import { logitsUnder } from '../models/masked.js'
import { type MaskOnly, maskOnly } from './mask-only.js'

export interface MethodValue {
  readonly scores: NodeScores
  /** ROC AUC against the motif's edges; null where there is no motif. */
  readonly roc: number | null
  readonly cost: { readonly forwards: number; readonly gradients: number }
  /** The same on the mask-adapted twin; null without one. */
  readonly twin: TwinScores | null
  /** Null for explainers that it is not asked of. */
  readonly maskOnly: MaskOnly | null
}

type TwinScores = Pick<NodeScores, 'plus' | 'minus' | 'fidelityAuc' | 'changedAuc' | 'softmaxAuc' | 'klAuc'>

/** What is known of a node before it is explained. */
export interface NodeTask {
  readonly subject: Subject
  readonly own: Uint8Array
  readonly full: Float32Array
  readonly predicted: number
  readonly twin: { readonly subject: Subject; readonly full: Float32Array } | undefined
  readonly controls: { readonly noise: Subject | undefined; readonly other: Subject | undefined }
}

/** Null where the explainer is not made for so many edges. */
export async function scoreOf(
  explainer: Explainer,
  { subject, own, full, predicted, twin, controls }: NodeTask,
  asked: boolean,
  context: { readonly seed: number; readonly signal: AbortSignal },
): Promise<MethodValue | null> {
  const { signal } = context
  const found = await explainer.explain(subject, context)
  if (!found) return null
  const ranked = rankedEdges(found.scores, found.order)
  const masks = nodeMasks(ranked)
  const roc = rocAuc(found.order ? Float64Array.from(found.order, place => -place) : found.scores, own)
  return {
    scores: nodeScores(await logitsUnder(subject.model, masks, signal), full),
    roc: Number.isNaN(roc) ? null : roc,
    cost: found.cost,
    twin: twin ? twinScores(nodeScores(await logitsUnder(twin.subject.model, masks, signal), twin.full, predicted)) : null,
    maskOnly: asked ? await maskOnly(ranked, subject, predicted, controls, signal) : null,
  }
}

const twinScores = ({ plus, minus, fidelityAuc, changedAuc, softmaxAuc, klAuc }: NodeScores): TwinScores => ({
  plus,
  minus,
  fidelityAuc,
  changedAuc,
  softmaxAuc,
  klAuc,
})
