/** @file attention-rollout: attention multiplied through the layers. */
import { discardLowest, type Fusion, fuseHeads, normaliseRows, plusIdentity, rollBack } from '../../attention/flow.js'
import { readWeights } from '../../attention/read.js'
import { attentionMethod, discardOption, headsOption, startOption } from './rule.js'

/**
 * One row of A'_L ... A'_2 A'_1, A'_l = (A_l + I) with every row divided by its sum (for weights that add up to 1 that is (A + I) / 2, the
 * shortcut counting as much as attention), A_l the heads of layer l made one. The same for every target. With `discard` the smallest
 * share of each A_l is zero before. Peers: vit-explain divides columns by the sums of rows (by broadcasting) and never discards the
 * class token's own weight; InterpretDL as here, without discarding.
 */
export const attentionRollout = attentionMethod({
  name: 'attention-rollout',
  aliases: ['rollout'],
  summary: 'attention multiplied through all layers, shortcuts counted, whatever the target',
  formula: "R = row q of A'_L ... A'_1, A'_l = rows of (A_l + I) each divided by its sum, A_l = fused heads of layer l",
  citation: 'Abnar, Zuidema: Quantifying Attention Flow in Transformers, ACL 2020',
  options: { heads: headsOption, discard: discardOption, start: startOption(0) },
  reads: 'attention',
  cost: () => ({ forwards: 2, gradients: 0 }),
  async relevance({ evaluator, layers, tokens, start, options }) {
    const first = Math.min(options['start'], layers.length - 1)
    const used = layers.slice(first)
    const weights = await readWeights(evaluator, used)
    const matrices = used.map(({ heads }, l) => {
      const fused = fuseHeads(heads, tokens, options['heads'] as Fusion, i => weights[l]![i]!)
      return normaliseRows(plusIdentity(discardLowest(fused, options['discard']), tokens), tokens)
    })
    return { relevance: rollBack(start, matrices), settled: { start: first } }
  },
})
