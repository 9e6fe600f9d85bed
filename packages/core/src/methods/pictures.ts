/** @file Maps of explained pictures, made place by place. */
import type { AttributionMap } from '../attribution.js'
import { UsageError } from '../errors.js'
import type { Evaluator } from '../evaluator.js'
import { fromPlanes, pictureStrides, toPlanes } from '../picture.js'

/** One explained picture as planes, channel after channel, whatever its layout. */
interface Picture {
  readonly planes: Float32Array
  readonly channels: number
  readonly height: number
  readonly width: number
}

/**
 * One map per explained tensor, each of which must be a picture [1, C, H, W] or [1, H, W, C].
 * @param method named in the error
 * @param make values channel after channel, or one plane that every channel gets
 * @throws UsageError for a tensor of other dimensions
 */
export function pictureMaps(
  evaluator: Evaluator,
  method: string,
  make: (picture: Picture, name: string) => ArrayLike<number>,
): Record<string, AttributionMap> {
  return Object.fromEntries(
    Object.entries(evaluator.inputs).map(([name, { dims, data }]) => {
      const axes = evaluator.pictureAxes(name)
      if (!axes)
        throw new UsageError(
          `${method} needs pictures [1, channels, height, width]; "${name}" has dims [${dims}]; name a picture with --at`,
        )
      const { channels, height, width, places } = pictureStrides(dims, axes)
      const picture = { planes: toPlanes(data, dims, axes), channels, height, width }
      const values = make(picture, name)
      const planes = Float32Array.from({ length: channels * places }, (_, i) => values[i % values.length]!)
      return [name, { dims, values: fromPlanes(planes, dims, axes) }]
    }),
  )
}
