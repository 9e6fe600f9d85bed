import { GraphBuilder, inferShapes } from '@ascribe/onnx'
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

it.each([
  ['MatMul and Add', false, 3],
  ['MatMul and Add, one output', false, 1],
  ['Gemm with transposed weights', true, 3],
])('rows put together behind a first layer are those the layer would have been given: %s', async (_, gemm, classes) => {
  const random = new Random(2)
  const draw = (...dims: number[]) => {
    const data = Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => random.normal())
    return { dims, data, list: Array.from(data) }
  }
  const [weights, bias, next] = [gemm ? draw(7, 6) : draw(6, 7), draw(7), draw(7, classes)]
  const builder = new GraphBuilder()
  const x = builder.input('x', 'float32', ['N', 6])
  const [w, b] = [builder.float(weights.list, weights.dims), builder.float(bias.list)]
  const layer = gemm ? builder.emit('Gemm', [x, w, b], { transB: 1 }) : builder.emit('Add', [builder.emit('MatMul', [x, w]), b])
  builder.output(builder.emit('MatMul', [builder.emit('Tanh', [layer]), builder.float(next.list, next.dims)]))
  const graph = inferShapes(builder.build())
  const f = (row: readonly number[]): number => {
    const hidden = bias.list.map((c, h) =>
      Math.tanh(row.reduce((sum, v, j) => sum + v * weights.data[gemm ? h * 6 + j : j * 7 + h]!, c)),
    )
    const value = (index: number) => hidden.reduce((sum, v, h) => sum + v * next.data[h * classes + index]!, 0)
    return classes > 1 ? value(2) - value(1) : value(0)
  }
  const [row, background] = [draw(1, 6), draw(5, 6)]
  const v = (present: number): number => {
    let sum = 0
    for (let k = 0; k < 5; k++) sum += f(row.list.map((own, j) => ((present >> j) & 1 ? own : background.list[k * 6 + j]!))) / 5
    return sum
  }
  const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1))
  const expected = row.list.map((_, j) => {
    let sum = 0
    for (let s = 0; s < 64; s++) {
      if ((s >> j) & 1) continue
      const size = [...s.toString(2)].filter(bit => bit === '1').length
      sum += ((factorial(size) * factorial(5 - size)) / factorial(6)) * (v(s | (1 << j)) - v(s))
    }
    return sum
  })
  const target = classes > 1 ? '2-1' : 0
  const options = { target, options: { segments: 'columns', baseline: float32([5, 6], background.data) } }
  const model = modelOf(graph)
  const found = await explain(model, { x: float32([1, 6], row.data) }, 'exact-shapley', options)
  const largest = Math.max(...expected.map(Math.abs))
  for (const [j, value] of found.values.entries()) expect(Math.abs(value - expected[j]!)).toBeLessThan(1e-6 * largest)
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
