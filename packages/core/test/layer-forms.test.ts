/** @file Layer and neuron forms: golden values of small networks, and methods with a neuron as what is explained. */
import { type Graph, GraphBuilder, inferShapes } from '@ascribe/onnx'
import { afterAll, describe, expect, it } from 'vitest'
import { compileExplanation, type ExplainOptions, explain, float32, type Method, methodNamed, methods } from '../src/index.js'
import { build, convolutional, modelOf, multilayer, tensor, testRuntime } from './support/models.js'

afterAll(() => testRuntime().dispose())

function expectValues(actual: ArrayLike<number>, expected: readonly number[], tolerance = 1e-5): void {
  expect(actual.length).toBe(expected.length)
  const scale = Math.max(1e-3, ...expected.map(Math.abs))
  const worst = Math.max(...expected.map((value, i) => Math.abs(value - actual[i]!)))
  expect(worst / scale, `${Array.from(actual)} against ${expected}`).toBeLessThanOrEqual(tolerance)
}

const graph = multilayer()
const [h0, h1, relu, out] = graph.nodes.map(node => node.outputs[0]!) as [string, string, string, string]
const row = (values: number[]) => ({ x: float32([1, values.length], values) })
const at = async (values: number[], method: Method | string, options: ExplainOptions = {}) =>
  explain(modelOf(graph), row(values), method, { target: 0, ...options })
const middle = { rule: 'middle' }

describe('golden values of the multilayer model', () => {
  it.each([
    ['h0', h0, [0, 390, 0]],
    ['h1', h1, [90, 100, 100, 100]],
    ['relu', relu, [90, 100, 100, 100]],
    ['the output', out, [390, 0]],
  ])('7: conductance of %s', async (_, layer, expected) => {
    const a = await at([0, 100, 0], 'conductance', { options: { layer } })
    expectValues(a.values, expected)
    expect(a.dims).toEqual([1, expected.length])
    expect(a.cost).toMatchObject({ forwards: 52, gradients: 50 })
  })

  it.each([
    ['h0', h0, [3.9, 3.9, 3.9]],
    ['h1', h1, [0.9, 1, 1, 1]],
    ['relu', relu, [1, 1, 1, 1]],
    ['the output', out, [1, 0]],
  ])('8: internal influence at %s', async (_, layer, expected) => {
    expectValues((await at([0, 100, 0], 'internal-influence', { options: { layer, ...middle } })).values, expected)
  })

  it.each([
    ['h0', h0, [0, 400, 0]],
    ['h1', h1, [90, 101, 101, 101]],
    ['the output', out, [392, 0]],
  ])('9: gradient times activation at %s', async (_, layer, expected) => {
    expectValues((await at([0, 100, 0], 'layer-gradient-x-activation', { at: [layer] })).values, expected)
  })

  it.each([
    ['out[0]', out, '0', [0, 100, 0], [0, 390, 0]],
    ['h1[0]', h1, '0', [0, 100, 0], [0, 90, 0]],
    ['relu[3]', relu, '3', [0, 70, 30], [0, 70, 30]],
  ])('10: neuron conductance of %s', async (_, layer, neuron, input, expected) => {
    expectValues((await at(input, 'neuron-conductance', { options: { layer, neuron, ...middle } })).values, expected)
  })

  it('11: neuron gradient, at outputs and inside', async () => {
    expectValues((await at([20, 50, 30], 'neuron-gradient', { output: out, target: 0 })).values, [4, 4, 4])
    expectValues((await at([20, 50, 30], 'neuron-gradient', { output: h1, target: 2 })).values, [1, 1, 1])
    expectValues((await at([1, 2, 3], 'neuron-gradient', { output: relu, target: 0 })).values, [0, 0, 0])
  })

  it('12: internal influence at h1 from a baseline of its own', async () => {
    const baseline = float32([1, 3], [0, -20, 0])
    const a = await at([0, 80, 0], 'internal-influence', { options: { layer: h1, points: 100, baseline, ...middle } })
    expectValues(a.values, [0.7, 0.81, 0.81, 0.81])
  })

  it('layer activation is the layer', async () => {
    expectValues((await at([0, 100, 0], 'layer-activation', { at: [h1] })).values, [90, 101, 101, 101])
  })

  it('neuron integrated gradients adds up to the change of the neuron', async () => {
    const a = await at([20, 50, 30], 'neuron-integrated-gradients', { output: relu, target: 1, options: { points: 200 } })
    expectValues(a.values, [20, 50, 30])
    expect(a.value).toBe(101)
    expect(a.target.output).toBe(relu)
  })

  it('a neuron explained at a layer before it, and at itself', async () => {
    expectValues((await at([0, 100, 0], 'gradient', { at: [h1], output: relu, target: 1 })).values, [0, 1, 0, 0])
    expectValues((await at([0, 100, 0], 'gradient', { at: [relu], output: relu, target: 3 })).values, [0, 0, 0, 1])
  })
})

