/** @file Attention methods: golden values, a tiny transformer by hand in double precision, and which tokens and layers are read. */
import { afterAll, describe, expect, it } from 'vitest'
import { fuseHeads, normaliseRows, plusIdentity, positiveProducts, rollBack } from '../src/attention/flow.js'
import { attentionLayers } from '../src/attention/layers.js'
import { queryOf } from '../src/attention/query.js'
import { readGradients } from '../src/attention/read.js'
import { type ExplainOptions, explain, float32, type Method, prepare, Random } from '../src/index.js'
import { attentionMaps } from '../src/methods/attention/attention-maps.js'
import { attentionRollout } from '../src/methods/attention/attention-rollout.js'
import { chefer } from '../src/methods/attention/chefer.js'
import { cheferGeneric } from '../src/methods/attention/chefer-generic.js'
import { gradientRollout } from '../src/methods/attention/gradient-rollout.js'
import { transitionAttentionMaps } from '../src/methods/attention/transition-attention-maps.js'
import type { TensorValues } from '../src/tensor-value.js'
import { modelOf, testRuntime } from './support/models.js'
import { attentionGradient, type Shape, tokenCount, transformerGraph, transformerOracle } from './support/transformer.js'

afterAll(() => testRuntime().dispose())

function expectValues(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 1e-5): void {
  expect(actual.length).toBe(expected.length)
  const scale = Math.max(1e-9, ...Array.from(expected, Math.abs))
  const worst = Math.max(...Array.from(expected, (value, i) => Math.abs(value - actual[i]!)))
  expect(worst / scale, `${Array.from(actual)} against ${Array.from(expected)}`).toBeLessThanOrEqual(tolerance)
}

const identityRows = (size: number): Float64Array[] =>
  Array.from({ length: size }, (_, i) => Float64Array.from({ length: size }, (__, j) => (i === j ? 1 : 0)))

describe('golden values', () => {
  const first = Float64Array.of(0.7, 0.2, 0.1, 0.3, 0.4, 0.3, 0.2, 0.2, 0.6)
  const second = Float64Array.of(0.5, 0.3, 0.2, 0.1, 0.8, 0.1, 0.25, 0.25, 0.5)

  it('74: rollout, rows normalised', () => {
    const layers = [first, second].map(a => normaliseRows(plusIdentity(a.slice(), 3), 3))
    const rows = identityRows(3).flatMap(start => Array.from(rollBack(start, layers)))
    expectValues(rows, [0.67, 0.19, 0.14, 0.1825, 0.64, 0.1775, 0.2, 0.175, 0.625], 1e-12)
  })

  it('75: generic relevance', () => {
    const gradient = Float32Array.of(1, -1, 2, 0, 1, 0, 0, 0, 1)
    const layers = [first, second].map(a => plusIdentity(positiveProducts(1, 3, Float32Array.from(a), gradient), 3))
    const rows = identityRows(3).flatMap(start => Array.from(rollBack(start, layers)))
    expectValues(rows, [2.55, 0, 0.94, 0, 2.52, 0, 0, 0, 2.4], 1e-6)
  })

  it('fuses heads by mean, max and min', () => {
    const fuse = (how: 'mean' | 'max' | 'min') => Array.from(fuseHeads(2, 2, how, i => [1, 2, 3, 4, 5, -6, 7, 8][i]!))
    expect([fuse('mean'), fuse('max'), fuse('min')]).toEqual([
      [3, -2, 5, 6],
      [5, 2, 7, 8],
      [1, -6, 3, 4],
    ])
  })
})

const random = new Random(3)
const pixels = Float32Array.from({ length: 24 }, () => random.normal())
const ids = [3, 1, 8, 0, 5]
const rowFor = ({ reads }: Shape): TensorValues =>
  reads === 'picture'
    ? { image: float32([1, 1, 4, 6], pixels) }
    : { ids: { dtype: 'int64', dims: [1, 5], data: BigInt64Array.from(ids, BigInt) } }
const inputFor = ({ reads }: Shape): ArrayLike<number> => (reads === 'picture' ? pixels : ids)

const vit: Shape = { layers: 2, reads: 'picture', norm: 'pre', pool: 'class' }
const bert: Shape = { layers: 3, reads: 'ids', norm: 'post', pool: 'mean' }
const shapes: readonly (readonly [string, Shape])[] = [
  ['vit with a class token', vit],
  ['vit with heads merged into rows', { ...vit, layout: 'merged' }],
  ['vit with a fused operator', { ...vit, layout: 'fused' }],
  ['vit of mean tokens', { ...vit, pool: 'mean' }],
  ['bert-like', bert],
  ['bert-like with a fused operator', { ...bert, layout: 'fused' }],
]

