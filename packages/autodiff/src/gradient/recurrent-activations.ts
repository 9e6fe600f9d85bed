/** @file The activations that RNN, GRU and LSTM may name. */
import type { RuleContext } from '../rule.js'

export type Activation = (x: string) => string

interface ActivationKind {
  /** Values used where the model's lists hold none; absent: the activation takes no such parameter. */
  readonly alpha?: number
  readonly beta?: number
  readonly emit: (x: string, alpha: number, beta: number, c: RuleContext) => string
}

const plain = (operator: string): ActivationKind => ({ emit: (x, _a, _b, c) => c.emit(operator, [x]) })

const activationKinds: Readonly<Record<string, ActivationKind>> = {
  sigmoid: plain('Sigmoid'),
  tanh: plain('Tanh'),
  relu: plain('Relu'),
  softsign: plain('Softsign'),
  softplus: plain('Softplus'),
  affine: {
    alpha: 1,
    beta: 0,
    emit: (x, alpha, beta, c) => c.emit('Add', [c.emit('Mul', [x, c.scalar(alpha)]), c.scalar(beta)]),
  },
  leakyrelu: { alpha: 0.01, emit: (x, alpha, _b, c) => c.emit('LeakyRelu', [x], { alpha }) },
  thresholdedrelu: { alpha: 1, emit: (x, alpha, _b, c) => c.emit('ThresholdedRelu', [x], { alpha }) },
  scaledtanh: {
    alpha: 1,
    beta: 1,
    emit: (x, alpha, beta, c) => c.emit('Mul', [c.emit('Tanh', [c.emit('Mul', [x, c.scalar(beta)])]), c.scalar(alpha)]),
  },
  hardsigmoid: { alpha: 0.2, beta: 0.5, emit: (x, alpha, beta, c) => c.emit('HardSigmoid', [x], { alpha, beta }) },
  elu: { alpha: 1, emit: (x, alpha, _b, c) => c.emit('Elu', [x], { alpha }) },
}

/** The node's activations in order, each reading its parameters off the model's lists. */
export function activationsOf(c: RuleContext, defaults: readonly string[], directions: number): Activation[] {
  const given = c.attribute('activations')
  const names = given?.kind === 'strings' ? given.value : Array.from({ length: directions }, () => defaults).flat()
  const listed = (name: string): number[] => {
    const attribute = c.attribute(name)
    return attribute?.kind === 'floats' ? [...attribute.value] : []
  }
  const [alphas, betas] = [listed('activation_alpha'), listed('activation_beta')]
  return names.map(name => {
    const kind = activationKinds[name.toLowerCase()] ?? c.unsupported(`its activation "${name}" is not known`)
    const alpha = kind.alpha === undefined ? 0 : (alphas.shift() ?? kind.alpha)
    const beta = kind.beta === undefined ? 0 : (betas.shift() ?? kind.beta)
    return x => kind.emit(x, alpha, beta, c)
  })
}
