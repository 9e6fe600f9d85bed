/** @file How class scores become one number: the score itself, a probability, its logarithm, odds. */
import type { GraphBuilder } from '@ascribe/onnx'

/**
 * How class scores become one number, z being the scores of one row:
 * `logit` z_C as it is; `softmax` exp z_C / sum_j exp z_j; `log-softmax` its logarithm; `log-odds` z_C - log sum_{j != C} exp z_j.
 */
export type Link = 'logit' | 'softmax' | 'log-softmax' | 'log-odds'

interface LinkDefinition {
  readonly describe: string
  /**
   * Emits scores from outputs, both with the classes on `axis`, whose weighted sum is the target. `weights` has the same dimensions, or
   * fits them.
   */
  readonly scores: (builder: GraphBuilder, outputs: string, weights: string, axis?: number) => string
  /** The same in double precision, of one row: what gives the score of each class. */
  readonly scorer: (outputs: ArrayLike<number>) => (index: number) => number
}

/** log sum_j exp z_j over the classes that `keep` lets through. */
function logSumExpOf(outputs: ArrayLike<number>, keep: (index: number) => boolean = () => true): number {
  let most = Number.NEGATIVE_INFINITY
  for (let i = 0; i < outputs.length; i++) if (keep(i)) most = Math.max(most, outputs[i]!)
  let sum = 0
  for (let i = 0; i < outputs.length; i++) if (keep(i)) sum += Math.exp(outputs[i]! - most)
  return most + Math.log(sum)
}

/** logsumexp over classes, shifted by the maximum so that it cannot overflow. */
function logSumExp(builder: GraphBuilder, scores: string, axis: number): string {
  return builder.emit('ReduceLogSumExp', [scores, builder.ints([axis])], { keepdims: 1 })
}

export const links: Readonly<Record<Link, LinkDefinition>> = {
  logit: { describe: 'logit', scores: (_, outputs) => outputs, scorer: outputs => index => outputs[index]! },
  softmax: {
    describe: 'probability',
    scores: (builder, outputs, _, axis = -1) => builder.emit('Softmax', [outputs], { axis }),
    scorer: outputs => {
      const total = logSumExpOf(outputs)
      return index => Math.exp(outputs[index]! - total)
    },
  },
  'log-softmax': {
    describe: 'log probability',
    scores: (builder, outputs, _, axis = -1) => builder.emit('Sub', [outputs, logSumExp(builder, outputs, axis)]),
    scorer: outputs => {
      const total = logSumExpOf(outputs)
      return index => outputs[index]! - total
    },
  },
  'log-odds': {
    describe: 'log odds',
    scores: (builder, outputs, weights, axis = -1) => {
      const chosen = builder.emit('Greater', [weights, builder.float(0)])
      const others = builder.emit('Where', [chosen, builder.float(-1e30), outputs])
      return builder.emit('Sub', [outputs, logSumExp(builder, others, axis)])
    },
    scorer: outputs => index => outputs[index]! - logSumExpOf(outputs, i => i !== index),
  },
}

export const isLink = (text: string): text is Link => Object.hasOwn(links, text)
