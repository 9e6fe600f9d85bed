/** @file chefer: relevance propagation to the attention weights, times their gradient, rolled out. */
import { type LrpPresetName, lrpPresets, lrpRuleSet } from '@ascribe/autodiff'
import { plusIdentity, positiveProducts, rollBack } from '../../attention/flow.js'
import { readGradients } from '../../attention/read.js'
import { startingRelevance } from '../relevance/lrp.js'
import { attentionMethod, startOption } from './rule.js'

/** Presets that need nothing from the input's layer. */
const presets = (Object.keys(lrpPresets) as LrpPresetName[]).filter(name => !('bounds' in lrpPresets[name]))

/**
 * W_l = mean_h relu(G_l * R_l), G_l = d f / d A_l and R_l the relevance of the weights A_l, found by LRP rules from the target back; the
 * map is row q of (I + W_L) ... (I + W_start), rows not normalised (equations 13 and 14 of the paper). Relevance starts as 1 at the
 * target (R is divided by what started, so that a negative score turns nothing round), and a product of weights and values gives each
 * half. `excitation-backprop` takes positive contributions only and no biases, as the paper does; other presets of `lrp` may be named.
 * Beside it, where this differs from the paper's code: softmax hands on x (R - s sum R) (there: R itself), layer normalisation keeps its
 * spread constant (there: R itself), and sums share without renormalising.
 * @throws NoGradientError at an operator without a relevance rule
 */
export const chefer = attentionMethod({
  name: 'chefer',
  aliases: ['transformer-attribution', 'chefer-lrp'],
  summary: 'relevance of attention weights times their gradient, rolled out (patents may apply)',
  formula: 'R = row q of (I + W_L) ... (I + W_1), W_l = mean_h relu(d f / d A_l * relevance of A_l)',
  citation: 'Chefer, Gur, Wolf: Transformer Interpretability Beyond Attention Visualization, CVPR 2021',
  options: {
    preset: { kind: 'choice', default: 'excitation-backprop', values: presets, describe: 'which relevance rules layers take' },
    start: startOption(0),
  },
  reads: 'gradient',
  cost: () => ({ forwards: 1, gradients: 2 }),
  async relevance({ evaluator, layers, tokens, start, options }) {
    const first = Math.min(options['start'], layers.length - 1)
    const used = layers.slice(first)
    const preset = lrpPresets[options['preset'] as LrpPresetName]
    const rules = lrpRuleSet({
      composite: preset.composite({ epsilon: 1e-6, gamma: 0.25 }),
      from: evaluator.target.output,
      ...('attention' in preset ? { attention: preset.attention } : {}),
    })
    const parts = await readGradients(evaluator, used)
    // With values to walk to, the product of the first layer shares like all others.
    const relevant = await readGradients(evaluator.withRules(rules), used, [used[0]!.values])
    const scale = startingRelevance(evaluator)
    if (scale === 0)
      evaluator.warnings.push('chefer: the target is exactly 0, so no relevance starts from it and the map shows the query alone')
    const matrices = parts.map(({ gradient }, l) => {
      const relevance = relevant[l]!.gradient.map(value => (scale === 0 ? 0 : value / scale))
      return plusIdentity(positiveProducts(used[l]!.heads, tokens, gradient, relevance), tokens)
    })
    return { relevance: rollBack(start, matrices), settled: { start: first } }
  },
})