function atOf(shape: Shape): ExplainOptions {
  if (shape.reads === 'picture') return {}
  return { at: [modelOf(transformerGraph(shape)).embedding!] }
}

const run = (shape: Shape, method: Method, options: Record<string, unknown> = {}, more: ExplainOptions = {}) =>
  explain(modelOf(transformerGraph(shape)), rowFor(shape), method, { target: 1, ...atOf(shape), ...more, options })

/** The map by hand: a relevance per token, special tokens left out. */
const places = (shape: Shape, relevance: readonly number[]): number[] =>
  shape.reads === 'picture' && shape.pool === 'class' ? relevance.slice(1) : [...relevance]

/** The rows that are read: the class token's, or the mean. */
const startOf = (shape: Shape): number[] =>
  Array.from({ length: tokenCount(shape) }, (_, i) => (shape.pool === 'class' ? (i === 0 ? 1 : 0) : 1 / tokenCount(shape)))

const meanHeads = (heads: readonly number[][][]): number[][] =>
  heads[0]!.map((row, i) => row.map((_, j) => heads.reduce((sum, one) => sum + one[i]![j]!, 0) / heads.length))
const backOf = (row: readonly number[], m: readonly number[][]): number[] =>
  m[0]!.map((_, j) => row.reduce((sum, value, i) => sum + value * m[i]![j]!, 0))
const zip = (a: number[][][], b: number[][][], of: (x: number, y: number) => number): number[][][] =>
  a.map((m, h) => m.map((row, i) => row.map((value, j) => of(value, b[h]![i]![j]!))))
const withIdentity = (m: number[][]): number[][] => m.map((row, i) => row.map((value, j) => value + (i === j ? 1 : 0)))
const normalised = (m: number[][]): number[][] => m.map(row => row.map(value => value / row.reduce((sum, one) => sum + one, 0)))

describe.each(shapes)('%s', (_, shape) => {
  const trace = transformerOracle(shape, inputFor(shape))
  const gradient = attentionGradient(shape, inputFor(shape), 1)
  const back = (matrices: number[][][]): number[] => places(shape, matrices.reduceRight(backOf, startOf(shape)))

  it('the graph is the oracle', async () => {
    const evaluator = await prepare(modelOf(transformerGraph(shape)), rowFor(shape), { target: 1, ...atOf(shape) })
    expect(evaluator.value).toBeCloseTo(trace.scores[1]!, 4)
    const { layers, tokens, space } = attentionLayers(evaluator, 'a method')
    expect([layers.length, tokens]).toEqual([shape.layers, tokenCount(shape)])
    expect(space).toEqual(shape.reads === 'picture' ? [2, 3] : [5])
    const found = await readGradients(evaluator, layers)
    found.forEach(({ weights, gradient: own }, l) => {
      expectValues(weights, trace.attention[l]!.flat(2))
      expectValues(own, gradient[l]!.flat(2), 1e-4)
    })
  })

  it('attention-maps', async () => {
    expectValues((await run(shape, attentionMaps)).values, back([meanHeads(trace.attention.at(-1)!)]))
    expectValues((await run(shape, attentionMaps, { layer: 0, heads: 1 })).values, back([trace.attention[0]![1]!]))
  })

  it('attention-rollout', async () => {
    const a = await run(shape, attentionRollout)
    expectValues(a.values, back(trace.attention.map(heads => normalised(withIdentity(meanHeads(heads))))))
    const largest = trace.attention.map(([one, two]) =>
      one!.map((row, i) => row.map((value, j) => Math.max(value, two![i]![j]!))),
    )
    expectValues(
      (await run(shape, attentionRollout, { heads: 'max' })).values,
      back(largest.map(m => normalised(withIdentity(m)))),
    )
  })

  it('gradient-rollout', async () => {
    const matrices = trace.attention.map((heads, l) => {
      const fused = meanHeads(zip(heads, gradient[l]!, (x, y) => x * y))
      return normalised(withIdentity(fused.map(row => row.map(value => Math.max(0, value)))))
    })
    expectValues((await run(shape, gradientRollout)).values, back(matrices), 1e-4)
  })

  it('chefer-generic', async () => {
    const matrices = trace.attention.map((heads, l) =>
      withIdentity(meanHeads(zip(heads, gradient[l]!, (x, y) => Math.max(0, x * y)))),
    )
    expectValues((await run(shape, cheferGeneric)).values, back(matrices), 1e-4)
  })
})
