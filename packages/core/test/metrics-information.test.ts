/** @file AIC and SIC: the published curves from given sizes and predictions, interpolation, sizes, and a whole run. */
import { afterAll, describe, expect, it } from 'vitest'
import { aggregateCurves, measure, pictureToTensor, plainPreprocessing, prepare } from '../src/index.js'
import { trapezoid } from '../src/metrics/curves/area.js'
import { informationCurve, invalid } from '../src/metrics/information/curve.js'
import { GridTriangulation } from '../src/metrics/information/delaunay.js'
import { interpolated } from '../src/metrics/information/interpolation.js'
import { randomMask } from '../src/metrics/information/run.js'
import { webpBytes, webpVersion } from '../src/node.js'
import { Random } from '../src/random.js'
import { build, modelOf, tensor, testRuntime } from './support/models.js'

afterAll(() => testRuntime().dispose())

const points = (bytes: readonly number[], predictions: readonly number[]) => {
  const split = ([whole, hidden, ...steps]: readonly number[]) => ({ whole: whole!, hidden: hidden!, steps })
  return { bytes: split(bytes), predictions: split(predictions) }
}

describe('curves', () => {
  it.each([
    [
      'A',
      [100, 0, 20, 50, 80],
      [1, 0, 0.1, 0.4, 0.9],
      true,
      0.47,
      [0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.566667, 0.733333, 0.9, 0.95, 1],
    ],
    ['B', [100, 0, 20, 50, 80], [1, 0, 0.6, 0.2, 0.9], true, 0.655, [0, 0.3, 0.6, 0.6, 0.6, 0.6, 0.7, 0.8, 0.9, 0.95, 1]],
    [
      'B2',
      [100, 0, 20, 50, 80],
      [1, 0, 0.6, 0.2, 0.9],
      false,
      0.535,
      [0, 0.3, 0.6, 0.466667, 0.333333, 0.2, 0.433333, 0.666667, 0.9, 0.95, 1],
    ],
    ['C', [100, 20, 10, 20, 60], [1, 0, 0.5, 0.7, 0.8], true, 0.65, [0, 0.16, 0.32, 0.48, 0.64, 0.8, 0.84, 0.88, 0.92, 0.96, 1]],
    ['D', [100, 0, 50, 120, 110], [1, 0, 0.3, 0.6, 0.8], true, 0.32, [0, 0.06, 0.12, 0.18, 0.24, 0.3, 0.36, 0.42, 0.48, 0.54, 1]],
    [
      'E',
      [100, 0, 60, 30, 80],
      [1, 0, 0.5, 0.3, 0.9],
      true,
      0.555,
      [0, 0.166667, 0.333333, 0.5, 0.5, 0.5, 0.5, 0.7, 0.9, 0.95, 1],
    ],
    ['F', [100, 0, 40], [0.8, 0.3, 0.9], true, 0.8, [0, 0.25, 0.5, 0.75, 1, 1, 1, 1, 1, 1, 1]],
  ] as const)('case %s', (_, bytes, predictions, monotonous, area, y) => {
    const curve = informationCurve(points(bytes, predictions), { minimum: 0.8, monotonous, points: 10 })
    y.forEach((value, k) => {
      expect(curve.y[k]).toBeCloseTo(value, 5)
    })
    expect(trapezoid(curve)).toBeCloseTo(area, 9)
  })

  it('leaves out pictures in a fixed order of reasons', () => {
    expect(invalid(points([100, 0], [0.7, 0]), 0.8)).toMatch(/below 0.8/)
    expect(invalid(points([50, 50], [0.9, 0.9]), 0.8)).toMatch(/bytes/)
    expect(invalid(points([100, 50], [0.9, 0.9]), 0.8)).toMatch(/no lower/)
    expect(invalid(points([100, 50], [0.9, 0.8]), 0.8)).toBeUndefined()
  })

  it('are put together point by point', () => {
    const x = Float64Array.of(0, 0.25, 0.5, 0.75, 1)
    const curves = [
      { x, y: Float64Array.of(0, 0.2, 0.4, 0.6, 1) },
      { x, y: Float64Array.of(0, 0.4, 0.4, 0.4, 1) },
    ]
    const { curve, value } = aggregateCurves(curves, 'mean')
    ;[0, 0.3, 0.4, 0.5, 1].forEach((y, k) => {
      expect(curve.y[k]).toBeCloseTo(y, 12)
    })
    expect(value).toBeCloseTo(0.425, 12)
    expect(aggregateCurves([...curves, { x, y: Float64Array.of(0, 0.3, 0.5, 0.9, 1) }]).curve.y[1]).toBeCloseTo(0.3, 12)
    expect(() => aggregateCurves([])).toThrow(/no valid picture/)
  })
})

