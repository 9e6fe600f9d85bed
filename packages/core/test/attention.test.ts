/** @file Attention methods: golden values, a tiny transformer by hand in double precision, and which tokens and layers are read. */
import { afterAll, describe, expect, it } from 'vitest'
import { fuseHeads, normaliseRows, plusIdentity, positiveProducts, rollBack } from '../src/attention/flow.js'
import { attentionLayers } from '../src/attention/layers.js'
import { queryOf } from '../src/attention/query.js'
import { readGradients } from '../src/attention/read.js'
import { type ExplainOptions, explain, float32, type Method, type Model, prepare, Random } from '../src/index.js'
import { attentionMaps } from '../src/methods/attention/attention-maps.js'
import { attentionRollout } from '../src/methods/attention/attention-rollout.js'
import { bidirectional } from '../src/methods/attention/bidirectional.js'
import { chefer } from '../src/methods/attention/chefer.js'
import { cheferGeneric } from '../src/methods/attention/chefer-generic.js'
import { gradientRollout } from '../src/methods/attention/gradient-rollout.js'
import { transitionAttentionMaps } from '../src/methods/attention/transition-attention-maps.js'
import { valueZeroing } from '../src/methods/attention/value-zeroing.js'
import type { TensorValues } from '../src/tensor-value.js'
import { build, modelOf, tensor, testRuntime } from './support/models.js'
import { attentionGradient, type Shape, tokenCount, transformerGraph, transformerOracle } from './support/transformer.js'
import { attentionRelevance } from './support/transformer-relevance.js'

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
]

function atOf(shape: Shape): ExplainOptions {
  if (shape.reads === 'picture') return {}
  return { at: [modelFor(shape).embedding!] }
}

const models = new Map<string, Model>()

/** One model of each shape: its sessions stay open. */
function modelFor(shape: Shape): Model {
  const key = JSON.stringify(shape)
  const model = models.get(key) ?? modelOf(transformerGraph(shape))
  models.set(key, model)
  return model
}

const run = (shape: Shape, method: Method, options: Record<string, unknown> = {}, more: ExplainOptions = {}) =>
  explain(modelFor(shape), rowFor(shape), method, { target: 1, ...atOf(shape), ...more, options })

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
const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0)
const normalised = (m: number[][]): number[][] => m.map(row => row.map(value => value / row.reduce((sum, one) => sum + one, 0)))

