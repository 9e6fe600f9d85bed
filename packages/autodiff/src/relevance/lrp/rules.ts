/** @file The relevance rules of layers z_j = sum_i x_i w_ij + b_j, listed by name. */
import { elementCount } from '@ascribe/onnx'
import type { Layer } from './layer.js'
import { nonNegative } from './non-negative.js'
import { negative, positive, share, sum, type Term } from './share.js'

/** What rules can be told; each reads its own. */
export interface RuleParameters {
  /** Added to the size of every denominator; default 1e-6. */
  readonly epsilon?: number
  /** Default 0.25. */
  readonly gamma?: number
  /** Default 2. */
  readonly alpha?: number
  /** Default 1. */
  readonly beta?: number
  /** Bounds of the layer's input: one number, or one per channel. */
  readonly low?: readonly number[]
  readonly high?: readonly number[]
  /** False leaves the bias out of every denominator, so that nothing is lost to it; default true. */
  readonly bias?: boolean
}

/** Relevance of a layer's input from the relevance of its result. */
type LayerRule = (relevance: string, layer: Layer, parameters: RuleParameters) => string

const stabiliser = 1e-6

const biasOf = (layer: Layer, { bias = true }: RuleParameters): string | undefined => (bias ? layer.bias : undefined)

/** Where the bias counts, the result is there already. */
const known = (layer: Layer, { bias = true }: RuleParameters): { z?: string } =>
  bias || layer.bias === undefined ? { z: layer.z } : {}

/** The products whose sign is that of `sign`: x+ w+ and x- w-, or x+ w- and x- w+. */
function signed(layer: Layer, sign: 'positive' | 'negative'): Term[] {
  const { context: c, x, weight } = layer
  const [same, other] = sign === 'positive' ? [positive, negative] : [negative, positive]
  if (nonNegative(c.graph, x)) return [{ x, weight: same(c, weight) }]
  return [
    { x: positive(c, x), weight: same(c, weight) },
    { x: negative(c, x), weight: other(c, weight) },
  ]
}

/** The positive contributions alone, or the negative ones. */
function part(relevance: string, layer: Layer, parameters: RuleParameters, sign: 'positive' | 'negative'): string {
  const c = layer.context
  const bias = biasOf(layer, parameters)
  return share(layer, relevance, signed(layer, sign), {
    epsilon: parameters.epsilon ?? stabiliser,
    bias: bias === undefined ? undefined : (sign === 'positive' ? positive : negative)(c, bias),
  })
}

/** value + gamma times its positive (negative) part. */
const boosted = (layer: Layer, value: string, gamma: number, side: typeof positive): string => {
  const c = layer.context
  return c.emit('Add', [value, c.emit('Mul', [side(c, value), c.scalar(gamma)])])
}

/** One branch of the gamma rule: contributions of one sign are weighed 1 + gamma. */
function gammaBranch(relevance: string, layer: Layer, parameters: RuleParameters, sign: 'positive' | 'negative'): string {
  const { context: c, x, weight } = layer
  const { gamma = 0.25, epsilon = stabiliser } = parameters
  const [same, other] = sign === 'positive' ? [positive, negative] : [negative, positive]
  const bias = biasOf(layer, parameters)
  const terms: Term[] = nonNegative(c.graph, x)
    ? [{ x, weight: boosted(layer, weight, gamma, same) }]
    : [
        { x: positive(c, x), weight: boosted(layer, weight, gamma, same) },
        { x: negative(c, x), weight: boosted(layer, weight, gamma, other) },
      ]
  return share(layer, relevance, terms, {
    epsilon,
    bias: bias === undefined ? undefined : boosted(layer, bias, gamma, same),
  })
}

/** A constant of the shape of the layer's input, from one number or one per channel. */
function filled(layer: Layer, values: readonly number[], what: string): string {
  const { context: c, x, channelAxis } = layer
  const dims = c.dims(x)
  if (values.length !== 1 && values.length !== dims[channelAxis])
    return c.unsupported(`${what} has ${values.length} values; give one, or ${dims[channelAxis]}, one per channel`)
  const shape = values.length === 1 ? [] : dims.map((dim, axis) => (axis === channelAxis ? dim : 1))
  return c.emit('Expand', [c.floats(values, shape, x), c.ints64(dims)])
}

const square = (layer: Layer, value: string): string => layer.context.emit('Mul', [value, value])

/**
 * Every rule, by name. All are stabilised as z + epsilon sign(z) with sign(0) = 1. Bach et al. 2015 for zero, epsilon and alpha-beta;
 * Montavon et al. 2017 for z-plus, z-box and w-square; Lapuschkin et al. 2019 for flat; Montavon et al. 2019 for gamma.
 */
