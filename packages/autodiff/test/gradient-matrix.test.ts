import { describe, it } from 'vitest'
import { matrixCases } from './cases/matrix.js'
import { checkGradient } from './support/check.js'
import { title } from './support/title.js'

describe('gradients of matrix operators', () => {
  it.each(matrixCases.map(test => [title(test), test] as const))('%s', (_, test) => checkGradient(test))
})
