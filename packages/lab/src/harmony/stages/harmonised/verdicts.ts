/** @file Whether a method's harmonised map beats its rivals. */
import { holm } from '../../../statistics/index.js'
import type { Gain, GainVerdict } from '../../result.js'
import type { Spec } from './choices.js'

/** Gains are judged by the mean over the fills. */
export const allFills = 'mean over fills'
export const singleRival = 'best single map'

/** A method's gain counts where every rival is beaten: the largest of their p-values, after Holm over the methods. */
export function verdictsOf(gains: readonly Gain[], methods: readonly Spec[], chosens: readonly Gain['chosen'][]): GainVerdict[] {
  return chosens.flatMap(chosen => {
    const own = methods.map(({ label }) => gains.filter(gain => gain.method === label && gain.chosen === chosen))
    const whole = own.map(some => some.filter(({ fill }) => fill === allFills))
    const single = whole.map(some => some.find(({ rival }) => rival === singleRival)!)
    const adjusted = holm(whole.map(some => Math.max(...some.map(({ difference }) => difference.p))))
    const singleAdjusted = holm(single.map(({ difference }) => difference.p))
    return methods.map(({ label }, i): GainVerdict => {
      const fills = [...new Set(own[i]!.map(({ fill }) => fill))].filter(fill => fill !== allFills)
      return {
        method: label,
        chosen,
        least: whole[i]!.reduce((least, gain) => (gain.difference.value < least.difference.value ? gain : least)),
        adjusted: adjusted[i]!,
        single: single[i]!,
        singleAdjusted: singleAdjusted[i]!,
        fills: fills.filter(fill => own[i]!.every(gain => gain.fill !== fill || gain.difference.low > 0)),
        beatsSingle: single[i]!.difference.low > 0 && singleAdjusted[i]! <= 0.05,
        beatsAll: whole[i]!.every(({ difference }) => difference.low > 0) && adjusted[i]! <= 0.05,
      }
    })
  })
}
