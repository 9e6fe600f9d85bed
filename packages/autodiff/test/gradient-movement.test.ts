import { describe, it } from 'vitest'
import { movementCases } from './cases/movement.js'
import { checkGradient } from './support/check.js'
import { title } from './support/title.js'

describe('gradients of movement operators', () => {
  it.each(movementCases.map(test => [title(test), test] as const))('%s', (_, test) => checkGradient(test))
})
