import { describe, it } from 'vitest'
import { lossesCases } from './cases/losses.js'
import { checkGradient } from './support/check.js'
import { title } from './support/title.js'

describe('gradients of losses operators', () => {
  it.each(lossesCases.map(test => [title(test), test] as const))('%s', (_, test) => checkGradient(test))
})
