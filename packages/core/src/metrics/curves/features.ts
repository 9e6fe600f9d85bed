/** @file Features of an input and what a map gives each: the order in which they are switched. */
import { UsageError } from '../../errors.js'
import type { Evaluator } from '../../evaluator.js'
import type { OptionSpec, Options } from '../../methods/method.js'
import { featuresOf } from '../../segments/index.js'
import type { Features } from '../../segments/segments.js'
import type { Maps } from '../metric.js'
import { orderOf } from '../order.js'
import { elementValues, signed, signOption } from '../places.js'

export const featureOptions = {
  segments: {
    kind: 'segments',
    default: 'places',
    describe: 'features: places (pixels, tokens or columns), grid:8, slic:64, elements, ..., or a label map',
  },
  score: {
    kind: 'choice',
    default: 'sum',
    values: ['sum', 'mean'],
    describe: "a feature's score from the values of its elements",
  },
  sign: signOption('signed'),
} as const satisfies Readonly<Record<string, OptionSpec>>

export interface ScoredFeatures extends Features {
  readonly scores: Float64Array
  readonly sizes: Float64Array
}

/** Names of metrics' own partitions: of pictures these, of anything else tokens or columns. */
const ownKinds: Readonly<Record<string, (number: string) => string>> = {
  places: () => 'pixels',
  regions: number => `grid:${number || 14}`,
}

/**
 * Features of the explained tensors: `places` are pixels and `regions:14` a grid of 14 x 14 in pictures, tokens or columns in anything
 * else; other names are those of `segmentKinds`.
 */
export function partitionOf(evaluator: Evaluator, segments: Options['segments']): Features {
  const [name, number = ''] = typeof segments === 'string' ? segments.split(':') : ['']
  const own = Object.hasOwn(ownKinds, name!) ? ownKinds[name!]!(number) : undefined
  const pictures = evaluator.at.every(tensor => evaluator.pictureAxes(tensor))
  const features = featuresOf(evaluator, own === undefined ? segments : pictures ? own : 'auto')
  if (features.count === 0) throw new UsageError('the segments leave no feature to switch')
  return features
}

/** The option of metrics that switch coarser features than places. */
export const regionsOption = (standard: string): OptionSpec => ({
  kind: 'segments',
  default: standard,
  describe:
    'features: regions:N (a grid, tokens or columns), auto (superpixels, tokens or columns), places, grid:8, ..., or a label map',
})

/** The features, each with the sum or the mean of what its elements are attributed; `sign` is applied to a picture's places. */
export function scoredFeatures(evaluator: Evaluator, maps: Maps, options: Options): ScoredFeatures {
  const features = partitionOf(evaluator, options['segments'])
  const scores = new Float64Array(features.count)
  const sizes = new Float64Array(features.count)
  const values = elementValues(evaluator, maps)
  for (const name of evaluator.at) {
    const labels = features.labels[name]!
    placewise(evaluator, name, values[name]!, options['sign']).forEach((value, i) => {
      const label = labels[i]!
      if (label < 0) return
      scores[label]! += value
      sizes[label]! += 1
    })
  }
  if (options['score'] === 'mean') for (let i = 0; i < scores.length; i++) scores[i]! /= sizes[i]!
  return { ...features, scores, sizes }
}

/** Values with their sign settled place by place: of a picture, channels are added up first and the sum is shared among them. */
function placewise(evaluator: Evaluator, name: string, values: Float64Array, sign: string): Float64Array {
  if (sign === 'signed') return values
  const axes = evaluator.pictureAxes(name)
  if (!axes) return signed(values, sign)
  const { dims } = evaluator.inputs[name]!
  const channels = dims[axes.channel]!
  const step = axes.layout === 'NHWC' ? 1 : values.length / channels
  const stride = axes.layout === 'NHWC' ? channels : 1
  const out = new Float64Array(values.length)
  for (let place = 0; place < values.length / channels; place++) {
    let sum = 0
    for (let c = 0; c < channels; c++) sum += values[place * stride + c * step]!
    const share = signed([sum], sign)[0]! / channels
    for (let c = 0; c < channels; c++) out[place * stride + c * step] = share
  }
  return out
}

/** Features from first to last: largest score first (`descending`) or smallest first; equal scores by index. */
export const featureOrder = ({ scores }: ScoredFeatures, direction: 'descending' | 'ascending'): Uint32Array =>
  orderOf(scores, direction)
