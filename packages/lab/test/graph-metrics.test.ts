/** @file Fidelity, curves and ROC AUC on graphs against slow versions written out. */
import { Random } from '@ascribe/core'
import { evaluate, GraphBuilder, ndarray } from '@ascribe/onnx'
import { describe, expect, test } from 'vitest'
import { compressionScores } from '../src/greedy/graph/metrics/compression.js'
import { nodeMasks, nodeScores } from '../src/greedy/graph/metrics/fidelity.js'
import { areaOver, explanationSize } from '../src/greedy/graph/metrics/levels.js'
import { rankedEdges, rocAuc } from '../src/greedy/graph/metrics/ranking.js'
import { agreementTarget } from '../src/greedy/graph/study/subjects.js'

const softmax = (z: ArrayLike<number>): number[] => {
  const e = Array.from(z, Math.exp)
  const sum = e.reduce((a, b) => a + b)
  return e.map(value => value / sum)
}

describe('fidelity', () => {
  /** A classifier of masks: every edge adds its column of numbers. */
  const edges = 20
  const random = new Random(1)
  const weights = Array.from({ length: edges }, () => [random.normal(), random.normal(), random.normal()])
  const logitsOf = (mask: ArrayLike<number>): number[] =>
    [0, 1, 2].map(c => weights.reduce((sum, row, edge) => sum + mask[edge]! * row[c]!, 0))
  const full = logitsOf(new Array(edges).fill(1))
  const predicted = full.indexOf(Math.max(...full))
  const scores = weights.map(row => row[predicted]! - row[(predicted + 1) % 3]!)
  const ranked = rankedEdges(scores)

  test('equals its definition, edge set by edge set', () => {
    const found = nodeScores(nodeMasks(ranked).map(logitsOf), full)
    const p = softmax(full)
    const kept = (set: ReadonlySet<number>): number[] =>
      logitsOf(Array.from({ length: edges }, (_, edge) => (set.has(edge) ? 1 : 0)))
    const order = scores.map((_, i) => i).sort((a, b) => scores[b]! - scores[a]!)
    let [sum, changes] = [0, 0]
    for (let percent = 50; percent <= 95; percent += 5) {
      const size = Math.max(1, Math.round(((100 - percent) / 100) * edges))
      const explanation = new Set(order.slice(0, size))
      const rest = new Set(order.slice(size))
      const [only, without] = [kept(explanation), kept(rest)]
      const i = (percent - 50) / 5
      expect(found.plus[i]).toBeCloseTo(p[predicted]! - softmax(without)[predicted]!, 12)
      expect(found.minus[i]).toBeCloseTo(p[predicted]! - softmax(only)[predicted]!, 12)
      const changed = (z: number[]): number => (z.indexOf(Math.max(...z)) === predicted ? 0 : 1)
      expect([found.plusChanged[i], found.minusChanged[i]]).toEqual([changed(without), changed(only)])
      sum += found.plus[i]! - found.minus[i]!
      changes += found.plusChanged[i]! - found.minusChanged[i]!
    }
    expect(found.fidelityAuc).toBeCloseTo(sum / 10, 12)
    expect(found.changedAuc).toBeCloseTo(changes / 10, 12)
    let [area, divergence] = [0, 0]
    for (let k = 0; k <= 20; k++) {
      const q = softmax(kept(new Set(order.slice(0, k))))
      const width = (k === 0 || k === 20 ? 0.5 : 1) / 20
      area += width * q[predicted]!
      divergence += width * p.reduce((total, value, c) => total + value * Math.log(value / q[c]!), 0)
    }
    expect(found.softmaxAuc).toBeCloseTo(area, 12)
    expect(found.klAuc).toBeCloseTo(divergence, 12)
    expect(found.klAucRelative).toBeCloseTo(divergence / found.divergence[0]!, 12)
    expect(found.probability[20]).toBeCloseTo(p[predicted]!, 12)
    expect(found.divergence[20]).toBe(0)
  })

  test('the reverse order turns fid+ and fid- around at half of the edges', () => {
    const [own, reverse] = [ranked, Int32Array.from(ranked).reverse()].map(order =>
      nodeScores(nodeMasks(order).map(logitsOf), full),
    )
    expect(own!.plus[0]).toBeCloseTo(reverse!.minus[0]!, 12)
    expect(own!.fidelityAuc).toBeGreaterThan(0.1)
    expect(reverse!.fidelityAuc).toBeLessThan(-0.1)
  })

  test('an explanation has at least one edge', () => {
    expect([explanationSize(5, 0.95), explanationSize(100, 0.95), explanationSize(7, 0.5)]).toEqual([1, 5, 4])
  })
})

