/**
 * @file Resizing with an antialiased separable filter: each output sample is a weighted mean of the inputs within
 * support·max(1, scale) of its centre. 8-bit pictures go through two passes in 22-bit fixed point, each rounded to 8 bits, which gives
 * the same bytes as Pillow (the library behind most models' preprocessing) and the same in Node and in the browser.
 */
import type { Pixels } from './pixels.js'

interface Filter {
  /** Radius in input samples at scale 1. */
  readonly support: number
  readonly weight: (x: number) => number
}

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI))

/** Keys' cubic convolution with a = -1/2. */
function cubic(distance: number): number {
  const x = Math.abs(distance)
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1
  return x < 2 ? ((2.5 - 0.5 * x) * x - 4) * x + 2 : 0
}

/** Every filter but nearest, by name. */
const filters = {
  box: { support: 0.5, weight: x => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  bilinear: { support: 1, weight: x => Math.max(0, 1 - Math.abs(x)) },
  hamming: { support: 1, weight: x => (Math.abs(x) >= 1 ? 0 : sinc(x) * (0.54 + 0.46 * Math.cos(Math.PI * x))) },
  bicubic: { support: 2, weight: cubic },
  lanczos: { support: 3, weight: x => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) },
} satisfies Record<string, Filter>

export type Resampling = 'nearest' | keyof typeof filters

/** PIL's integer codes: the place in this list. */
export const resamplingCodes: readonly Resampling[] = ['nearest', 'lanczos', 'bilinear', 'bicubic', 'box', 'hamming']

interface Taps {
  /** First input sample and number of samples, per output sample. */
  readonly first: Int32Array
  readonly count: Int32Array
  /** Weights, `stride` per output sample; they sum to 1. */
  readonly weights: Float64Array
  readonly stride: number
}

function tapsOf(from: number, to: number, filter: Filter): Taps {
  const scale = from / to
  const stretch = Math.max(1, scale)
  const support = filter.support * stretch
  const stride = Math.ceil(support) * 2 + 1
  const first = new Int32Array(to)
  const count = new Int32Array(to)
  const weights = new Float64Array(to * stride)
  for (let i = 0; i < to; i++) {
    const center = (i + 0.5) * scale
    const low = Math.max(0, Math.trunc(center - support + 0.5))
    const high = Math.min(from, Math.trunc(center + support + 0.5))
    let sum = 0
    for (let x = low; x < high; x++) {
      const weight = filter.weight((x - center + 0.5) * (1 / stretch))
      weights[i * stride + x - low] = weight
      sum += weight
    }
    if (sum !== 0) for (let k = 0; k < high - low; k++) weights[i * stride + k]! /= sum
    first[i] = low
    count[i] = high - low
  }
  return { first, count, weights, stride }
}

const fixedBits = 22

/** Weights times 2^22, rounded half away from zero. */
const fixedPoint = (weights: Float64Array): Int32Array =>
  Int32Array.from(weights, weight => Math.trunc((weight < 0 ? -0.5 : 0.5) + weight * 2 ** fixedBits))

/** One pass over `lines` lines of samples that lie `step` apart. */
function pass8(data: Uint8Array, out: Uint8Array, taps: Taps, to: number, lines: number, at: Strides): void {
  const weights = fixedPoint(taps.weights)
  for (let line = 0; line < lines; line++) {
    for (let i = 0; i < to; i++) {
      const start = line * at.fromLine + taps.first[i]! * at.step
      const base = i * taps.stride
      const end = base + taps.count[i]!
      const target = line * at.toLine + i * at.step
      for (let c = 0; c < at.width; c++) {
        let sum = 1 << (fixedBits - 1)
        for (let k = base, p = start + c; k < end; k++, p += at.step) sum += data[p]! * weights[k]!
        const value = (sum | 0) >> fixedBits
        out[target + c] = Math.max(0, Math.min(255, value))
      }
    }
  }
}