describe('golden values of the convolutional model', () => {
  const conv = convolutional()
  const image = {
    image: float32(
      [1, 1, 4, 4],
      Array.from({ length: 16 }, (_, i) => i),
    ),
  }
  const conv1 = conv.nodes.find(({ name }) => name === 'conv1')!.outputs[0]!

  it('21c: gradient times activation at conv1', async () => {
    const a = await explain(modelOf(conv), image, 'input-x-gradient', { target: 0, at: [conv1] })
    expectValues(a.values, [0, 4, 31, 40, 0, 0, -6, -15])
    expect(a.dims).toEqual([1, 2, 2, 2])
  })

  it('29: layer DeepLIFT at the input of the rectifier', async () => {
    const b = build({ x1: ['batch', 1, 3], x2: ['batch', 1, 3] }, (g, x1, x2) => {
      const linear = (x: string, weights: number[]): string =>
        g.emit('Reshape', [g.emit('MatMul', [x, g.constant(tensor([3, 1], weights))]), g.ints([-1, 1])])
      const both = g.emit('Concat', [linear(x1!, [3, 1, 0]), linear(x2!, [2, 3, 0])], { axis: 1 }, 'both')
      return g.emit('MatMul', [g.emit('Relu', [both]), g.constant(tensor([2, 1], [1, 1]))])
    })
    const both = b.nodes.find(({ name }) => name === 'both')!.outputs[0]!
    const inputs = { x1: float32([1, 1, 3], [-10, 1, -5]), x2: float32([1, 1, 3], [3, 3, 1]) }
    expectValues((await explain(modelOf(b), inputs, 'layer-deeplift', { target: 0, at: [both] })).values, [0, 15])
  })
})

/** tanh(W2 tanh(W1 x)) with a skip that the layer does not carry, all in double precision. */
const weights = { first: [0.7, -0.4, 0.2, 0.5, 0.3, -0.6], second: [0.9, -0.5] }
function smooth(): Graph {
  const b = new GraphBuilder()
  const x = b.input('x', 'float32', ['batch', 3])
  const y = b.emit('Tanh', [b.emit('MatMul', [x, b.constant(tensor([3, 2], weights.first))])], {}, 'hidden')
  b.output(b.emit('Tanh', [b.emit('MatMul', [y, b.constant(tensor([2, 1], weights.second))])]))
  return inferShapes(b.build())
}

describe('conductance against the definition', () => {
  const input = [1.2, -0.8, 0.5]
  const model = smooth()
  const layer = model.nodes.find(({ name }) => name === 'hidden')!.outputs[0]!
  /** Integral by 20,000 midpoints of (d f / d y_j) (d y_j / d x_i) x_i. */
  const flows = (): number[][] => {
    const table = [0, 1].map(() => [0, 0, 0])
    const steps = 20_000
    for (let k = 0; k < steps; k++) {
      const a = (k + 0.5) / steps
      const y = [0, 1].map(j => Math.tanh(input.reduce((sum, x, i) => sum + a * x * weights.first[2 * i + j]!, 0)))
      const slope = 1 - Math.tanh(y[0]! * weights.second[0]! + y[1]! * weights.second[1]!) ** 2
      for (let j = 0; j < 2; j++)
        for (let i = 0; i < 3; i++)
          table[j]![i]! += (slope * weights.second[j]! * (1 - y[j]! ** 2) * weights.first[2 * i + j]! * input[i]!) / steps
    }
    return table
  }

  it('of a layer, and through each neuron', async () => {
    const expected = flows()
    const ask = (method: string, options: Record<string, unknown>) =>
      explain(modelOf(model), row(input), method, { target: 0, options: { layer, ...options } })
    const whole = await ask('layer-conductance', { points: 200 })
    expectValues(
      whole.values,
      expected.map(part => part.reduce((a, b) => a + b, 0)),
    )
    for (const neuron of [0, 1]) expectValues((await ask('neuron-conductance', { neuron })).values, expected[neuron]!)
    const ig = await explain(modelOf(model), row(input), 'integrated-gradients', { target: 0 })
    expectValues(
      ig.values,
      [0, 1, 2].map(i => expected[0]![i]! + expected[1]![i]!),
    )
    expectValues([whole.values.reduce((a, b) => a + b, 0)], [ig.value - ig.baselineValue!], 1e-4)
  })

  it('does not depend on the rows per run', async () => {
    const ask = async (method: string, memory?: number) =>
      (
        await explain(modelOf(model, memory ? { memory } : {}), row(input), method, {
          target: 0,
          options: { layer, points: 7 },
        })
      ).values
    for (const method of ['conductance', 'internal-influence', 'neuron-conductance'])
      expectValues(await ask(method, 400), Array.from(await ask(method)), 1e-6)
  })
})

describe('names of forms', () => {
  it('stand for methods that exist, and are their aliases', () => {
    expect(methodNamed('layer-integrated-gradients')).toMatchObject({ name: 'integrated-gradients' })
    expect(methods.find(({ name }) => name === 'deeplift')!.aliases).toEqual(
      expect.arrayContaining(['layer-deeplift', 'neuron-deeplift']),
    )
  })

  it.each([
    [
      'layer-integrated-gradients',
      /layer-integrated-gradients explains a tensor inside the model: name it with at \(--at TENSOR\)/,
    ],
    ['neuron-gradient', /neuron-gradient explains a neuron: name its tensor with output/],
    ['layer-conductance', /layer-conductance explains a layer: name its tensor with the option layer/],
  ])('%s says what it must be given', async (name, message) => {
    await expect(at([1, 2, 3], name)).rejects.toThrow(message)
  })

  it('compile too', () => {
    const form = methodNamed('layer-integrated-gradients')
    expect(() => compileExplanation(modelOf(graph), form)).toThrow(/name it with at/)
    expect(compileExplanation(modelOf(graph), form, { at: [h1] }).inputs[0]!.name).toBe(h1)
  })

  it('says where a tensor cannot be what is explained', async () => {
    await expect(at([1, 2, 3], 'gradient', { output: 'h9' })).rejects.toThrow(/no output "h9"/)
    await expect(at([1, 2, 3], 'gradient', { at: [relu], output: h1 })).rejects.toThrow(/is not computed from/)
    await expect(at([1, 2, 3], 'conductance', { at: [relu], options: { layer: h0 } })).rejects.toThrow(/is not computed from/)
    await expect(at([1, 2, 3], 'neuron-conductance', { options: { layer: h1, neuron: '9' } })).rejects.toThrow(/no neuron "9"/)
  })
})
