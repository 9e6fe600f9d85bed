/** @file The fixed shape of an object class, and the outlines its drawings are made of. */

import type { Draws } from './draws.js'

/** Corners x0, y0, x1, y1, ... of a closed outline; x to the right, y down, about -1 to 1. */
export type Outline = readonly number[]

/** Filled where an odd number of outlines go round (`body`); `detail` lies on the body in another tone. */
interface Drawing {
  readonly body: readonly Outline[]
  readonly detail: readonly Outline[]
}

export interface ObjectClass {
  readonly name: string
  /**
   * One object with its own parameters, as a drawing for every fullness in 0..1: the larger, the more of its box the body fills.
   * How full it is belongs to the place, not to the class.
   */
  draw(draws: Draws): (fullness: number) => Drawing
}

/** Points on an elliptic arc, ends included; angles in radians, from the x axis towards the y axis. */
export function arc(x: number, y: number, across: number, down: number, from: number, to: number, steps = 24): number[] {
  const points: number[] = []
  for (let i = 0; i <= steps; i++) {
    const angle = from + ((to - from) * i) / steps
    points.push(x + across * Math.cos(angle), y + down * Math.sin(angle))
  }
  return points
}

export const disc = (x: number, y: number, radius: number, steps = 20): number[] =>
  arc(x, y, radius, radius, 0, 2 * Math.PI, steps)

/** A straight bar of full width `width` between two points. */
export function bar(x0: number, y0: number, x1: number, y1: number, width: number): number[] {
  const length = Math.hypot(x1 - x0, y1 - y0)
  const dx = (((y1 - y0) / length) * width) / 2
  const dy = ((-(x1 - x0) / length) * width) / 2
  return [x0 + dx, y0 + dy, x1 + dx, y1 + dy, x1 - dx, y1 - dy, x0 - dx, y0 - dy]
}

export const mix = (from: number, to: number, share: number): number => from + (to - from) * share
