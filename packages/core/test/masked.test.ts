import { afterAll, expect, it } from 'vitest'
import { explain, float32, Random } from '../src/index.js'
import { MaskSum, riseMasks } from '../src/methods/perturbation/rise-masks.js'
import { modelOf, squares, testRuntime } from './support/models.js'

afterAll(() => testRuntime().dispose())

it('a background gives the same values however its rows are spread over runs', async () => {
  const graph = squares(5)
  const dims = [1, ...(graph.inputs[0]!.type.shape!.slice(1) as number[])]
  const size = dims.reduce((a, b) => a * b, 1)
  const random = new Random(1)
  const draw = (count: number) => Float32Array.from({ length: count }, () => random.normal())
  const row = { [graph.inputs[0]!.name]: float32(dims, draw(size)) }
  const baseline = float32([3, ...dims.slice(1)], draw(3 * size))
  const options = { target: 0, options: { segments: 'columns', baseline } }
  const whole = await explain(modelOf(graph), row, 'exact-shapley', options)
  const single = modelOf(graph)
  const rowsPerRun = single.rowsPerRun.bind(single)
  // One row a run: each has a baseline of its own.
  single.rowsPerRun = (key, make) => Math.min(1, rowsPerRun(key, make, 1))
  const apart = await explain(single, row, 'exact-shapley', options)
  expect(Math.max(...whole.values.map(Math.abs))).toBeGreaterThan(0)
  for (const [i, value] of whole.values.entries()) expect(apart.values[i]).toBeCloseTo(value, 5)
  expect(whole.residual).toBeCloseTo(0, 5)
})

it('masks summed by their shifts are the sum of the masks', () => {
  const [height, width] = [9, 12]
  const masks = riseMasks(3, 0.5, height, width, 4)
  const sum = new MaskSum(masks)
  const expected = new Float64Array(height * width)
  for (let k = 0; k < 20; k++) {
    const { grid, top, left } = masks.draw(k)
    sum.add({ grid, top, left }, k - 7)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++)
        for (let a = 0; a < masks.side; a++)
          for (let b = 0; b < masks.side; b++) {
            const weight = masks.down[top]![y * masks.side + a]! * masks.across[left]![x * masks.side + b]!
            expected[y * width + x]! += (k - 7) * weight * grid[a * masks.side + b]!
          }
  }
  for (const [i, value] of sum.total().entries()) expect(value).toBeCloseTo(expected[i]!, 10)
})
