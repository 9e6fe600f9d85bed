/** @file SLIC superpixels: k-means in colour and place, each cluster searched near its centre only. */
import { byPlace, type SegmentPicture, scaledPlanes } from './place.js'
import type { SegmentKind } from './segments.js'

const iterations = 10

/**
 * At most `count` connected superpixels of height x width places. With S = sqrt(places / count), centres start on a regular grid and a
 * place joins the centre within 2 S that has the least |colour difference|^2 + (compactness / S)^2 |place difference|^2; ten rounds.
 * Colours are the tensor's own channels, scaled together to [0, 100]. Pieces smaller than a quarter of S^2 join a neighbour; while there
 * are more than `count`, the smallest joins the neighbour of the nearest mean colour.
 * Achanta et al.: SLIC Superpixels Compared to State-of-the-art Superpixel Methods, TPAMI 2012.
 */
function superpixels(picture: SegmentPicture, count: number, compactness: number): Int32Array {
  const { channels, height, width } = picture
  const places = height * width
  const colours = scaledPlanes(picture, 100)
  const rows = Math.max(1, Math.min(height, Math.round(Math.sqrt((count * height) / width))))
  const columns = Math.max(1, Math.min(width, Math.floor(count / rows)))
  const [stepY, stepX] = [height / rows, width / columns]
  const step = Math.sqrt(stepY * stepX)
  const centres = rows * columns
  const size = channels + 2
  const centre = new Float64Array(centres * size)
  for (let k = 0; k < centres; k++) {
    const y = (Math.floor(k / columns) + 0.5) * stepY - 0.5
    const x = ((k % columns) + 0.5) * stepX - 0.5
    const place = Math.round(y) * width + Math.round(x)
    for (let c = 0; c < channels; c++) centre[k * size + c] = colours[c * places + place]!
    centre.set([y, x], k * size + channels)
  }
  const pull = (compactness / step) ** 2
  const labels = new Int32Array(places)
  const nearest = new Float64Array(places)
  for (let round = 0; round < iterations; round++) {
    nearest.fill(Number.POSITIVE_INFINITY)
    for (let k = 0; k < centres; k++) {
      const [cy, cx] = [centre[k * size + channels]!, centre[k * size + channels + 1]!]
      const [top, bottom] = [Math.max(0, Math.ceil(cy - 2 * stepY)), Math.min(height - 1, Math.floor(cy + 2 * stepY))]
      const [left, right] = [Math.max(0, Math.ceil(cx - 2 * stepX)), Math.min(width - 1, Math.floor(cx + 2 * stepX))]
      for (let y = top; y <= bottom; y++)
        for (let x = left; x <= right; x++) {
          const place = y * width + x
          // Products, not powers: this is the innermost loop, and powers take a call each.
          let far = pull * ((y - cy) * (y - cy) + (x - cx) * (x - cx))
          for (let c = 0; c < channels && far < nearest[place]!; c++) {
            const apart = colours[c * places + place]! - centre[k * size + c]!
            far += apart * apart
          }
          if (far < nearest[place]!) {
            nearest[place] = far
            labels[place] = k
          }
        }
    }
    recentre(centre, labels, colours, channels, width)
  }
  const joined = joinSmall(labels, height, width, (step * step) / 4)
  joinMost(joined, colours, channels, width, Math.max(1, Math.floor(count)))
  return joined
}

/** Moves every centre to the mean of its places; one without places stays. */
function recentre(centre: Float64Array, labels: Int32Array, colours: Float64Array, channels: number, width: number): void {
  const [size, places] = [channels + 2, labels.length]
  const sums = new Float64Array(centre.length)
  const members = new Float64Array(centre.length / size)
  for (let place = 0; place < places; place++) {
    const at = labels[place]! * size
    for (let c = 0; c < channels; c++) sums[at + c]! += colours[c * places + place]!
    sums[at + channels]! += Math.floor(place / width)
    sums[at + channels + 1]! += place % width
    members[labels[place]!]! += 1
  }
  members.forEach((count, k) => {
    if (count > 0) for (let i = k * size; i < (k + 1) * size; i++) centre[i] = sums[i]! / count
  })
}

/** Connected pieces (up, down, left, right) in row order; one of fewer than `least` places joins the piece before its first place. */
function joinSmall(labels: Int32Array, height: number, width: number, least: number): Int32Array {
  const out = new Int32Array(labels.length).fill(-1)
  let next = 0
  for (let first = 0; first < labels.length; first++) {
    if (out[first] !== -1) continue
    const piece = [first]
    out[first] = next
    const visit = (place: number): void => {
      if (out[place] !== -1 || labels[place] !== labels[first]) return
      out[place] = next
      piece.push(place)
    }
    for (let i = 0; i < piece.length; i++) {
      const place = piece[i]!
      const x = place % width
      if (x > 0) visit(place - 1)
      if (x < width - 1) visit(place + 1)
      if (place >= width) visit(place - width)
      if (place < (height - 1) * width) visit(place + width)
    }
    const before = first % width > 0 ? out[first - 1]! : first >= width ? out[first - width]! : -1
    if (piece.length < least && before >= 0) for (const place of piece) out[place] = before
    else next++
  }
  return out
}

/** Joins pieces, labelled 0, 1, ..., in place until there are at most `most`. */
function joinMost(labels: Int32Array, colours: Float64Array, channels: number, width: number, most: number): void {
  const places = labels.length
  const sizes: number[] = []
  const sums: Float64Array[] = []
  for (let place = 0; place < places; place++) {
    const label = labels[place]!
    sizes[label] = (sizes[label] ?? 0) + 1
    sums[label] ??= new Float64Array(channels)
    for (let c = 0; c < channels; c++) sums[label]![c]! += colours[c * places + place]!
  }
  const far = (a: number, b: number): number =>
    sums[a]!.reduce((sum, colour, c) => sum + (colour / sizes[a]! - sums[b]![c]! / sizes[b]!) ** 2, 0)
  for (let left = sizes.length; left > most; left--) {
    let small = -1
    sizes.forEach((size, label) => {
      if (size > 0 && (small < 0 || size < sizes[small]!)) small = label
    })
    const touching = new Set<number>()
    for (let place = 0; place < places; place++)
      for (const other of [place % width < width - 1 ? place + 1 : place, place + width]) {
        if (other >= places || labels[place] === labels[other]) continue
        if (labels[place] === small) touching.add(labels[other]!)
        if (labels[other] === small) touching.add(labels[place]!)
      }
    const into = [...touching].sort((a, b) => far(small, a) - far(small, b) || a - b)[0]!
    for (let place = 0; place < places; place++) if (labels[place] === small) labels[place] = into
    sizes[into]! += sizes[small]!
    sums[into] = sums[into]!.map((sum, c) => sum + sums[small]![c]!)
    sizes[small] = 0
  }
}

export const slic: SegmentKind = {
  summary: 'at most COUNT superpixels of even size: slic:COUNT:COMPACTNESS (Achanta et al. 2012)',
  parameters: [
    { name: 'count', default: 64, minimum: 1 },
    { name: 'compactness', default: 10, minimum: 0 },
  ],
  expected: ([count]) => Math.round(count!),
  make: (source, [count, compactness]) => byPlace(source, 'slic', picture => superpixels(picture, count!, compactness!)),
}
