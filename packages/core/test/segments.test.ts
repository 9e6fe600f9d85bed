import { describe, expect, it } from 'vitest'
import { UsageError } from '../src/errors.js'
import { pictureAxes } from '../src/picture.js'
import { Random } from '../src/random.js'
import { expectedFeatures, segmentKinds } from '../src/segments/index.js'
import { partition, type SegmentSource, type Segments } from '../src/segments/segments.js'
import { float32, type TensorValue } from '../src/tensor-value.js'

const source = (dims: number[], data?: ArrayLike<number>, name = 'x'): SegmentSource => ({
  name,
  dims,
  data: data ? Float32Array.from(data) : new Float32Array(dims.reduce((a, b) => a * b, 1)),
  axes: pictureAxes(dims),
})

const labels = (segments: Segments, from: SegmentSource): number[] =>
  Array.from(partition(segmentKinds, segments, [from]).labels['x']!)

/** Planes [C, H, W] as NHWC data. */
const channelsLast = (planes: ArrayLike<number>, channels: number, places: number): number[] =>
  Array.from({ length: channels * places }, (_, i) => planes[(i % channels) * places + Math.floor(i / channels)]!)

/** A picture of `regions(y, x)` numbers, one colour each, with a little noise. */
function regionsPicture(height: number, width: number, region: (y: number, x: number) => number, noise = 0.01): Float32Array {
  const random = new Random(7)
  return Float32Array.from({ length: 3 * height * width }, (_, i) => {
    const [c, place] = [Math.floor(i / (height * width)), i % (height * width)]
    const which = region(Math.floor(place / width), place % width)
    return (which & (1 << c) ? 1 : -1) + noise * random.normal()
  })
}

/** Connected pieces (four neighbours) of one label each. */
function pieces(of: readonly number[], height: number, width: number): number {
  const seen = new Set<number>()
  let count = 0
  for (let first = 0; first < of.length; first++) {
    if (seen.has(first)) continue
    count++
    const open = [first]
    while (open.length > 0) {
      const place = open.pop()!
      if (seen.has(place)) continue
      seen.add(place)
      const [y, x] = [Math.floor(place / width), place % width]
      for (const [ny, nx] of [
        [y - 1, x],
        [y + 1, x],
        [y, x - 1],
        [y, x + 1],
      ] as const) {
        const other = ny * width + nx
        if (ny >= 0 && ny < height && nx >= 0 && nx < width && of[other] === of[place]) open.push(other)
      }
    }
  }
  return count
}

describe('regular partitions', () => {
  it('grid: cells of rows and columns, the same in every channel', () => {
    const cells = [0, 0, 1, 1, 0, 0, 1, 1, 2, 2, 3, 3, 2, 2, 3, 3]
    expect(labels('grid:2', source([1, 2, 4, 4]))).toEqual([...cells, ...cells])
    expect(labels('grid:1x2', source([1, 1, 2, 4]))).toEqual([0, 0, 1, 1, 0, 0, 1, 1])
    expect(labels('grid:2:1', source([1, 1, 3, 2]))).toEqual([0, 0, 0, 0, 1, 1])
    expect(expectedFeatures('grid:4')).toBe(16)
    expect(expectedFeatures('grid:4x2')).toBe(8)
  })

  it('more cells than places are the places', () => {
    expect(labels('grid:9', source([1, 1, 2, 3]))).toEqual([0, 1, 2, 3, 4, 5])
  })

  it('pixels, channels, columns, tokens, elements', () => {
    expect(labels('pixels', source([1, 2, 1, 3]))).toEqual([0, 1, 2, 0, 1, 2])
    expect(labels('channels', source([1, 2, 1, 3]))).toEqual([0, 0, 0, 1, 1, 1])
    expect(labels('columns', source([1, 3]))).toEqual([0, 1, 2])
    expect(labels('columns', source([1, 2, 3]))).toEqual([0, 1, 2, 0, 1, 2])
    expect(labels('tokens', source([1, 2, 3]))).toEqual([0, 0, 0, 1, 1, 1])
    expect(labels('elements', source([1, 2, 2]))).toEqual([0, 1, 2, 3])
  })

  it('auto: tokens for several vectors, columns for one', () => {
    expect(labels('auto', source([1, 2, 3]))).toEqual([0, 0, 0, 1, 1, 1])
    expect(labels('auto', source([2, 2]))).toEqual([0, 0, 1, 1])
    expect(labels('auto', source([1, 3]))).toEqual([0, 1, 2])
  })

  it.each(['grid:3', 'slic:9', 'felzenszwalb:100:0.8:4', 'quickshift:2', 'pixels', 'channels'])(
    '%s does not depend on the layout, and repeats itself',
    kind => {
      const [height, width] = [12, 10]
      const planes = regionsPicture(height, width, (y, x) => (y > 5 ? 1 : 0) + (x > 4 ? 2 : 0), 0.3)
      const first = labels(kind, source([1, 3, height, width], planes))
      const last = labels(kind, source([1, height, width, 3], channelsLast(planes, 3, height * width)))
      // Numbers follow the order of first appearance, which differs for channels only.
      expect(last).toEqual(channelsLast(first, 3, height * width))
      expect(labels(kind, source([1, 3, height, width], planes))).toEqual(first)
    },
  )
})

