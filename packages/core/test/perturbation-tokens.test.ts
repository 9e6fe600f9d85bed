/** @file Perturbation of token models at their embeddings: tokens are players, an absent one is a mask token. */
import { GraphBuilder, inferShapes } from '@ascribe/onnx'
import { afterAll, describe, expect, it } from 'vitest'
import { explain, float32 } from '../src/index.js'
import { modelOf, tensor, testRuntime } from './support/models.js'

afterAll(() => testRuntime().dispose())

/** f = sum over tokens of the square of their first coordinate, plus their second; rows of the table are (id, 10 id). */
const b = new GraphBuilder()
const ids = b.input('ids', 'int64', ['batch', 4])
const table = Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? i / 2 : 5 * (i - 1)))
const embedded = b.emit('Gather', [b.constant(tensor([10, 2], table)), ids], { axis: 0 })
const [first, second] = b.emitAll('Split', [embedded], 2, { axis: 2, num_outputs: 2 })
const each = b.emit('Add', [b.emit('Mul', [first!, first!]), second!])
b.output(b.emit('ReduceSum', [each, b.ints([1])], { keepdims: 0 }))
const model = modelOf(inferShapes(b.build()))
const words = [3, 7, 1, 2]
const worth = (id: number): number => id * id + 10 * id
const run = (method: string, options: Record<string, unknown> = {}) =>
  explain(model, { ids: { dtype: 'int64', dims: [1, 4], data: BigInt64Array.from(words, BigInt) } }, method, {
    target: 0,
    at: [embedded],
    options,
  })
const shown = (values: ArrayLike<number>) => words.map((_, i) => [values[2 * i]!, values[2 * i + 1]!])

describe('tokens as features', () => {
  it.each([
    ['feature-ablation', {}],
    ['kernel-shap', {}],
    ['glime', { samples: 80, alpha: 0 }],
    ['lime', { samples: 80, alpha: 0 }],
  ])('%s: each token against token 2', async (method, options) => {
    const { values } = await run(method, { ...options, baseline: 'token:2' })
    shown(values).forEach((pair, i) => {
      for (const value of pair) expect(value).toBeCloseTo(worth(words[i]!) - worth(2), 2)
    })
  })

  it.each(['sobol', 'hsic', 'norm-lime'])(
    '%s: the largest change first, the token that stays the same is nothing',
    async method => {
      const { values } = await run(method, { baseline: 'token:2' })
      const order = shown(values).map(([value]) => value!)
      expect(order[1]!).toBeGreaterThan(order[0]!)
      expect(order[0]!).toBeGreaterThan(order[2]! - 1e-9)
      expect(order[3]).toBe(0)
    },
  )

  it('feature-permutation takes vectors of other rows', async () => {
    const data = float32([2, 4, 2], [1, 10, 1, 10, 1, 10, 1, 10, 5, 50, 5, 50, 5, 50, 5, 50])
    const { values } = await run('feature-permutation', { data })
    shown(values).forEach(([value], i) => {
      expect(value).toBeCloseTo(worth(words[i]!) - (worth(1) + worth(5)) / 2, 3)
    })
  })

  it('refuses a token that the table does not have', async () => {
    await expect(run('feature-ablation', { baseline: 'token:10' })).rejects.toThrow(/token 10 is out of range/)
  })
})
