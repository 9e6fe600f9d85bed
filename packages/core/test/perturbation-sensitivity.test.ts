import { afterAll, describe, expect, it } from 'vitest'
import { explain, float32, Random } from '../src/index.js'
import { centredOutputs, hsicOf, maskKernels } from '../src/methods/perturbation/hsic-kernels.js'
import { sequences } from '../src/methods/perturbation/sequences.js'
import { totalOrder } from '../src/methods/perturbation/sobol-indices.js'
import { build, modelOf, tensor, testRuntime } from './support/models.js'

afterAll(() => testRuntime().dispose())

/** Total-order indices of a function of the unit cube, all of them from one pair of designs. */
function indices(f: (u: ArrayLike<number>) => number, columns: number, estimator: string, sequence: string, count: number) {
  const drawn = sequences[sequence]!(count, 2 * columns, 5)
  const row = (k: number, takes: (i: number) => boolean): number =>
    f(Array.from({ length: columns }, (_, i) => drawn[(2 * k + (takes(i) ? 1 : 0)) * columns + i]!))
  const values = (takes: (i: number) => boolean) => Float64Array.from({ length: count }, (_, k) => row(k, takes))
  const [first, second] = [values(() => false), values(() => true)]
  return Array.from({ length: columns }, (_, j) => totalOrder[estimator]!({ first, second, mixed: values(i => i === j) }))
}

const ishigami = (u: ArrayLike<number>): number => {
  const [x, y, z] = Array.from(u, one => Math.PI * (2 * one - 1)) as [number, number, number]
  return Math.sin(x) + 7 * Math.sin(y) ** 2 + 0.1 * z ** 4 * Math.sin(x)
}
const weights = [1, 2, 0.5, 3]
const linear = (u: ArrayLike<number>): number => weights.reduce((sum, weight, i) => sum + weight * u[i]!, 0)

describe('sequences', () => {
  it.each(['sobol', 'latin-hypercube'])('%s: one point in each equal part of every column', name => {
    const points = sequences[name]!(64, 300, 3)
    for (let c = 0; c < 300; c++) {
      const parts = Array.from({ length: 64 }, (_, k) => Math.floor(64 * points[k * 300 + c]!))
      expect(parts.sort((a, b) => a - b)).toEqual(Array.from({ length: 64 }, (_, k) => k))
    }
  })

  it('sobol: the first two columns fill every elementary interval', () => {
    const points = sequences['sobol']!(32, 2, 0)
    for (let a = 0; a <= 5; a++) {
      const cells = new Set<number>()
      for (let k = 0; k < 32; k++)
        cells.add(Math.floor(points[2 * k]! * 2 ** a) * 2 ** (5 - a) + Math.floor(points[2 * k + 1]! * 2 ** (5 - a)))
      expect(cells.size).toBe(32)
    }
  })

  it('sobol: 32 points of 200 columns are told apart', () => {
    const points = sequences['sobol']!(32, 200, 1)
    const ranks = Array.from({ length: 200 }, (_, c) =>
      Array.from({ length: 32 }, (_, k) => Math.floor(32 * points[k * 200 + c]!) ^ Math.floor(32 * points[c]!)).join(),
    )
    expect(new Set(ranks).size).toBe(200)
  })

  it('halton: base 3 in the second column, one point in each ninth', () => {
    const points = sequences['halton']!(9, 2, 2)
    expect(new Set(Array.from({ length: 9 }, (_, k) => Math.floor(9 * points[2 * k + 1]!))).size).toBe(9)
  })

  it.each(Object.keys(sequences))('%s: within [0, 1), the same for a seed, another for another', name => {
    const points = sequences[name]!(16, 20, 7)
    expect(points.every(value => value >= 0 && value < 1)).toBe(true)
    expect(sequences[name]!(16, 20, 7)).toEqual(points)
    expect(sequences[name]!(16, 20, 8)).not.toEqual(points)
  })
})

describe('total-order indices', () => {
  // sd of one draw of (a - c)^2 / 2 V is below 2 for both functions: three standard errors of independent draws.
  const count = 16384
  const tolerance = (3 * 2) / Math.sqrt(count)

  it.each(Object.keys(totalOrder).flatMap(estimator => Object.keys(sequences).map(name => [estimator, name] as const)))(
    '61: Ishigami, %s, %s',
    (estimator, name) => {
      const found = indices(ishigami, 3, estimator, name, count)
      ;[0.55758886, 0.44241114, 0.24368366].forEach((expected, i) => {
        expect(Math.abs(found[i]! - expected)).toBeLessThan(tolerance)
      })
    },
  )

  it.each(Object.keys(totalOrder))('62: linear, %s: w^2 / sum w^2', estimator => {
    const found = indices(linear, 4, estimator, 'sobol', count)
    weights.forEach((weight, i) => {
      expect(Math.abs(found[i]! - weight ** 2 / 14.25)).toBeLessThan(2e-3)
    })
  })

  it('a variable that is not read: exactly 0 by jansen; a constant: 0 by all', () => {
    expect(indices(u => Math.exp(u[0]!), 2, 'jansen', 'random', 50)[1]).toBe(0)
    for (const estimator of Object.keys(totalOrder)) expect(indices(() => 0.1, 1, estimator, 'random', 50)[0]).toBeCloseTo(0, 9)
  })
})

