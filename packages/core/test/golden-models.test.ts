/** @file Golden cases of models themselves: forward values, batch normalisation that is folded, a path that is exact. */
import { foldBatchNorm, GraphBuilder, inferShapes } from '@ascribe/onnx'
import { afterAll, describe, expect, it } from 'vitest'
import { explain, float32 } from '../src/index.js'
import { modelOf, multilayer, tensor, testRuntime } from './support/models.js'

afterAll(() => testRuntime().dispose())

const row = (values: number[]) => ({ x: float32([1, values.length], values) })

describe('the multilayer model', () => {
  it.each([[[20, 50, 30]], [[0, 100, 0]]])('2: both outputs at %s', async x => {
    const model = modelOf(multilayer())
    const values = await Promise.all([0, 1].map(async target => (await explain(model, row(x), 'gradient', { target })).value))
    expect(values).toEqual([392, 394])
  })

  it('3b: integrated gradients exactly, across kinks', async () => {
    // Kinks lie at 1/10 of the path (100 a = 10) and nowhere else: the middle rule with 10 points has none inside a step.
    const a = await explain(modelOf(multilayer()), row([0, 100, 0]), 'integrated-gradients', {
      target: 0,
      options: { points: 10, rule: 'middle' },
    })
    expect(Array.from(a.values)).toEqual([0, 390, 0])
    expect(a.residual).toBe(0)
  })
})

it('42: batch normalisation folds into the layer before it', () => {
  const b = new GraphBuilder()
  const x = b.input('x', 'float32', ['batch', 2, 1])
  const conv = b.emit('Conv', [x, b.constant(tensor([2, 2, 1], [1, 2, 3, 4])), b.constant(tensor([2], [0.5, -0.5]))])
  const constants = [
    [2, 0.5],
    [1, -1],
    [1, 2],
    [4, 0.25],
  ].map(values => b.constant(tensor([2], values)))
  b.output(b.emit('BatchNormalization', [conv, ...constants], { epsilon: 0 }))
  const folded = foldBatchNorm(inferShapes(b.build()))
  expect(folded.nodes.map(({ operator }) => operator)).toEqual(['Conv'])
  const [weight, bias] = folded.nodes[0]!.inputs.slice(1).map(name =>
    Array.from(folded.initializers.get(name)!.numbers(), Number),
  )
  expect(weight).toEqual([1, 2, 3, 4])
  expect(bias).toEqual([0.5, -3.5])
})