describe.each(shapes)('%s', (_, shape) => {
  const trace = transformerOracle(shape, inputFor(shape))
  const gradient = attentionGradient(shape, inputFor(shape), 1)
  const back = (matrices: number[][][]): number[] => places(shape, matrices.reduceRight(backOf, startOf(shape)))

  it('the graph is the oracle', async () => {
    const evaluator = await prepare(modelFor(shape), rowFor(shape), { target: 1, ...atOf(shape) })
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

  it('value-zeroing', async () => {
    const distance = (a: number[], b: number[]): number => 1 - dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))
    const matrices = trace.leaving.map((leaving, l) => {
      const columns = leaving.map((_, token) => {
        const without = transformerOracle(shape, inputFor(shape), (layer, __, values) => {
          if (layer === l) for (const head of values) head[token] = head[token]!.map(() => 0)
        })
        return without.leaving[l]!.map((row, i) => distance(row, leaving[i]!))
      })
      return normalised(leaving.map((_, i) => columns.map(column => column[i]!)))
    })
    expectValues((await run(shape, valueZeroing)).values, back(matrices), 1e-4)
    expectValues((await run(shape, valueZeroing, { layer: 1 })).values, back([matrices[1]!]), 1e-4)
  })

  /** What the last attention decides: the mean over heads of the positive part of gradients at five points of the path. */
  const decided = (): number[][] => {
    const x = Array.from(inputFor(shape))
    const grads = [0.1, 0.3, 0.5, 0.7, 0.9].map(
      a =>
        attentionGradient(
          shape,
          shape.reads === 'ids' ? x : x.map(value => a * value),
          1,
          shape.reads === 'ids' ? a : 1,
          shape.layers - 1,
        )[0]!,
    )
    const mean = grads[0]!.map((one, h) =>
      one.map((row, i) => row.map((_, j) => grads.reduce((sum, g) => sum + g[h]![i]![j]!, 0) / 5)),
    )
    return meanHeads(mean.map(one => one.map(row => row.map(value => Math.max(0, value)))))
  }
  const middle = { points: 5, rule: 'middle' }
  const byRow = (of: (query: number[]) => number[]): number[] => {
    const weight = decided()
    const tokens = tokenCount(shape)
    const rows = startOf(shape).map((share, q) =>
      of(Array.from({ length: tokens }, (_, i) => (i === q ? 1 : 0))).map((value, j) => share * value * weight[q]![j]!),
    )
    return places(
      shape,
      rows[0]!.map((_, j) => rows.reduce((sum, row) => sum + row[j]!, 0)),
    )
  }

  it('transition-attention-maps', async () => {
    const fused = trace.attention.map(meanHeads)
    for (const start of [0, 1]) {
      const expected = byRow(query =>
        fused
          .slice(start, -1)
          .reduceRight((state, m) => backOf(state, m).map((value, j) => value + state[j]!), backOf(query, fused.at(-1)!)),
      )
      expectValues((await run(shape, transitionAttentionMaps, { start, ...middle })).values, expected, 1e-4)
    }
  })

  it('bidirectional, by heads and by tokens', async () => {
    const heads = trace.attention.map((own, l) => {
      const importance = own.map((a, h) => {
        const across = a[0]!.map((_, j) =>
          a[0]!.map((__, k) => a.reduce((sum, row, i) => sum + row[j]! * gradient[l]![h]![i]![k]!, 0)),
        )
        return across.flat().reduce((sum, value) => sum + Math.abs(value), 0)
      })
      const total = importance.reduce((sum, value) => sum + value, 0)
      return withIdentity(
        own[0]!.map((row, i) => row.map((_, j) => own.reduce((sum, a, h) => sum + (importance[h]! / total) * a[i]![j]!, 0))),
      )
    })
    const tokens = trace.attention.map((own, l) => {
      const ratio = trace.projected[l]!.map((p, j) => Math.sqrt(dot(p, p) / dot(trace.entering[l]![j]!, trace.entering[l]![j]!)))
      return withIdentity(meanHeads(own).map(row => row.map((value, j) => value * ratio[j]!)))
    })
    const by = (matrices: number[][][]): number[] => byRow(query => matrices.reduceRight(backOf, query))
    expectValues((await run(shape, bidirectional, { start: 0, ...middle })).values, by(heads), 1e-4)
    const a = await run(shape, bidirectional, { start: 1, perception: 'token', ...middle })
    expectValues(a.values, by(tokens.slice(1)), 1e-4)
  })
})

