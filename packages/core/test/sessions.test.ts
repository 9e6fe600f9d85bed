/** @file How many sessions a model keeps: enough for several methods in turn, fewer where weights are large. */
import { afterAll, expect, it } from 'vitest'
import { explain, float32, type Model } from '../src/index.js'
import { nodeRuntime } from '../src/node.js'
import { convolutional, modelOf } from './support/models.js'

const runtime = nodeRuntime({ threads: 1 })
afterAll(() => runtime.dispose())

const image = float32(
  [1, 1, 4, 4],
  Array.from({ length: 16 }, (_, i) => i),
)
const turns = ['gradient', 'ig', 'smooth-grad', 'guided-backprop', 'deconvnet', 'grad-cam', 'occlusion'] as const

/** Sessions opened in each of two rounds of methods. */
async function opened(memory: number): Promise<number[]> {
  let count = 0
  const open: typeof runtime.open = (...given) => {
    count += 1
    return runtime.open(...given)
  }
  const model: Model = modelOf(convolutional(), { runtime: { ...runtime, open }, memory })
  const rounds: number[] = []
  for (let round = 0; round < 2; round++) {
    const before = count
    for (const method of turns) await explain(model, { image }, method, { target: 0, options: {} })
    rounds.push(count - before)
  }
  await model.dispose()
  return rounds
}

it('methods in turn find their sessions open', async () => {
  const [first, second] = await opened(2 ** 30)
  expect(first).toBeGreaterThan(6)
  expect(second).toBe(0)
})

it('keeps six where the weights of more are over the budget', async () => {
  // The weights take 208 bytes, so that 1400 would hold six sessions.
  const [, second] = await opened(1400)
  expect(second).toBeGreaterThan(0)
})
