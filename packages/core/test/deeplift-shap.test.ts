/** @file DeepLIFT SHAP: the golden case, its average, and seeds. */
import { afterAll, describe, expect, it } from 'vitest'
import { explain, float32, type TensorValue } from '../src/index.js'
import { deeplift } from '../src/methods/relevance/deeplift.js'
import { deepliftShap } from '../src/methods/relevance/deeplift-shap.js'
import { build, convolutional, modelOf, tensor, testRuntime } from './support/models.js'

afterAll(() => testRuntime().dispose())

function expectValues(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 1e-5): void {
  expect(actual.length).toBe(expected.length)
  const scale = Math.max(1e-3, ...Array.from(expected, Math.abs))
  const worst = Math.max(...Array.from(expected, (value, i) => Math.abs(value - actual[i]!)))
  expect(worst / scale, `${Array.from(actual)} against ${Array.from(expected)}`).toBeLessThanOrEqual(tolerance)
}

const row = (values: readonly number[]): TensorValue<'float32'> => float32([1, values.length], [...values])
const picture = float32(
  [1, 1, 4, 4],
  Array.from({ length: 16 }, (_, i) => i),
)

describe('deeplift-shap', () => {
  it('26: two rows joined, baselines of zeros and of ones', async () => {
    const graph = build({ x1: ['n', 3], x2: ['n', 3] }, (b, x1, x2) => {
      const weighted = (x: string, weights: number[]): string => b.emit('MatMul', [x, b.constant(tensor([3, 1], weights))])
      const both = b.emit('Concat', [weighted(x1!, [3, 1, 0]), weighted(x2!, [2, 3, 0])], { axis: 1 })
      return b.emit('MatMul', [b.emit('Relu', [both]), b.constant(tensor([2, 1], [1, 1]))])
    })
    const rows = float32([2, 3], [0, 0, 0, 1, 1, 1])
    const a = await explain(modelOf(graph), { x1: row([-10, 1, -5]), x2: row([3, 3, 1]) }, deepliftShap, {
      target: 0,
      options: { baseline: { x1: rows, x2: rows } },
    })
    expectValues(a.maps['x1']!.values, [-2, 0, 0])
    expectValues(a.maps['x2']!.values, [5, 7.5, 0])
    expect(a.baselineValue).toBeCloseTo(4.5, 6)
    expect(Math.abs(a.residual!)).toBeLessThan(1e-5)
    expect(a.cost).toMatchObject({ forwards: 3, gradients: 2 })
  })

  it('is the mean of DeepLIFT over its baselines', async () => {
    const model = modelOf(convolutional())
    const baselines = [0, 3, 8].map(value =>
      Array<number>(16)
        .fill(value)
        .map((v, i) => v + (i % 3)),
    )
    const all = await explain(model, { image: picture }, deepliftShap, {
      target: 0,
      options: { baseline: float32([3, 1, 4, 4], baselines.flat()) },
    })
    const each = await Promise.all(
      baselines.map(values =>
        explain(model, { image: picture }, deeplift, { target: 0, options: { baseline: float32([1, 1, 4, 4], values) } }),
      ),
    )
    expectValues(
      all.values,
      all.values.map((_, i) => each.reduce((sum, { values }) => sum + values[i]! / 3, 0)),
    )
    expect(new Set(each.map(({ baselineValue }) => baselineValue)).size).toBeGreaterThan(1)
  })

  it('one baseline by name is DeepLIFT', async () => {
    const model = modelOf(convolutional())
    const options = { target: 0, options: { baseline: 'constant:2' } }
    const one = await explain(model, { image: picture }, deeplift, options)
    expectValues((await explain(model, { image: picture }, deepliftShap, options)).values, one.values, 1e-6)
  })

  it('draws by the seed', async () => {
    const model = modelOf(convolutional())
    const at = async (seed: number): Promise<number[]> =>
      Array.from((await explain(model, { image: picture }, deepliftShap, { target: 0, seed, options: { samples: 5 } })).values)
    expect(await at(1)).toEqual(await at(1))
    expect(await at(1)).not.toEqual(await at(2))
  })
})
