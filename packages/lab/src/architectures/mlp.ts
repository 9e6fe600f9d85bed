/** @file mlp: linear layers with an activation between them, for tables. */
import type { Architecture } from './architecture.js'
import { heFanIn } from './initializers.js'
import { linear } from './layers/linear.js'

/** ONNX operators by the name of the option. Softplus is smooth: its second derivative exists everywhere. */
const activations: Readonly<Record<string, string>> = { relu: 'Relu', gelu: 'Gelu', softplus: 'Softplus' }

/** `depth` hidden layers of `width`, each with an activation and dropout; linear. Rumelhart, Hinton and Williams, Nature 1986. */
export const mlp: Architecture = {
  name: 'mlp',
  summary: 'linear layers with an activation between them, for tables',
  citation: 'Rumelhart, Hinton and Williams: Learning representations by back-propagating errors, Nature 1986',
  reads: 'table',
  options: {
    width: { kind: 'number', default: 64, minimum: 1, integer: true, describe: 'units of a hidden layer' },
    depth: { kind: 'number', default: 2, minimum: 0, integer: true, describe: 'hidden layers; 0 is a linear classifier' },
    activation: { kind: 'choice', default: 'relu', values: Object.keys(activations), describe: 'after each hidden layer' },
    dropout: { kind: 'number', default: 0, minimum: 0, maximum: 0.9, describe: 'share of units dropped in training' },
  },
  build(net, [x], { row, classes }, { width, depth, activation, dropout }) {
    let [value, inputs] = [x!, row[0]!]
    for (let index = 0; index < depth; index++) {
      const layer = net.emit(activations[activation]!, [linear(net, `hidden${index + 1}`, value, inputs, width, heFanIn)])
      value = net.dropout(layer, dropout, [width])
      inputs = width
    }
    return linear(net, 'head', value, inputs, classes)
  },
  training: { optimizer: 'adamw', learningRate: 1e-3, weightDecay: 0.01, warmUp: 0.05 },
}
