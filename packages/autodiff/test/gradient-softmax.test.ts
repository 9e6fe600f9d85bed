import { describe, it } from 'vitest'
import { softmaxCases } from './cases/softmax.js'
import { checkGradient } from './support/check.js'
import { title } from './support/title.js'

describe('gradients of softmax operators', () => {
  it.each(softmaxCases.map(test => [title(test), test] as const))('%s', (_, test) => checkGradient(test))
})
