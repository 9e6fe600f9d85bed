import { describe, it } from 'vitest'
import { poolingCases } from './cases/pooling.js'
import { checkGradient } from './support/check.js'
import { title } from './support/title.js'

describe('gradients of pooling operators', () => {
  it.each(poolingCases.map(test => [title(test), test] as const))('%s', (_, test) => checkGradient(test))
})
