import { describe, it } from 'vitest'
import { spectralCases } from './cases/spectral.js'
import { checkGradient } from './support/check.js'
import { title } from './support/title.js'

describe('gradients of spectral operators', () => {
  it.each(spectralCases.map(test => [title(test), test] as const))('%s', (_, test) => checkGradient(test))
})
