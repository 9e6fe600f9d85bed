/** @file The fixed shape of class activation maps: what is weighted at a layer, and by how much. */
import type { Evaluator } from '../../evaluator.js'
import { layerView, targetLayer } from '../../layers.js'
import type { Method, OptionSpecs, Options } from '../method.js'

/** A layer's values A and gradient G = d f / d A as [channels, size] planes, class tokens left out. */
export interface Activation {
  readonly name: string
  readonly channels: number
  readonly space: readonly number[]
  /** Places: the product of `space`. */
  readonly size: number
  readonly values: Float64Array
  /** Zeros where the rule needs no gradient. */
  readonly gradient: Float64Array
}

interface CamContext {
  readonly evaluator: Evaluator
  /** The same target explained at the layer; only where the rule needs no gradient. */
  readonly inside?: Evaluator
  readonly options: Options
  readonly seed: number
}

/** L = sum_c w_c X_c at every place of the layer, clipped at zero where `relu` is on. */
export interface CamRule extends Pick<Method, 'name' | 'aliases' | 'summary' | 'formula' | 'citation'> {
  /** Options beside `layer` and `relu`. */
  readonly options?: OptionSpecs
  /** Default of `relu`. */
  readonly relu: boolean
  /** Reads the gradient at the layer, or finds its weights by forward passes (or from the values alone). */
  readonly reads: 'gradient' | 'values'
  readonly needs?: Method['needs']
  /** w: one weight per channel, or one per value. */
  readonly weights: (activation: Activation, context: CamContext) => ArrayLike<number> | Promise<ArrayLike<number>>
  /** X; default the layer's values. */
  readonly weighted?: (activation: Activation, options: Options) => ArrayLike<number>
  /** Forwards beside the first one and the one that reads the layer. */
  readonly forwards?: number
}

/** A method from a rule: finds the layer, reads it, weighs it. The map has the layer's own resolution, [1, ...space], raw. */
export const camMethod = (rule: CamRule): Method => ({
  name: rule.name,
  ...(rule.aliases ? { aliases: rule.aliases } : {}),
  summary: rule.summary,
  formula: rule.formula,
  citation: rule.citation,
  options: {
    layer: {
      kind: 'text',
      default: '',
      describe: 'tensor name of the layer (default: the last one with places, before pooling)',
    },
    relu: { kind: 'flag', default: rule.relu, describe: 'clip negative values' },
    ...rule.options,
  },
  needs: [...(rule.reads === 'gradient' ? (['gradient'] as const) : []), 'spatial layer', ...(rule.needs ?? [])],
  promises: [],
  signed: !rule.relu,
  cost: () => ({
    forwards: (rule.reads === 'gradient' ? 1 : 2) + (rule.forwards ?? 0),
    gradients: rule.reads === 'gradient' ? 1 : 0,
  }),
  async run(evaluator, options, seed) {
    const { name, values, space } = await camMap(rule, evaluator, options, seed)
    return { maps: { [name]: { values, dims: [1, ...space] } }, settled: { layer: name } }
  },
})

/** The map of a rule, with the layer's name and its space. */
export async function camMap(rule: CamRule, evaluator: Evaluator, options: Options, seed: number) {
  const name = options['layer'] || targetLayer(evaluator)
  const inside = rule.reads === 'values' ? await evaluator.inside(name) : undefined
  const read = inside ? inside.inputs[name]! : await evaluator.layer(name)
  const view = layerView(evaluator, name, read.dims)
  const { channels, space } = view
  const size = view.places.length
  const planes = (data: ArrayLike<number>): Float64Array =>
    Float64Array.from({ length: channels * size }, (_, i) => {
      return data[Math.floor(i / size) * view.channelStep + view.places[i % size]!]!
    })
  const values = planes('data' in read ? read.data : read.values)
  const gradient = 'data' in read ? new Float64Array(values.length) : planes(read.gradient)
  const activation: Activation = { name, channels, space, size, values, gradient }
  const weights = await rule.weights(activation, { evaluator, ...(inside ? { inside } : {}), options, seed })
  const map = weightedSum(activation, weights, rule.weighted?.(activation, options) ?? values)
  return { name, space, values: Float32Array.from(map, value => (options['relu'] ? Math.max(0, value) : value)) }
}

/** sum over channels of weight times value, at every place. */
function weightedSum({ channels, size }: Activation, weights: ArrayLike<number>, values: ArrayLike<number>): Float64Array {
  const map = new Float64Array(size)
  const each = weights.length === channels * size ? 1 : size
  for (let c = 0; c < channels; c++)
    for (let i = 0; i < size; i++) map[i]! += weights[each === 1 ? c * size + i : c]! * values[c * size + i]!
  return map
}

/** One number per channel, of the channel's range [from, to) in the planes. */
export const perChannel = ({ channels, size }: Activation, make: (from: number, to: number) => number): Float64Array =>
  Float64Array.from({ length: channels }, (_, c) => make(c * size, (c + 1) * size))

/** sum_i of one channel. */
export function sumOver(from: number, to: number, value: (index: number) => number): number {
  let sum = 0
  for (let i = from; i < to; i++) sum += value(i)
  return sum
}
