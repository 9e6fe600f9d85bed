import { describe, it } from 'vitest'
import { convolutionCases } from './cases/convolution.js'
import { checkGradient } from './support/check.js'
import { title } from './support/title.js'

describe('gradients of convolution operators', () => {
  it.each(convolutionCases.map(test => [title(test), test] as const))('%s', (_, test) => checkGradient(test))
})
