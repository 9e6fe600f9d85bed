/**
 * The path from attribution to metric, written a second time from its definitions, slowly and in another form: pixel by pixel, ranks found by
 * counting, bilinear weights from the four neighbours. It shares no code with what it checks.
 */
import { describe, expect, it } from 'vitest'
import {
  attributionInside,
  bamMetricNamed,
  type MetricRecord,
  scoreMetric,
  type Variant,
  visualMap,
} from '../src/bam/metrics/index.js'

type Grid = number[][]

/** Numbers in [0, 1) from a linear congruence, so that the stored cases need no generator of the project. */
function numbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 16807) % 2147483647
    return state / 2147483647
  }
}

/** k-th smallest (k from 0), by counting how many are below. */
function orderStatistic(values: number[], k: number): number {
  for (const candidate of values) {
    let below = 0
    let equal = 0
    for (const value of values) {
      if (value < candidate) below++
      if (value === candidate) equal++
    }
    if (below <= k && k < below + equal) return candidate
  }
  throw new Error('no such order statistic')
}

function percentile99(values: number[]): number {
  const place = 0.99 * (values.length - 1)
  const under = Math.floor(place)
  const lower = orderStatistic(values, under)
  const upper = orderStatistic(values, Math.min(values.length - 1, under + 1))
  return lower * (1 - (place - under)) + upper * (place - under)
}

/** Value at output pixel (y, x) of a small grid stretched over height x width. */
function stretched(grid: Grid, y: number, x: number, height: number, width: number): number {
  const clamp = (value: number, most: number): number => Math.min(Math.max(value, 0), most)
  const down = clamp(((y + 0.5) * grid.length) / height - 0.5, grid.length - 1)
  const across = clamp(((x + 0.5) * grid[0]!.length) / width - 0.5, grid[0]!.length - 1)
  let sum = 0
  for (const [row, line] of grid.entries())
    for (const [column, value] of line.entries()) {
      const weight = Math.max(0, 1 - Math.abs(down - row)) * Math.max(0, 1 - Math.abs(across - column))
      sum += weight * value
    }
  return sum
}

const merge: Record<Variant, (values: number[]) => number> = {
  positive: values => values.filter(value => value > 0).reduce((a, b) => a + b, 0),
  signed: values => values.reduce((a, b) => a + b, 0),
  absolute: values => values.reduce((a, b) => a + Math.sqrt(b * b), 0),
  squared: values => values.reduce((a, b) => a + b ** 2, 0),
}

/** g of an attribution given as one grid per channel. */
function slowInside(grids: Grid[], mask: Grid, variant: Variant): number {
  const height = mask.length
  const width = mask[0]!.length
  const flat: number[] = []
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) flat.push(merge[variant](grids.map(grid => stretched(grid, y, x, height, width))))
  const least = variant === 'signed' ? 0 : orderStatistic(flat, 0)
  const most = percentile99(variant === 'signed' ? flat.map(value => (value < 0 ? -value : value)) : flat)
  let total = 0
  let count = 0
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      if (mask[y]![x]! < 128) continue
      let value = (flat[y * width + x]! - least) / (most - least)
      if (value > 1) value = 1
      if (value < (variant === 'signed' ? -1 : 0)) value = variant === 'signed' ? -1 : 0
      total += value
      count++
    }
  return total / count
}

interface Case {
  readonly grids: Grid[]
  readonly mask: Grid
}

/** Heavy-tailed values of both signs, and a soft-edged ellipse at a random place. */
function randomCase(seed: number, channels: number, height: number, width: number, size: number): Case {
  const next = numbers(seed)
  const value = (): number => Math.fround((next() - 0.45) * Math.exp(3 * next()))
  const grid = (): Grid => Array.from({ length: height }, () => Array.from({ length: width }, value))
  const [row, column, radius] = [size * (0.3 + 0.4 * next()), size * (0.3 + 0.4 * next()), size * (0.15 + 0.15 * next())]
  const cover = (y: number, x: number): number => radius + 0.5 - Math.hypot(y - row, (x - column) * 0.8)
  const mask = Array.from({ length: size }, (_, y) =>
    Array.from({ length: size }, (_, x) => Math.round(255 * Math.min(1, Math.max(0, cover(y, x))))),
  )
  return { grids: Array.from({ length: channels }, grid), mask }
}

