/** @file Guided backpropagation and deconvnet against loops written by hand, in double precision, and on ONNX Runtime. */
import { evaluate, type Graph, GraphBuilder, inferShapes, type NdArray, ndarray, Tensor } from '@ascribe/onnx'
import { describe, expect, it } from 'vitest'
import { runOrt } from '../../onnx/test/support/ort.js'
import { betaSmoothRuleSet, differentiate, type RuleSetName, ruleSets } from '../src/index.js'
import { expectClose, generator } from './support/check.js'

const random = generator(7)
const matrix = (rows: number, columns: number): number[][] =>
  Array.from({ length: rows }, () => Array.from({ length: columns }, () => Math.fround(2 * random() - 1)))
const [first, second, third] = [matrix(6, 16), matrix(16, 16), matrix(16, 3)]
const input = Array.from({ length: 6 }, () => Math.fround(4 * random() - 2))

/** y = third · a2(second · a1(first · x) + a1(first · x)), with the activations written by the caller. */
function network(
  inner: (b: GraphBuilder, x: string) => string,
  outer: (b: GraphBuilder, x: string) => string,
): { graph: Graph; logits: string } {
  const b = new GraphBuilder()
  const x = b.input('x', 'float32', [1, 6])
  const times = (value: string, weight: number[][]): string =>
    b.emit('MatMul', [value, b.float(weight.flat(), [weight.length, weight[0]!.length])])
  const h1 = inner(b, times(x, first))
  const h2 = outer(b, b.emit('Add', [times(h1, second), h1]))
  const logits = b.output(times(h2, third))
  return { graph: inferShapes(b.build()), logits }
}

const product = (row: readonly number[], weight: readonly (readonly number[])[]): number[] =>
  weight[0]!.map((_, j) => row.reduce((sum, value, i) => sum + value * weight[i]![j]!, 0))
const back = (row: readonly number[], weight: readonly (readonly number[])[]): number[] =>
  weight.map(line => line.reduce((sum, value, j) => sum + value * row[j]!, 0))

/** One activation by hand: y of x, and g_x of g_y at x. */
interface Activation {
  readonly forward: (x: number) => number
  readonly backward: (g: number, x: number) => number
}

/** The reverse walk of `network`, step by step; the cotangent picks class 1 minus class 2. */
function byHand(inner: Activation, outer: Activation): number[] {
  const z1 = product(input, first)
  const h1 = z1.map(inner.forward)
  const z2 = product(h1, second).map((value, i) => value + h1[i]!)
  const g2 = back([0, 1, -1], third).map((g, i) => outer.backward(g, z2[i]!))
  const g1 = back(g2, second).map((g, i) => inner.backward(g + g2[i]!, z1[i]!))
  return back(g1, first)
}

const positive = (g: number): number => Math.max(0, g)
const relu = (backward: Activation['backward']): Activation => ({ forward: x => Math.max(0, x), backward })
const relu6 = (backward: Activation['backward']): Activation => ({ forward: x => Math.min(6, Math.max(0, x)), backward })

const guided = relu((g, x) => (x > 0 ? positive(g) : 0))
const guided6 = relu6((g, x) => (x > 0 && x < 6 ? positive(g) : 0))
const deconvolved = relu(positive)
const deconvolved6 = relu6(positive)
const leaky: Activation = { forward: x => (x > 0 ? x : 0.25 * x), backward: (g, x) => (x > 0 ? g : 0.25 * g) }
const tanh: Activation = { forward: Math.tanh, backward: (g, x) => g * (1 - Math.tanh(x) ** 2) }
const sigma = (x: number): number => 1 / (1 + Math.exp(-x))
const silu: Activation = { forward: x => x * sigma(x), backward: (g, x) => g * sigma(x) * (1 + x * (1 - sigma(x))) }
const threshold: Activation = { forward: x => (x > 0.5 ? x : 0), backward: (g, x) => (x > 0.5 ? positive(g) : 0) }