describe('superpixels', () => {
  const [height, width] = [32, 24]
  const quarter = (y: number, x: number): number => 1 + (y >= 13 ? 1 : 0) + (x >= 9 ? 2 : 0)
  const picture = source([1, 3, height, width], regionsPicture(height, width, quarter))
  const truth = Array.from({ length: height * width }, (_, i) => quarter(Math.floor(i / width), i % width))
  const places = (kind: string): number[] => labels(kind, picture).slice(0, height * width)

  it.each(['slic:12', 'slic:30', 'felzenszwalb:100:0', 'quickshift:4:20:1'])('%s keeps to the borders of colours', kind => {
    const found = places(kind)
    const colours = new Map<number, Set<number>>()
    found.forEach((label, i) => {
      colours.set(label, (colours.get(label) ?? new Set()).add(truth[i]!))
    })
    for (const one of colours.values()) expect(one.size).toBe(1)
  })

  it('felzenszwalb finds the four regions whole', () => {
    expect(new Set(places('felzenszwalb:1000:0')).size).toBe(4)
  })

  it.each(['slic:12', 'slic:30', 'felzenszwalb:100', 'felzenszwalb:1:0:1'])('%s makes connected segments', kind => {
    const found = places(kind)
    const count = new Set(found).size
    // Diagonal neighbours are joined by felzenszwalb, so it may have more pieces of four neighbours.
    if (kind.startsWith('slic')) expect(pieces(found, height, width)).toBe(count)
    expect(count).toBeGreaterThan(1)
  })

  it.each([1, 2, 3, 7, 12, 30, 100])('slic:%i makes no more segments than that', count => {
    const noisy = Float32Array.from(new Float32Array(3 * 24 * 32), (_, i) => Math.sin(i * i))
    expect(new Set(labels(`slic:${count}:0.5`, source([1, 3, 32, 24], noisy))).size).toBeLessThanOrEqual(count)
    expect(new Set(places(`slic:${count}`)).size).toBeLessThanOrEqual(count)
  })

  it('slic of a constant picture is the grid', () => {
    const flat = source([1, 3, 12, 12])
    expect(labels('slic:9', flat)).toEqual(labels('grid:3', flat))
    expect(new Set(labels('slic:1', flat)).size).toBe(1)
  })

  it('felzenszwalb agrees with a slow form: all edges looked through for the lightest', () => {
    const [rows, columns] = [5, 6]
    const random = new Random(3)
    const data = Float32Array.from({ length: rows * columns }, () => random.uniform())
    const [low, high] = [Math.min(...data), Math.max(...data)]
    const value = (i: number): number => Math.fround((data[i]! - low) * (1 / (high - low)))
    const edges: [number, number, number][] = []
    for (let a = 0; a < rows * columns; a++)
      for (let b = a + 1; b < rows * columns; b++) {
        const [dy, dx] = [Math.floor(b / columns) - Math.floor(a / columns), Math.abs((b % columns) - (a % columns))]
        if (dy <= 1 && dx <= 1) edges.push([a, b, Math.abs(value(a) - value(b))])
      }
    edges.sort((a, b) => a[2] - b[2])
    let regions = Array.from({ length: rows * columns }, (_, i) => ({ places: [i], inner: 0 }))
    for (const [a, b, weight] of edges) {
      const [one, two] = [regions.find(r => r.places.includes(a))!, regions.find(r => r.places.includes(b))!]
      const allowed = (r: typeof one): number => r.inner + 60 / 255 / r.places.length
      if (one === two || weight > allowed(one) || weight > allowed(two)) continue
      regions = [...regions.filter(r => r !== one && r !== two), { places: [...one.places, ...two.places], inner: weight }]
    }
    const found = labels('felzenszwalb:60:0:1', source([1, 1, rows, columns], data))
    expect(new Set(found).size).toBe(regions.length)
    expect(regions.length).toBeGreaterThan(2)
    for (const { places } of regions) expect(new Set(places.map(place => found[place])).size).toBe(1)
  })

  it('quickshift links to the nearest denser place: two bright spots are two trees', () => {
    const side = 16
    const spot = (y: number, x: number): number =>
      Math.exp(-((y - 4) ** 2 + (x - 4) ** 2) / 8) + Math.exp(-((y - 11) ** 2 + (x - 11) ** 2) / 8)
    const data = Array.from({ length: side * side }, (_, i) => spot(Math.floor(i / side), i % side))
    const found = labels('quickshift:1.5:4:0.2', source([1, 1, side, side], data))
    expect(found[4 * side + 4]).not.toBe(found[11 * side + 11])
    expect(found[4 * side + 4]).toBe(found[4 * side + 5])
  })
})

