/** @file chefer-generic: relevance of self-attention from attention and its gradient alone. */
import { plusIdentity, positiveProducts, rollBack } from '../../attention/flow.js'
import { readGradients } from '../../attention/read.js'
import { attentionMethod, startOption } from './rule.js'

/**
 * R starts as I and takes R <- R + mean_h relu(G_l * A_l) R layer by layer (equation 6 of the paper), G_l = d f / d A_l; the map is R's
 * row of the token that the target is read from. That is row q of (I + W_L) ... (I + W_1), and nothing is normalised. Self-attention
 * only: the paper's rules for two streams (cross attention) are not offered, and such models are refused. Peers: InterpretDL's
 * GAInterpreter; in the paper's own code the class token's relevance to itself is set to zero, which no map here shows.
 */
export const cheferGeneric = attentionMethod({
  name: 'chefer-generic',
  aliases: ['generic-attention'],
  summary: 'attention times its gradient, positive parts added layer by layer to what tokens mean',
  formula: 'R = I; R <- R + mean_h relu(d f / d A_l * A_l) R for l = 1 ... L; row q of R',
  citation: 'Chefer, Gur, Wolf: Generic Attention-Model Explainability, ICCV 2021',
  options: { start: startOption(0) },
  reads: 'gradient',
  cost: () => ({ forwards: 1, gradients: 1 }),
  async relevance({ evaluator, layers, tokens, start, options }) {
    const first = Math.min(options['start'], layers.length - 1)
    const used = layers.slice(first)
    const parts = await readGradients(evaluator, used)
    const matrices = parts.map(({ weights, gradient }, l) =>
      plusIdentity(positiveProducts(used[l]!.heads, tokens, weights, gradient), tokens),
    )
    return { relevance: rollBack(start, matrices), settled: { start: first } }
  },
})
