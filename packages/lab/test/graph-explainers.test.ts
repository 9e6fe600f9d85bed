/** @file Explainers that learn, against differences and on a model whose edges are known. */
import { Model, Random } from '@ascribe/core'
import { nodeRuntime } from '@ascribe/core/node'
import { GraphBuilder } from '@ascribe/onnx'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ablations, greedyGain, greedyPig, integratedGradients, saliency } from '../src/greedy/graph/explainers/attribution.js'
import { EdgePerceptron } from '../src/greedy/graph/explainers/edge-perceptron.js'
import type { Subject } from '../src/greedy/graph/explainers/explainer.js'
import { gnnExplainer, maskLoss } from '../src/greedy/graph/explainers/gnn-explainer.js'
import { pgExplainer, trainPgExplainer } from '../src/greedy/graph/explainers/pg-explainer.js'
import { entropy, sigmoid } from '../src/greedy/graph/explainers/soft-mask.js'

const runtime = nodeRuntime({ threads: 1 })
let subject: Subject

/** Logits [2 m0 + 2 m1 - 2 m2, 0] of five edges: the last two are read by nothing. */
beforeAll(() => {
  const builder = new GraphBuilder()
  const mask = builder.input('mask', 'float32', ['batch', 5])
  const first = builder.emit('MatMul', [mask, builder.float([2, 0, 2, 0, -2, 0, 0, 0, 0, 0], [5, 2])])
  builder.append({ domain: '', operator: 'Identity', name: 'logits', inputs: [first], outputs: ['logits'], attributes: {} })
  builder.output('logits', 'float32', ['batch', 2])
  const ends = Uint32Array.from([0, 1, 1, 2, 2, 3, 3, 4, 4, 5])
  subject = {
    model: new Model(builder.build(), { runtime }),
    part: {
      // Many nodes: gnn-explainer starts near 0.
      nodes: Int32Array.from({ length: 600 }, (_, i) => i),
      centre: 0,
      edges: Int32Array.from([0, 1, 2, 3, 4]),
      ends,
      outside: new Float32Array(6),
    },
    objectives: { 'log-odds': 'log-odds:0' },
    likelihood: 'log-softmax:0',
    degrees: new Float32Array(6).fill(2),
  }
})
afterAll(async () => {
  await subject.model.dispose()
  await runtime.dispose()
})

test('the mask loss has the gradient that differences give', () => {
  const random = new Random(4)
  const logits = Float64Array.from({ length: 6 }, () => random.normal())
  const read = Uint8Array.from([1, 1, 1, 1, 0, 1])
  const weights = Float64Array.from({ length: 6 }, () => random.normal())
  const at = (z: Float64Array) => ({ value: z.reduce((sum, value, i) => sum + weights[i]! * sigmoid(value), 0), slope: weights })
  const { gradient } = maskLoss(logits, at(logits), read)
  for (let i = 0; i < 6; i++) {
    const moved = (h: number): number => {
      const z = logits.slice()
      z[i]! += h
      return maskLoss(z, at(z), read).loss
    }
    expect(gradient[i]).toBeCloseTo((moved(1e-5) - moved(-1e-5)) / 2e-5, 8)
  }
  // Five edges regularised: size 0.005 in both directions, entropy over their number.
  const flat = maskLoss(new Float64Array(6), { value: 0, slope: new Float64Array(6) }, read).loss
  expect(flat).toBeCloseTo(0.01 * 5 * 0.5 + Math.LN2, 12)
  expect(entropy(0.5)).toBeCloseTo(Math.LN2, 12)
})

test('the perceptron has the gradient that differences give', () => {
  const random = new Random(6)
  const nodes = Float32Array.from({ length: 4 * 3 }, () => random.normal())
  const part = { nodes, width: 3, ends: Uint32Array.from([0, 1, 1, 2, 2, 3]), centre: 2 }
  const perceptron = EdgePerceptron.start(3, new Random(7))
  const slopes = [0.3, -1, 0.7]
  const value = (p: EdgePerceptron): number => p.logits(part).reduce((sum, logit, edge) => sum + slopes[edge]! * logit, 0)
  const gradient = perceptron.gradient(part, slopes)
  expect(EdgePerceptron.size(3)).toBe(9 * 64 + 64 + 64 + 1)
  for (let i = 0; i < gradient.length; i += 37) {
    const moved = (h: number): number => {
      const parameters = perceptron.parameters.slice()
      parameters[i]! += h
      return value(new EdgePerceptron(3, parameters))
    }
    expect(gradient[i]).toBeCloseTo((moved(1e-6) - moved(-1e-6)) / 2e-6, 6)
  }
})

describe('on a model whose edges are known', () => {
  test('methods rank the two edges that speak for the class first', async () => {
    for (const explainer of [greedyPig, integratedGradients, greedyGain, gnnExplainer]) {
      const found = (await explainer.explain(subject, { seed: 1 }))!
      const key = found.order ? Array.from(found.order, place => -place) : Array.from(found.scores)
      expect(Math.min(key[0]!, key[1]!), explainer.name).toBeGreaterThan(Math.max(key[2]!, key[3]!, key[4]!))
      if (!found.order || explainer === greedyGain) continue
      // Greedy PIG prefers an edge that does nothing to one that speaks against the class.
      expect(found.order[2]).toBe(4)
    }
    const { scores } = (await saliency.explain(subject, { seed: 1 }))!
    expect(scores[2]).toBeCloseTo(2, 5)
  })

  test('one round of Greedy PIG is integrated gradients; other settings change the cost alone here', async () => {
    const one = (await ablations.find(({ name }) => name === 'greedy-pig-share-1')!.explain(subject, { seed: 1 }))!
    const plain = (await integratedGradients.explain(subject, { seed: 1 }))!
    one.scores.forEach((score, edge) => {
      expect(score).toBeCloseTo(plain.scores[edge]!, 5)
    })
    expect(one.cost.gradients).toBe(10)
    expect([...one.order!]).toEqual([0, 1, 4, 2, 3])
  })

  test('an edge that the model does not read gets 0 from gnn-explainer', async () => {
    const { scores, cost } = (await gnnExplainer.explain(subject, { seed: 1 }))!
    expect([scores[3], scores[4]]).toEqual([0, 0])
    expect(cost.gradients).toBe(100)
  })

  test('pg-explainer learns, and nothing stays from one training to the next', async () => {
    const nodes = Float32Array.from([1, 0, 1, 0, 1, 0, 0, 1, 0, 1, 0, 1])
    const examples = [{ subject, embeddings: { nodes, width: 2, ends: subject.part.ends, centre: 0 } }]
    const run = () => trainPgExplainer(examples, { seed: 3, epochs: 60 })
    const [first, second] = [await run(), await run()]
    expect(second.parameters).toEqual(first.parameters)
    const { scores } = (await pgExplainer(first, nodes).explain(subject, { seed: 0 }))!
    // Edges 0 and 1 join nodes of the first kind, edges 3 and 4 those of the second.
    expect(Math.min(scores[0]!, scores[1]!)).toBeGreaterThan(Math.max(scores[3]!, scores[4]!))
  })
})
