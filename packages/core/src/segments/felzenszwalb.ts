/** @file Felzenszwalb's graph segmentation: places joined along the weakest edges first. */
import { gaussianBlur } from '../blur.js'
import { byPlace, type SegmentPicture, scaledPlanes } from './place.js'
import type { SegmentKind } from './segments.js'

/** Merged sets of places, with path halving. */
class Forest {
  readonly #parent: Int32Array
  readonly size: Int32Array

  constructor(count: number) {
    this.#parent = Int32Array.from({ length: count }, (_, i) => i)
    this.size = new Int32Array(count).fill(1)
  }

  root(place: number): number {
    const parent = this.#parent
    let at = place
    while (parent[at] !== at) at = parent[at] = parent[parent[at]!]!
    return at
  }

  /** Joins two roots under the one of more places (the first of equal ones), which it gives. */
  join(a: number, b: number): number {
    const [kept, lost] = this.size[a]! >= this.size[b]! ? [a, b] : [b, a]
    this.#parent[lost] = kept
    this.size[kept]! += this.size[lost]!
    return kept
  }
}

/**
 * Labels of height x width places. Edges join each place to its eight neighbours, weighted by the Euclidean colour difference after a
 * Gaussian blur; in order of weight (equal weights in row order) two regions merge where the edge is no heavier than either's heaviest
 * inner edge + scale / (255 size). Regions of fewer than `least` places then merge with a neighbour. Colours are the tensor's own
 * channels, scaled together to a range of `top`, and scale is divided by 255, as scikit-image does.
 * Felzenszwalb, Huttenlocher: Efficient Graph-Based Image Segmentation, IJCV 2004.
 */
export function felzenszwalbRegions(picture: SegmentPicture, scale: number, sigma: number, least: number, top = 1): Int32Array {
  const { channels, height, width } = picture
  const places = height * width
  const colours = gaussianBlur(scaledPlanes(picture, top), channels, height, width, sigma)
  const [from, to, weights]: [number[], number[], number[]] = [[], [], []]
  const neighbours = [
    [0, 1],
    [1, 0],
    [1, 1],
    [1, -1],
  ] as const
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (const [down, right] of neighbours) {
        const [ny, nx] = [y + down, x + right]
        if (ny >= height || nx < 0 || nx >= width) continue
        let sum = 0
        for (let c = 0; c < channels; c++)
          sum += (colours[c * places + y * width + x]! - colours[c * places + ny * width + nx]!) ** 2
        from.push(y * width + x)
        to.push(ny * width + nx)
        weights.push(Math.sqrt(sum))
      }
  const order = Uint32Array.from(weights, (_, i) => i).sort((a, b) => weights[a]! - weights[b]! || a - b)
  const forest = new Forest(places)
  const inner = new Float64Array(places)
  for (const edge of order) {
    const [a, b] = [forest.root(from[edge]!), forest.root(to[edge]!)]
    if (a === b) continue
    const allowed = (root: number): number => inner[root]! + scale / 255 / forest.size[root]!
    if (weights[edge]! <= Math.min(allowed(a), allowed(b))) inner[forest.join(a, b)] = weights[edge]!
  }
  for (const edge of order) {
    const [a, b] = [forest.root(from[edge]!), forest.root(to[edge]!)]
    if (a !== b && Math.min(forest.size[a]!, forest.size[b]!) < least) forest.join(a, b)
  }
  return Int32Array.from({ length: places }, (_, place) => forest.root(place))
}

export const felzenszwalb: SegmentKind = {
  summary: 'regions along the weakest edges: felzenszwalb:SCALE:SIGMA:LEAST (Felzenszwalb, Huttenlocher 2004)',
  parameters: [
    { name: 'scale', default: 100, minimum: 0 },
    { name: 'sigma', default: 0.8, minimum: 0 },
    { name: 'least', default: 20, minimum: 1 },
  ],
  make: (source, [scale, sigma, least]) =>
    byPlace(source, 'felzenszwalb', picture => felzenszwalbRegions(picture, scale!, sigma!, least!)),
}
