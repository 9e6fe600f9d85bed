/** @file augmentation-smoothing: any picture method averaged over mirrored and rescaled inputs. */
import type { AttributionMap } from '../../attribution.js'
import { UsageError } from '../../errors.js'
import type { Evaluator, Points } from '../../evaluator.js'
import { pictureStrides } from '../../picture.js'
import { Random } from '../../random.js'
import { float32 } from '../../tensor-value.js'
import { innerMethod, settledInside } from '../inner-method.js'
import type { Method, Options } from '../method.js'
import { baselinePoints } from '../path/integrated-gradients.js'

/** The input is multiplied by each of these. */
const intensities = [0.9, 1, 1.1]
const copies = [false, true].flatMap(mirrored => intensities.map(factor => ({ mirrored, factor })))

/** First stream of the seeds that the copies' methods get. */
const seedStream = 2 ** 42

/** Values mirrored along an axis of `length` that lies `step` apart in memory. */
const mirror = (values: ArrayLike<number>, length: number, step: number): Float32Array =>
  Float32Array.from({ length: values.length }, (_, i) => {
    const place = Math.floor(i / step) % length
    return values[i + (length - 1 - 2 * place) * step]!
  })

function mirroredPicture(evaluator: Evaluator, name: string, values: ArrayLike<number>): Float32Array {
  const { dims } = evaluator.inputs[name]!
  const axes = evaluator.pictureAxes(name)
  if (!axes)
    throw new UsageError(
      `augmentation-smoothing mirrors pictures [1, channels, height, width]; "${name}" has dims [${dims}]; name a picture with --at`,
    )
  const { width, placeStep } = pictureStrides(dims, axes)
  return mirror(values, width, placeStep)
}

/** A copy's map as it lies on the input itself: of a picture along its width, of [1, height, width] along the last axis. */
function turnedBack(evaluator: Evaluator, name: string, { dims, values }: AttributionMap): Float32Array {
  const own = evaluator.inputs[name]?.dims
  if (own && own.length === dims.length && own.every((size, axis) => size === dims[axis]))
    return mirroredPicture(evaluator, name, values)
  if (dims.length !== 3)
    throw new UsageError(`augmentation-smoothing cannot turn back a map of dims [${dims}]; wrap a method that gives one map`)
  return mirror(values, dims[2]!, 1)
}

/** Baselines made from the input itself, mirrored with it. */
function withBaselines(evaluator: Evaluator, method: Method, options: Options, seed: number, mirrored: boolean): Options {
  return Object.fromEntries(
    Object.entries(options).map(([name, value]) => {
      const kind = method.options[name]?.kind
      if (kind === 'segments' && typeof value !== 'string')
        throw new UsageError(
          'augmentation-smoothing mirrors the picture, and labels given for it would not fit; name a partition',
        )
      if (kind !== 'baseline' || (typeof value === 'string' && /^(zeros|constant)/.test(value))) return [name, value]
      const points = baselinePoints(evaluator, value, seed)
      const turned = (at: string): Float32Array => (mirrored ? mirroredPicture(evaluator, at, points[at]!) : points[at]!)
      return [name, Object.fromEntries(evaluator.at.map(at => [at, float32(evaluator.inputs[at]!.dims, turned(at))]))]
    }),
  )
}

/**
 * A = mean over T of T^-1 M(T x), T each of: the picture as it is and mirrored left to right, times 0.9, 1 and 1.1 in the model's input
 * space. M is the map of the method `of`, whose options are given as `of.NAME`; the target is fixed by the input itself. Maps are
 * averaged raw: pytorch-grad-cam's aug_smooth, with the same six copies, scales each to [0, 1] first.
 */
export const augmentationSmoothing = (methodNamed: (name: string) => Method): Method => {
  const method: Method = {
    name: 'augmentation-smoothing',
    aliases: ['aug-smooth', 'test-time-augmentation'],
    summary: 'any picture method averaged over mirrored and rescaled inputs; its options are written of.NAME',
    formula: 'A = mean over T of T^-1 M(T x), T mirrors or not and multiplies by 0.9, 1, 1.1',
    citation: 'test-time augmentation as in pytorch-grad-cam (aug_smooth)',
    options: { of: { kind: 'text', default: 'grad-cam', describe: 'the method to average' } },
    wraps: { option: 'of', methodNamed },
    needs: ['gradient', 'spatial layer', 'picture'],
    promises: [],
    signed: true,
    cost: (options, evaluator) => {
      const inner = innerMethod(method, options)
      const { forwards, gradients } = inner.method.cost(inner.options, evaluator)
      return { forwards: 1 + copies.length * forwards, gradients: copies.length * gradients }
    },
    async run(evaluator, options, seed) {
      const inner = innerMethod(method, options)
      const one = async (index: number) => {
        const { mirrored, factor } = copies[index]!
        const points: Points = Object.fromEntries(
          evaluator.at.map(name => {
            const { data } = evaluator.inputs[name]!
            return [name, (mirrored ? mirroredPicture(evaluator, name, data) : data).map(value => value * factor)]
          }),
        )
        const given = withBaselines(evaluator, inner.method, inner.options, seed, mirrored)
        const result = await inner.method.run(
          await evaluator.moved(points),
          given,
          new Random(seed, seedStream + index).integer(2 ** 31),
        )
        evaluator.progress(index + 1, copies.length, 'copies')
        const turned = Object.entries(result.maps).map(([name, map]): [string, AttributionMap] => [
          name,
          mirrored ? { dims: map.dims, values: turnedBack(evaluator, name, map) } : map,
        ])
        return { maps: Object.fromEntries(turned), settled: result.settled }
      }
      const results: Awaited<ReturnType<typeof one>>[] = []
      for (let index = 0; index < copies.length; index++) results.push(await one(index))
      const maps = Object.entries(results[0]!.maps).map(([name, { dims, values }]): [string, AttributionMap] => [
        name,
        {
          dims,
          values: values.map((_, i) => results.reduce((sum, result) => sum + result.maps[name]!.values[i]!, 0) / copies.length),
        },
      ])
      return { maps: Object.fromEntries(maps), settled: settledInside(results[0]!.settled) }
    },
  }
  return method
}
