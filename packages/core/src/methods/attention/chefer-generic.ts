/** @file chefer-generic: relevance of self-attention from attention and its gradient alone. */
import { plusIdentity, positiveProducts, rollBack } from '../../attention/flow.js'
import { readGradients } from '../../attention/read.js'
import { streamsOf } from '../../attention/streams.js'
import { UsageError } from '../../errors.js'
import type { Method } from '../method.js'
import { bimodalRelevance } from './bimodal.js'
import { attentionMethod, startOption } from './rule.js'

const single = attentionMethod({
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

/**
 * R starts as I and takes R <- R + mean_h relu(G_l * A_l) R layer by layer (equation 6 of the paper), G_l = d f / d A_l; the map is R's
 * row of the token that the target is read from. That is row q of (I + W_L) ... (I + W_1), and nothing is normalised.
 *
 * With two explained tensors of which the tokens of one (decoder, d) attend to those of the other (encoder, e), the paper's rules for two
 * streams: R_ee as above; the decoder's own attention R_dd <- R_dd + W R_dd, R_de <- R_de + W R_de; cross attention
 * R_de <- R_de + N(R_dd)^T W N(R_ee) (equation 10), N(R) = I + (R - I) with rows divided by their sums. There is a map of R_de's row, over
 * the encoder's tokens, and one of R_dd's, over the decoder's; every layer counts (`start` is 0). Not offered, and refused: streams that both
 * attend to each other (co-attention, whose R_dd also grows by W R_ed), and decoders whose tokens are constants of the model (learned
 * queries), which cannot be explained tensors.
 *
 * Peers: InterpretDL's GAInterpreter; in the paper's own code the class token's relevance to itself is set to zero, which no map here shows.
 * @throws UsageError for two streams that attend to each other
 */
export const cheferGeneric: Method = {
  ...single,
  async run(evaluator, options, seed) {
    const streams = streamsOf(evaluator, single.name)
    if (streams && options['start'] > 0)
      throw new UsageError('chefer-generic: of an encoder and a decoder every layer counts; leave the option start at 0')
    return streams ? bimodalRelevance(evaluator, streams, options) : single.run(evaluator, options, seed)
  },
}