function fast({ grids, mask }: Case, variant: Variant, form: 'first' | 'last' | 'plane'): number {
  const [height, width, size] = [grids[0]!.length, grids[0]![0]!.length, mask.length]
  const pixels = Array.from({ length: height * width }, (_, i) => [Math.floor(i / width), i % width] as const)
  const layouts = {
    first: { dims: [1, grids.length, height, width], values: grids.flat(2) },
    last: { dims: [1, height, width, grids.length], values: pixels.flatMap(([y, x]) => grids.map(grid => grid[y]![x]!)) },
    plane: { dims: [1, height, width], values: grids[0]!.flat() },
  }
  const { dims, values } = layouts[form]
  const place = form === 'last' ? 'last' : 'first'
  const map = visualMap(Float32Array.from(values), dims, { height: size, width: size }, variant, place)
  return attributionInside(map, Uint8Array.from(mask.flat()))
}

const variantNames: readonly Variant[] = ['positive', 'signed', 'absolute', 'squared']

describe('the attribution inside the mask, against a slow second implementation', () => {
  it.each(variantNames)('%s maps with channels, in both layouts', variant => {
    for (let seed = 1; seed <= 4; seed++) {
      const data = randomCase(seed * 7919, 3, 24, 24, 24)
      const expected = slowInside(data.grids, data.mask, variant)
      expect(Math.abs(expected)).toBeGreaterThan(1e-3)
      expect(Math.abs(fast(data, variant, 'first') - expected)).toBeLessThan(1e-6)
      expect(Math.abs(fast(data, variant, 'last') - expected)).toBeLessThan(1e-6)
    }
  })

  it.each(variantNames)('%s maps at a layer resolution of their own', variant => {
    for (const [seed, height, width] of [
      [11, 4, 4],
      [12, 8, 8],
      [13, 7, 5],
    ] as const) {
      const data = randomCase(seed * 104729, 1, height, width, 32)
      expect(Math.abs(fast(data, variant, 'plane') - slowInside(data.grids, data.mask, variant))).toBeLessThan(1e-6)
    }
  })
})

describe('metrics, against a slow second implementation', () => {
  const variant = 'positive'
  const images = Array.from({ length: 30 }, (_, i) => {
    const first = randomCase(31 * (i + 1), 3, 16, 16, 16)
    // The second map is the first with the object's values scaled by 0.5 to 1.5, so that changes of every size occur.
    const next = numbers(997 * (i + 1))
    next()
    const factor = 0.5 + next()
    const scaled = (value: number, y: number, x: number): number => Math.fround(first.mask[y]![x]! > 0 ? value * factor : value)
    const grids = first.grids.map(grid => grid.map((line, y) => line.map((value, x) => scaled(value, y, x))))
    return { first, second: { grids, mask: first.mask }, correct: [next() > 0.2, next() > 0.2] as const, out: next() < 0.1 }
  })
  const records: MetricRecord[] = images.map(({ first, second, correct, out }, i) => ({
    source: i,
    readings: [first, second].map((data, k) => ({ g: fast(data, variant, 'first'), correct: correct[k]! })),
    ...(out && { excluded: 'patch not accepted' as const }),
  }))
  const slow = images.map(({ first, second }) => [first, second].map(data => slowInside(data.grids, data.mask, variant)))

  function slowMean(count: (a: number, b: number) => number, both = true): [value: number, used: number] {
    let total = 0
    let used = 0
    for (const [i, { correct, out }] of images.entries()) {
      if (out || !correct[0] || (both && !correct[1])) continue
      total += count(slow[i]![0]!, slow[i]![1]!)
      used++
    }
    return [total / used, used]
  }

  const check = (name: string, expected: [number, number], options?: Record<string, number>): void => {
    const score = scoreMetric(bamMetricNamed(name), records, { resamples: 10, ...(options && { options }) })
    expect(score.valid).toBe(expected[1])
    expect(Math.abs(score.estimate.value - expected[0])).toBeLessThan(1e-6)
  }

  it('MCS and relative MCS are the mean difference over images that both models have right', () => {
    const expected = slowMean((a, b) => a - b)
    expect(expected[1]).toBeGreaterThan(5)
    expect(expected[1]).toBeLessThan(30)
    check('mcs', expected)
    for (const rung of [1, 9]) check('relative-mcs', expected, { rung })
  })

  it('IDR counts where the bare scene gets more', () => {
    const expected = slowMean((a, b) => Number(b - a > 0))
    expect(expected[0]).toBeGreaterThan(0)
    expect(expected[0]).toBeLessThan(1)
    check('idr', expected)
  })

  it('IIR counts small relative changes, its companion large ones, at every tolerance', () => {
    const seen = new Set<number>()
    for (const tolerance of [0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5]) {
      const expected = slowMean((a, b) => Number(Math.abs(a - b) / a < tolerance))
      seen.add(expected[0])
      check('iir', expected, { tolerance })
      check(
        'functional-change',
        slowMean((a, b) => Number(Math.abs(a - b) / a > tolerance), false),
        { tolerance },
      )
    }
    expect(seen.size).toBeGreaterThan(3)
  })
})