/** Triangles by their corners in reading order. */
const sortedTriangles = (mesh: GridTriangulation): string[] => {
  const { count, corners } = mesh.triangles()
  return Array.from({ length: count }, (_, t) => [...corners.subarray(3 * t, 3 * t + 3)].sort((a, b) => a - b).join()).sort()
}

describe('interpolation', () => {
  const grey = (values: readonly number[], width: number) => ({
    width,
    height: values.length / width,
    channels: 1 as const,
    data: Uint8Array.from(values),
  })

  const shown = (picture: ReturnType<typeof grey>, known: ArrayLike<number>) =>
    Array.from(interpolated(picture, [known])[0]!.data)

  it('of 3 x 3, with halves rounded to even', () => {
    const picture = grey([0, 0, 0, 1, 8, 1, 0, 0, 0], 3)
    // The middle lies half way between the known left neighbour (1) and the right side (0): 0.5, and 0 as a byte.
    expect(shown(picture, [0, 0, 0, 1, 0, 0, 0, 0, 0])).toEqual([0, 0, 0, 1, 0, 0, 0, 0, 0])
    expect(shown(grey([1, 0, 1, 0, 8, 0, 1, 0, 1], 3), new Uint8Array(9))).toEqual(Array(9).fill(1))
    expect(shown(picture, Array(9).fill(1))).toEqual(Array.from(picture.data))
  })

  it('of a ramp gives the ramp, whatever is known', () => {
    const data = Uint8Array.from({ length: 16 * 16 * 3 }, (_, i) => 16 * (Math.floor(i / 3) % 16))
    const ramp = { width: 16, height: 16, channels: 3 as const, data }
    for (let seed = 0; seed < 20; seed++)
      expect(interpolated(ramp, [randomMask(16, 16, 0.02 * seed, seed)])[0]!.data).toEqual(data)
  })

  it('triangles cover the picture once, and no circumcircle holds a point', () => {
    for (const share of [0.02, 0.3, 1]) {
      const known = randomMask(17, 23, share, 3)
      for (const corner of [0, 22, 16 * 23, 17 * 23 - 1]) known[corner] = 1
      const mesh = new GridTriangulation(17, 23)
      mesh.add(known)
      const { count, corners } = mesh.triangles()
      let area = 0
      for (let t = 0; t < count; t++) {
        const [[ax, ay], [bx, by], [cx, cy]] = [0, 1, 2].map(k => [
          corners[3 * t + k]! % 23,
          Math.floor(corners[3 * t + k]! / 23),
        ]) as [number[], number[], number[]]
        const twice = (bx! - ax!) * (cy! - ay!) - (by! - ay!) * (cx! - ax!)
        expect(twice).toBeGreaterThan(0)
        area += twice / 2
        const d = 2 * twice
        const square = (x: number, y: number): number => x * x + y * y
        const ux = (square(ax!, ay!) * (by! - cy!) + square(bx!, by!) * (cy! - ay!) + square(cx!, cy!) * (ay! - by!)) / d
        const uy = (square(ax!, ay!) * (cx! - bx!) + square(bx!, by!) * (ax! - cx!) + square(cx!, cy!) * (bx! - ax!)) / d
        const radius = Math.hypot(ax! - ux, ay! - uy)
        known.forEach((one, i) => {
          if (one && Math.hypot((i % 23) - ux, Math.floor(i / 23) - uy) < radius - 1e-7)
            throw new Error(`triangle ${t} holds ${i}`)
        })
      }
      expect(area).toBe(16 * 22)
    }
  })
})

describe('ties of the triangulation', () => {
  const meshOf = (height: number, width: number, ...sets: ArrayLike<number>[]) => {
    const mesh = new GridTriangulation(height, width)
    for (const set of sets) mesh.add(set)
    return sortedTriangles(mesh)
  }

  it('meet in one point of each circle, whichever way it lies', () => {
    // Eight places on circles around places of 60 x 60, and nothing else within.
    const ring = [
      [-1, -2],
      [1, -2],
      [-2, -1],
      [2, -1],
      [-2, 1],
      [2, 1],
      [-1, 2],
      [1, 2],
    ]
    const meeting = new Set<number>()
    for (let y = 5; y < 60; y += 10)
      for (let x = 5; x < 60; x += 10) {
        const places = ring.map(([dx, dy]) => 60 * (y + dy!) + x + dx!)
        const found = meshOf(
          60,
          60,
          Uint8Array.from({ length: 3600 }, (_, i) => Number(places.includes(i))),
        )
          .map(corners => corners.split(',').map(Number))
          .filter(corners => corners.every(corner => places.includes(corner)))
        expect(found).toHaveLength(6)
        const shared = places.filter(place => found.every(corners => corners.includes(place)))
        expect(shared).toHaveLength(1)
        meeting.add(places.indexOf(shared[0]!))
      }
    expect(meeting.size).toBe(8)
  })

  it('do not depend on the order in which places come', () => {
    for (const seed of [1, 2, 3]) {
      const sparse = randomMask(20, 31, 0.1, seed)
      const dense = randomMask(20, 31, 0.6, seed + 10).map((one, i) => (one || sparse[i] ? 1 : 0))
      expect(meshOf(20, 31, sparse, dense)).toEqual(meshOf(20, 31, dense))
    }
  })
})

