/** @file A picture under a mask: place by place between levels, from what stands for nothing to the picture itself. */
import { gaussianBlur } from '../../blur.js'

/** Levels of equal steps of the mask, planes channel after channel: the first shows at 0, the last (the picture) at 1. */
export interface Levels {
  readonly planes: readonly Float32Array[]
  readonly channels: number
}

/** The picture blurred with sigma from `most` down to 0 in `count` equal steps. */
export function blurLevels(
  picture: Float32Array,
  channels: number,
  height: number,
  width: number,
  count: number,
  most: number,
): Levels {
  const level = (k: number): Float32Array => gaussianBlur(picture, channels, height, width, most * (1 - k / (count - 1)))
  return { planes: Array.from({ length: count }, (_, k) => level(k)), channels }
}

/** Level below a mask value, and how far it is to the next. */
function between(mask: number, levels: number): readonly [number, number] {
  const at = Math.min(1, Math.max(0, mask)) * (levels - 1)
  const low = Math.min(levels - 2, Math.floor(at))
  return [low, at - low]
}

/** The picture under a mask. Place i shows place `source[i]` of the levels, default its own. */
export function blended({ planes, channels }: Levels, mask: ArrayLike<number>, source?: ArrayLike<number>): Float64Array {
  const places = mask.length
  const out = new Float64Array(channels * places)
  for (let i = 0; i < places; i++) {
    const [low, part] = between(mask[i]!, planes.length)
    for (let c = 0; c < channels; c++) {
      const at = c * places + (source?.[i] ?? i)
      out[c * places + i] = (1 - part) * planes[low]![at]! + part * planes[low + 1]![at]!
    }
  }
  return out
}

/** d L / d mask from d L / d picture. */
export function blendedBack(
  { planes, channels }: Levels,
  mask: ArrayLike<number>,
  gradient: ArrayLike<number>,
  source?: ArrayLike<number>,
): Float64Array {
  const places = mask.length
  return Float64Array.from({ length: places }, (_, i) => {
    const [low] = between(mask[i]!, planes.length)
    let sum = 0
    for (let c = 0; c < channels; c++) {
      const at = c * places + (source?.[i] ?? i)
      sum += gradient[c * places + i]! * (planes[low + 1]![at]! - planes[low]![at]!)
    }
    return sum * (planes.length - 1)
  })
}
