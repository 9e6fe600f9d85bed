/** @file Discretised and sequential integrated gradients on a small token model, against the definitions in double precision. */
import { type Graph, GraphBuilder, inferShapes } from '@ascribe/onnx'
import { afterAll, describe, expect, it } from 'vitest'
import { explain, Random, relativeResidual } from '../src/index.js'
import { discretisedPath } from '../src/methods/path/discretised-path.js'
import { modelOf, tensor, testRuntime } from './support/models.js'

afterAll(() => testRuntime().dispose())

function expectValues(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 1e-5): void {
  expect(actual.length).toBe(expected.length)
  const scale = Math.max(1e-3, ...Array.from(expected, Math.abs))
  const worst = Math.max(...Array.from(expected, (value, i) => Math.abs(value - actual[i]!)))
  expect(worst / scale, `${Array.from(actual)} against ${Array.from(expected)}`).toBeLessThanOrEqual(tolerance)
}

const [vocabulary, width, tokens] = [30, 4, 3]
const random = new Random(21)
const table = Array.from({ length: vocabulary * width }, () => Math.fround(random.normal()))
const mixing = Array.from({ length: tokens * width }, () => Math.fround(0.4 * random.normal()))

/** f = tanh(sum of mixing times x)^2 + product of the first coordinates, over embeddings x of token ids. */
function model(): { graph: Graph; embedded: string; hidden: string } {
  const b = new GraphBuilder()
  const ids = b.input('ids', 'int64', ['batch', tokens])
  const embedded = b.emit('Gather', [b.constant(tensor([vocabulary, width], table)), ids], { axis: 0 })
  const weighted = b.emit('Mul', [embedded, b.constant(tensor([1, tokens, width], mixing))])
  const sum = b.emit('ReduceSum', [weighted, b.ints([1, 2])], { keepdims: 0 })
  const bent = b.emit('Tanh', [sum])
  const first = b.emit('Slice', [embedded, b.ints([0]), b.ints([1]), b.ints([2])])
  const product = b.emit('ReduceProd', [first, b.ints([1, 2])], { keepdims: 0 })
  b.output(b.emit('Reshape', [b.emit('Add', [b.emit('Mul', [bent, bent]), product]), b.ints([-1, 1])]))
  return { graph: inferShapes(b.build()), embedded, hidden: weighted }
}
const { graph, embedded, hidden } = model()
const words = [4, 17, 9]
const vectors = words.flatMap(word => table.slice(word * width, (word + 1) * width))
const ask = (method: string, options: Record<string, unknown>, at = [embedded]) =>
  explain(modelOf(graph), { ids: { dtype: 'int64', dims: [1, tokens], data: BigInt64Array.from(words, BigInt) } }, method, {
    target: 0,
    at,
    options,
  })

const f = (x: readonly number[]): number =>
  Math.tanh(x.reduce((sum, value, i) => sum + mixing[i]! * value, 0)) ** 2 + x[0]! * x[width]! * x[2 * width]!
const gradient = (x: readonly number[]): number[] => {
  const t = Math.tanh(x.reduce((sum, value, i) => sum + mixing[i]! * value, 0))
  return x.map((_, i) => {
    const others = [0, width, 2 * width].filter(place => place !== i)
    return 2 * t * (1 - t * t) * mixing[i]! + (others.length === 2 ? others.reduce((all, place) => all * x[place]!, 1) : 0)
  })
}
const row = (token: number): number[] => table.slice(token * width, (token + 1) * width)

describe('sequential-ig', () => {
  it.each([
    ['zeros', {}, Array(width).fill(0)],
    ['a mask token', { baseline: 'token:2' }, row(2)],
  ])('is the integral of each token alone, from %s', async (_, options, base) => {
    const expected = vectors.map(() => 0)
    const steps = 4000
    for (let token = 0; token < tokens; token++)
      for (let k = 0; k < steps; k++) {
        const x = [...vectors]
        for (let j = 0; j < width; j++)
          x[token * width + j] = base[j]! + ((k + 0.5) / steps) * (vectors[token * width + j]! - base[j]!)
        const slopes = gradient(x)
        for (let i = token * width; i < (token + 1) * width; i++)
          expected[i]! += (slopes[i]! * (vectors[i]! - base[i % width]!)) / steps
      }
    const a = await ask('sequential-ig', { ...options, points: 30 })
    expectValues(a.values, expected)
    expect(a.cost.gradients).toBe(90)
    for (let token = 0; token < tokens; token++) {
      const without = vectors.map((value, i) => (Math.floor(i / width) === token ? base[i % width]! : value))
      const sum = a.values.subarray(token * width, (token + 1) * width).reduce((all, value) => all + value, 0)
      expect(Math.abs(sum - (f(vectors) - f(without)))).toBeLessThan(1e-5)
    }
  })

  it('does not need a table where the baseline is given', async () => {
    await ask('sequential-ig', { points: 3 }, [hidden])
    await expect(ask('sequential-ig', { points: 3, baseline: 'token:1' }, [hidden])).rejects.toThrow(
      /not the output of such a Gather; try at/,
    )
    await expect(ask('sequential-ig', { baseline: 'token:30' })).rejects.toThrow(/token 30 is out of range/)
  })
})

