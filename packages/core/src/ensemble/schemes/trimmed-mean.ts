/** @file trimmed-mean: the mean without the smallest and largest members. */
import { perPlace, type Scheme, sortFew } from '../scheme.js'

export const trimmedMean: Scheme = {
  name: 'trimmed-mean',
  summary: 'the mean without the smallest and largest members',
  formula: 'mean of the sorted members without the first and last k, k = min(ceil(share n), (n - 1) / 2 rounded down)',
  citation: 'textbook',
  options: {
    share: {
      kind: 'number',
      default: 0.1,
      minimum: 0,
      maximum: 0.5,
      describe: 'share of the members left out at each end (rounded up)',
    },
  },
  combine: (members, { share }) => {
    const count = members.length
    const cut = Math.min(Math.ceil(share * count), Math.floor((count - 1) / 2))
    return perPlace(members, values => {
      sortFew(values)
      let sum = 0
      for (let i = cut; i < count - cut; i++) sum += values[i]!
      return sum / (count - 2 * cut)
    })
  },
}
