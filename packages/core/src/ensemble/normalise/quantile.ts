/** @file quantile: extreme values clipped, then min-max. */
import { clipped, type Normaliser, toUnitRange } from '../normaliser.js'
import { quantilesOf } from '../selection.js'

export const quantile: Normaliser = {
  name: 'quantile',
  summary: 'clipped to quantiles, then smallest to 0 and largest to 1',
  formula: 'u = clip(v, q_share, q_(1 - share)); (u - min u) / (max u - min u); 0 where all u are equal',
  options: {
    share: {
      kind: 'number',
      default: 0.01,
      minimum: 0,
      maximum: 0.49,
      describe: 'share of the values that is clipped at each end',
    },
  },
  scale: (values, { share }) => {
    const [low, high] = quantilesOf(values, [share, 1 - share]) as [number, number]
    return toUnitRange(clipped(values, low, high))
  },
}
