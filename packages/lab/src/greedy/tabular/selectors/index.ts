/** @file Every way to order columns, listed once. */
import { suggestion, UsageError } from '@ascribe/core'
import { forward } from './forward.js'
import { greedyPig, integratedGradients, meanAbsoluteIg, sequentialGradient } from './greedy-pig.js'
import { lasso } from './lasso.js'
import { mutualInformationSelector } from './mutual-information.js'
import { permutation } from './permutation.js'
import { random } from './random.js'
import type { Selector } from './selector.js'

/** The first is what the study is about. */
export const selectors: readonly Selector[] = [
  greedyPig,
  integratedGradients,
  meanAbsoluteIg,
  sequentialGradient,
  permutation,
  lasso,
  mutualInformationSelector,
  forward,
  random,
]

/** @throws UsageError with a suggestion where there is none */
export function selectorNamed(name: string): Selector {
  const found = selectors.find(selector => selector.name === name)
  const names = selectors.map(selector => selector.name)
  if (!found) throw new UsageError(`unknown selector "${name}"${suggestion(name, names)} (there are ${names.join(', ')})`)
  return found
}

export type { Selector } from './selector.js'
