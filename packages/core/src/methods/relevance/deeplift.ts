/** @file deeplift: contributions to the change from a baseline, by multipliers carried back through the network. */
import type { RuleSetName } from '@ascribe/autodiff'
import { mapsOf } from '../maps.js'
import type { Method, OptionSpecs } from '../method.js'
import { baselinePoints } from '../path/integrated-gradients.js'

/** What DeepLIFT and DeepLIFT SHAP share. */
export const deepliftOptions = {
  rule: { kind: 'choice', default: 'rescale', values: ['rescale', 'reveal-cancel'], describe: 'rule at nonlinearities' },
  multiply: { kind: 'flag', default: true, describe: 'multiply by x - b' },
} as const satisfies OptionSpecs

/** Rule sets by the value of the option `rule`. */
export const deepliftRuleSets: Readonly<Record<string, RuleSetName>> = {
  rescale: 'deeplift',
  'reveal-cancel': 'deeplift-reveal-cancel',
}

/**
 * A_i = (x_i - b_i) m_i. The model runs on x and on the baseline b; multipliers m are carried back from m = 1 at the target by the chain rule
 * of the paper. Linear operators pass them on as they pass gradients. Elementwise functions multiply by (y - y0) / (x - x0), or the mean
 * of the gradients at both where |x - x0| is too small to divide by (1e-10 at kinks, 1e-4 to 5e-3 for curved functions: Captum divides
 * down to 1e-10, shap to 1e-6, where rounding of y is what is left). Products and quotients of two changing values share evenly
 * (Shapley values of the two). A maximum gives its change to the element that made it, the winner on x where it rose and the winner
 * on b where it fell, window by window. Softmax is exact and per row (g L - w sum g L with L the logarithmic mean of p and p0, w = L / sum L),
 * and normalisation layers are products of the centred value and the inverse deviation.
 * `rule=reveal-cancel` (section 3.5 of the paper) carries what pushes a value up and what pushes it down back apart, wherever an elementwise
 * function follows a convolution, a product with constant weights, or an addition: inputs that cancel each other are seen.
 *
 * Completeness: the values sum to f(x) - f(b); what rounding leaves is the residual. Every operator of the graph takes part, functional
 * or not; one without a rule is an error that names it. Values depend on how the function is written (no implementation invariance).
 * Peers: Captum's DeepLift is this rule with max pooling that loses overlapping windows and a softmax that mixes the rows of a batch.
 */
export const deeplift: Method = {
  name: 'deeplift',
  aliases: ['deep-lift'],
  summary: 'contributions to the change from a baseline, carried back by multipliers; adds up to it',
  formula: 'A_i = (x_i - b_i) m_i, with m_x = m_y (y - y0) / (x - x0) at nonlinearities',
  citation: 'Shrikumar, Greenside, Kundaje: Learning Important Features Through Propagating Activation Differences, ICML 2017',
  options: {
    baseline: { kind: 'baseline', default: 'zeros', describe: 'zeros, constant:V, mean, blur:SIGMA, uniform, or an .npy file' },
    ...deepliftOptions,
  },
  needs: ['gradient'],
  promises: ['completeness', 'dummy', 'linearity'],
  signed: true,
  cost: () => ({ forwards: 2, gradients: 1 }),
  async run(evaluator, options, seed) {
    const baseline = baselinePoints(evaluator, options['baseline'], seed)
    let result: { baselineValue: number; multipliers: Readonly<Record<string, Float32Array>> } | undefined
    await evaluator.withRules(deepliftRuleSets[options['rule']]!).pairs(
      1,
      () => ({ inputs: evaluator.point, baselines: baseline }),
      (_, __, baselineValue, multipliers) => {
        result = { baselineValue, multipliers }
      },
    )
    const { baselineValue, multipliers } = result!
    const multiply: boolean = options['multiply']
    const maps = mapsOf(evaluator, (name, i) => {
      const change = multiply ? evaluator.inputs[name]!.data[i]! - baseline[name]![i]! : 1
      return change * multipliers[name]![i]!
    })
    return multiply ? { maps, baselineValue } : { maps }
  },
}
