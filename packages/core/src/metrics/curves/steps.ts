/** @file How many features are switched at each point of a curve. */
import { UsageError } from '../../errors.js'
import type { OptionSpec } from '../../methods/method.js'

export const stepsOption = (standard: string): OptionSpec => ({
  kind: 'text',
  default: standard,
  describe: 'N: N equal steps from none to all; each:K: K features a step; or percentages with commas between (0,1,2,5,10)',
})

const share = (part: number, count: number): number => Math.min(count, Math.max(0, Math.round(part * count)))

/**
 * Numbers of switched features, ascending, each once. `N` and `each:K` start at none and end at all.
 * @throws UsageError for other forms
 */
export function stepCounts(steps: string, count: number): number[] {
  const text = steps.trim()
  const each = /^each:(\d+)$/.exec(text)
  const unusable = (): never => {
    throw new UsageError(`steps "${steps}" must be a number of steps, each:K, or percentages from 0 to 100 with commas between`)
  }
  let counts: number[]
  if (each) {
    const size = Number(each[1])
    if (size < 1) unusable()
    counts = [...Array.from({ length: Math.ceil(count / size) }, (_, k) => k * size), count]
  } else if (/^\d+$/.test(text)) {
    const number = Number(text)
    if (number < 1) unusable()
    counts = Array.from({ length: number + 1 }, (_, k) => share(k / number, count))
  } else {
    const parts = text.split(',').map(part => (part.trim() === '' ? Number.NaN : Number(part)))
    if (parts.some(part => !(part >= 0 && part <= 100))) unusable()
    counts = parts.map(part => share(part / 100, count))
  }
  return [...new Set(counts)].sort((a, b) => a - b)
}
