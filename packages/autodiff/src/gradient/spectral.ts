/**
 * @file Gradients of Fourier transforms. A transform is linear in real and imaginary parts, and its transpose is the transform
 * with the opposite sign of the exponent.
 */
import { type RuleContext, type RuleTable, single } from '../rule.js'

/** Zero-pads or crops one axis at its end. */
function resized(value: string, rank: number, axis: number, from: number, to: number, c: RuleContext): string {
  if (from === to) return value
  if (from > to) return c.emit('Slice', [value, c.ints64([0]), c.ints64([to]), c.ints64([axis])])
  const pads = Array.from({ length: 2 * rank }, (_, i) => (i === rank + axis ? to - from : 0))
  return c.emit('Pad', [value, c.ints64(pads)])
}

/** Sum over k of g[k] exp(± 2πi n k / size), where g may hold only the first frequencies. */
function adjoint(
  g: string,
  bins: number,
  { rank, axis, size, inverse }: { rank: number; axis: number; size: number; inverse: boolean },
  c: RuleContext,
): string {
  const all = resized(g, rank, axis, bins, size, c)
  const back = c.emit('DFT', [all, '', c.constantTensor(axisTensor(axis, c))], { inverse: inverse ? 0 : 1 })
  return c.emit('Mul', [back, c.scalar(inverse ? 1 / size : size)])
}

const axisTensor = (axis: number, c: RuleContext) => c.constant(c.ints64([axis]))!.reshaped([])

const dft = single((g, c) => {
  const dims = c.dims(c.input(0))
  const rank = dims.length
  const given = c.numbers(2)?.[0] ?? -2
  const axis = given < 0 ? given + rank : given
  const size = c.numbers(1)?.[0] ?? dims[axis]!
  const bins = c.dims(c.output(0))[axis]!
  const full = adjoint(g, bins, { rank, axis, size, inverse: c.int('inverse', 0) !== 0 }, c)
  const long = resized(full, rank, axis, size, dims[axis]!, c)
  return [resized(long, rank, rank - 1, 2, dims[rank - 1]!, c)]
})

const stft = single((g, c) => {
  const dims = c.dims(c.input(0))
  const [batch, samples] = dims as [number, number]
  const parts = dims[2] ?? 1
  const [, frames, bins] = c.dims(c.output(0)) as [number, number, number]
  const step = c.numbers(1)![0]!
  const size = c.has(2) ? c.dims(c.input(2))[0]! : c.numbers(3)![0]!
  const back = adjoint(g, bins, { rank: 4, axis: 2, size, inverse: false }, c)
  const framed = resized(back, 4, 3, 2, parts, c)
  const overlapAdd = (): string => {
    const windowed = c.has(2) ? c.emit('Mul', [framed, c.reshape(c.input(2), [size, 1])]) : framed
    const columns = c.reshape(c.emit('Transpose', [windowed], { perm: [0, 3, 2, 1] }), [batch * parts, size, frames])
    const identity = Float32Array.from({ length: size * size }, (_, i) => (i % (size + 1) === 0 ? 1 : 0))
    const summed = c.emit('ConvTranspose', [columns, c.floats(identity, [size, 1, size])], { strides: [step] })
    const whole = resized(summed, 3, 2, (frames - 1) * step + size, samples, c)
    if (parts === 1) return c.reshape(whole, dims)
    return c.emit('Transpose', [c.reshape(whole, [batch, parts, samples])], { perm: [0, 2, 1] })
  }
  const ofWindow = (): string => {
    const positions = Array.from({ length: frames * size }, (_, i) => Math.floor(i / size) * step + (i % size))
    const indices = c.constantTensor(c.constant(c.ints64(positions))!.reshaped([frames, size]))
    const pieces = c.emit('Gather', [c.reshape(c.input(0), [batch, samples, parts], dims), indices], { axis: 1 })
    const product = c.emit('Mul', [framed, pieces])
    return c.emit('ReduceSum', [product, c.ints64([0, 1, 3])], { keepdims: 0 })
  }
  return [c.wants(0) ? overlapAdd() : null, null, c.wants(2) ? ofWindow() : null]
})

export const spectral: RuleTable = { DFT: dft, STFT: stft }
