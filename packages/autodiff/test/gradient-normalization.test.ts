import { describe, it } from 'vitest'
import { normalizationCases } from './cases/normalization.js'
import { checkGradient } from './support/check.js'
import { title } from './support/title.js'

describe('gradients of normalization operators', () => {
  it.each(normalizationCases.map(test => [title(test), test] as const))('%s', (_, test) => checkGradient(test))
})
