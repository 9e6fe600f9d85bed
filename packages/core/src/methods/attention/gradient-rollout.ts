/** @file gradient-rollout: attention times its gradient, multiplied through the layers. */
import { discardLowest, type Fusion, fuseHeads, normaliseRows, plusIdentity, rollBack } from '../../attention/flow.js'
import { readGradients } from '../../attention/read.js'
import { attentionMethod, discardOption, headsOption, startOption } from './rule.js'

/**
 * Attention rollout of W_l = relu(fused heads of A_l * G_l), G_l = d f / d A_l of the same layer: R = row q of W'_L ... W'_1, W'_l = rows
 * of (W_l + I) each divided by its sum. How much W counts beside I depends on the target's scale. Peers: vit-explain, whose hooks pair
 * the first layer's attention with the last layer's gradient and whose normalisation divides columns by the sums of rows; both are
 * left out here.
 */
export const gradientRollout = attentionMethod({
  name: 'gradient-rollout',
  aliases: ['grad-rollout'],
  summary: 'attention times its gradient, positive parts multiplied through all layers',
  formula: "R = row q of W'_L ... W'_1, W'_l = rows of (relu(fuse_h A_l d f / d A_l) + I) each divided by its sum",
  citation: 'Gildenblat: Exploring Explainability for Vision Transformers (vit-explain), 2020',
  options: { heads: headsOption, discard: discardOption, start: startOption(0) },
  reads: 'gradient',
  cost: () => ({ forwards: 1, gradients: 1 }),
  async relevance({ evaluator, layers, tokens, start, options }) {
    const first = Math.min(options['start'], layers.length - 1)
    const used = layers.slice(first)
    const parts = await readGradients(evaluator, used)
    const matrices = used.map(({ heads }, l) => {
      const { weights, gradient } = parts[l]!
      const fused = fuseHeads(heads, tokens, options['heads'] as Fusion, i => weights[i]! * gradient[i]!)
      const positive = fused.map(value => Math.max(0, value))
      return normaliseRows(plusIdentity(discardLowest(positive, options['discard']), tokens), tokens)
    })
    return { relevance: rollBack(start, matrices), settled: { start: first } }
  },
})