async function expectWalk(rules: RuleSetName, net: ReturnType<typeof network>, expected: readonly number[]): Promise<void> {
  const { graph, logits } = net
  const result = differentiate(graph, { of: [logits], at: ['x'], rules: ruleSets[rules] })
  const feeds = {
    x: ndarray([1, 6], Float64Array.from(input)),
    [result.cotangents[logits]!]: ndarray([1, 3], Float64Array.of(0, 1, -1)),
  }
  const name = result.gradients['x']!
  expect(expected.every(value => value !== 0)).toBe(true)
  expectClose(evaluate(result.graph, feeds, [name]).get(name)!.data, expected, 1e-12, rules)
  expectClose((await runOrt(result.graph, feeds))[name]!.data, expected, 2e-6, `${rules} on ONNX Runtime`)
}

type Write = (b: GraphBuilder, x: string) => string
const Relu: Write = (b, x) => b.emit('Relu', [x])
const Relu6: Write = (b, x) => b.emit('Clip', [x, b.float(0), b.float(6)])

describe('guided backpropagation', () => {
  it.each<[string, Write, Activation]>([
    ['Relu', Relu, guided],
    ['Clip from 0', (b, x) => b.emit('Clip', [x, b.float(0)]), guided],
    ['Max with 0', (b, x) => b.emit('Max', [x, b.float(0)]), guided],
    ['Max of zeros and x', (b, x) => b.emit('Max', [b.float(Array(16).fill(0), [16]), x]), guided],
    ['ThresholdedRelu', (b, x) => b.emit('ThresholdedRelu', [x], { alpha: 0.5 }), threshold],
    ['LeakyRelu keeps its gradient', (b, x) => b.emit('LeakyRelu', [x], { alpha: 0.25 }), leaky],
    ['PRelu keeps its gradient', (b, x) => b.emit('PRelu', [x, b.float(0.25)]), leaky],
    ['Tanh keeps its gradient', (b, x) => b.emit('Tanh', [x]), tanh],
    ['x sigmoid(x) keeps its gradient', (b, x) => b.emit('Mul', [x, b.emit('Sigmoid', [x])]), silu],
  ])('%s, then ReLU6 after a residual addition', (_, write, hand) =>
    expectWalk('guided-backprop', network(write, Relu6), byHand(hand, guided6)),
  )

  it('is another walk than the gradient and than deconvnet', () => {
    const plain = byHand(
      relu((g, x) => (x > 0 ? g : 0)),
      relu6((g, x) => (x > 0 && x < 6 ? g : 0)),
    )
    const apart = (other: number[]): number => Math.max(...byHand(guided, guided6).map((value, i) => Math.abs(value - other[i]!)))
    expect(apart(plain)).toBeGreaterThan(0.1)
    expect(apart(byHand(deconvolved, deconvolved6))).toBeGreaterThan(0.1)
  })

  it('leaves a Clip that does not start at 0 alone', () =>
    expectWalk(
      'guided-backprop',
      network((b, x) => b.emit('Clip', [x, b.float(-1), b.float(1)]), Relu6),
      byHand({ forward: x => Math.min(1, Math.max(-1, x)), backward: (g, x) => (Math.abs(x) < 1 ? g : 0) }, guided6),
    ))
})

describe('deconvnet', () => {
  it.each<[string, Write, Activation]>([
    ['Relu', Relu, deconvolved],
    ['Max with 0', (b, x) => b.emit('Max', [x, b.float(0)]), deconvolved],
    ['LeakyRelu keeps its gradient', (b, x) => b.emit('LeakyRelu', [x], { alpha: 0.25 }), leaky],
  ])('%s, then ReLU6 after a residual addition', (_, write, hand) =>
    expectWalk('deconvnet', network(write, Relu6), byHand(hand, deconvolved6)),
  )
})

describe('beta smoothing', () => {
  const [beta, slope] = [3, (x: number): number => sigma(3 * x)]
  const smooth = relu((g, x) => g * slope(x))
  it.each<[string, Write, Activation]>([
    ['Relu', Relu, smooth],
    ['Clip from 0', (b, x) => b.emit('Clip', [x, b.float(0)]), smooth],
    ['Max of zeros and x', (b, x) => b.emit('Max', [b.float(Array(16).fill(0), [16]), x]), smooth],
    ['Tanh keeps its gradient', (b, x) => b.emit('Tanh', [x]), tanh],
  ])('%s, then ReLU6 after a residual addition', (_, write, hand) =>
    expectWalk(
      betaSmoothRuleSet(beta),
      network(write, Relu6),
      byHand(
        hand,
        relu6((g, x) => g * (slope(x) - slope(x - 6))),
      ),
    ),
  )
})