it('sizes as lossless WebP', async () => {
  const of = (side: number, channels: 1 | 3, value: (i: number) => number) => ({
    width: side,
    height: side,
    channels,
    data: Uint8Array.from({ length: side * side * channels }, (_, i) => value(Math.floor(i / channels))),
  })
  const [flat, ramp, grey] = await webpBytes([of(16, 3, () => 7), of(16, 3, i => 16 * (i % 16)), of(16, 1, i => 16 * (i % 16))])
  expect(webpVersion()).toMatch(/^\d/)
  // Sizes of libwebp 1.6.0; other versions may differ.
  expect([flat, ramp, grey]).toEqual([38, 64, 64])
})

it('a map that is right needs less information than one that is wrong, and small pictures are refused', async () => {
  // The class is decided by the brightness of a square; everything is noise.
  const side = 128
  const inside = (i: number): boolean => Math.abs(Math.floor(i / side) - 40) < 16 && Math.abs((i % side) - 80) < 16
  const random = new Random(2)
  const data = Uint8Array.from({ length: side * side }, (_, i) => (inside(i) ? 155 + random.integer(100) : random.integer(100)))
  const picture = { width: side, height: side, channels: 1 as const, data }
  const weights = Float32Array.from(data, (_, i) => (inside(i) ? 1 / 961 : 0))
  const preprocessing = { ...plainPreprocessing, channels: 'grey' as const, size: { width: side, height: side } }
  const toInput = (shown: typeof picture) => pictureToTensor(shown as never, preprocessing as never)
  const model = modelOf(
    build({ x: ['batch', 1, side, side] }, (b, x) => {
      const mean = b.emit('MatMul', [b.emit('Flatten', [x!]), b.constant(tensor([side * side, 1], Array.from(weights)))])
      const score = b.emit('Mul', [b.emit('Sub', [mean, b.float(0.6)]), b.float(40)])
      return b.emit('Concat', [score, b.emit('Neg', [score])], { axis: 1 })
    }),
  )
  const evaluator = await prepare(model, { x: toInput(picture) }, { target: 0 })
  const access = { picture, toInput: toInput as never, encodedBytes: webpBytes }
  const score = (values: ArrayLike<number>, metric: string, options = {}) =>
    measure(
      metric,
      { evaluator, maps: { x: { values: Float32Array.from(values), dims: [1, 1, side, side] } }, picture: access },
      options,
    )
  const right = await score(weights, 'sic', { points: 100 })
  const wrong = await score(
    weights.map(w => 1 - w * 961),
    'sic',
    { points: 100 },
  )
  expect(right.reason).toBeUndefined()
  expect(right.value).toBeGreaterThan(wrong.value + 0.2)
  const accuracy = await score(weights, 'aic', { random: 0 })
  expect(accuracy.value).toBeGreaterThan(0.5)
  expect(accuracy.curve!.x.length).toBe(1001)
  expect((await score(weights, 'sic', { minimum: 1 })).reason ?? 'valid').toMatch(/below 1|valid/)
  let encoded = 0
  const counting = {
    ...access,
    encodedBytes: (pictures: Parameters<typeof webpBytes>[0]) => {
      encoded += pictures.length
      return webpBytes(pictures)
    },
  }
  const map = { values: weights.slice(), dims: [1, 1, side, side] }
  const subject = { evaluator, maps: { x: map }, picture: counting }
  const both = [await measure('sic', subject, { points: 100 }), await measure('aic', subject, { minimum: 0.5 })]
  expect(both[0]!.value).toBe(right.value)
  expect(both[1]!.value).toBe((await score(weights, 'aic', { minimum: 0.5 })).value)
  expect(encoded).toBe(15)
  map.values.reverse()
  expect((await measure('sic', subject, { points: 100 })).value).not.toBe(right.value)
  expect(encoded).toBe(30)
  const small = { ...access, picture: { width: 4, height: 4, channels: 1 as const, data: new Uint8Array(16) } }
  await expect(
    measure('sic', { evaluator, maps: { x: { values: weights, dims: [1, 1, side, side] } }, picture: small }),
  ).rejects.toThrow(/at least 128/)
})
