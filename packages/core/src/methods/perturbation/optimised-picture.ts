/** @file The one explained picture, as methods that optimise a mask over it see it. */
import { UsageError } from '../../errors.js'
import type { Evaluator } from '../../evaluator.js'
import { fromPlanes, pictureStrides, toPlanes } from '../../picture.js'
import { repeated } from '../../tensor-value.js'

/** Values channel after channel, whatever the layout of the model. */
export interface OptimisedPicture {
  readonly name: string
  readonly planes: Float32Array
  readonly channels: number
  readonly height: number
  readonly width: number
  /** f and its gradient at pictures, all else as it is; costs a gradient for each. */
  gradients(pictures: readonly ArrayLike<number>[]): Promise<{ readonly value: number; readonly gradient: Float32Array }[]>
}

/** @throws UsageError where not exactly one picture is explained */
export function optimisedPicture(evaluator: Evaluator, method: string): OptimisedPicture {
  const [name, ...more] = evaluator.at.filter(one => evaluator.pictureAxes(one))
  if (name === undefined || more.length > 0)
    throw new UsageError(
      `${method} needs exactly one explained picture [1, channels, height, width]; name one with --at, or use kernel-shap for other inputs`,
    )
  const { dims, data } = evaluator.inputs[name]!
  const axes = evaluator.pictureAxes(name)!
  const { channels, height, width } = pictureStrides(dims, axes)
  return {
    name,
    planes: toPlanes(data, dims, axes),
    channels,
    height,
    width,
    gradients: async pictures => {
      const count = pictures.length
      const points = Object.fromEntries(
        evaluator.at.map(other => {
          const out = repeated(evaluator.inputs[other]!.data, count)
          if (other === name) for (const [k, one] of pictures.entries()) out.set(fromPlanes(one, dims, axes), k * data.length)
          return [other, out]
        }),
      )
      const { values, gradients } = await evaluator.gradient(points, count)
      return Array.from(values, (value, k) => ({
        value,
        gradient: toPlanes(gradients[name]!.subarray(k * data.length, (k + 1) * data.length), dims, axes),
      }))
    },
  }
}
