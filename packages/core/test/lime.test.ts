import { afterAll, describe, expect, it } from 'vitest'
import { type Attribution, explain, float32, type Model, Random } from '../src/index.js'
import { linearFits, type WeightedRows } from '../src/methods/perturbation/linear-fit.js'
import { build, modelOf, squares, tensor, testRuntime } from './support/models.js'

afterAll(() => testRuntime().dispose())

function expectValues(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 1e-5): void {
  expect(actual.length).toBe(expected.length)
  const scale = Math.max(1e-3, ...Array.from(expected, Math.abs))
  const worst = Math.max(...Array.from(expected, (value, i) => Math.abs(value - actual[i]!)))
  expect(worst / scale, `${Array.from(actual)} against ${Array.from(expected)}`).toBeLessThanOrEqual(tolerance)
}

const row = (values: readonly number[]) => ({ x: float32([1, values.length], values) })
const run = (model: Model, values: readonly number[], options = {}, seed = 0): Promise<Attribution> =>
  explain(model, row(values), 'lime', { target: 0, seed, options })

/** Solves a dense system by Gaussian elimination with pivots. */
function eliminated(matrix: number[][], right: number[]): number[] {
  const rows = matrix.map((line, i) => [...line, right[i]!])
  for (let column = 0; column < rows.length; column++) {
    let pivot = column
    for (let i = column; i < rows.length; i++) if (Math.abs(rows[i]![column]!) > Math.abs(rows[pivot]![column]!)) pivot = i
    ;[rows[column], rows[pivot]] = [rows[pivot]!, rows[column]!]
    for (let i = 0; i < rows.length; i++) {
      if (i === column) continue
      const factor = rows[i]![column]! / rows[column]![column]!
      for (let j = column; j <= rows.length; j++) rows[i]![j]! -= factor * rows[column]![j]!
    }
  }
  return rows.map((line, i) => line[rows.length]! / line[i]!)
}

/** Ridge with the intercept as a column of its own, without penalty. */
function ridgeByHand(z: number[][], y: number[], weights: number[], alpha: number): number[] {
  const design = z.map(line => [1, ...line])
  const size = design[0]!.length
  const matrix = Array.from({ length: size }, (_, i) =>
    Array.from(
      { length: size },
      (_, j) => design.reduce((sum, line, k) => sum + weights[k]! * line[i]! * line[j]!, 0) + (i === j && i > 0 ? alpha : 0),
    ),
  )
  const right = Array.from({ length: size }, (_, i) => design.reduce((sum, line, k) => sum + weights[k]! * line[i]! * y[k]!, 0))
  return eliminated(matrix, right).slice(1)
}

function randomRows(columns: number, count: number, seed: number): WeightedRows {
  const random = new Random(seed)
  return {
    columns,
    members: Uint8Array.from({ length: columns * count }, () => random.integer(2)),
    values: Float64Array.from({ length: count }, () => random.normal()),
    weights: Float64Array.from({ length: count }, () => random.uniform()),
  }
}

const listed = ({ columns, members, values }: WeightedRows): number[][] =>
  Array.from({ length: values.length }, (_, k) => Array.from(members.subarray(k * columns, (k + 1) * columns)))

describe('linear fits', () => {
  it.each([0, 0.5, 20])('ridge %f: the same by elimination with the intercept as a column', alpha => {
    const rows = randomRows(6, 40, 1)
    const expected = ridgeByHand(listed(rows), Array.from(rows.values), Array.from(rows.weights), alpha)
    expectValues(linearFits['ridge']!(rows, alpha)!, expected, 1e-9)
  })

  it.each([0.001, 0.02, 0.05])('lasso %f: meets the conditions of a minimum', alpha => {
    const rows = randomRows(6, 40, 2)
    const [z, y, weights] = [listed(rows), Array.from(rows.values), Array.from(rows.weights)]
    const found = Array.from(linearFits['lasso']!(rows, alpha)!)
    const total = weights.reduce((sum, weight) => sum + weight, 0)
    const free = z.map((line, k) => y[k]! - line.reduce((sum, one, i) => sum + one * found[i]!, 0))
    const intercept = free.reduce((sum, value, k) => sum + weights[k]! * value, 0) / total
    for (let i = 0; i < 6; i++) {
      const slope = z.reduce((sum, line, k) => sum + weights[k]! * line[i]! * (free[k]! - intercept), 0) / total
      if (found[i] === 0) expect(Math.abs(slope)).toBeLessThanOrEqual(alpha + 1e-9)
      else expect(slope).toBeCloseTo(alpha * Math.sign(found[i]!), 9)
    }
    if (alpha === 0.05) expect(found.some(value => value === 0)).toBe(true)
  })

  it('lasso of a large penalty is zero', () => {
    expect(Array.from(linearFits['lasso']!(randomRows(4, 20, 3), 1e6)!)).toEqual([0, 0, 0, 0])
  })
})