describe('a convolutional network', () => {
  const weights = (seed: number, dims: number[]): Tensor => {
    const draw = generator(seed)
    return Tensor.float32(
      dims,
      Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => 2 * draw() - 1),
    )
  }
  type Stage = (b: GraphBuilder, x: string) => string
  const conv =
    (seed: number, dims: number[], attributes = {}): Stage =>
    (b, x) =>
      b.emit('Conv', [x, b.constant(weights(seed, dims))], { pads: [1, 1, 1, 1], ...attributes })
  /** What lies between the ReLUs. */
  const stages: readonly Stage[] = [
    conv(1, [4, 2, 3, 3]),
    (b, x) => conv(2, [5, 4, 3, 3], { strides: [2, 2] })(b, b.emit('MaxPool', [x], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] })),
    (b, x) => b.emit('MatMul', [b.emit('Flatten', [b.emit('GlobalAveragePool', [x])]), b.constant(weights(3, [5, 3]))]),
  ]
  const whole = (): { graph: Graph; logits: string } => {
    const b = new GraphBuilder()
    let x = b.input('x', 'float32', [1, 2, 6, 6])
    stages.forEach((stage, i) => {
      x = stage(b, i === 0 ? x : b.emit('Relu', [x]))
    })
    const logits = b.output(x)
    return { graph: inferShapes(b.build()), logits }
  }
  const picture = ndarray([1, 2, 6, 6], Float64Array.from(weights(4, [1, 2, 6, 6]).numbers()))

  const apply = (stage: Stage, x: NdArray): NdArray => {
    const b = new GraphBuilder()
    const name = b.output(stage(b, b.input('x', 'float32', x.dims)))
    return evaluate(inferShapes(b.build()), { x }, [name]).get(name)!
  }

  /** Every stage's Jacobian by differences, the ReLUs between them by hand. */
  function slow(rule: (g: number, x: number) => number): Float64Array {
    const inputs = [picture]
    const outputs: NdArray[] = []
    for (const stage of stages) {
      outputs.push(apply(stage, inputs.at(-1)!))
      inputs.push({ ...outputs.at(-1)!, data: outputs.at(-1)!.data.map(value => Math.max(0, value)) })
    }
    let g = Float64Array.of(0, 1, -1)
    for (let i = stages.length - 1; i >= 0; i--) {
      const [x, step] = [inputs[i]!, 1e-6]
      const at = (place: number, delta: number): NdArray => {
        const data = Float64Array.from(x.data)
        data[place]! += delta
        return apply(stages[i]!, { ...x, data })
      }
      const back = Float64Array.from(x.data, (_, place) => {
        const [high, low] = [at(place, step).data, at(place, i === 0 ? -step : 0).data]
        return g.reduce((sum, value, j) => sum + (value * (high[j]! - low[j]!)) / (i === 0 ? 2 * step : step), 0)
      })
      g = i === 0 ? back : back.map((value, place) => rule(value, outputs[i - 1]!.data[place]!))
    }
    return g
  }

  it.each<[RuleSetName, (g: number, x: number) => number]>([
    ['gradient', (g, x) => (x > 0 ? g : 0)],
    ['guided-backprop', (g, x) => (x > 0 ? positive(g) : 0)],
  ])('%s is the product of Jacobians with the rule between them', async (rules, rule) => {
    const { graph, logits } = whole()
    const result = differentiate(graph, { of: [logits], at: ['x'], rules: ruleSets[rules] })
    const feeds = { x: picture, [result.cotangents[logits]!]: ndarray([1, 3], Float64Array.of(0, 1, -1)) }
    const name = result.gradients['x']!
    const expected = slow(rule)
    expectClose(evaluate(result.graph, feeds, [name]).get(name)!.data, expected, 1e-7, rules)
    expectClose((await runOrt(result.graph, feeds))[name]!.data, expected, 1e-5, `${rules} on ONNX Runtime`)
  })
})
