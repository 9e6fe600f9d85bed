/** @file Members of one input combined: brought to the same places, weights learned where asked for. */
import {
  type AlignedMaps,
  type AttributionMap,
  alignMaps,
  combine,
  combineOverSegments,
  type EnsembleOptions,
  type Evaluator,
  explainerOf,
  faithfulnessForm,
  measureRemovals,
  normalise,
  optimalWeights,
  placeSegments,
  predictedChanges,
  type QuadraticForm,
  Random,
  robustnessForm,
  schemeNamed,
  UsageError,
} from '@ascribe/core'
import type { MethodRequest } from '../methods.js'
import type { CombineRequest } from './request.js'

export interface Member {
  readonly request: MethodRequest
  readonly map: AttributionMap
}

export interface Consensus {
  readonly dims: readonly number[]
  readonly values: Float32Array
  readonly spread: Float32Array
  /** Learned, one per member. */
  readonly weights?: readonly number[]
  /** The segments that were combined, where pixels were not. */
  readonly segments?: string
}

/** Noisy inputs that robust weights look at, and the noise's deviation relative to the range of the input. Our choice. */
const noise = { draws: 3, deviation: 0.05 } as const

/**
 * @throws UsageError for several explained tensors, maps that cannot be brought to one size, or too many places for the scheme
 */
export async function consensusOf(members: readonly Member[], evaluator: Evaluator, request: CombineRequest): Promise<Consensus> {
  const [name, ...more] = evaluator.at
  if (name === undefined || more.length > 0)
    throw new UsageError(`an ensemble is of maps of one tensor; ${evaluator.at.join(', ')} are explained: name one with --at`)
  const aligned = placed(
    members.map(({ map }) => map),
    evaluator,
    name,
    request,
  )
  const learned = request.weights && (await learnedWeights(members, aligned.members, evaluator, name, request))
  const options: EnsembleOptions = learned
    ? { ...request.options, schemeOptions: { weights: Array.from(learned).join('/') } }
    : request.options
  const scheme = typeof options.scheme === 'string' ? schemeNamed(options.scheme) : options.scheme!
  const tooMany = scheme.mostPlaces !== undefined && aligned.members[0]!.length > scheme.mostPlaces
  const segments = request.segments ?? (tooMany ? 'auto' : undefined)
  const found =
    segments === undefined
      ? combine(aligned.members, options)
      : combineOverSegments(aligned.members, placeSegments(evaluator, segments).labels, options)
  return {
    dims: aligned.dims,
    values: Float32Array.from(found.values),
    spread: Float32Array.from(found.spread),
    ...(learned ? { weights: Array.from(learned) } : {}),
    ...(segments === undefined ? {} : { segments }),
  }
}

interface Placed extends Pick<AlignedMaps, 'members'> {
  readonly dims: readonly number[]
}

/** Maps at the same places: pixels of a picture, else maps of equal dimensions as they are. */
function placed(
  maps: readonly AttributionMap[],
  evaluator: Evaluator,
  name: string,
  { reduce: channels }: CombineRequest,
): Placed {
  const axes = evaluator.pictureAxes(name)
  const { dims } = evaluator.inputs[name]!
  if (axes) {
    const [height, width] = [dims[axes.height]!, dims[axes.width]!]
    const { members } = alignMaps(maps, { size: { height, width }, channels, layout: axes.layout })
    return { members, dims: [1, height, width] }
  }
  const [first] = maps
  const odd = maps.find(map => map.dims.join() !== first!.dims.join())
  if (odd)
    throw new UsageError(
      `maps of dims [${first!.dims}] and [${odd.dims}] cannot be combined: only maps of pictures are brought to one size`,
    )
  return { members: maps.map(({ values }) => Float64Array.from(values)), dims: first!.dims }
}

async function learnedWeights(
  members: readonly Member[],
  maps: readonly Float64Array[],
  evaluator: Evaluator,
  name: string,
  request: CombineRequest,
): Promise<Float64Array> {
  const { normaliser = 'min-max', normaliserOptions, absolute, seed = 0 } = request.options
  const scaled = (map: ArrayLike<number>): Float64Array => normalise(map, normaliser, normaliserOptions, absolute)
  const own = maps.map(scaled)
  const removals = await measureRemovals(evaluator, { seed })
  if (!evaluator.pictureAxes(name) && removals.labels.length !== own[0]!.length)
    throw new UsageError('--weights needs maps with one value for every element of the explained tensor')
  const faithful = faithfulnessForm(
    own.map(map => predictedChanges(map, removals)),
    removals.drops,
  )
  let robust: QuadraticForm | undefined
  if (request.weights !== 'faithfulness') {
    const noisy: Float64Array[][] = []
    for (let draw = 0; draw < noise.draws; draw++) {
      const moved = await evaluator.moved({ [name]: noisyInput(evaluator.inputs[name]!.data, seed, draw) })
      const found: AttributionMap[] = []
      for (const { request: asked } of members) {
        const explained = await explainerOf(asked.method, asked.options, seed)(moved)
        found.push(explained[name] ?? Object.values(explained)[0]!)
      }
      noisy.push(placed(found, evaluator, name, request).members.map(scaled))
    }
    robust = robustnessForm(own, noisy)
  }
  return optimalWeights(request.weights!, faithful, robust, request.share)
}

function noisyInput(data: Float32Array, seed: number, draw: number): Float32Array {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const value of data) [low, high] = [Math.min(low, value), Math.max(high, value)]
  const random = new Random(seed, 0x4e0 + draw)
  return data.map(value => value + noise.deviation * (high - low) * random.normal())
}
