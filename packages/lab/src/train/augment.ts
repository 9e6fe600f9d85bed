/** @file Small changes to training pictures that leave their class as it is. */
import type { Random } from '@ascribe/core'

export interface Augmentation {
  /** Mirror left and right half of the time. */
  readonly flip: boolean
  /** Move by up to this many pixels each way; the edge is repeated. */
  readonly crop: number
  /** Each channel times 1 + u and plus 255 v / 2, u and v uniform in [-colour, colour]. */
  readonly colour: number
}

export const noAugmentation: Augmentation = { flip: false, crop: 0, colour: 0 }

/** Writes the changed picture [side, side, 3] into `into` at `at`. Draws the same numbers whatever is switched on. */
export function augment(
  pixels: Uint8Array,
  side: number,
  { flip, crop, colour }: Augmentation,
  random: Random,
  into: Uint8Array,
  at: number,
): void {
  const mirrored = random.uniform() < 0.5 && flip
  const down = Math.floor(random.uniform() * (2 * crop + 1)) - crop
  const right = Math.floor(random.uniform() * (2 * crop + 1)) - crop
  const gain = [0, 1, 2].map(() => 1 + colour * (2 * random.uniform() - 1))
  const shift = [0, 1, 2].map(() => 127.5 * colour * (2 * random.uniform() - 1))
  if (!mirrored && down === 0 && right === 0 && colour === 0) {
    into.set(pixels, at)
    return
  }
  const inside = (place: number): number => Math.min(side - 1, Math.max(0, place))
  for (let y = 0; y < side; y++) {
    const row = inside(y + down) * side
    for (let x = 0; x < side; x++) {
      const from = 3 * (row + inside((mirrored ? side - 1 - x : x) + right))
      const to = at + 3 * (y * side + x)
      for (let c = 0; c < 3; c++) {
        const value = pixels[from + c]! * gain[c]! + shift[c]!
        into[to + c] = value < 0 ? 0 : value > 255 ? 255 : Math.round(value)
      }
    }
  }
}
