/** @file Classification losses. */
import { attribute } from '../attributes.js'
import type { Node } from '../graph.js'
import { elementCount } from '../tensor.js'
import type { NdArray, OperatorEvaluations } from './array.js'
import { logSoftmax } from './softmax.js'
import { scalar } from './strided.js'

/** -weight[t] logp[n, t, ...]; 'mean' divides by the sum of the weights used. Targets equal to ignore_index count for nothing. */
function negativeLogLikelihood(logp: NdArray, target: NdArray, weight: NdArray | undefined, node: Node): NdArray {
  const ignored = attribute(node, 'ignore_index', 'int')
  const classes = logp.dims[1]!
  const inner = elementCount(logp.dims.slice(2))
  const weights = target.data.map(t => (t === ignored ? 0 : (weight?.data[t < 0 ? t + classes : t] ?? 1)))
  const losses = target.data.map((t, i) => {
    if (t === ignored) return 0
    const at = (Math.floor(i / inner) * classes + (t < 0 ? t + classes : t)) * inner + (i % inner)
    return -logp.data[at]! * weights[i]!
  })
  const sum = losses.reduce((a, b) => a + b, 0)
  const reductions: Readonly<Record<string, () => NdArray>> = {
    none: () => ({ dtype: logp.dtype, dims: target.dims, data: losses }),
    sum: () => scalar(sum, logp.dtype),
    mean: () => scalar(sum / weights.reduce((a, b) => a + b, 0), logp.dtype),
  }
  return reductions[attribute(node, 'reduction', 'string', 'mean')]!()
}

export const losses: OperatorEvaluations = {
  NegativeLogLikelihoodLoss: ([logp, target, weight], { node }) => [negativeLogLikelihood(logp!, target!, weight, node)],
  SoftmaxCrossEntropyLoss: ([scores, target, weight], { node }) => {
    const logp = logSoftmax(scores!, 1)
    return [negativeLogLikelihood(logp, target!, weight, node), logp]
  },
}
