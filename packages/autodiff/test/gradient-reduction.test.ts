import { describe, it } from 'vitest'
import { reductionCases } from './cases/reduction.js'
import { checkGradient } from './support/check.js'
import { title } from './support/title.js'

describe('gradients of reduction operators', () => {
  it.each(reductionCases.map(test => [title(test), test] as const))('%s', (_, test) => checkGradient(test))
})