describe('ROC AUC', () => {
  test('is the share of pairs in order, ties counting half', () => {
    const random = new Random(3)
    for (let round = 0; round < 20; round++) {
      const scores = Array.from({ length: 15 }, () => random.integer(6))
      const positive = scores.map(() => random.uniform() < 0.4)
      let [won, pairs] = [0, 0]
      for (let i = 0; i < 15; i++)
        for (let j = 0; j < 15; j++)
          if (positive[i] && !positive[j]) {
            pairs++
            won += scores[i]! > scores[j]! ? 1 : scores[i] === scores[j] ? 0.5 : 0
          }
      if (pairs > 0) expect(rocAuc(scores, positive)).toBeCloseTo(won / pairs, 12)
    }
    expect(rocAuc([1, 2], [0, 0])).toBeNaN()
  })
})

test('edges are ranked by place where there is one, else by score, ties by number', () => {
  expect([...rankedEdges([1, 3, 3, 2])]).toEqual([1, 2, 3, 0])
  expect([...rankedEdges([1, 3, 3, 2], [0, 3, 2, 1])]).toEqual([0, 3, 2, 1])
})

test('compression is scored on the nodes given, at every share', () => {
  const full = [2, 0, 0, 3, 1, 0]
  const flipped = [0, 2, 0, 3, 1, 0]
  const { accuracy, agreement, divergence, perNode } = compressionScores([flipped, flipped, full], full, [0, 0, 1], [0, 1], 2)
  expect(accuracy).toEqual([0, 0, 0.5])
  expect(agreement).toEqual([0.5, 0.5, 1])
  const p = softmax([2, 0])
  const kl = p[0]! * Math.log(p[0]! / p[1]!) + p[1]! * Math.log(p[1]! / p[0]!)
  expect(divergence[0]).toBeCloseTo(kl / 2, 12)
  expect(perNode.divergence[0]).toBeCloseTo(0.75 * kl, 12)
  expect(perNode.agreement).toEqual([0.25, 1])
  expect(areaOver([0, 1, 0])).toBe(0.5)
})

test('what a compression keeps is minus the mean divergence, plus a constant, as a graph and in double precision', () => {
  const random = new Random(11)
  const [nodes, classes] = [4, 3]
  const draw = (): number[] => Array.from({ length: nodes * classes }, () => random.normal())
  const [full, first, second] = [draw(), draw(), draw()]
  const target = agreementTarget(full, nodes, classes)
  const rowOf = (z: readonly number[], node: number): number[] => softmax(z.slice(node * classes, (node + 1) * classes))
  const divergence = (z: readonly number[]): number => {
    let sum = 0
    for (let node = 0; node < nodes; node++)
      rowOf(full, node).forEach((p, c) => {
        sum += (p * Math.log(p / rowOf(z, node)[c]!)) / nodes
      })
    return sum
  }
  const builder = new GraphBuilder()
  const logits = builder.input('logits', 'float32', [2, nodes, classes])
  const out = builder.output(target.build(builder, { logits }, { logits: [1, nodes, classes] }, 2))
  const both = ndarray([2, nodes, classes], Float64Array.from([...first, ...second]))
  const built = evaluate(builder.build(), { logits: both }).get(out)!.data
  const values = [first, second].map(z => target.value({ logits: ndarray([1, nodes, classes], Float64Array.from(z)) }))
  expect(values[1]! - values[0]!).toBeCloseTo(divergence(first) - divergence(second), 6)
  expect(built[0]).toBeCloseTo(values[0]!, 6)
  expect(built[1]).toBeCloseTo(values[1]!, 6)
})