describe('labels given', () => {
  const whole = (dims: number[], values: number[]): TensorValue => ({ dtype: 'int32', dims, data: Int32Array.from(values) })

  it('per element, per place in both layouts, per token; below zero belongs to no feature', () => {
    expect(labels(whole([3], [5, -1, 5]), source([1, 3]))).toEqual([0, -1, 0])
    expect(labels(whole([1, 2], [7, 3]), source([1, 2, 1, 2]))).toEqual([0, 1, 0, 1])
    expect(labels(whole([5, 1], [0, 1, 2, 1, 0]), source([1, 5, 1, 2]))).toEqual([0, 0, 1, 1, 2, 2, 1, 1, 0, 0])
    expect(labels(whole([2], [4, 9]), source([1, 2, 3]))).toEqual([0, 0, 0, 1, 1, 1])
    expect(expectedFeatures(whole([4], [4, 9, 4, -1]))).toBe(2)
  })

  it('equal labels are one feature in all tensors; by name every tensor has its own', () => {
    const sources = [source([1, 2], [1, 2], 'a'), source([1, 2], [3, 4], 'b')]
    const shared = partition(segmentKinds, { a: float32([2], [0, 1]), b: float32([2], [1, 2]) }, sources)
    expect([shared.count, Array.from(shared.labels['a']!), Array.from(shared.labels['b']!)]).toEqual([3, [0, 1], [1, 2]])
    const own = partition(segmentKinds, 'columns', sources)
    expect([own.count, Array.from(own.labels['b']!)]).toEqual([4, [2, 3]])
  })

  it.each([
    ['sizes', whole([4], [1, 2, 3, 4]), /dims \[4\]/],
    ['fractions', float32([3], [1, 0.5, 2]), /whole numbers; there is 0.5/],
    ['a missing tensor', { other: whole([3], [1, 2, 3]) }, /no labels for "x"/],
  ])('refuses %s', (_, given, message) => {
    expect(() => labels(given as Segments, source([1, 3]))).toThrow(message)
  })
})

describe('what is asked for', () => {
  it.each([
    ['grd', /unknown segments "grd"; did you mean "grid"/],
    ['grid:0', /rows must be a number of at least 1/],
    ['grid:a', /rows must be a number/],
    ['grid:', /rows must be a number/],
    ['grid:1:2:3', /grid takes rows:columns/],
    ['tokens:3', /tokens takes no numbers/],
    ['slic:20', /need a picture/],
  ])('refuses %s', (text, message) => {
    expect(() => labels(text, source([1, 3]))).toThrow(UsageError)
    expect(() => labels(text, source([1, 3]))).toThrow(message)
  })
})
