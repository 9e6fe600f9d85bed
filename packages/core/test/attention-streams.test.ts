/** @file An encoder and a decoder: the generic relevance of both, by the paper's rules with explicit matrices in double precision. */
import type { GraphBuilder } from '@ascribe/onnx'
import { afterAll, describe, expect, it } from 'vitest'
import { explain, float32, Random } from '../src/index.js'
import { build, modelOf, tensor, testRuntime } from './support/models.js'

afterAll(() => testRuntime().dispose())

type Matrix = number[][]

const [sourceTokens, targetTokens, width, headCount] = [4, 3, 2, 2]
const random = new Random(11)
const drawn = (count: number): number[] => Array.from({ length: count }, () => Math.fround(random.normal()))
const source = drawn(sourceTokens * width)
const target = drawn(targetTokens * width)
const head = drawn(width)

/** In order; each has weights [heads, width, width] for queries, keys and values. */
const layers = (['encoder', 'encoder', 'own', 'cross', 'own', 'cross'] as const).map(kind => ({
  kind,
  weights: [0, 1, 2].map(() => drawn(headCount * width * width)),
}))

/** tokens + sum over heads of attention, the decoder's second token read by one score. */
function graphOf(both = false) {
  return build({ x: ['batch', sourceTokens, width], y: ['batch', targetTokens, width] }, (b, x, y) => {
    const attend = (b: GraphBuilder, from: string, to: string, weights: number[][]): string => {
      const [q, k, v] = weights.map((values, i) =>
        b.emit('MatMul', [
          b.emit('Unsqueeze', [i === 0 ? from : to, b.ints([1])]),
          b.constant(tensor([headCount, width, width], values)),
        ]),
      )
      const scores = b.emit('MatMul', [q!, b.emit('Transpose', [k!], { perm: [0, 1, 3, 2] })])
      const mixed = b.emit('MatMul', [b.emit('Softmax', [scores], { axis: -1 }), v!])
      return b.emit('Add', [from, b.emit('ReduceSum', [mixed, b.ints([1])], { keepdims: 0 })])
    }
    let [encoded, decoded] = [x!, y!]
    for (const { kind, weights } of layers) {
      if (kind === 'encoder') encoded = attend(b, encoded, both ? decoded : encoded, weights)
      else decoded = attend(b, decoded, kind === 'own' ? decoded : encoded, weights)
    }
    const second = b.emit('Reshape', [b.emit('Slice', [decoded, b.ints([1]), b.ints([2]), b.ints([1])]), b.ints([-1, width])])
    return b.emit('MatMul', [second, b.constant(tensor([width, 1], head))])
  })
}

const rowsOf = (values: readonly number[], columns: number): Matrix =>
  Array.from({ length: values.length / columns }, (_, i) => values.slice(i * columns, (i + 1) * columns))
const product = (a: Matrix, b: Matrix): Matrix =>
  a.map(row => b[0]!.map((_, j) => row.reduce((sum, value, k) => sum + value * b[k]![j]!, 0)))
const turned = (m: Matrix): Matrix => m[0]!.map((_, j) => m.map(row => row[j]!))
const plus = (a: Matrix, b: Matrix): Matrix => a.map((row, i) => row.map((value, j) => value + b[i]![j]!))
const identity = (size: number): Matrix =>
  Array.from({ length: size }, (_, i) => Array.from({ length: size }, (__, j) => +(i === j)))

/** f, and every layer's attention [layer][head]; one weight may be moved. */
function forward(moved?: { layer: number; head: number; i: number; j: number; by: number }): {
  f: number
  attention: Matrix[][]
} {
  let [encoded, decoded] = [rowsOf(source, width), rowsOf(target, width)]
  const attention = layers.map(({ kind, weights }, l) => {
    const from = kind === 'encoder' ? encoded : decoded
    const to = kind === 'own' ? decoded : encoded
    const one = (which: number, h: number): Matrix =>
      rowsOf(weights[which]!.slice(h * width * width, (h + 1) * width * width), width)
    let after = from
    const heads = Array.from({ length: headCount }, (_, h) => {
      const scores = product(product(from, one(0, h)), turned(product(to, one(1, h))))
      const shares = scores.map(row => {
        const powers = row.map(value => Math.exp(value - Math.max(...row)))
        const total = powers.reduce((sum, value) => sum + value, 0)
        return powers.map(value => value / total)
      })
      if (moved?.layer === l && moved.head === h) shares[moved.i]![moved.j]! += moved.by
      after = plus(after, product(shares, product(to, one(2, h))))
      return shares
    })
    if (kind === 'encoder') encoded = after
    else decoded = after
    return heads
  })
  return { f: decoded[1]!.reduce((sum, value, c) => sum + value * head[c]!, 0), attention }
}

/** mean over heads of max(0, A d f / d A), by central differences. */
function importance(layer: number, heads: readonly Matrix[]): Matrix {
  const gradient = (h: number, i: number, j: number): number => {
    const at = (by: number): number => forward({ layer, head: h, i, j, by }).f
    return (at(1e-5) - at(-1e-5)) / 2e-5
  }
  return heads[0]!.map((row, i) =>
    row.map((_, j) => heads.reduce((sum, one, h) => sum + Math.max(0, one[i]![j]! * gradient(h, i, j)), 0) / heads.length),
  )
}

/** R - I with rows that add up to 1 (or nothing), plus I. */
function normalised(m: Matrix): Matrix {
  const rest = m.map((row, i) => row.map((value, j) => value - +(i === j)))
  const shares = rest.map(row => {
    const sum = row.reduce((total, value) => total + value, 0)
    return row.map(value => (sum === 0 ? 0 : value / sum))
  })
  return plus(shares, identity(m.length))
}

function expectValues(actual: ArrayLike<number>, expected: readonly number[]): void {
  expect(actual.length).toBe(expected.length)
  const scale = Math.max(...expected.map(Math.abs))
  expected.forEach((value, i) => {
    expect(Math.abs(value - actual[i]!) / scale).toBeLessThanOrEqual(1e-4)
  })
}

describe('chefer-generic of an encoder and a decoder', () => {
  const { f, attention } = forward()
  const model = modelOf(graphOf())
  const row = { x: float32([1, sourceTokens, width], source), y: float32([1, targetTokens, width], target) }
  afterAll(() => model.dispose())

  it("is the paper's two streams", async () => {
    let [ee, dd] = [identity(sourceTokens), identity(targetTokens)]
    let de = Array.from({ length: targetTokens }, () => Array<number>(sourceTokens).fill(0))
    layers.forEach(({ kind }, l) => {
      const weights = importance(l, attention[l]!)
      if (kind === 'encoder') ee = plus(ee, product(weights, ee))
      else if (kind === 'own') [dd, de] = [plus(dd, product(weights, dd)), plus(de, product(weights, de))]
      else de = plus(de, product(product(turned(normalised(dd)), weights), normalised(ee)))
    })
    const a = await explain(model, row, 'chefer-generic', { target: 0, at: ['x', 'y'] })
    expect(a.value).toBeCloseTo(f, 4)
    const [across, within] = Object.values(a.maps)
    expect([across!.dims, within!.dims]).toEqual([
      [1, sourceTokens],
      [1, targetTokens],
    ])
    expectValues(across!.values, de[1]!)
    expectValues(within!.values, dd[1]!)
    expect(a.options['query']).toBe('1')
  })

  it('refuses streams that attend to each other', async () => {
    const run = explain(modelOf(graphOf(true)), row, 'chefer-generic', { target: 0, at: ['x', 'y'] })
    await expect(run).rejects.toThrow(/"x" and "y" attend to each other/)
  })
})
