/** @file Cross entropy with label smoothing, weighted by row, as part of a graph. */
import { type GraphBuilder, Tensor } from '@ascribe/onnx'

/**
 * loss = sum_r w_r sum_c -t_rc log softmax(z_r)_c / sum_r w_r, with t = (1 - s) onehot(label) + s / classes, or (1 - s) soft + s / classes.
 * @param logits [N, classes] @param labels [N] int64 @param weights [N] @param soft [N, classes] in place of the labels @returns the scalar loss and the weight of rows answered correctly
 */
export function crossEntropy(
  builder: GraphBuilder,
  logits: string,
  labels: string,
  weights: string,
  classes: number,
  smoothing: number,
  soft?: string,
): { readonly loss: string; readonly correct: string } {
  const emit = (operator: string, inputs: readonly string[], attributes = {}): string =>
    builder.emit(operator, inputs, attributes)
  const onehot = (): string => {
    const numbers = builder.constant(Tensor.ints(Array.from({ length: classes }, (_, i) => i)))
    const column = emit('Unsqueeze', [labels, builder.ints([1])])
    return emit('Cast', [emit('Equal', [column, numbers])], { to: 1 })
  }
  const asked = soft ?? onehot()
  const targets =
    smoothing === 0
      ? asked
      : emit('Add', [emit('Mul', [asked, builder.float(1 - smoothing)]), builder.float(smoothing / classes)])
  const picked = emit('Mul', [targets, emit('LogSoftmax', [logits], { axis: -1 })])
  const perRow = emit('ReduceSum', [picked, builder.ints([1])], { keepdims: 0 })
  const total = emit('ReduceSum', [emit('Mul', [perRow, weights]), builder.ints([0])], { keepdims: 0 })
  const mass = emit('ReduceSum', [weights, builder.ints([0])], { keepdims: 0 })
  const loss = emit('Neg', [emit('Div', [total, mass])])
  const answers = emit('ArgMax', [logits], { axis: 1, keepdims: 0 })
  const hits = emit('Mul', [emit('Cast', [emit('Equal', [answers, labels])], { to: 1 }), weights])
  return { loss, correct: emit('ReduceSum', [hits, builder.ints([0])], { keepdims: 0 }) }
}
