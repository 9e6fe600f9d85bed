import { describe, it } from 'vitest'
import { activationCases } from './cases/activation.js'
import { checkGradient } from './support/check.js'
import { title } from './support/title.js'

describe('gradients of activation operators', () => {
  it.each(activationCases.map(test => [title(test), test] as const))('%s', (_, test) => checkGradient(test))
})
