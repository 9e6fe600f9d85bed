/** @file gat: neighbours weighted by attention. */
import type { Architecture } from './architecture.js'
import { glorot, zeros } from './initializers.js'
import { graphNetwork, graphOptions } from './layers/graph-network.js'
import { along, arriving, type Neighbours, topArriving } from './layers/neighbours.js'
import type { Network } from './network.js'

/** Slope of the attention's LeakyReLU below zero, as in the paper. */
const slope = 0.2

/**
 * Layers of heads h = x w: s_ij = LeakyReLU(a . h_j + b . h_i) and y_i = sum_j m_ij e^s_ij h_j / sum_j m_ij e^s_ij + bias, over the edges
 * that arrive and the node itself, whose m is 1. The weight m multiplies e^s, before the softmax is normalised, so an edge of weight 0 is no
 * edge. Heads are put side by side, the last layer has one; ELU between the layers and dropout before each; the attention itself is
 * not dropped. Velickovic et al., ICLR 2018.
 */
export const gat: Architecture = {
  name: 'gat',
  summary: 'graph attention: neighbours weighted by how they fit, with weighted edges',
  citation: 'Velickovic, Cucurull, Casanova, Romero, Lio and Bengio: Graph Attention Networks, ICLR 2018',
  reads: 'graph',
  options: {
    width: { kind: 'number', default: 8, minimum: 1, integer: true, describe: 'numbers per head between the layers' },
    heads: { kind: 'number', default: 8, minimum: 1, integer: true, describe: 'attention heads of every layer but the last' },
    ...graphOptions,
  },
  build: (net, inputs, task, options) =>
    graphNetwork(net, inputs, task, options, 'Elu', (x, neighbours, name, width, outputs, last) => {
      const heads = last ? 1 : (options['heads'] as number)
      return {
        value: net.scoped(name, () => attention(net, x, neighbours, width, heads, outputs)),
        width: heads * outputs,
      }
    }),
  training: { optimizer: 'adamw', learningRate: 0.005, weightDecay: 5e-4, warmUp: 0 },
}

function attention(net: Network, x: string, neighbours: Neighbours, width: number, heads: number, outputs: number): string {
  const emit = (operator: string, ...inputs: string[]): string => net.emit(operator, inputs)
  const leaky = (value: string): string => net.emit('LeakyRelu', [value], { alpha: slope })
  const whole = heads * outputs
  const flat = emit('MatMul', x, net.parameter('weight', [width, whole], glorot))
  const h = net.reshape(flat, [0, 0, heads, outputs])
  const score = (name: string): string =>
    net.emit('ReduceSum', [emit('Mul', h, net.parameter(name, [heads, outputs], glorot)), net.builder.ints([3])], { keepdims: 0 })
  const [sent, received] = [score('source'), score('target')]
  const { sources, targets, weights } = neighbours
  const alone = leaky(emit('Add', sent, received))
  const scores = leaky(emit('Add', along(net, sent, sources), along(net, received, targets)))
  const top = topArriving(net, neighbours, alone, scores, heads)
  const own = emit('Exp', emit('Sub', alone, top))
  // Scores of edges that are not there may be far above the others.
  const below = emit('Min', emit('Sub', scores, along(net, top, targets)), net.scalar(1))
  const shares = emit('Mul', emit('Exp', below), weights)
  const wide = (value: string): string => emit('Unsqueeze', value, net.builder.ints([3]))
  const messages = emit('Mul', along(net, h, sources), wide(shares))
  const sum = net.reshape(arriving(net, neighbours, net.reshape(messages, [0, 0, whole]), whole), [0, 0, heads, outputs])
  const total = emit('Add', arriving(net, neighbours, shares, heads), own)
  const mean = emit('Div', emit('Add', sum, emit('Mul', h, wide(own))), wide(total))
  return emit('Add', net.reshape(mean, [0, 0, whole]), net.parameter('bias', [whole], zeros, false))
}
