/** @file gnn-explainer: a mask learned for one answer. */
import { Random } from '@ascribe/core'
import { Adam } from './adam.js'
import type { Explainer, ExplainerContext, Scores, Subject } from './explainer.js'
import { entropy, entropySlope, likelihoodAt, likelihoodOf, sigmoid } from './soft-mask.js'

/** Defaults of PyTorch Geometric. */
const settings = { epochs: 100, rate: 0.01, size: 0.005, entropy: 1 } as const

/** The loss of a mask and its derivative by the logits: regularisers run over the edges that the model reads (`read`). */
export function maskLoss(
  logits: Float64Array,
  likelihood: { readonly value: number; readonly slope: ArrayLike<number> },
  read: Uint8Array,
): { readonly loss: number; readonly gradient: Float64Array } {
  const count = Math.max(
    1,
    read.reduce((sum, one) => sum + one, 0),
  )
  let loss = -likelihood.value
  const gradient = Float64Array.from(logits, (logit, edge) => {
    const mask = sigmoid(logit)
    let slope = -likelihood.slope[edge]!
    if (read[edge]) {
      loss += 2 * settings.size * mask + (settings.entropy * entropy(mask)) / count
      slope += 2 * settings.size + (settings.entropy * entropySlope(mask)) / count
    }
    return slope * mask * (1 - mask)
  })
  return { loss, gradient }
}

/** Standard deviation of the first logits, as there: gain of ReLU, sqrt 2, times sqrt(2 / (2 nodes)). */
const startDeviation = (nodes: number): number => Math.SQRT2 * Math.sqrt(2 / (2 * nodes))

async function explain(subject: Subject, context: ExplainerContext): Promise<Scores> {
  const evaluator = await likelihoodOf(subject, context)
  const edges = subject.part.edges.length
  const random = new Random(context.seed, 2)
  const deviation = startDeviation(subject.part.nodes.length)
  const logits = Float64Array.from({ length: edges }, () => deviation * random.normal())
  const adam = new Adam(edges, settings.rate)
  let read: Uint8Array | undefined
  for (let epoch = 0; epoch < settings.epochs; epoch++) {
    const likelihood = await likelihoodAt(evaluator, logits.map(sigmoid))
    read ??= Uint8Array.from(likelihood.slope, slope => (slope === 0 ? 0 : 1))
    adam.step(logits, maskLoss(logits, likelihood, read).gradient)
  }
  return {
    scores: logits.map((logit, edge) => (read?.[edge] ? sigmoid(logit) : 0)),
    cost: { forwards: evaluator.cost.forwards, gradients: evaluator.cost.gradients },
  }
}

/**
 * Minimises -log p(prediction | sigmoid(M)) + 0.005 sum over both directions of sigmoid(M) + 1.0 mean entropy(sigmoid(M)) by Adam, 100 steps
 * at 0.01; edges without a gradient in the first step are left out of the regularisers and get 0. Edges only, no features are masked.
 * Ying et al.: GNNExplainer, NeurIPS 2019, with the defaults of PyTorch Geometric. Its mask has one number per direction; here both are one.
 */
export const gnnExplainer: Explainer = {
  name: 'gnn-explainer',
  summary: 'a mask learned for each answer, small and decided',
  scope: 'both',
  cost: () => ({ forwards: 1, gradients: settings.epochs }),
  explain,
}
