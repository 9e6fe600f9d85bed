/** @file The fixed shape of class activation maps: what is weighted at a layer, and by how much. */
import type { Evaluator } from '../../evaluator.js'
import { layerView, targetLayer } from '../../layers.js'
import type { Method, OptionSpecs, Options } from '../method.js'
import { centred, principalDirection } from './principal.js'

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
  /** Values of the layer's dimensions as [channels, size] planes. */
  readonly planes: (data: ArrayLike<number>) => Float64Array
}

/** L = sum_c w_c X_c at every place of the layer, clipped at zero where `relu` is on. */
export interface CamRule extends Pick<Method, 'name' | 'aliases' | 'summary' | 'formula' | 'citation' | 'control'> {
  /** Options beside `layer`, `relu` and `channels`. */
  readonly options?: OptionSpecs
  /** Default of `relu`. */
  readonly relu: boolean
  /** Reads the gradient at the layer, or finds its weights by forward passes (or from the values alone). */
  readonly reads: 'gradient' | 'values'
  readonly needs?: Method['needs']
  /** w: one weight per channel, or one per value. */
  readonly weights?: (activation: Activation, context: CamContext) => ArrayLike<number> | Promise<ArrayLike<number>>
  /** X; default the layer's values. */
  readonly weighted?: (activation: Activation, options: Options) => ArrayLike<number>
  /** L itself, of a rule that is no weighted sum: it has no `weights`, and its method no option `channels`. */
  readonly map?: (activation: Activation, context: CamContext) => ArrayLike<number>
  /** Forwards beside the first one and the one that reads the layer, by the layer's channels. */
  readonly forwards?: (channels: number) => number
  /** Gradients beside the one that reads the layer. */
  readonly gradients?: number
}

/** What becomes of the weighted channels [channels, size]: one map, or one per channel. */
const combined: Readonly<Record<string, (activation: Activation, weighted: Float64Array) => Float64Array>> = {
  sum: ({ channels, size }, weighted) =>
    Float64Array.from({ length: size }, (_, i) => sumOver(0, channels, c => weighted[c * size + i]!)),
  principal: (activation, weighted) => {
    const { channels, size } = activation
    const x = centred(activation, weighted)
    const direction = principalDirection(activation, x)
    return Float64Array.from({ length: size }, (_, i) => sumOver(0, channels, c => direction[c]! * x[c * size + i]!))
  },
  each: (_, weighted) => weighted,
}

const channelsOption = {
  channels: {
    kind: 'choice',
    default: 'sum',
    values: Object.keys(combined),
    describe: 'sum over the weighted channels, their first principal component, or one map for each',
  },
} as const satisfies OptionSpecs

/**
 * A method from a rule: finds the layer, reads it, weighs it. The map has the layer's own resolution, [1, ...space], raw; with
 * `channels=each` [1, channels, ...space] (Captum's attr_dim_summation=False), with `channels=principal` the first principal component of
 * the weighted channels, centred, in place of their sum (pytorch-grad-cam's eigen_smooth), of the sign with which it goes up where that does.
 */
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
    ...(rule.map ? {} : channelsOption),
    ...rule.options,
  },
  needs: [...(rule.reads === 'gradient' ? (['gradient'] as const) : []), 'spatial layer', ...(rule.needs ?? [])],
  promises: [],
  signed: !rule.relu,
  ...(rule.control ? { control: true as const } : {}),
  cost: (options, evaluator) => ({
    forwards: (rule.reads === 'gradient' ? 1 : 2) + (rule.forwards?.(channelCount(evaluator, options)) ?? 0),
    gradients: (rule.reads === 'gradient' ? 1 : 0) + (rule.gradients ?? 0),
  }),
  async run(evaluator, options, seed) {
    const { name, values, dims } = await camMap(rule, evaluator, options, seed)
    return { maps: { [name]: { values, dims } }, settled: { layer: name } }
  },
})

/** Channels of a usual last layer, for a cost that knows no model. */
const usualChannels = 512

/** Channels of the layer that will be read. */
function channelCount(evaluator: Evaluator | undefined, options: Options): number {
  if (!evaluator) return usualChannels
  const name = options['layer'] || targetLayer(evaluator)
  evaluator.model.checkTensor(name)
  const dims = evaluator.graph.dims(name)
  return dims ? layerView(evaluator, name, dims).channels : usualChannels
}

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
  const context: CamContext = { evaluator, ...(inside ? { inside } : {}), options, seed, planes }
  const each = options['channels'] === 'each'
  const map = rule.map
    ? rule.map(activation, context)
    : combined[options['channels'] ?? 'sum']!(
        activation,
        product(activation, await rule.weights!(activation, context), rule.weighted?.(activation, options) ?? values),
      )
  const clipped = Float32Array.from(map, value => (options['relu'] ? Math.max(0, value) : value))
  return { name, space, values: clipped, dims: [1, ...(each ? [channels] : []), ...space] }
}

/** Weight times value, at every place of every channel. */
function product({ channels, size }: Activation, weights: ArrayLike<number>, values: ArrayLike<number>): Float64Array {
  const single = weights.length !== channels * size
  return Float64Array.from(values, (value, i) => weights[single ? Math.floor(i / size) : i]! * value)
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
