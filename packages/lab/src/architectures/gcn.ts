/** @file gcn: graph convolutions over the nodes of one graph. */
import type { Architecture } from './architecture.js'
import { glorot, zeros } from './initializers.js'
import { graphNetwork, graphOptions } from './layers/graph-network.js'
import { along, arriving } from './layers/neighbours.js'

/**
 * Layers y = D^-1/2 (W + I) D^-1/2 x w + b with ReLU between them and dropout before each: W the weighted edges, D = I + the sum of the
 * weights that arrive. Degrees are counted in the weights, so an edge of weight 0 is no edge; the loop has weight 1 always.
 * Kipf and Welling, ICLR 2017, equation 2.
 */
export const gcn: Architecture = {
  name: 'gcn',
  summary: 'graph convolutions over the nodes of one graph, with weighted edges',
  citation: 'Kipf and Welling: Semi-Supervised Classification with Graph Convolutional Networks, ICLR 2017',
  reads: 'graph',
  options: {
    width: { kind: 'number', default: 16, minimum: 1, integer: true, describe: 'numbers per node between the convolutions' },
    ...graphOptions,
  },
  build: (net, inputs, task, options) => {
    let scale: string | undefined
    return graphNetwork(net, inputs, task, options, 'Relu', (x, neighbours, name, width, outputs) => {
      scale ??= net.emit('Reciprocal', [net.emit('Sqrt', [net.emit('Add', [neighbours.degree, net.scalar(1)])])])
      return net.scoped(name, () => {
        const product = net.emit('MatMul', [x, net.parameter('weight', [width, outputs], glorot)])
        const own = net.emit('Mul', [product, scale!])
        const messages = net.emit('Mul', [along(net, own, neighbours.sources), neighbours.weights])
        const sum = net.emit('Add', [arriving(net, neighbours, messages, outputs), own])
        const bias = net.parameter('bias', [outputs], zeros, false)
        return { value: net.emit('Add', [net.emit('Mul', [sum, scale!]), bias]), width: outputs }
      })
    })
  },
  training: { optimizer: 'adamw', learningRate: 0.01, weightDecay: 5e-4, warmUp: 0 },
}
