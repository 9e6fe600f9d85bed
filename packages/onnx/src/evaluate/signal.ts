/** @file Fourier transforms and the mel filter bank. Complex numbers are a last axis of length 2. */
import { attribute } from '../attributes.js'
import { dataTypeOfCode } from '../dtype.js'
import { type NdArray, ndarray, type OperatorEvaluation, type OperatorEvaluations } from './array.js'
import { around, normalAxis } from './strided.js'

/** sum_n (re + i im)[n] exp(sign 2 pi i n k / N), for the first `count` frequencies. */
function transform(re: Float64Array, im: Float64Array, sign: number, count: number): [Float64Array, Float64Array] {
  const size = re.length
  const cos = Float64Array.from({ length: size }, (_, n) => Math.cos((2 * Math.PI * n) / size))
  const sin = Float64Array.from({ length: size }, (_, n) => sign * Math.sin((2 * Math.PI * n) / size))
  const outRe = new Float64Array(count)
  const outIm = new Float64Array(count)
  for (let k = 0; k < count; k++)
    for (let n = 0; n < size; n++) {
      const turn = (n * k) % size
      outRe[k]! += re[n]! * cos[turn]! - im[n]! * sin[turn]!
      outIm[k]! += re[n]! * sin[turn]! + im[n]! * cos[turn]!
    }
  return [outRe, outIm]
}

const dft: OperatorEvaluation = ([x, length, axisInput], { node }) => {
  const inverse = attribute(node, 'inverse', 'int', 0) !== 0
  const onesided = attribute(node, 'onesided', 'int', 0) !== 0
  const rank = x!.dims.length
  const axis = normalAxis(axisInput?.data[0] ?? -2, rank)
  const parts = x!.dims[rank - 1]!
  const size = length?.data[0] ?? x!.dims[axis]!
  const count = onesided ? Math.floor(size / 2) + 1 : size
  const dims = x!.dims.map((dim, i) => (i === axis ? count : i === rank - 1 ? 2 : dim))
  const [outer, had, inner] = around(x!.dims.slice(0, -1), axis)
  const data = new Float64Array(outer * count * inner * 2)
  for (let i = 0; i < outer; i++)
    for (let j = 0; j < inner; j++) {
      const part = (p: number): Float64Array =>
        Float64Array.from({ length: size }, (_, n) =>
          n < had && p < parts ? x!.data[((i * had + n) * inner + j) * parts + p]! : 0,
        )
      const [re, im] = transform(part(0), part(1), inverse ? 1 : -1, count)
      for (let k = 0; k < count; k++) {
        const to = ((i * count + k) * inner + j) * 2
        data[to] = re[k]! / (inverse ? size : 1)
        data[to + 1] = im[k]! / (inverse ? size : 1)
      }
    }
  return [{ dtype: x!.dtype, dims, data }]
}

const stft: OperatorEvaluation = ([signal, hop, window, frameLength], { node }) => {
  const [batch, samples] = signal!.dims as [number, number]
  const parts = signal!.dims[2] ?? 1
  const size = frameLength?.data[0] ?? window!.data.length
  const step = hop!.data[0]!
  const frames = Math.floor((samples - size) / step) + 1
  const bins = attribute(node, 'onesided', 'int', 1) ? Math.floor(size / 2) + 1 : size
  const data = new Float64Array(batch * frames * bins * 2)
  for (let b = 0; b < batch; b++)
    for (let frame = 0; frame < frames; frame++) {
      const part = (p: number): Float64Array =>
        Float64Array.from({ length: size }, (_, n) =>
          p < parts ? signal!.data[(b * samples + frame * step + n) * parts + p]! * (window?.data[n] ?? 1) : 0,
        )
      const [re, im] = transform(part(0), part(1), -1, bins)
      for (let k = 0; k < bins; k++) data.set([re[k]!, im[k]!], ((b * frames + frame) * bins + k) * 2)
    }
  return [{ dtype: signal!.dtype, dims: [batch, frames, bins, 2], data }]
}

const toMel = (hertz: number): number => 2595 * Math.log10(1 + hertz / 700)
const toHertz = (mel: number): number => 700 * (10 ** (mel / 2595) - 1)

/** Triangles between neighbouring mel frequencies, in units of spectrogram bins (bin numbers are rounded down). */
const melWeights: OperatorEvaluation = (inputs, { node }) => {
  const [bands, size, rate, low, high] = inputs.map(x => x!.data[0]!) as [number, number, number, number, number]
  const bins = Math.floor(size / 2) + 1
  const [from, to] = [toMel(low), toMel(high)]
  const edge = Array.from({ length: bands + 2 }, (_, i) =>
    Math.floor(((size + 1) * toHertz(from + (i * (to - from)) / (bands + 2))) / rate),
  )
  const data = new Float64Array(bins * bands)
  for (let band = 0; band < bands; band++) {
    const [left, centre, right] = edge.slice(band, band + 3) as [number, number, number]
    if (left === centre) data[centre * bands + band] = 1
    for (let bin = left; bin <= centre && left !== centre; bin++) data[bin * bands + band] = (bin - left) / (centre - left)
    for (let bin = centre; bin < right; bin++) data[bin * bands + band] = (right - bin) / (right - centre)
  }
  const result: NdArray = ndarray([bins, bands], data, dataTypeOfCode(attribute(node, 'output_datatype', 'int', 1)))
  return [result]
}

export const signals: OperatorEvaluations = { DFT: dft, STFT: stft, MelWeightMatrix: melWeights }
