/** @file What the study on graphs is checked by: two-sided selection, masks laid over other nodes, verdicts over training seeds. */
import { describe, expect, test } from 'vitest'
import { generatedGraphs } from '../src/greedy/graph/data/generated.js'
import { nodeGraph } from '../src/greedy/graph/data/node-graph.js'
import { twoSided } from '../src/greedy/graph/explainers/two-sided.js'
import { transported } from '../src/greedy/graph/metrics/transport.js'
import type { Part } from '../src/greedy/graph/models/subgraph.js'
import { compare, overSeeds, verdictOf } from '../src/greedy/graph/study/compare.js'
import { donorOf, noisyGraph } from '../src/greedy/graph/study/mask-only.js'

/** Integrated gradients of f = max(x0, x1) + 0.4 x2, along a line sampled finely. */
const path = async (from: Float32Array, to: Float32Array) => {
  const steps = 200
  const values = new Float64Array(from.length)
  for (let k = 0; k < steps; k++) {
    const at = Array.from(from, (value, i) => value + ((k + 0.5) / steps) * (to[i]! - value))
    const tied = at[0] === at[1]
    const slopes = [tied ? 0.5 : at[0]! > at[1]! ? 1 : 0, tied ? 0.5 : at[1]! > at[0]! ? 1 : 0, 0.4]
    slopes.forEach((slope, i) => {
      values[i]! += (slope * (to[i]! - from[i]!)) / steps
    })
  }
  return { values, forwards: 1, gradients: steps }
}

describe('two-sided selection', () => {
  test('the second copy comes before the weak edge, which Greedy PIG takes first', async () => {
    const { order, scores, cost } = await twoSided(3, path)
    expect([...order!]).toEqual([0, 1, 2])
    // Both copies give 0.5 + 0.5; without the first, the second gives 0 to what is kept and 1 to what is left.
    expect(scores[0]).toBeCloseTo(1, 6)
    expect(scores[1]).toBeCloseTo(1, 6)
    expect(scores[2]).toBeCloseTo(0.8, 6)
    expect(cost).toEqual({ forwards: 6, gradients: 1200 })
  })
})

describe('mask-only controls', () => {
  const line = (ends: readonly number[]): Part => ({
    nodes: Int32Array.from({ length: ends.length / 2 + 1 }, (_, i) => i),
    centre: 0,
    edges: Int32Array.from({ length: ends.length / 2 }, (_, i) => i),
    ends: Uint32Array.from(ends),
    outside: new Float32Array(ends.length / 2 + 1),
  })

  test('an order goes to the edges that lie as far from the centre', () => {
    const from = { part: line([0, 1, 1, 2, 2, 3]), degrees: [1, 2, 2, 1] }
    const to = { part: line([2, 3, 0, 1, 1, 2]), degrees: [1, 2, 2, 1] }
    // The farthest edge first, then the nearest, then the middle one.
    expect([...transported([2, 0, 1], from, to)]).toEqual([0, 1, 2])
    const long = { part: line([0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6]), degrees: [1, 2, 2, 2, 2, 2, 1] }
    expect([...transported([2, 0, 1], from, long)]).toEqual([4, 5, 0, 1, 2, 3])
  })

  test('noise moves whole rows, and there is none for graphs without values; donors are answered otherwise', () => {
    const splits = { train: [0], validation: [1], test: [2] }
    const features = Float32Array.from([1, 2, 3, 4, 5, 6])
    const graph = nodeGraph({ name: 'g', columns: 2, features, labels: [0, 1, 0], classes: ['a', 'b'], edges: [[0, 1]], splits })
    const rows = (values: Float32Array): string[] => [0, 2, 4].map(at => values.subarray(at, at + 2).join())
    const noisy = noisyGraph(graph, 3)!
    expect(rows(noisy.features).sort()).toEqual(rows(features).sort())
    expect(noisyGraph(generatedGraphs['tree-cycles']!(0, 0.1), 0)).toBeUndefined()
    for (let seed = 0; seed < 5; seed++) expect([1, 3]).toContain(donorOf(0, [0, 1, 2, 3], [0, 1, 0, 2], seed))
    expect(donorOf(0, [0, 2], [0, 1, 0], 0)).toBeUndefined()
  })
})

describe('several training seeds', () => {
  const sources = Array.from({ length: 20 }, (_, i) => i)
  const high = sources.map(i => 0.5 + 0.01 * (i % 3))
  const low = high.map((value, i) => value - 0.2 - 0.01 * (i % 2))

  test('means over seeds, one number per node', () => {
    expect(
      overSeeds([
        [1, 2, null],
        [3, 2, 1],
      ]),
    ).toEqual([2, 2, null])
    const found = compare([high, high], [low, low.map(value => value - 0.1)], sources, 0)!
    expect([found.n, found.bySeed.length]).toEqual([20, 2])
    expect(found.value).toBeCloseTo(0.255, 12)
    expect(found.bySeed[0]).toBeCloseTo(0.205, 12)
    expect(found.bySeed[1]).toBeCloseTo(0.305, 12)
    expect(verdictOf(found, found.p, true)).toBe('better')
    expect(verdictOf(found, found.p, false)).toBe('worse')
    expect(verdictOf(found, 0.2, true)).toBe('not resolved')
  })

  test('a seed that says the opposite leaves it open', () => {
    const found = compare([high, high, high], [low, low, high.map(value => value + 0.05)], sources, 0)!
    expect(found.value).toBeGreaterThan(found.detectable)
    expect(verdictOf(found, 0.001, true)).toBe('not resolved')
  })
})
