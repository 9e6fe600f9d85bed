/** @file The fixed shape of a scene class, and the lines its patterns are made of. */

import type { Draws } from './draws.js'

/** Height of the pattern at a place: u and v in cells (the pattern's spacing is 1), any range. */
type Pattern = (u: number, v: number) => number

export interface SceneClass {
  readonly name: string
  /** Spacing of the pattern as a share of the picture's side, on top of the draw all classes share. */
  readonly spacing: number
  /** One pattern with its own parameters; `middle` is the middle of the picture and `span` its side, in cells. */
  draw(draws: Draws, middle: readonly [u: number, v: number], span: number): Pattern
}

/** 0 on a line, 1 away from it: a groove of half width `width` with soft sides, for a distance in cells. */
export const groove = (distance: number, width: number): number => {
  const d = (Math.abs(distance) - width) / 0.1
  return d <= 0 ? 0 : d >= 1 ? 1 : d * d * (3 - 2 * d)
}

/** Distance to the nearest whole number. */
export const toWhole = (x: number): number => Math.abs(x - Math.round(x))
