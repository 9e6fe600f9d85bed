/** @file Reading a picture or volume between its pixels, as gathers and weights that are differentiable in both. */
import type { RuleContext } from '../rule.js'
import { product } from './blocks.js'

/** Coefficients of each neighbour's weight as a polynomial in the fractional position t, lowest power first. */
interface Kernel {
  /** Position of each neighbour relative to the pixel at or below. */
  readonly steps: readonly number[]
  readonly weights: readonly (readonly number[])[]
}

const a = -0.75

export const kernels: Readonly<Record<string, Kernel>> = {
  nearest: { steps: [0], weights: [[1]] },
  linear: {
    steps: [0, 1],
    weights: [
      [1, -1],
      [0, 1],
    ],
  },
  // Keys' kernel: (a+2)d^3 - (a+3)d^2 + 1 within one pixel, a(d^3 - 5d^2 + 8d - 4) within two.
  cubic: {
    steps: [-1, 0, 1, 2],
    weights: [
      [0, a, -2 * a, a],
      [1, 0, -(a + 3), a + 2],
      [0, -a, 2 * a + 3, -(a + 2)],
      [0, 0, a, -a],
    ],
  },
}

export interface Sampling {
  readonly kernel: Kernel
  readonly padding: string
  /** Whether reflection is at the centres of the border pixels rather than at their outer edges. */
  readonly alignCorners: boolean
}

/** Rounds to the nearest integer, ties to even, as the kernels do. Has no derivative. */
function roundedEven(x: string, c: RuleContext): string {
  const up = c.emit('Floor', [c.emit('Add', [x, c.scalar(0.5)])])
  const half = c.emit('Floor', [c.emit('Mul', [up, c.scalar(0.5)])])
  const odd = c.emit('Sub', [up, c.emit('Mul', [half, c.scalar(2)])])
  const tie = c.emit('Equal', [c.emit('Sub', [up, x]), c.scalar(0.5)])
  return c.emit('Sub', [up, c.emit('Mul', [odd, c.emit('Cast', [tie], { to: 1 })])])
}

/** Whole positions mapped back into 0 .. size - 1 as the padding mode says. */
function folded(index: string, size: number, { padding, alignCorners }: Sampling, c: RuleContext): string {
  const clipped = (value: string): string => c.emit('Clip', [value, c.scalar(0), c.scalar(size - 1)])
  if (padding !== 'reflection') return clipped(index)
  const low = alignCorners ? 0 : -0.5
  const span = alignCorners ? size - 1 : size
  if (span === 0) return c.emit('Mul', [index, c.scalar(0)])
  // A triangle wave of period 2 span: fold, then measure the distance from its middle.
  const turns = c.emit('Mul', [c.emit('Sub', [index, c.scalar(low)]), c.scalar(1 / span)])
  const whole = c.emit('Floor', [c.emit('Mul', [turns, c.scalar(0.5)])])
  const phase = c.emit('Sub', [turns, c.emit('Mul', [whole, c.scalar(2)])])
  const distance = c.emit('Abs', [c.emit('Sub', [phase, c.scalar(1)])])
  const wave = c.emit('Add', [c.emit('Mul', [distance, c.scalar(-span)]), c.scalar(span + low)])
  return clipped(c.emit('Floor', [c.emit('Add', [wave, c.scalar(0.5)])]))
}

/** The neighbours of positions [batch, points] along one axis: whole positions and weights, both [batch, neighbours, points]. */
function neighboursOf(at: string, dims: readonly [number, number], size: number, of: Sampling, c: RuleContext): [string, string] {
  const { steps, weights } = of.kernel
  const [batch, points] = dims
  const wide = c.reshape(at, [batch, 1, points], dims)
  const column = (values: readonly number[]): string => c.floats(values, [1, values.length, 1])
  const nearest = steps.length === 1
  const base = nearest ? roundedEven(wide, c) : c.emit('Floor', [wide])
  const raw = nearest ? base : c.emit('Add', [base, column(steps)])
  const t = nearest ? undefined : c.emit('Sub', [wide, base])
  const powers = weights[0]!.map((_, power) => column(weights.map(row => row[power]!)))
  let weight = powers.at(-1)!
  for (const lower of powers.slice(0, -1).reverse()) weight = c.emit('Add', [c.emit('Mul', [weight, t!]), lower])
  const index = folded(raw, size, of, c)
  if (nearest) weight = c.emit('Expand', [weight, c.ints64([batch, 1, points])])
  if (of.padding !== 'zeros') return [index, weight]
  const inside = c.emit('Cast', [c.emit('Equal', [index, raw])], { to: 1 })
  return [index, c.emit('Mul', [weight, inside])]
}

/**
 * Values [batch, channels, points] of x, given as [batch, channels, ...size], at positions in pixels: for each spatial axis a
 * value [batch, points].
 */
export function sampled(
  x: string,
  [batch, channels, ...size]: readonly number[],
  positions: readonly string[],
  points: number,
  of: Sampling,
  c: RuleContext,
): string {
  let index = ''
  let weight = ''
  let taps = 1
  positions.forEach((at, axis) => {
    const [own, ownWeight] = neighboursOf(at, [batch!, points], size[axis]!, of, c)
    const count = of.kernel.steps.length
    if (axis === 0) {
      index = own
      weight = ownWeight
    } else {
      // Every neighbour so far with every neighbour along this axis.
      const outer = (value: string): string => c.emit('Unsqueeze', [value, c.ints64([2])])
      const inner = (value: string): string => c.emit('Unsqueeze', [value, c.ints64([1])])
      const merged = (value: string): string => c.reshape(value, [-1, taps * count, points])
      const rows = c.emit('Mul', [outer(index), c.scalar(size[axis]!)])
      index = merged(c.emit('Add', [rows, inner(own)]))
      weight = merged(c.emit('Mul', [outer(weight), inner(ownWeight)]))
    }
    taps *= count
  })
  const flat = c.reshape(c.emit('Cast', [index], { to: 7 }), [batch!, 1, taps * points])
  const everywhere = c.emit('Expand', [flat, c.ints64([batch!, channels!, taps * points])])
  const plane = c.reshape(x, [batch!, channels!, product(size)])
  const read = c.emit('GatherElements', [plane, everywhere], { axis: 2 })
  const values = c.reshape(read, [batch!, channels!, taps, points])
  const weighted = c.emit('Mul', [values, c.emit('Unsqueeze', [weight, c.ints64([1])])])
  return c.emit('ReduceSum', [weighted, c.ints64([2])], { keepdims: 0 })
}

/** Entry `index` of the last axis, which has `size` entries, as [batch, points]. */
export const component = (value: string, rank: number, index: number, dims: readonly number[], c: RuleContext): string =>
  c.reshape(c.emit('Slice', [value, c.ints64([index]), c.ints64([index + 1]), c.ints64([rank - 1])]), dims)
