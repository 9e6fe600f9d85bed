/** @file lrp: layer-wise relevance propagation, with a rule for each layer from a preset. */
import { type LayerRuleName, type LrpPresetName, lrpPresets, lrpRuleSet } from '@ascribe/autodiff'
import { UsageError } from '../../errors.js'
import type { Evaluator } from '../../evaluator.js'
import type { Preprocessing } from '../../io/preprocessing.js'
import { targetValue } from '../../target.js'
import { mapsOf } from '../maps.js'
import type { Method, Options } from '../method.js'
import { ownRules } from './lrp-rules.js'

/** Default of the option epsilon. */
const usualEpsilon = 1e-6

/** Relevance lost or made on the way, as a share of what started, above which the result carries a warning. */
const conservationTolerance = 0.05

/** Sums, products and normalisation are stabilised by epsilon too, but never by more than this: it is no rule of theirs. */
const largestStabiliser = 1e-6

/** The bounds of a model's input values, one per channel, by its preprocessing. */
function preprocessedBounds({ scale, offset, normalize, channels }: Preprocessing): { low: number[]; high: number[] } {
  const count = channels === 'grey' ? 1 : 3
  const value = (level: number) =>
    Array.from({ length: count }, (_, i) => (level * scale + offset - (normalize?.mean[i] ?? 0)) / (normalize?.std[i] ?? 1))
  return { low: value(0), high: value(255) }
}

function parsedBound(text: string, option: string): number[] | undefined {
  if (text.trim() === '') return undefined
  const values = text.split(',').map(part => (part.trim() === '' ? Number.NaN : Number(part)))
  if (values.every(Number.isFinite)) return values
  throw new UsageError(`lrp: option ${option} must be a number, or one per channel with commas between, not "${text}"`)
}

/** Name of the rule set for this evaluator. */
function rulesFor(evaluator: Evaluator, options: Options) {
  const { preset, gamma, bias, low, high } = options
  const { model, at, target } = evaluator
  const chosen = lrpPresets[preset as LrpPresetName]
  const atInputs = at.every(name => model.graph.inputs.some(input => input.name === name))
  const known = model.preprocessing && preprocessedBounds(model.preprocessing)
  const bounds = { low: parsedBound(low, 'low') ?? known?.low, high: parsedBound(high, 'high') ?? known?.high }
  const bounded = bounds.low !== undefined && bounds.high !== undefined
  const own = ownRules(options['rules'], evaluator.graph, bounded)
  if (atInputs && 'bounds' in chosen && !bounded && !own.some(({ layers }) => layers === 'first'))
    throw new UsageError(
      `lrp: preset ${preset} needs the bounds of the input's values, as the model gets them: low=NUMBER and high=NUMBER (or one per channel, 0,0,0)`,
    )
  const epsilon = 'epsilon' in chosen && options['epsilon'] === usualEpsilon ? chosen.epsilon : options['epsilon']
  const limits = bounded ? { low: bounds.low!, high: bounds.high! } : {}
  const parameters = { epsilon, gamma, ...limits }
  // Rules for the first layer are about pixels; a tensor inside the model is no picture.
  const others = chosen.composite(parameters).filter(({ layers }) => atInputs || layers !== 'first')
  const usual: Readonly<Partial<Record<LayerRuleName, object>>> = { epsilon: { epsilon }, gamma: { gamma }, 'z-box': limits }
  const composite = [...own.map(assignment => ({ ...usual[assignment.rule], ...assignment })), ...others].map(assignment =>
    bias ? assignment : { bias: false, ...assignment },
  )
  return lrpRuleSet({
    composite,
    from: target.output,
    inside: !atInputs,
    stabiliser: Math.min(epsilon, largestStabiliser),
    ...('attention' in chosen ? { attention: chosen.attention } : {}),
  })
}

/** sum_k z_k d f / d z_k, the relevance that starts at the scores z: f itself where f is a score or a difference of scores. */
export function startingRelevance({ target, outputs, value }: Evaluator): number {
  if (target.link === 'logit') return value
  const scores = Float64Array.from(outputs[target.output]!.data as Float32Array)
  const step = 1e-5
  const scaled = (factor: number): number =>
    targetValue(
      target,
      scores.map(score => score * factor),
    )
  return (scaled(1 + step) - scaled(1 - step)) / (2 * step)
}

