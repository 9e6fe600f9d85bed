import { describe, it } from 'vitest'
import { arithmeticCases } from './cases/arithmetic.js'
import { checkGradient } from './support/check.js'
import { title } from './support/title.js'

describe('gradients of arithmetic operators', () => {
  it.each(arithmeticCases.map(test => [title(test), test] as const))('%s', (_, test) => checkGradient(test))
})
