/** @file transition-attention-maps: a Markov chain of attention from the last layer back, weighted by integrated gradients. */
import { backOne, fuseHeads } from '../../attention/flow.js'
import { readWeights } from '../../attention/read.js'
import { integralOptions, integratedWeight, weighted } from './integrated.js'
import { attentionMethod, startOption } from './rule.js'

/**
 * The state starts as the row q of the last layer's attention, s = mean_h A_L[q], and goes back to layer `start` by
 * s <- s mean_h A_l + s (the shortcut). R_j = s_j w_j with w = mean_h relu(integral over the line from baseline to input of d f / d A_L)[q].
 * The paper's code and InterpretDL take 20 evenly spaced points with both ends and equal weights (`rule=pair`), 12 layers and start at
 * layer 4. Where the target is read from several tokens, the mean of what their rows say.
 */
export const transitionAttentionMaps = attentionMethod({
  name: 'transition-attention-maps',
  aliases: ['tam'],
  summary: 'attention followed as a Markov chain from the last layer back, times integrated gradients of the last attention',
  formula: 'R = s * w; s = A_L[q], s <- s A_l + s for l = L-1 ... start; w = mean_h relu(integral of d f / d A_L)[q]',
  citation:
    'Yuan, Li, Xiong, Dou: Explaining Information Flow Inside Vision Transformers Using Markov Chain, NeurIPS XAI workshop 2021',
  options: { start: startOption(4), ...integralOptions },
  reads: 'gradient',
  cost: ({ points }) => ({ forwards: 2, gradients: points }),
  async relevance(context) {
    const { evaluator, layers, tokens, start, options, seed } = context
    const first = Math.min(options['start'], layers.length - 1)
    const used = layers.slice(first)
    const weights = await readWeights(evaluator, used)
    const fused = used.map(({ heads }, l) => fuseHeads(heads, tokens, 'mean', i => weights[l]![i]!))
    const stateOf = (query: Float64Array): Float64Array =>
      fused.slice(0, -1).reduceRight(
        (state, matrix) => {
          const moved = backOne(state, matrix)
          return state.map((value, j) => value + moved[j]!)
        },
        backOne(query, fused.at(-1)!),
      )
    const weight = await integratedWeight(evaluator, context, options, seed)
    return { relevance: weighted(start, weight, stateOf), settled: { start: first } }
  },
})
