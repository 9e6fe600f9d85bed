/** @file greedy-pig: the best features first, by path gradients that start again from what is selected. */

import { gameOptions } from '../../segments/game.js'
import { expectedFeatures } from '../../segments/index.js'
import { float32 } from '../../tensor-value.js'
import { innerOptions, type Method, type Options, optionSpecs, resolveOptions } from '../method.js'
import { baselinePoints } from '../path/integrated-gradients.js'
import { greedyRounds, type RoundSettings, roundsOf } from './rounds.js'

/** Options that every greedy selection takes. */
export const greedyOptions = {
  perRound: {
    kind: 'number',
    default: 0.05,
    minimum: 0.000001,
    maximum: 10_000_000,
    describe: 'features selected per round: a count, or a share of all below 1',
  },
  rounds: {
    kind: 'number',
    default: 0,
    minimum: 0,
    maximum: 1_000_000,
    integer: true,
    describe: 'most rounds; 0: until all are selected',
  },
  ...gameOptions,
} as const

/**
 * Subset selection: features S maximise G(S) = f(x where S is present, b elsewhere), relaxed to g(s) = f(b + s (x - b)) on [0, 1]^n.
 * From S = {}: round r gives every feature not in S its integrated gradient on the straight line from 1_S to 1,
 * A_i = (1 - s_i) integral_0^1 d g(1_S + a (1 - 1_S)) / d s_i da, selects the largest `perRound`, adds them to S and starts again.
 * One round (perRound = the number of features) is integrated gradients exactly. A_i is the value of the round that selected i, and
 * `order` says when that was; values of different rounds do not compare.
 * `of` takes any other method in the place of integrated gradients: one with a baseline starts from the point reached, any other explains
 * that point. Sequential Gradient, the gradient without a path, is of=integrated-gradients,of.points=1,of.rule=left.
 * What is optimised is the target (`-t softmax:207`, `-t log-odds:207`, `-t kl`).
 * The features per round, points and baseline that the paper used are not published: the defaults are our choice.
 */
export const greedyPig = (methodNamed: (name: string) => Method): Method => {
  const inner = (options: Options) => {
    const method = methodNamed(options['of'])
    return { method, options: resolveOptions(method, innerOptions(greedy, options)) }
  }
  const greedy: Method = {
    name: 'greedy-pig',
    summary:
      'features in the order in which they serve the target best: integrated gradients, started again from what is selected',
    formula: 'S <- S + top z of (x_i - s_i) integral_0^1 d f(s + a (x - s)) / d x_i da, s = x on S and b elsewhere',
    citation: 'Axiotis, Abu-al-haija, Chen, Fahrbach, Fu: Greedy PIG: Adaptive Integrated Gradients, 2023',
    options: {
      of: { kind: 'text', default: 'integrated-gradients', describe: 'the method that each round asks' },
      ...greedyOptions,
    },
    wraps: { option: 'of', methodNamed },
    needs: ['gradient'],
    promises: [],
    signed: true,
    cost: (options, evaluator) => {
      const { method, options: settings } = inner(options)
      const rounds = roundsOf(options as RoundSettings, expectedFeatures(options['segments'], evaluator))
      const { forwards, gradients } = method.cost(settings, evaluator)
      return { forwards: 1 + rounds * (forwards - 1), gradients: rounds * gradients }
    },
    async run(evaluator, options, seed) {
      const { method, options: given } = inner(options)
      const baseline = baselinePoints(evaluator, options['baseline'], seed)
      const hasBaseline = optionSpecs(method, given)['baseline']?.kind === 'baseline'
      return greedyRounds(evaluator, baseline, options as RoundSettings, async start => {
        if (!hasBaseline) return (await method.run(await evaluator.moved(start), given, seed)).maps
        const values = evaluator.at.map(name => [name, float32(evaluator.inputs[name]!.dims, start[name]!)] as const)
        return (await method.run(evaluator, { ...given, baseline: Object.fromEntries(values) }, seed)).maps
      })
    },
  }
  return greedy
}
