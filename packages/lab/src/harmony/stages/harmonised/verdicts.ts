/** @file Whether a method's harmonised map beats its rivals. */
import { holm } from '../../../statistics/index.js'
import type { Gain, GainVerdict } from '../../result.js'
import type { Spec } from './choices.js'

/** Gains are judged by the mean over the fills. */
export const allFills = 'mean over fills'
export const singleRival = 'best single map'

/** A p-value of "better": that of the difference where it is positive, else 1. */
const better = ({ difference: { value, p } }: Gain): number => (value > 0 ? p : 1)

/**
 * A method's gain counts where every rival is beaten: the largest of their p-values, after Holm over the methods.
 * @param gains of one way to harmonise
 * @param singleName the rival that is one model's map
 */
export function verdictsOf(gains: readonly Gain[], methods: readonly Spec[], singleName: string): GainVerdict[] {
  const own = methods.map(({ label }) => gains.filter(gain => gain.method === label))
  const whole = own.map(some => some.filter(({ fill }) => fill === allFills))
  const single = whole.map(some => some.find(({ rival }) => rival === singleName)!)
  const adjusted = holm(whole.map(some => Math.max(...some.map(better))))
  const singleAdjusted = holm(single.map(better))
  return methods.map(({ label }, i): GainVerdict => {
    const fills = [...new Set(own[i]!.map(({ fill }) => fill))].filter(fill => fill !== allFills)
    return {
      method: label,
      chosen: single[i]!.chosen,
      least: whole[i]!.reduce((least, gain) => (gain.difference.value < least.difference.value ? gain : least)),
      adjusted: adjusted[i]!,
      single: single[i]!,
      singleAdjusted: singleAdjusted[i]!,
      fills: fills.filter(fill => own[i]!.every(gain => gain.fill !== fill || gain.difference.low > 0)),
      beatsSingle: single[i]!.difference.low > 0 && singleAdjusted[i]! <= 0.05,
      beatsAll: whole[i]!.every(({ difference }) => difference.low > 0) && adjusted[i]! <= 0.05,
    }
  })
}