export const layerRules = {
  /** R_i = sum_j x_i w_ij / z_j R_j; relevance at z_j = 0 ends there. */
  zero: (relevance, layer, parameters) =>
    share(layer, relevance, [layer], { epsilon: 0, bias: biasOf(layer, parameters), ...known(layer, parameters) }),
  /** R_i = sum_j x_i w_ij / (z_j + epsilon sign z_j) R_j */
  epsilon: (relevance, layer, parameters) =>
    share(layer, relevance, [layer], {
      epsilon: parameters.epsilon ?? stabiliser,
      bias: biasOf(layer, parameters),
      ...known(layer, parameters),
    }),
  /**
   * Where z_j >= 0, contributions (x_i w_ij, b_j) above zero are weighed 1 + gamma; where z_j < 0, those below zero. For x >= 0 and
   * z >= 0 this is W + gamma max(W, 0).
   */
  gamma: (relevance, layer, parameters) => {
    const c = layer.context
    const above = c.emit('GreaterOrEqual', [layer.z, c.scalar(0)])
    const zeros = c.scalar(0)
    return sum(c, [
      gammaBranch(c.emit('Where', [above, relevance, zeros]), layer, parameters, 'positive'),
      gammaBranch(c.emit('Where', [above, zeros, relevance]), layer, parameters, 'negative'),
    ])
  },
  /** R_i = sum_j (alpha (x_i w_ij)+ / z_j+ - beta (x_i w_ij)- / z_j-) R_j; the signs are those of products, not of weights. */
  'alpha-beta': (relevance, layer, parameters) => {
    const c = layer.context
    const { alpha = 2, beta = 1 } = parameters
    const scaled = (value: string, factor: number): string => c.emit('Mul', [value, c.scalar(factor)])
    const excited = scaled(part(relevance, layer, parameters, 'positive'), alpha)
    if (beta === 0) return excited
    return c.emit('Sub', [excited, scaled(part(relevance, layer, parameters, 'negative'), beta)])
  },
  /** alpha-beta with alpha 1 and beta 0. */
  'z-plus': (relevance, layer, parameters) => part(relevance, layer, parameters, 'positive'),
  /** R_i = sum_j (x_i w_ij - low_i w_ij+ - high_i w_ij-) / (their sum over i, and b_j - b_j+ - b_j- = 0) R_j */
  'z-box': (relevance, layer, { low, high, epsilon = stabiliser }) => {
    const { context: c, x, weight } = layer
    if (!low || !high) return c.unsupported('the rule z-box needs the bounds low and high')
    const minus = (values: readonly number[], what: string): string =>
      filled(
        layer,
        values.map(value => -value),
        what,
      )
    const terms = [
      { x, weight },
      { x: minus(low, 'low'), weight: positive(c, weight) },
      { x: minus(high, 'high'), weight: negative(c, weight) },
    ]
    return share(layer, relevance, terms, { epsilon })
  },
  /** R_i = sum_j w_ij² / (sum_i w_ij² + b_j²) R_j */
  'w-square': (relevance, layer, parameters) => {
    const { epsilon = stabiliser } = parameters
    const bias = biasOf(layer, parameters)
    const terms = [{ x: filled(layer, [1], 'one'), weight: square(layer, layer.weight) }]
    return share(layer, relevance, terms, { epsilon, bias: bias === undefined ? undefined : square(layer, bias) })
  },
  /** Each z_j gives every input it reads the same. */
  flat: (relevance, layer, { epsilon = stabiliser }) => {
    const { context: c, weight } = layer
    const dims = layer.weightDims
    const ones = elementCount(dims) <= 1 ? c.floats([1], dims, weight) : c.emit('Expand', [c.scalar(1), c.ints64(dims)])
    return share(layer, relevance, [{ x: filled(layer, [1], 'one'), weight: ones }], { epsilon })
  },
  /** R_i = R_j, for layers whose result has the input's shape. */
  pass: (relevance, layer) => {
    const { context: c, x } = layer
    const [from, to] = [c.dims(c.output(0)), c.dims(x)]
    if (from.join() !== to.join())
      return c.unsupported(`the rule pass needs a result of the input's shape [${to}], not [${from}]`)
    return relevance
  },
} as const satisfies Readonly<Record<string, LayerRule>>

/** Name of a rule. */
export type LayerRuleName = keyof typeof layerRules

/** What each rule reads. */
export const ruleParameters: Readonly<Record<LayerRuleName, readonly (keyof RuleParameters)[]>> = {
  zero: ['bias'],
  epsilon: ['epsilon', 'bias'],
  gamma: ['gamma', 'epsilon', 'bias'],
  'alpha-beta': ['alpha', 'beta', 'epsilon', 'bias'],
  'z-plus': ['epsilon', 'bias'],
  'z-box': ['low', 'high', 'epsilon'],
  'w-square': ['epsilon', 'bias'],
  flat: ['epsilon'],
  pass: [],
}
