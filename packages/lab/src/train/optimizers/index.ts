/** @file Every optimiser, listed once. */
import { suggestion, UsageError } from '@ascribe/core'
import { adamw } from './adamw.js'
import type { Optimizer } from './optimizer.js'
import { sgd } from './sgd.js'

export const optimizers: readonly Optimizer[] = [sgd, adamw]

/** @throws UsageError with a suggestion where there is none */
export function optimizerNamed(name: string): Optimizer {
  const found = optimizers.find(optimizer => optimizer.name === name)
  if (found) return found
  const names = optimizers.map(optimizer => optimizer.name)
  throw new UsageError(`unknown optimizer "${name}"${suggestion(name, names)} (there are ${names.join(', ')})`)
}
