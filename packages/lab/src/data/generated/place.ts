/** @file Where the object of one instance lies and how full it is: the same for every class, so that mask and box tell nothing. */

import type { Draws } from './draws.js'

export interface Place {
  readonly row: number
  readonly column: number
  readonly width: number
  readonly height: number
  /** Share of the box that the object's body fills. */
  readonly fullness: number
}

/**
 * The larger side uniform in [size/sqrt(3), size/sqrt(2)), the smaller 0.85 to 1 of it, the location uniform among those that fit
 * (papers.md D.2; whole pixels).
 */
export function drawPlace(draws: Draws, size: number): Place {
  const least = Math.ceil(size / Math.sqrt(3))
  const most = Math.ceil(size / Math.sqrt(2)) - 1
  const larger = Math.min(most, Math.max(least, Math.round(draws.between(size / Math.sqrt(3), size / Math.sqrt(2)))))
  const smaller = Math.round(larger * draws.between(0.85, 1))
  const [width, height] = draws.sign() > 0 ? [larger, smaller] : [smaller, larger]
  const fullness = draws.between(0.47, 0.61)
  const row = Math.floor(draws.free(0, size - height + 1))
  const column = Math.floor(draws.free(0, size - width + 1))
  return { row, column, width, height, fullness }
}
