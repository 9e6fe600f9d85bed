/** @file Gradient cases of RNN, GRU and LSTM. */
import type { PlainAttributes } from '@ascribe/onnx'
import type { Given, GradientCase } from '../support/check.js'

const gates: Readonly<Record<string, number>> = { RNN: 1, GRU: 3, LSTM: 4 }

interface Options {
  readonly steps?: number
  readonly batch?: number
  readonly direction?: string
  /** Which of bias, lengths, initial_h, initial_c, peepholes are given. */
  readonly given?: string
  readonly lengths?: readonly number[]
  readonly attributes?: PlainAttributes
  readonly note?: string
  readonly more?: Partial<GradientCase>
}

function recurrent(operator: string, options: Options = {}): GradientCase {
  const { steps = 3, batch = 2, direction = 'forward', given = '', lengths } = options
  const [inputs, hidden, directions] = [2, 3, direction === 'bidirectional' ? 2 : 1]
  const batchFirst = options.attributes?.['layout'] === 1
  const rows = gates[operator]! * hidden
  const state = batchFirst ? [batch, directions, hidden] : [directions, batch, hidden]
  const has = (name: string, dims: readonly number[]): Given => (given.includes(name) ? dims : '')
  const all: Given[] = [
    batchFirst ? [batch, steps, inputs] : [steps, batch, inputs],
    [directions, rows, inputs],
    [directions, rows, hidden],
    has('bias', [directions, 2 * rows]),
    lengths ? { dims: [batch], data: lengths, dtype: 'int32' } : '',
    has('initial_h', state),
    ...(operator === 'LSTM' ? [has('initial_c', state), has('peepholes', [directions, 3 * hidden])] : []),
  ]
  while (all.at(-1) === '') all.pop()
  return {
    operator,
    inputs: all,
    outputs: operator === 'LSTM' ? 3 : 2,
    attributes: { hidden_size: hidden, direction, ...options.attributes },
    note: [options.note, given].filter(Boolean).join(', '),
    // A second derivative of a few hundred nodes at a dozen inputs is slow; one case of each operator has it.
    withoutSecond: 'checked on the first case',
    ...options.more,
  }
}

const second = { more: { withoutSecond: '' } }
const noLayout = { more: { withoutOrt: 'no kernel for layout 1' } }

const common = (operator: string): GradientCase[] => [
  recurrent(operator, { steps: 2, batch: 1, given: 'bias', ...second }),
  recurrent(operator, { given: 'bias initial_h initial_c' }),
  recurrent(operator, { direction: 'reverse', given: 'bias' }),
  recurrent(operator, { direction: 'bidirectional', given: 'bias initial_h initial_c', lengths: [2, 3] }),
  recurrent(operator, { direction: 'reverse', lengths: [3, 1], note: 'sequence lengths' }),
  recurrent(operator, { direction: 'bidirectional', given: 'bias initial_h', attributes: { layout: 1 }, ...noLayout }),
  recurrent(operator, { steps: 1, note: 'one step' }),
  recurrent(operator, { given: 'bias', attributes: { clip: 0.4 } }),
  recurrent(operator, { more: { unused: [1, 2] }, note: 'only the sequence is used' }),
  recurrent(operator, { more: { unused: [0] }, note: 'only the last state is used' }),
]

export const recurrentCases: readonly GradientCase[] = [
  ...['RNN', 'GRU', 'LSTM'].flatMap(common),
  recurrent('RNN', { attributes: { activations: ['Relu'] } }),
  recurrent('RNN', { attributes: { activations: ['Affine'], activation_alpha: [0.7], activation_beta: [0.2] } }),
  recurrent('RNN', { attributes: { activations: ['ScaledTanh'], activation_alpha: [0.7], activation_beta: [1.2] } }),
  recurrent('RNN', {
    direction: 'bidirectional',
    attributes: { activations: ['LeakyRelu', 'Elu'], activation_alpha: [0.2, 0.8] },
  }),
  recurrent('RNN', { direction: 'bidirectional', attributes: { activations: ['Softsign', 'Softplus'] } }),
  recurrent('RNN', { attributes: { activations: ['ThresholdedRelu'], activation_alpha: [0.1] } }),
  recurrent('GRU', { given: 'bias initial_h', attributes: { linear_before_reset: 1 } }),
  recurrent('GRU', { direction: 'bidirectional', given: 'bias', attributes: { linear_before_reset: 1, clip: 0.6 } }),
  recurrent('GRU', { direction: 'bidirectional', attributes: { linear_before_reset: 1 } }),
  recurrent('GRU', { steps: 2, batch: 1, given: 'bias', attributes: { linear_before_reset: 1 }, ...second }),
  recurrent('LSTM', {
    steps: 2,
    given: 'initial_h initial_c',
    more: { withoutSecond: '', unused: [0, 1] },
    note: 'only the cell state is used',
  }),
  recurrent('LSTM', { steps: 2, batch: 1, direction: 'reverse', given: 'bias', attributes: { input_forget: 1 }, ...second }),
  recurrent('GRU', {
    attributes: { linear_before_reset: 1, activations: ['HardSigmoid', 'Relu'], activation_alpha: [0.3], activation_beta: [0.4] },
  }),
  recurrent('LSTM', { given: 'bias peepholes initial_c' }),
  recurrent('LSTM', { given: 'peepholes', direction: 'bidirectional', attributes: { input_forget: 1 } }),
  recurrent('LSTM', {
    given: 'bias',
    attributes: {
      input_forget: 1,
      activations: ['HardSigmoid', 'Tanh', 'Softsign'],
      activation_alpha: [0.3],
      activation_beta: [0.5],
    },
  }),
]
