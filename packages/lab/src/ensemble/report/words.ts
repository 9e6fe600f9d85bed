/** @file Numbers as the report writes them. */
import type { ReportCell } from '../../report/index.js'

const minus = (text: string): string => text.replace(/-/g, '−')
export const number = (value: number, digits = 3): string => (Number.isFinite(value) ? minus(value.toFixed(digits)) : '–')
export const signed = (value: number): string => (value > 0 ? `+${number(value)}` : number(value))
export const interval = (low: number, high: number): string => `[${number(low)}, ${number(high)}]`
export const percent = (share: number): string =>
  Number.isFinite(share) ? `${share > 0 ? '+' : ''}${number(100 * share, 1)}%` : '–'
export const cell = (text: string): ReportCell => ({ text })
