/** @file What the generated matrix asks of every method, asked of attention methods on transformers; and the models they refuse. */
import { type Graph, Tensor } from '@ascribe/onnx'
import { afterAll, describe, expect, it } from 'vitest'
import {
  type Attribution,
  type ExplainOptions,
  explain,
  float32,
  type Method,
  methods,
  prepare,
  Random,
  resolveOptions,
} from '../src/index.js'
import { build, convolutional, modelOf, tensor, testRuntime } from './support/models.js'
import { type Shape, transformerGraph } from './support/transformer.js'

afterAll(() => testRuntime().dispose())

const random = new Random(5)
const image = {
  image: float32(
    [1, 1, 4, 6],
    Float32Array.from({ length: 24 }, () => random.normal()),
  ),
}
const quick: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'transition-attention-maps': { points: 5, start: 0 },
  bidirectional: { points: 5, start: 0 },
}

const run = (shape: Partial<Shape>, method: Method, options: ExplainOptions = {}, memory?: number): Promise<Attribution> => {
  const graph = transformerGraph({ layers: 2, reads: 'picture', norm: 'pre', pool: 'class', ...shape })
  const model = modelOf(graph, memory === undefined ? {} : { memory })
  return explain(model, image, method, { target: 2, options: quick[method.name] ?? {}, ...options })
}

function expectSame(actual: Attribution, expected: Attribution): void {
  expect(actual.dims).toEqual(expected.dims)
  const scale = Math.max(...expected.values.map(Math.abs))
  const worst = Math.max(...expected.values.map((value, i) => Math.abs(value - actual.values[i]!)))
  expect(scale).toBeGreaterThan(0)
  expect(worst / scale).toBeLessThanOrEqual(2e-6)
}

const attention = methods.filter(({ needs }) => needs.includes('attention'))

it('there are eight', () => expect(attention.length).toBe(8))

describe.each(attention.map(method => [method.name, method] as const))('%s', (name, method) => {
  it('gives the same values whatever the rows per run, the batch and the layout, and costs what it says', async () => {
    const reference = await run({}, method)
    expect(reference.dims).toEqual([1, 2, 3])
    expect(reference.options['query']).toBe('0')
    expect(Math.min(...reference.values)).toBeGreaterThanOrEqual(0)
    expectSame(await run({}, method, {}, 40_000), reference)
    expectSame(await run({ batch: 1 }, method), reference)
    expectSame(await run({ batch: 2 }, method), reference)
    expectSame(await run({ batch: 2, layout: 'merged' }, method), reference)
    const model = modelOf(transformerGraph({ layers: 2, reads: 'picture', norm: 'pre', pool: 'class' }))
    const cost = method.cost(resolveOptions(method, quick[name]), await prepare(model, image, { target: 2 }))
    expect(reference.cost).toMatchObject(cost)
    // One pass for each layer and token; a look inside and one with all values each.
    if (name === 'value-zeroing') expect(cost.forwards).toBe(1 + 2 * (1 + 8))
  })

  it.each(['softmax:2', 'log-odds:2', '2-0'])('explains %s', async target => {
    const a = await run({}, method, { target })
    expect(a.values.some(value => value !== 0)).toBe(true)
  })

  it('refuses a model without attention', async () => {
    const picture = float32([1, 1, 4, 4], new Float32Array(16).fill(1))
    const refused = explain(modelOf(convolutional()), { image: picture }, method, { target: 0 })
    await expect(refused).rejects.toThrow(new RegExp(`^${name} needs attention .* there is none between image and`))
  })
})

/** Four tokens of two channels, in two windows of two, or asked by other queries. */
function other(kind: 'windows' | 'cross'): Graph {
  return build({ x: ['batch', 4, 2] }, (b, x) => {
    const weight = b.constant(tensor([2, 2], [0.5, -1, 0.7, 0.2]))
    const tokens =
      kind === 'windows' ? b.emit('Reshape', [x!, b.ints([-1, 1, 2, 2])]) : b.emit('Reshape', [x!, b.ints([-1, 1, 4, 2])])
    const queries =
      kind === 'windows' ? b.emit('MatMul', [tokens, weight]) : b.constant(Tensor.float32([1, 1, 3, 2], [1, 2, 3, -1, -2, 0]))
    const scores = b.emit('MatMul', [queries, b.emit('Transpose', [tokens], { perm: [0, 1, 3, 2] })])
    const mixed = b.emit('MatMul', [b.emit('Softmax', [scores], { axis: -1 }), tokens])
    return b.emit('ReduceSum', [b.emit('Reshape', [mixed, b.ints([-1, kind === 'windows' ? 4 : 3, 2])]), b.ints([1])], {
      keepdims: 0,
    })
  })
}

it.each([
  ['windows', /tokens attend within 2 windows each/],
  ['cross', /3 queries attend to 4 keys/],
] as const)('refuses %s, saying why', async (kind, message) => {
  const x = float32([1, 4, 2], [1, -1, 0.5, 2, 0.3, 0.1, -1, 1])
  await expect(explain(modelOf(other(kind)), { x }, 'attention-rollout', { target: 0 })).rejects.toThrow(message)
})