const mixing = [0.8, -0.5, 0.3, 0.9]
const curved = (values: readonly number[]): number =>
  Math.tanh(values.reduce((sum, value, i) => sum + value * Math.fround(mixing[i]!), 0))
const curvedModel = () =>
  modelOf(build({ x: ['batch', 4] }, (b, x) => b.emit('Tanh', [b.emit('MatMul', [x!, b.constant(tensor([4, 1], mixing))])])))

describe('lime', () => {
  it('of an additive model without a penalty is each feature alone', async () => {
    expectValues((await run(modelOf(squares(4)), [1, 2, -3, 0.5], { samples: 40, alpha: 0 })).values, [1, 4, 9, 0.25])
  })

  it.each([
    ['cosine', 0.25, 1],
    ['euclidean', 1.5, 0.1],
  ])('distance %s: the same as by hand from the same draws', async (distance, width, alpha) => {
    const [point, samples, seed] = [[1, -1.5, 0.5, 0.75], 30, 4]
    const z = Array.from({ length: samples }, (_, k) => {
      const random = new Random(seed, k)
      return point.map(() => (k === 0 || random.uniform() < 0.6 ? 1 : 0))
    })
    const weights = z.map(line => {
      const size = line.reduce<number>((sum, one) => sum + one, 0)
      const dot = size / (Math.sqrt(4) * Math.sqrt(Math.max(size, 1e-300)))
      const far = distance === 'cosine' ? 1 - dot : Math.hypot(...line.map(one => 1 - one))
      return Math.exp(-(far ** 2) / (2 * width ** 2))
    })
    const y = z.map(line => curved(point.map((value, i) => value * line[i]!)))
    const options = { samples, distance, width, alpha, probability: 0.6 }
    expectValues((await run(curvedModel(), point, options, seed)).values, ridgeByHand(z, y, weights, alpha))
  })

  it("another library's settings win over the options", async () => {
    const [model, point] = [curvedModel(), [1, -1.5, 0.5, 0.75]]
    const named = await run(model, point, { variant: 'captum', samples: 7 })
    const spelled = await run(model, point, { samples: 50, width: 1, penalty: 'lasso', alpha: 0.01 })
    expect(Array.from(named.values)).toEqual(Array.from(spelled.values))
    expect(named.cost.forwards).toBe(50)
  })

  it('promises no sum, repeats itself with its seed, and says what does not determine it', async () => {
    const [model, point] = [curvedModel(), [1, -1.5, 0.5, 0.75]]
    const [first, second, other] = [
      await run(model, point, {}, 1),
      await run(model, point, {}, 1),
      await run(model, point, {}, 2),
    ]
    expect(first.residual).toBeUndefined()
    expect(Array.from(first.values)).toEqual(Array.from(second.values))
    expect(Array.from(first.values)).not.toEqual(Array.from(other.values))
    await expect(run(model, point, { samples: 3, alpha: 0 })).rejects.toThrow(/3 coalitions do not determine 4 features/)
  })

  it('features that show the same present and absent get nothing', async () => {
    const a = await run(curvedModel(), [1, 0, 0.5, 0])
    expect([a.values[1], a.values[3]]).toEqual([0, 0])
    expect(a.values[0]).toBeGreaterThan(0.1)
  })
})