describe('discretised-ig', () => {
  const lookup = { rows: vocabulary, width, values: Float32Array.from(table) }
  const pathOf = (token: number, base: number[], strategy: string, steps = 6) =>
    discretisedPath(lookup, Float64Array.from(row(token)), Float64Array.from(base), steps, 10, strategy)

  it.each(['greedy', 'maxcount'])('moves every coordinate one way, from token to baseline, %s', strategy => {
    for (const token of words) {
      const path = pathOf(token, row(2), strategy)
      expect(path).toHaveLength(7)
      expect(Array.from(path[0]!)).toEqual(row(token))
      expect(Array.from(path.at(-1)!)).toEqual(row(2))
      for (let j = 0; j < width; j++) {
        const way = Math.sign(row(2)[j]! - row(token)[j]!)
        for (let k = 1; k < path.length; k++) expect(way * (path[k]![j]! - path[k - 1]![j]!)).toBeGreaterThanOrEqual(0)
      }
    }
  })

  it('chooses the first step as the definition does', () => {
    const [at, base] = [row(4), row(2)]
    const candidates = Array.from({ length: vocabulary }, (_, word) => word)
      .filter(word => word !== 4 && word !== 2)
      .map(word => ({ word, apart: row(word).reduce((sum, value, j) => sum + (value - at[j]!) ** 2, 0) }))
      .sort((a, b) => a.apart - b.apart)
      .slice(0, 10)
      .map(({ word }) => {
        const inside = row(word).map((value, j) => Math.min(at[j]!, base[j]!) <= value && value <= Math.max(at[j]!, base[j]!))
        const point = row(word).map((value, j) => (inside[j] ? value : at[j]! + (base[j]! - at[j]!) / 6))
        return {
          point,
          kept: inside.filter(Boolean).length,
          moved: point.reduce((sum, value, j) => sum + (value - row(word)[j]!) ** 2, 0),
        }
      })
    const greedy = candidates.reduce((a, b) => (b.moved < a.moved ? b : a))
    const most = candidates.reduce((a, b) => (b.kept > a.kept ? b : a))
    expectValues(pathOf(4, base, 'greedy')[1]!, greedy.point, 1e-9)
    expectValues(pathOf(4, base, 'maxcount')[1]!, most.point, 1e-9)
  })

  it.each(['greedy', 'maxcount'])('adds up gradients along the path by the trapezoid rule, %s', async strategy => {
    const paths = words.map(word => pathOf(word, row(2), strategy).toReversed())
    const points = Array.from({ length: 7 }, (_, k) => paths.flatMap(path => Array.from(path[k]!)))
    const slopes = points.map(gradient)
    const expected = vectors.map((_, i) =>
      [0, 1, 2, 3, 4, 5].reduce(
        (sum, k) => sum + ((slopes[k]![i]! + slopes[k + 1]![i]!) / 2) * (points[k + 1]![i]! - points[k]![i]!),
        0,
      ),
    )
    const a = await ask('discretised-ig', { baseline: 'token:2', points: 6, neighbours: 10, strategy })
    expectValues(a.values, expected)
    expect(a.cost).toMatchObject({ forwards: 2, gradients: 7 })
    expect(a.baselineValue).toBeCloseTo(f([...row(2), ...row(2), ...row(2)]), 5)
  })

  it('is complete between tokens too, and says where it is not', async () => {
    const a = await ask('discretised-ig', { baseline: 'token:2', points: 8, refine: 60, neighbours: 10 })
    expect(relativeResidual(a)!).toBeLessThan(1e-3)
    expect(a.cost.gradients).toBe(481)
    expect(a.warnings).toEqual([])
    const jumps = await ask('discretised-ig', { baseline: 'token:2', points: 400, neighbours: 10 })
    expect(jumps.warnings[0]).toMatch(/raise refine/)
  })

  it('says where there is no table', async () => {
    await expect(ask('discretised-ig', {}, [hidden])).rejects.toThrow(/needs the table that vectors are looked up in/)
  })
})