describe('chefer', () => {
  /** One head over three tokens, no biases: scores = x K x', values x V, the first token read by one score. */
  const [X, K, V, head] = [
    [0.5, -1, 1.2, 0.3, -0.4, 0.9],
    [0.7, -0.2, 0.4, 1.1],
    [1, -0.5, 0.6, 0.8],
    [0.9, -0.7],
  ] as const
  const graph = (sign: number) =>
    build({ x: ['batch', 3, 2] }, (b, x) => {
      const scores = b.emit('MatMul', [
        b.emit('MatMul', [x!, b.constant(tensor([2, 2], [...K]))]),
        b.emit('Transpose', [x!], { perm: [0, 2, 1] }),
      ])
      const mixed = b.emit('MatMul', [
        b.emit('Softmax', [scores], { axis: -1 }),
        b.emit('MatMul', [x!, b.constant(tensor([2, 2], [...V]))]),
      ])
      const first = b.emit('Reshape', [b.emit('Slice', [mixed, b.ints([0]), b.ints([1]), b.ints([1])]), b.ints([-1, 2])])
      return b.emit('MatMul', [
        first,
        b.constant(
          tensor(
            [2, 1],
            head.map(value => sign * value),
          ),
        ),
      ])
    })
  const rows = [0, 1, 2].map(i => X.slice(2 * i, 2 * i + 2))
  const values = rows.map(row => [0, 1].map(c => row[0]! * V[c]! + row[1]! * V[2 + c]!))
  const exponents = rows.map(other => {
    const key = [0, 1].map(c => rows[0]![0]! * K[c]! + rows[0]![1]! * K[2 + c]!)
    return Math.exp(dot(key, [...other]))
  })
  const weights = exponents.map(value => value / exponents.reduce((sum, one) => sum + one, 0))
  const mixed = [0, 1].map(c => weights.reduce((sum, weight, j) => sum + weight * values[j]![c]!, 0))

  it.each([1, -1])('relevance of weights by hand, a score of sign %i', async sign => {
    const a = await explain(modelOf(graph(sign)), { x: float32([1, 3, 2], [...X]) }, chefer, {
      target: 0,
      options: { preset: 'zero' },
    })
    // Shares of the score 1, and of each channel half to the weights in proportion to what they brought.
    const score = mixed.map((value, c) => value * sign * head[c]!)
    const started = score[0]! + score[1]!
    const expected = weights.map((weight, j) => {
      const relevance = [0, 1].reduce((sum, c) => sum + ((score[c]! / started) * weight * values[j]![c]!) / mixed[c]! / 2, 0)
      const gradient = [0, 1].reduce((sum, c) => sum + sign * head[c]! * values[j]![c]!, 0)
      return (j === 0 ? 1 : 0) + Math.max(0, relevance * gradient)
    })
    expectValues(a.values, expected)
    expect(a.dims).toEqual([1, 3])
    expect(a.options['query']).toBe('0')
  })
})

describe.each([
  ['a class token', vit],
  ['mean tokens', { ...vit, pool: 'mean' }],
  ['three layers, heads merged into rows', { ...vit, layers: 3, layout: 'merged' }],
] as const satisfies readonly (readonly [string, Shape])[])('chefer through layers, %s', (_, shape) => {
  it.each(['epsilon', 'excitation-backprop'] as const)('%s', async preset => {
    const relevance = attentionRelevance(shape, pixels, 1, preset)
    const matrices = attentionGradient(shape, pixels, 1).map((heads, l) =>
      withIdentity(meanHeads(zip(heads, relevance[l]!, (x, y) => Math.max(0, x * y)))),
    )
    const expected = places(shape, matrices.reduceRight(backOf, startOf(shape)))
    expectValues((await run(shape, chefer, { preset })).values, expected, 1e-4)
  })
})

describe('which tokens are read', () => {
  const queryIn = async (shape: Shape, option = 'auto', more: ExplainOptions = {}) => {
    const evaluator = await prepare(modelFor(shape), rowFor(shape), { target: 1, ...atOf(shape), ...more })
    return queryOf(evaluator, attentionLayers(evaluator, 'a method'), option).settled
  }

  it("the class token, the target's own, the mean, or one that is named", async () => {
    expect(await queryIn(vit)).toBe('0')
    expect(await queryIn({ ...vit, layout: 'merged' })).toBe('0')
    expect(await queryIn(bert)).toBe('mean')
    expect(await queryIn({ ...bert, pool: 'tokens' }, 'auto', { target: '3/2' })).toBe('3')
    expect(await queryIn({ ...bert, pool: 'tokens' }, 'auto', { target: 7 })).toBe('2')
    expect(await queryIn(bert, '-1')).toBe('4')
    await expect(queryIn(bert, '5')).rejects.toThrow('option query must be auto, mean, or a token from 0 to 4')
  })
})
