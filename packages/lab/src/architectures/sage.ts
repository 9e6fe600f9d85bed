/** @file sage: each node beside the mean of its neighbours. */
import type { Architecture } from './architecture.js'
import { glorot, zeros } from './initializers.js'
import { graphNetwork, graphOptions } from './layers/graph-network.js'
import { along, arriving } from './layers/neighbours.js'

/**
 * Layers y_i = x_i w_self + b + (sum_j m_ij x_j w_neighbours) / max(1, sum_j m_ij), m the weights of the edges that arrive: with
 * weights of 0 and 1 the mean over the edges there are, nothing where there is none, and between them a denominator that does not vanish.
 * ReLU between the layers, dropout before each. Hamilton, Ying and Leskovec, NeurIPS 2017, mean aggregator without normalisation.
 */
export const sage: Architecture = {
  name: 'sage',
  summary: 'GraphSAGE: each node beside the mean of its neighbours, with weighted edges',
  citation: 'Hamilton, Ying and Leskovec: Inductive Representation Learning on Large Graphs, NeurIPS 2017',
  reads: 'graph',
  options: {
    width: { kind: 'number', default: 16, minimum: 1, integer: true, describe: 'numbers per node between the layers' },
    ...graphOptions,
  },
  build: (net, inputs, task, options) => {
    let share: string | undefined
    return graphNetwork(net, inputs, task, options, 'Relu', (x, neighbours, name, width, outputs) => {
      share ??= net.emit('Reciprocal', [net.emit('Max', [neighbours.degree, net.scalar(1)])])
      return net.scoped(name, () => {
        const own = net.emit('MatMul', [x, net.parameter('self', [width, outputs], glorot)])
        const others = net.emit('MatMul', [x, net.parameter('neighbours', [width, outputs], glorot)])
        const messages = net.emit('Mul', [along(net, others, neighbours.sources), neighbours.weights])
        const mean = net.emit('Mul', [arriving(net, neighbours, messages, outputs), share!])
        const bias = net.parameter('bias', [outputs], zeros, false)
        return { value: net.emit('Add', [net.emit('Add', [own, mean]), bias]), width: outputs }
      })
    })
  },
  training: { optimizer: 'adamw', learningRate: 0.01, weightDecay: 5e-4, warmUp: 0 },
}
