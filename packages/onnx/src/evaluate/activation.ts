/** @file Activations that take attributes or parameters. */
import { attribute } from '../attributes.js'
import type { Node } from '../graph.js'
import type { OperatorEvaluation, OperatorEvaluations } from './array.js'
import { clamp, gelu, geluTanh, sigmoid } from './special.js'
import { map, map2 } from './strided.js'

type Parameter = (name: string, fallback: number) => number

const activationOf =
  (make: (parameter: Parameter, node: Node) => (x: number) => number): OperatorEvaluation =>
  ([x], { node }) => [
    map(
      x!,
      make((name, fallback) => attribute(node, name, 'float', fallback), node),
    ),
  ]

const elu = (x: number, alpha: number): number => (x > 0 ? x : alpha * Math.expm1(x))

export const activation: OperatorEvaluations = {
  LeakyRelu: activationOf(parameter => {
    const alpha = parameter('alpha', 0.01)
    return x => (x < 0 ? alpha * x : x)
  }),
  Elu: activationOf(parameter => {
    const alpha = parameter('alpha', 1)
    return x => elu(x, alpha)
  }),
  Celu: activationOf(parameter => {
    const alpha = parameter('alpha', 1)
    return x => Math.max(0, x) + Math.min(0, alpha * Math.expm1(x / alpha))
  }),
  Selu: activationOf(parameter => {
    const alpha = parameter('alpha', 1.6732631921768188)
    const gamma = parameter('gamma', 1.0507010221481323)
    return x => gamma * elu(x, alpha)
  }),
  HardSigmoid: activationOf(parameter => {
    const alpha = parameter('alpha', 0.2)
    const beta = parameter('beta', 0.5)
    return x => clamp(alpha * x + beta, 0, 1)
  }),
  ThresholdedRelu: activationOf(parameter => {
    const alpha = parameter('alpha', 1)
    return x => (x > alpha ? x : 0)
  }),
  Shrink: activationOf(parameter => {
    const lambd = parameter('lambd', 0.5)
    const bias = parameter('bias', 0)
    return x => (x < -lambd ? x + bias : x > lambd ? x - bias : 0)
  }),
  Swish: activationOf(parameter => {
    const alpha = parameter('alpha', 1)
    return x => x * sigmoid(alpha * x)
  }),
  Gelu: activationOf((_, node) => (attribute(node, 'approximate', 'string', 'none') === 'tanh' ? geluTanh : gelu)),
  PRelu: ([x, slope]) => [map2(x!, slope!, (v, s) => (v < 0 ? v * s : v))],
  Clip: ([x, low, high]) => {
    const min = low?.data[0] ?? Number.NEGATIVE_INFINITY
    const max = high?.data[0] ?? Number.POSITIVE_INFINITY
    return [map(x!, v => clamp(v, min, max))]
  },
}
