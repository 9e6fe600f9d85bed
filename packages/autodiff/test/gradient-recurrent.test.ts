import { describe, it } from 'vitest'
import { recurrentCases } from './cases/recurrent.js'
import { checkGradient } from './support/check.js'
import { title } from './support/title.js'

describe('gradients of recurrent operators', () => {
  it.each(recurrentCases.map(test => [title(test), test] as const))('%s', (_, test) => checkGradient(test))
})
