import { describe, it } from 'vitest'
import { indexingCases } from './cases/indexing.js'
import { checkGradient } from './support/check.js'
import { title } from './support/title.js'

describe('gradients of gathering and scattering', () => {
  it.each(indexingCases.map(test => [title(test), test] as const))('%s', (_, test) => checkGradient(test))
})