/**
 * Relevance starts at the scores z as R = z_k d f / d z_k (the score of the target itself; for a probability, what its gradient says)
 * and goes back layer by layer, each layer handing on what it got, by the rule that the preset names for it:
 *
 * | preset | first layer | convolutions | dense layers |
 * | --- | --- | --- | --- |
 * | epsilon-plus | as the others | z-plus | epsilon |
 * | epsilon-plus-flat | flat | z-plus | epsilon |
 * | epsilon-gamma-box | z-box | gamma | epsilon |
 * | epsilon-alpha2-beta1 | as the others | alpha 2, beta 1 | epsilon |
 * | epsilon-alpha2-beta1-flat | flat | alpha 2, beta 1 | epsilon |
 * | sequential-a, sequential-a-flat | as epsilon-plus, epsilon-plus-flat | | with epsilon 0.1 |
 * | sequential-b, sequential-b-flat | as epsilon-alpha2-beta1, its flat | | with epsilon 0.1 |
 * | excitation-backprop | as the others | z-plus without bias | z-plus without bias |
 * | deep-taylor | z-box with bounds, else w-square | z-plus without bias | z-plus without bias |
 * | attn-lrp, cp-lrp | epsilon | epsilon | epsilon |
 * | zero, epsilon, gamma, alpha1-beta0, alpha2-beta1 | that rule | that rule | that rule |
 *
 * Attention: a product of two values gives each half, softmax is x (R - s sum R), normalisation keeps its spread constant (AttnLRP, in
 * every preset); cp-lrp lets nothing through attention weights, nor (as LXT does) through the gates of gated layers. attn-lrp is epsilon
 * under the name of its paper.
 * The rules themselves are documented at `layerRules` in @ascribe/autodiff. A convolution over a single place (a classifier written as
 * 1x1 convolution) counts as dense. Batch normalisation is folded into the layer before it. Values are raw: they start from f(x), where
 * zennit's start from 1. How much arrives is `conservation` = sum A / what started; biases and epsilon take the rest, and more than
 * 5% is a warning. In deep networks with large biases next to nothing may arrive; `bias: false` leaves biases out of every
 * denominator (zennit's zero_params), which keeps it but where a value comes from its bias alone.
 *
 * `rules` puts rules of your own before those of the preset: `LAYERS:RULE` between semicolons, LAYERS a group (first, last, convolution,
 * dense, every), an operator (Conv, ConvTranspose, Gemm, MatMul) or a node's name or that of its result, RULE one of zero, epsilon, gamma,
 * alpha-beta, z-plus, z-box, w-square, flat, pass, with parameters after it: `gamma=0.5`, `alpha-beta alpha=2 beta=1`. A layer takes the
 * first that fits it, so name the special before the general; one that none fits takes the preset's. It does what zennit's LayerMap,
 * NameMap, SpecialFirstLayerMap and their mixtures do.
 *
 * `zero` equals input-x-gradient on networks of ReLU without biases. Peers: zennit's composites of the same names (its EpsilonGammaBox
 * takes the layers of a module tree, functional operators pass its rules by); Captum's Alpha1_Beta0 looks at the sign of weights only,
 * here and in zennit at that of products. Relevance propagation methods may be covered by patents in some countries: check before
 * commercial use.
 * @throws UsageError where a preset or rule needs bounds, and for rules that are not understood or fit no layer; NoGradientError at an
 * operator without a relevance rule, naming what still works
 */
export const lrp: Method = {
  name: 'lrp',
  aliases: ['layer-wise-relevance-propagation'],
  summary: 'relevance handed back from layer to layer, by a rule for each (patents may apply)',
  formula:
    'A_i = R_i, R_i = sum_j share_ij R_j per layer, starting with R = f(x); share_ij by the rule, e.g. x_i w_ij / (z_j + epsilon sign z_j)',
  citation: 'Bach, Binder, Montavon, Klauschen, Mueller, Samek: On Pixel-Wise Explanations, PLOS ONE 2015',
  options: {
    preset: {
      kind: 'choice',
      default: 'epsilon-plus',
      values: Object.keys(lrpPresets),
      describe: 'which rule each layer takes',
    },
    epsilon: {
      kind: 'number',
      default: usualEpsilon,
      minimum: 0,
      describe:
        'stabiliser of the rule epsilon (sequential presets: 0.1 where this is 1e-6); under 1e-6, of sums and products too',
    },
    rules: {
      kind: 'text',
      default: '',
      describe: 'rules of your own before those of the preset: first:z-box;Conv:gamma=0.5;fc1:alpha-beta alpha=2 beta=1',
    },
    gamma: { kind: 'number', default: 0.25, minimum: 0, describe: 'weight of positive contributions in the rule gamma' },
    bias: { kind: 'flag', default: true, describe: 'count biases in denominators: what they brought ends with them' },
    low: {
      kind: 'text',
      default: '',
      describe: 'smallest input value, or one per channel, for z-box (default: black, by the preprocessing)',
    },
    high: {
      kind: 'text',
      default: '',
      describe: 'largest input value, or one per channel, for z-box (default: white, by the preprocessing)',
    },
  },
  needs: ['gradient'],
  promises: ['linearity'],
  signed: true,
  cost: () => ({ forwards: 1, gradients: 1 }),
  async run(evaluator, options) {
    const { gradients } = await evaluator.withRules(rulesFor(evaluator, options)).gradient(evaluator.point, 1)
    const started = startingRelevance(evaluator)
    let arrived = 0
    for (const values of Object.values(gradients)) for (const value of values) arrived += value
    const conservation = arrived / started
    if (!(Math.abs(conservation - 1) <= conservationTolerance))
      evaluator.warnings.push(
        `${(100 * conservation).toPrecision(3)}% of the relevance (${arrived.toPrecision(4)} of ${started.toPrecision(4)}) arrives at the input; biases and stabilisers take or add the rest (bias=false leaves biases out)`,
      )
    return { maps: mapsOf(evaluator, (name, i) => gradients[name]![i]!), settled: { conservation } }
  },
}
