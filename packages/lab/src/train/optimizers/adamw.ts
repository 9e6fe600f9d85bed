/** @file adamw: Adam with weight decay apart from the gradient. */
import type { Optimizer } from './optimizer.js'

/**
 * p -= rate decay p; m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2; p -= rate (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + epsilon).
 * Loshchilov and Hutter, ICLR 2019.
 */
export const adamw: Optimizer = {
  name: 'adamw',
  summary: 'steps scaled by the recent size of each gradient; weight decay apart from it',
  citation: 'Loshchilov and Hutter: Decoupled Weight Decay Regularization, ICLR 2019',
  options: {
    beta1: { kind: 'number', default: 0.9, minimum: 0, maximum: 1, describe: 'memory of the mean' },
    beta2: { kind: 'number', default: 0.999, minimum: 0, maximum: 1, describe: 'memory of the squares' },
    epsilon: { kind: 'number', default: 1e-8, minimum: 0, describe: 'added to the root of the squares' },
    decay: { kind: 'number', default: 0.05, minimum: 0, describe: 'weight decay' },
  },
  slots: ['mean', 'square'],
  scalars: ({ beta1, beta2 }, step) => ({
    mean_correction: 1 / (1 - beta1 ** step),
    square_correction: 1 / (1 - beta2 ** step),
  }),
  emit(builder, { parameters, gradient, decayed, slots, scalars }, { beta1, beta2, epsilon, decay }) {
    const emit = (operator: string, ...inputs: string[]): string => builder.emit(operator, inputs)
    const number = (value: number): string => builder.float(value)
    const rate = scalars['learning_rate']!
    const mean = emit('Add', emit('Mul', slots['mean']!, number(beta1)), emit('Mul', gradient, number(1 - beta1)))
    const squared = emit('Mul', gradient, gradient)
    const square = emit('Add', emit('Mul', slots['square']!, number(beta2)), emit('Mul', squared, number(1 - beta2)))
    const root = emit('Add', emit('Sqrt', emit('Mul', square, scalars['square_correction']!)), number(epsilon))
    const step = emit('Div', emit('Mul', mean, scalars['mean_correction']!), root)
    const pull = emit('Mul', emit('Mul', parameters, decayed), number(decay))
    const whole = decay === 0 ? step : emit('Add', step, pull)
    return {
      parameters: emit('Sub', parameters, emit('Mul', whole, rate)),
      slots: { mean, square },
    }
  },
}
