/** @file What could not be computed, in words. */
import { type ErrorRecord, messageOf } from './errors.js'
import type { Cell } from './plan.js'
import { count } from './words.js'

export interface CellFailure {
  readonly cell: Cell
  readonly attempts: number
  /** The last attempt's. */
  readonly error: ErrorRecord
}

/** Reasons named in the summary. */
const named = 3

/** How many cells failed and why, the most frequent reasons first. */
export function failureSummary(failed: readonly CellFailure[]): string {
  const reasons = new Map<string, number>()
  for (const { error } of failed) {
    const message = messageOf(error)
    reasons.set(message, (reasons.get(message) ?? 0) + 1)
  }
  const sorted = [...reasons].sort((a, b) => b[1] - a[1])
  const told = sorted.slice(0, named).map(([message, times]) => `${count(times)} x ${message}`)
  const more = sorted.length > named ? [count(sorted.length - named, 'other reason')] : []
  return `${count(failed.length, 'cell')} failed (${[...told, ...more].join('; ')}); the same command tries them again`
}
