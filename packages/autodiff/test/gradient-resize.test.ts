import { describe, it } from 'vitest'
import { resizeCases } from './cases/resize.js'
import { checkGradient } from './support/check.js'
import { title } from './support/title.js'

describe('gradient of Resize', () => {
  it.each(resizeCases.map(test => [title(test), test] as const))('%s', (_, test) => checkGradient(test))
})
