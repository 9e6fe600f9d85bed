/** @file Checks of an architecture's options against each other and against the picture. */
import { UsageError } from '@ascribe/core'
import type { Task } from './architecture.js'

/** Channels and side of the square pictures of a task. @throws UsageError for other pictures */
export function squarePicture(architecture: string, { row }: Task): { readonly channels: number; readonly side: number } {
  const [channels, height, width] = row as [number, number, number]
  if (row.length !== 3 || height !== width)
    throw new UsageError(`${architecture} reads square pictures [channels, side, side], not rows of [${row.join(', ')}]`)
  return { channels, side: height }
}

/** @throws UsageError where `value` of the option is not a multiple of `of`; `why` says what `of` is */
export function requireMultiple(architecture: string, option: string, value: number, of: number, why: string): void {
  if (value % of !== 0)
    throw new UsageError(`${architecture}: option ${option} must be a multiple of ${of} (${why}), not ${value}`)
}

/** @throws UsageError for an even kernel, which has no middle */
export function requireOdd(architecture: string, kernel: number): void {
  if (kernel % 2 === 0) throw new UsageError(`${architecture}: option kernel must be odd, not ${kernel}`)
}

/** @throws UsageError where patches of this side do not tile the picture */
export function requireTiling(architecture: string, patch: number, side: number): void {
  if (side % patch !== 0)
    throw new UsageError(`${architecture}: option patch must divide the picture's side (${side} pixels), not ${patch}`)
}

/** @throws UsageError where the grid of patches cannot be halved between all stages */
export function requireHalvings(architecture: string, stages: number, places: number): void {
  if (places % 2 ** (stages - 1) !== 0)
    throw new UsageError(
      `${architecture}: option stages must be lower than ${stages}: ${places} places along a side cannot be halved ${stages - 1} times`,
    )
}
