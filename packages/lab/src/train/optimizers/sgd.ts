/** @file sgd: gradient descent with momentum. */
import type { Optimizer } from './optimizer.js'

/** g += decay p; m = momentum m + g; p -= rate m (with nesterov: p -= rate (g + momentum m)). Sutskever et al., ICML 2013. */
export const sgd: Optimizer = {
  name: 'sgd',
  summary: 'gradient descent with momentum; weight decay is part of the gradient',
  citation: 'Sutskever et al.: On the importance of initialization and momentum, ICML 2013',
  options: {
    momentum: { kind: 'number', default: 0.9, minimum: 0, maximum: 1, describe: 'share of the last step kept' },
    decay: { kind: 'number', default: 5e-4, minimum: 0, describe: 'weight decay' },
    nesterov: { kind: 'flag', default: false, describe: 'look ahead along the momentum' },
  },
  slots: ['momentum'],
  scalars: () => ({}),
  emit(builder, { parameters, gradient, decayed, slots, scalars }, { momentum, decay, nesterov }) {
    const emit = (operator: string, ...inputs: string[]): string => builder.emit(operator, inputs)
    const pull = emit('Mul', emit('Mul', parameters, decayed), builder.float(decay))
    const full = decay === 0 ? gradient : emit('Add', gradient, pull)
    const next = emit('Add', emit('Mul', slots['momentum']!, builder.float(momentum)), full)
    const step = nesterov ? emit('Add', full, emit('Mul', next, builder.float(momentum))) : next
    return {
      parameters: emit('Sub', parameters, emit('Mul', step, scalars['learning_rate']!)),
      slots: { momentum: next },
    }
  },
}