interface Strides {
  readonly fromLine: number
  readonly toLine: number
  readonly step: number
  /** Neighbouring elements that share a position: the channels across a row, the whole row down a column. */
  readonly width: number
}

/** Resizes an 8-bit picture; see the file's head. `nearest` takes the sample at floor((i + 0.5)·scale). */
export function resize(picture: Pixels, height: number, width: number, resampling: Resampling): Pixels {
  const { channels } = picture
  if (picture.width === width && picture.height === height) return picture
  if (resampling === 'nearest') return nearest(picture, height, width)
  const filter: Filter = filters[resampling]
  let data: Uint8Array = new Uint8Array(picture.data.buffer, picture.data.byteOffset, picture.data.length)
  if (picture.width !== width) {
    const out = new Uint8Array(width * picture.height * channels)
    const at = { fromLine: picture.width * channels, toLine: width * channels, step: channels, width: channels }
    pass8(data, out, tapsOf(picture.width, width, filter), width, picture.height, at)
    data = out
  }
  if (picture.height !== height) {
    const row = width * channels
    const out = new Uint8Array(height * row)
    pass8(data, out, tapsOf(picture.height, height, filter), height, 1, { fromLine: 0, toLine: 0, step: row, width: row })
    data = out
  }
  return { width, height, channels, data }
}

/** Where each output sample is taken from; the position is a running sum, whose rounding is part of the definition. */
function nearestPositions(from: number, to: number): Int32Array {
  const scale = from / to
  const out = new Int32Array(to)
  let position = scale * 0.5
  for (let i = 0; i < to; i++) {
    out[i] = Math.min(from - 1, Math.trunc(position))
    position += scale
  }
  return out
}

function nearest(picture: Pixels, height: number, width: number): Pixels {
  const { channels, data } = picture
  const columns = nearestPositions(picture.width, width)
  const rows = nearestPositions(picture.height, height)
  const out = new Uint8Array(height * width * channels)
  let to = 0
  for (const row of rows) {
    for (const column of columns) {
      const from = (row * picture.width + column) * channels
      for (let c = 0; c < channels; c++) out[to++] = data[from + c]!
    }
  }
  return { width, height, channels, data: out }
}

/**
 * Resizes a map of real numbers with the same filters in double precision, no rounding between passes. Enlarging with `bilinear` is
 * the usual interpolation between pixel centres (align corners off), constant beyond the outermost centres.
 */
export function resizeMap(values: ArrayLike<number>, from: Size, to: Size, resampling: Resampling): Float32Array {
  if (resampling === 'nearest') {
    const columns = nearestPositions(from.width, to.width)
    const rows = nearestPositions(from.height, to.height)
    return Float32Array.from({ length: to.height * to.width }, (_, i) => {
      return values[rows[Math.floor(i / to.width)]! * from.width + columns[i % to.width]!]!
    })
  }
  const across = tapsOf(from.width, to.width, filters[resampling])
  const down = tapsOf(from.height, to.height, filters[resampling])
  const narrow = new Float64Array(from.height * to.width)
  for (let y = 0; y < from.height; y++) {
    for (let x = 0; x < to.width; x++) {
      let sum = 0
      for (let k = 0; k < across.count[x]!; k++)
        sum += values[y * from.width + across.first[x]! + k]! * across.weights[x * across.stride + k]!
      narrow[y * to.width + x] = sum
    }
  }
  const out = new Float32Array(to.height * to.width)
  for (let y = 0; y < to.height; y++) {
    for (let x = 0; x < to.width; x++) {
      let sum = 0
      for (let k = 0; k < down.count[y]!; k++)
        sum += narrow[(down.first[y]! + k) * to.width + x]! * down.weights[y * down.stride + k]!
      out[y * to.width + x] = sum
    }
  }
  return out
}

export interface Size {
  readonly width: number
  readonly height: number
}
