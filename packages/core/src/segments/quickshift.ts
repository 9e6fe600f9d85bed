/** @file Quickshift: every place is linked to the nearest denser one, and long links are cut. */
import { byPlace, type SegmentPicture, scaledPlanes } from './place.js'
import type { SegmentKind } from './segments.js'

/**
 * Labels of height x width places. With d^2 = ratio^2 |colour difference|^2 + |place difference|^2, the density of a place is the sum of
 * exp(-d^2 / (2 kernel^2)) over the places within 3 kernels of it along each axis; its parent is the nearest denser place there (of equal
 * densities the earlier place counts as denser), unless farther than `farthest`. A tree is a segment. Colours are the tensor's own
 * channels, scaled together to [0, 100]. Vedaldi, Soatto: Quick Shift and Kernel Methods for Mode Seeking, ECCV 2008.
 */
function quickshiftTrees(picture: SegmentPicture, kernel: number, farthest: number, ratio: number): Int32Array {
  const { channels, height, width } = picture
  const places = height * width
  const colours = scaledPlanes(picture, 100 * ratio)
  const reach = Math.max(1, Math.floor(3 * kernel))
  const apart = (a: number, b: number, down: number, right: number): number => {
    let sum = down * down + right * right
    for (let c = 0; c < channels; c++) sum += (colours[c * places + a]! - colours[c * places + b]!) ** 2
    return sum
  }
  const around = (place: number, visit: (other: number, squared: number) => void): void => {
    const [y, x] = [Math.floor(place / width), place % width]
    for (let ny = Math.max(0, y - reach); ny <= Math.min(height - 1, y + reach); ny++)
      for (let nx = Math.max(0, x - reach); nx <= Math.min(width - 1, x + reach); nx++) {
        const other = ny * width + nx
        visit(other, apart(place, other, ny - y, nx - x))
      }
  }
  const density = new Float64Array(places)
  for (let place = 0; place < places; place++) {
    let sum = 0
    around(place, (_, squared) => (sum += Math.exp(-squared / (2 * kernel * kernel))))
    density[place] = sum
  }
  const parent = new Int32Array(places)
  for (let place = 0; place < places; place++) {
    let [nearest, found] = [farthest * farthest, place]
    around(place, (other, squared) => {
      const denser = density[other]! > density[place]! || (density[other] === density[place] && other < place)
      if (denser && (squared < nearest || (squared === nearest && found === place))) [nearest, found] = [squared, other]
    })
    parent[place] = found
  }
  const root = (place: number): number => {
    let at = place
    while (parent[at] !== at) at = parent[at]!
    return at
  }
  return Int32Array.from({ length: places }, (_, place) => root(place))
}

export const quickshift: SegmentKind = {
  summary: 'trees of ever denser places: quickshift:KERNEL:FARTHEST:RATIO (Vedaldi, Soatto 2008)',
  parameters: [
    { name: 'kernel', default: 4, minimum: 0.1 },
    { name: 'farthest', default: 200, minimum: 0 },
    { name: 'ratio', default: 0.2, minimum: 0 },
  ],
  make: (source, [kernel, farthest, ratio]) =>
    byPlace(source, 'quickshift', picture => quickshiftTrees(picture, kernel!, farthest!, ratio!)),
}
