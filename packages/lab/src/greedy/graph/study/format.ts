/** @file Numbers as the report writes them. */
import type { Interval } from './compare.js'

export const fixed = (value: number): string => (Number.isFinite(value) ? value.toFixed(3).replace('-', '−') : '–')
export const percent = (value: number): string => `${(100 * value).toFixed(1)}%`

export const interval = ({ value, low, high }: Interval): string => `${fixed(value)} [${fixed(low)}, ${fixed(high)}]`
