/** @file Random draws for one part of a generated picture. What shapes a part comes from value bands that train and validation do not share. */

import type { Random } from '@ascribe/core'
import type { Split } from '../../bam/source.js'

const bands = 24

/** Where in a band of width 1 each split's values lie; nothing is drawn from the gaps between them. */
export const bandParts: Readonly<Record<Split, readonly [from: number, to: number]>> = { train: [0, 0.62], val: [0.7, 0.92] }

export class Draws {
  constructor(
    readonly random: Random,
    readonly split: Split,
  ) {}

  /** A generator parameter in [low, high), from this split's bands only: 24 equal bands, the split's part of each. */
  between(low: number, high: number): number {
    const [from, to] = bandParts[this.split]
    const band = this.random.integer(bands)
    return low + ((high - low) * (band + from + (to - from) * this.random.uniform())) / bands
  }

  /** Uniform in [low, high), the same for both splits: for positions and signs, which are no parameters of the drawing. */
  free(low: number, high: number): number {
    return low + (high - low) * this.random.uniform()
  }

  integer(limit: number): number {
    return this.random.integer(limit)
  }

  sign(): number {
    return this.random.uniform() < 0.5 ? -1 : 1
  }
}
