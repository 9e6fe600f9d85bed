/** @file Targets that compare a whole prediction with the one for the full input. */
import { UsageError } from '../errors.js'
import type { TargetForm } from './form.js'
import { links } from './links.js'
import { scoresOf } from './request.js'

/**
 * sum_j p_j log q_j, p the probabilities at the input and q those at the point asked for: -KL(p || q) minus the entropy of p, which is
 * the same at every point.
 */
export const kl: TargetForm = {
  syntax: 'kl',
  summary:
    'minus the divergence KL(prediction for the input || prediction), up to a constant: the whole prediction, not one class',
  example: 'kl',
  settings: [],
  link: 'log-softmax',
  resolve: (body, context) => {
    const { text, classCount, rowClasses = classCount } = context
    if (body !== '') throw new UsageError(`target "${text}": kl stands alone`)
    if (classCount < 2 || rowClasses !== classCount)
      throw new UsageError(`target "kl": the output must be the scores of one prediction, and it has dims [${context.dims}]`)
    const probability = links.softmax.scorer(scoresOf(context))
    return {
      classes: Array.from({ length: classCount }, (_, index) => ({ index, weight: probability(index) })),
      words: 'every class, weighted with the prediction for the input',
    }
  },
}
