/** @file Gradients of losses over classes. Scores are [N, C, d...], labels [N, d...]. */
import { Tensor } from '@ascribe/onnx'
import type { Rule, RuleContext, RuleTable } from '../rule.js'
import { asFloat } from './masks.js'

interface Picked {
  /** One-hot labels times the weight of each class, [N, C, d...]; rows whose label is ignored are zero. */
  readonly weighted: string
  /** One-hot labels without the weights. */
  readonly plain: string
  readonly dims: readonly number[]
}

function pick(scores: string, labels: string, weights: string | undefined, c: RuleContext): Picked {
  const dims = c.dims(scores)
  const classes = dims[1]!
  const perClass = [1, classes, ...dims.slice(2).map(() => 1)]
  const numbers = Array.from({ length: classes }, (_, i) => i)
  const candidates = c.constantTensor(Tensor.from(c.dtype(labels), perClass, numbers))
  const target = c.reshape(labels, [dims[0]!, 1, ...dims.slice(2)])
  const equal = asFloat(c.emit('Equal', [target, candidates]), c)
  const ignored = c.int('ignore_index')
  const counts = numbers.map(i => (i === ignored ? 0 : 1))
  const plain = counts.includes(0) ? c.emit('Mul', [equal, c.floats(counts, perClass)]) : equal
  const weighted = weights ? c.emit('Mul', [plain, c.reshape(weights, perClass)]) : plain
  return { weighted, plain, dims }
}

/**
 * Of the negative log likelihood with respect to the log probabilities and the class weights.
 * A mean divides by the sum of the weights of the labels that are not ignored.
 */
function likelihood(
  g: string,
  logProbabilities: string,
  picked: Picked,
  wantsWeights: boolean,
  c: RuleContext,
): [string, string | null] {
  const { weighted, plain, dims } = picked
  const reduction = c.string('reduction', 'mean')
  const wide = reduction === 'none' ? c.reshape(g, [dims[0]!, 1, ...dims.slice(2)]) : g
  const scale = reduction === 'mean' ? c.emit('Div', [wide, c.emit('ReduceSum', [weighted], { keepdims: 0 })]) : wide
  const ofScores = c.emit('Neg', [c.emit('Mul', [weighted, scale])])
  if (!wantsWeights) return [ofScores, null]
  // A mean's denominator holds the weights too: -(x + loss) per picked class.
  const loss = c.output(0)
  const numerator = reduction === 'mean' ? c.emit('Add', [logProbabilities, loss]) : logProbabilities
  const each = c.emit('Neg', [c.emit('Mul', [c.emit('Mul', [plain, scale]), numerator])])
  const axes = dims.map((_, axis) => axis).filter(axis => axis !== 1)
  return [ofScores, c.emit('ReduceSum', [each, c.ints64(axes)], { keepdims: 0 })]
}

const negativeLogLikelihood: Rule = ([g], c) => {
  if (!g) return []
  const weights = c.has(2) ? c.input(2) : undefined
  const picked = pick(c.input(0), c.input(1), weights, c)
  const [ofScores, ofWeights] = likelihood(g, c.input(0), picked, c.wants(2), c)
  return [ofScores, null, ofWeights]
}

/** Through the log softmax: d - softmax · sum(d) over the classes. Its second output is the log softmax itself. */
const softmaxCrossEntropy: Rule = ([g, ofLog], c) => {
  const scores = c.input(0)
  const classAxis = c.ints64([1])
  const given = c.node.outputs[1]
  const logProbabilities = (): string =>
    given || c.emit('Sub', [scores, c.emit('ReduceLogSumExp', [scores, classAxis], { keepdims: 1 })])
  const parts = ofLog ? [ofLog] : []
  let ofWeights: string | null = null
  if (g) {
    const picked = pick(scores, c.input(1), c.has(2) ? c.input(2) : undefined, c)
    const [part, weights] = likelihood(g, c.wants(2) ? logProbabilities() : '', picked, c.wants(2), c)
    parts.push(part)
    ofWeights = weights
  }
  if (parts.length === 0 || !c.wants(0)) return [null, null, ofWeights]
  const total = parts.reduce((left, right) => c.emit('Add', [left, right]))
  const probabilities = given ? c.emit('Exp', [given]) : c.emit('Softmax', [scores], { axis: 1 })
  const sum = c.emit('ReduceSum', [total, classAxis], { keepdims: 1 })
  return [c.emit('Sub', [total, c.emit('Mul', [probabilities, sum])]), null, ofWeights]
}

export const losses: RuleTable = {
  NegativeLogLikelihoodLoss: { kind: 'gradient', rule: negativeLogLikelihood },
  SoftmaxCrossEntropyLoss: { kind: 'gradient', rule: softmaxCrossEntropy },
}
