/** @file What the readers of citation graphs have in common. */
import { InputError } from '@ascribe/core'

/** Rows divided by their sums, as is usual for bags of words; empty rows stay zero. Changes `features`. */
export function shares(features: Float32Array, columns: number): Float32Array {
  for (let start = 0; start < features.length; start += columns) {
    const row = features.subarray(start, start + columns)
    const total = row.reduce((sum, value) => sum + value, 0)
    if (total > 0) for (let i = 0; i < columns; i++) row[i]! /= total
  }
  return features
}

/** @throws InputError for anything but a whole number from 0 */
export function whole(text: string, where: string): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isInteger(value) || value < 0)
    throw new InputError(`${where}: "${text}" is no whole number from 0`)
  return value
}
