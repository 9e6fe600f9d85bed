/** @file gcn: graph convolutions over the nodes of one graph. */
import type { Architecture } from './architecture.js'
import { graphConvolution } from './layers/graph-convolution.js'

/**
 * Z = A relu(A X W1 + b1) W2 + b2 with dropout before each convolution. Inputs: nodes X [nodes, columns] and the adjacency A
 * [nodes, nodes], which comes with self-loops and normalised: A = D^-1/2 (links + I) D^-1/2. Kipf and Welling, ICLR 2017.
 */
export const gcn: Architecture = {
  name: 'gcn',
  summary: 'graph convolutions over the nodes of one graph, with a dense normalised adjacency matrix',
  citation: 'Kipf and Welling: Semi-Supervised Classification with Graph Convolutional Networks, ICLR 2017',
  reads: 'graph',
  options: {
    width: { kind: 'number', default: 16, minimum: 1, integer: true, describe: 'numbers per node between the convolutions' },
    depth: { kind: 'number', default: 2, minimum: 1, integer: true, describe: 'graph convolutions' },
    dropout: { kind: 'number', default: 0.5, minimum: 0, maximum: 0.9, describe: 'share of values dropped in training' },
  },
  build(net, [x, adjacency], { row, classes }, { width, depth, dropout }) {
    let [value, inputs] = [x!, row[0]!]
    for (let index = 0; index < depth; index++) {
      const last = index === depth - 1
      const outputs = last ? classes : width
      value = net.dropout(value, dropout, [inputs])
      value = graphConvolution(net, `convolution${index + 1}`, value, adjacency!, inputs, outputs)
      if (!last) value = net.emit('Relu', [value])
      inputs = outputs
    }
    return value
  },
  training: { optimizer: 'adamw', learningRate: 0.01, weightDecay: 5e-4, warmUp: 0 },
}