describe('hsic', () => {
  const random = new Random(1)
  const [n, y] = [40, Float64Array.from({ length: 40 }, () => random.normal())]
  const binary = Float64Array.from({ length: n }, () => random.integer(2))
  const uniform = Float64Array.from({ length: n }, () => random.uniform())

  it.each(Object.keys(maskKernels))('%s: tr(K H L H) / (n - 1)^2 by matrices', name => {
    const { binary: isBinary, kernel } = maskKernels[name]!
    const column = isBinary ? binary : uniform
    const distances = [...y].flatMap((a, k) => [...y.subarray(0, k)].map(b => Math.abs(a - b))).sort((a, b) => a - b)
    const width = distances[Math.floor(distances.length / 2)]!
    const square = (make: (k: number, l: number) => number) =>
      Array.from({ length: n }, (_, k) => Array.from({ length: n }, (_, l) => make(k, l)))
    const times = (a: number[][], b: number[][]) => square((k, l) => a[k]!.reduce((sum, value, m) => sum + value * b[m]![l]!, 0))
    const h = square((k, l) => (k === l ? 1 : 0) - 1 / n)
    const outputs = square((k, l) => Math.exp(-((y[k]! - y[l]!) ** 2) / (2 * width ** 2)))
    const masks = square((k, l) => kernel(column[k]!, column[l]!))
    const product = times(times(masks, h), times(outputs, h))
    const expected = product.reduce((sum, line, k) => sum + line[k]!, 0) / (n - 1) ** 2
    expect(hsicOf(column, centredOutputs(y), kernel)).toBeCloseTo(expected, 12)
  })

  it('nothing where the outputs do not vary', () => {
    expect(hsicOf(binary, centredOutputs(new Float64Array(n).fill(2)), maskKernels['binary']!.kernel)).toBe(0)
  })
})

const mixing = build({ x: ['batch', 4] }, (b, x) => b.emit('MatMul', [x!, b.constant(tensor([4, 1], [1, 2, 0, 3]))]))
const table = { x: float32([1, 4], [1, 1, 1, 1]) }

describe('on models', () => {
  it('sobol of a linear model is w^2 (x - b)^2 over their sum; averages over a background', async () => {
    const a = await explain(modelOf(mixing), table, 'sobol', { target: 0, options: { samples: 2048 } })
    ;[1, 4, 0, 9].forEach((square, i) => {
      expect(Math.abs(a.values[i]! - square / 14)).toBeLessThan(5e-3)
    })
    expect(a.cost.forwards).toBe(1 + 2048 * 6)
    const baseline = float32([2, 4], [0, 0, 0, 0, 0, -2, 0, 0])
    const b = await explain(modelOf(mixing), table, 'sobol', { target: 0, options: { samples: 2048, baseline } })
    ;[1, 16, 0, 9].forEach((square, i) => {
      expect(Math.abs(b.values[i]! - square / 26)).toBeLessThan(5e-3)
    })
  })

  it('hsic ranks the columns of a linear model, and leaves the unread one near nothing', async () => {
    for (const kernel of Object.keys(maskKernels)) {
      const { values } = await explain(modelOf(mixing), table, 'hsic', { target: 0, options: { kernel } })
      expect(values[3]!).toBeGreaterThan(values[1]!)
      expect(values[1]!).toBeGreaterThan(values[0]!)
      expect(values[0]!).toBeGreaterThan(3 * values[2]!)
    }
  })

  it.each(['sobol', 'hsic'])('%s: cells of a grid for pictures of either layout, one feature per token', async method => {
    const sum = build({ x: ['batch', 'a', 'b', 'c'] }, (b, x) =>
      b.emit('Flatten', [b.emit('ReduceSum', [b.emit('Mul', [x!, x!]), b.ints([1, 2, 3])])]),
    )
    const run = (dims: number[]) =>
      explain(
        modelOf(sum),
        {
          x: float32(
            dims,
            Array.from({ length: 16 * 16 * 3 }, (_, i) => i % 7),
          ),
        },
        method,
        {
          target: 0,
          options: { samples: 8 },
        },
      )
    for (const dims of [
      [1, 3, 16, 16],
      [1, 16, 16, 3],
    ]) {
      const a = await run(dims)
      expect(a.dims).toEqual(dims)
      expect(a.options['features']).toBe(64)
    }
    const tokens = build({ x: ['batch', 5, 4] }, (b, x) =>
      b.emit('ReduceSum', [b.emit('Mul', [x!, x!]), b.ints([1, 2])], { keepdims: 0 }),
    )
    const a = await explain(modelOf(tokens), { x: float32([1, 5, 4], Array(20).fill(1)) }, method, {
      target: 0,
      options: { samples: 8 },
    })
    expect(a.options['features']).toBe(5)
    expect(a.values.slice(0, 4)).toEqual(new Float32Array(4).fill(a.values[0]!))
  })
})
