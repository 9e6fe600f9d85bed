/** @file agreement-ssim: structural similarity of two maps. */
import { UsageError } from '../../errors.js'
import type { Metric } from '../metric.js'
import { signOption } from '../places.js'
import { pairOf } from './pairs.js'

/** Each map to [0, 1]; a constant one to zeros. */
function scaled(values: Float64Array): Float64Array {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)]
  return values.map(value => (high > low ? (value - low) / (high - low) : 0))
}

/**
 * Mean over windows that lie within both maps of (2 m_a m_b + c1)(2 s_ab + c2) / ((m_a^2 + m_b^2 + c1)(s_a + s_b + c2)), with sample
 * (n - 1) variances over uniform windows, c1 = (0.01 range)^2 and c2 = (0.03 range)^2. A side shorter than the window takes its length.
 */
export function structuralSimilarity(
  a: Float64Array,
  b: Float64Array,
  { height, width }: { readonly height: number; readonly width: number },
  window: number,
  range: number,
): number {
  const [tall, wide] = [Math.min(window, height), Math.min(window, width)]
  const [c1, c2] = [(0.01 * range) ** 2, (0.03 * range) ** 2]
  const count = tall * wide
  let [total, windows] = [0, 0]
  for (let top = 0; top + tall <= height; top++)
    for (let left = 0; left + wide <= width; left++) {
      let [sa, sb, saa, sbb, sab] = [0, 0, 0, 0, 0]
      for (let y = top; y < top + tall; y++)
        for (let x = left; x < left + wide; x++) {
          const [p, q] = [a[y * width + x]!, b[y * width + x]!]
          sa += p
          sb += q
          saa += p * p
          sbb += q * q
          sab += p * q
        }
      const [ma, mb] = [sa / count, sb / count]
      const unbias = count / Math.max(1, count - 1)
      const [va, vb, vab] = [unbias * (saa / count - ma * ma), unbias * (sbb / count - mb * mb), unbias * (sab / count - ma * mb)]
      total += ((2 * ma * mb + c1) * (2 * vab + c2)) / ((ma * ma + mb * mb + c1) * (va + vb + c2))
      windows += 1
    }
  return total / windows
}

/** Both maps scaled to [0, 1] first, so that neither sign nor size of the maps' units counts. Peers: Quantus flattens maps to one row. */
export const agreementSsim: Metric = {
  name: 'agreement-ssim',
  summary: 'structural similarity of two maps, each scaled to [0, 1]',
  formula: 'mean over windows of (2 m_a m_b + c1)(2 s_ab + c2) / ((m_a^2 + m_b^2 + c1)(s_a^2 + s_b^2 + c2))',
  citation: 'Wang, Bovik, Sheikh, Simoncelli: Image Quality Assessment, TIP 2004; Adebayo et al., NeurIPS 2018',
  options: {
    sign: signOption('absolute'),
    window: { kind: 'number', default: 7, minimum: 3, maximum: 101, integer: true, describe: 'side of the windows' },
  },
  needs: ['other maps'],
  higherIsBetter: true,
  run(subject, options) {
    const { first, second, height, width } = pairOf(subject, options, 'agreement-ssim')
    if (height === undefined || width === undefined) throw new UsageError('agreement-ssim compares maps of pictures')
    return { value: structuralSimilarity(scaled(first), scaled(second), { height, width }, options['window'], 1) }
  },
}
