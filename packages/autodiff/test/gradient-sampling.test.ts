import { describe, it } from 'vitest'
import { samplingCases } from './cases/sampling.js'
import { checkGradient } from './support/check.js'
import { title } from './support/title.js'

describe('gradients of sampling operators', () => {
  it.each(samplingCases.map(test => [title(test), test] as const))('%s', (_, test) => checkGradient(test))
})
