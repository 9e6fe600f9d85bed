/** @file Further class activation maps: values of independent computations, and slow oracles. */
import { type Graph, GraphBuilder, inferShapes } from '@ascribe/onnx'
import { afterAll, describe, expect, it } from 'vitest'
import { type ExplainOptions, explain, float32, Random } from '../src/index.js'
import { resizeMap } from '../src/io/resample.js'
import { build, convolutional, modelOf, tensor, testRuntime } from './support/models.js'

afterAll(() => testRuntime().dispose())

function expectValues(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 1e-5): void {
  expect(actual.length).toBe(expected.length)
  const scale = Math.max(1e-3, ...Array.from(expected, Math.abs))
  const worst = Math.max(...Array.from(expected, (value, i) => Math.abs(value - actual[i]!)))
  expect(worst / scale, `${Array.from(actual)} against ${Array.from(expected)}`).toBeLessThanOrEqual(tolerance)
}

const A = [1, 2, 3, 0, 0, 1, 1, 4]
const G = [1, 0, -1, 2, 0.5, -0.5, 0, 1]
const outputOf = (graph: Graph, node: string): string => graph.nodes.find(({ name }) => name === node)!.outputs[0]!

/** relu(a) weighted by G and summed, or the hyperbolic tangent of a tenth of that. */
const given = (curved = false): Graph =>
  build({ a: ['batch', 2, 2, 2] }, (b, a) => {
    const active = b.emit('Relu', [a!], {}, 'active')
    const product = b.emit('Mul', [active, b.constant(tensor([1, 2, 2, 2], G))])
    const sum = b.emit('Reshape', [b.emit('ReduceSum', [product, b.ints([1, 2, 3])], { keepdims: 0 }), b.ints([-1, 1])])
    return curved ? b.emit('Tanh', [b.emit('Mul', [sum, b.float(0.1)])]) : sum
  })

const at = async (method: string, options: Record<string, unknown> = {}, graph = given()) =>
  explain(modelOf(graph), { a: float32([1, 2, 2, 2], A) }, method, {
    target: 0,
    options: { layer: outputOf(graph, 'active'), ...options },
  })

describe('values from numpy and scikit-learn', () => {
  it.each([
    ['seg-eigen-cam', {}, [-0.97407564, -0.04084082, -1.97470027, 2.98961673]],
    ['kpca-cam', { kernel: 'sigmoid' }, [-0.45114176, -0.18747105, -0.57237415, 1.21098696]],
    ['kpca-cam', { kernel: 'rbf' }, [-0.0526786, -0.43783944, -0.42077399, 0.91129203]],
    ['kpca-cam', { kernel: 'rbf', gamma: 0.1 }, [-0.2729292, -0.29345821, -0.33255916, 0.89894657]],
    ['kpca-cam', { kernel: 'polynomial' }, [-3.09957734, -2.89524605, -3.16688927, 9.16171267]],
    ['kpca-cam', { kernel: 'linear' }, [-1.01311066, -0.68819096, -1.21392212, 2.91522369]],
    ['grad-cam', { channels: 'principal' }, [-0.04667481, 0.27944915, 0.72196029, -0.95473463]],
    ['grad-cam', { channels: 'each' }, [0.5, 1, 1.5, 0, 0, 0.25, 0.25, 1]],
    ['shapley-cam', {}, [0.5, 1.25, 1.75, 1]],
  ])('%s %o', async (method, options, expected) => {
    expectValues((await at(method, { relu: false, ...options })).values, expected)
  })

  it('seg-eigen-cam puts the largest value on the positive side', async () => {
    for (const seed of [1, 2, 3, 4]) {
      const random = new Random(seed)
      const input = float32(
        [1, 2, 2, 2],
        Float32Array.from(A, () => random.uniform()),
      )
      const graph = given()
      const { values } = await explain(modelOf(graph), { a: input }, 'seg-eigen-cam', {
        target: 0,
        options: { layer: outputOf(graph, 'active') },
      })
      expect(Math.max(...values)).toBeGreaterThanOrEqual(-Math.min(...values))
    }
  })

  it('19b: one map per channel of the convolutional model', async () => {
    const graph = convolutional()
    const image = float32(
      [1, 1, 4, 4],
      Array.from({ length: 16 }, (_, i) => i),
    )
    const a = await explain(modelOf(graph), { image }, 'grad-cam', {
      target: 0,
      options: { layer: outputOf(graph, 'conv1'), relu: false, channels: 'each' },
    })
    expectValues(a.values, [-3.75, 3, 23.25, 30, 15, 10.5, -3, -7.5])
    expect(a.dims).toEqual([1, 2, 2, 2])
  })
})

describe('shapley-cam', () => {
  it('takes half of curvature times activation off the gradient', async () => {
    const z = A.reduce((sum, value, i) => sum + value * G[i]!, 0) / 10
    const slope = 1 - Math.tanh(z) ** 2
    // d f / d A = s G / 10; H A = -2 tanh(z) s (G . A) G / 100.
    const weights = [0, 1].map(c => {
      const mean = G.slice(4 * c, 4 * c + 4).reduce((a, b) => a + b, 0) / 4
      return (slope * mean) / 10 + (Math.tanh(z) * slope * z * mean) / 10
    })
    const expected = [0, 1, 2, 3].map(i => weights[0]! * A[i]! + weights[1]! * A[4 + i]!)
    const a = await at('shapley-cam', { relu: false }, given(true))
    expectValues(a.values, expected)
    expect(a.cost).toMatchObject({ forwards: 1, gradients: 2 })
  })
})

/** A picture network of two resolutions with four classes. */
function network(): Graph {
  const random = new Random(11)
  const normal = (...dims: number[]) =>
    tensor(
      dims,
      Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => 0.5 * random.normal()),
    )
  const b = new GraphBuilder()
  const x = b.input('image', 'float32', ['batch', 2, 6, 6])
  const fine = b.emit('Relu', [b.emit('Conv', [x, b.constant(normal(3, 2, 3, 3))], { pads: [1, 1, 1, 1] })], {}, 'fine')
  const coarse = b.emit('Relu', [b.emit('Conv', [fine, b.constant(normal(4, 3, 2, 2))], { strides: [2, 2] })], {}, 'coarse')
  const pooled = b.emit('GlobalAveragePool', [coarse])
  b.output(b.emit('Gemm', [b.emit('Flatten', [pooled]), b.constant(normal(4, 5))]))
  return inferShapes(b.build())
}
const graph = network()
const values = (() => {
  const random = new Random(3)
  return Float32Array.from({ length: 72 }, () => random.normal())
})()
const ask = (method: string, options: ExplainOptions = {}, data: Float32Array = values) =>
  explain(modelOf(graph), { image: float32([1, 2, 6, 6], data) }, method, { target: 1, ...options })

describe('finer-cam', () => {
  it('is the map of the weighted difference of classes', async () => {
    const scores = await Promise.all([0, 1, 2, 3, 4].map(async target => (await ask('gradient', { target })).value))
    const others = [0, 2, 3, 4].sort((a, b) => Math.abs(scores[a]! - scores[1]!) - Math.abs(scores[b]! - scores[1]!)).slice(0, 2)
    const parts = others.map(target => Math.exp(scores[target]!))
    const plain = async (target: number) => (await ask('grad-cam', { target, options: { relu: false } })).values
    const [own, ...rest] = await Promise.all([1, ...others].map(plain))
    const expected = own!.map((value, i) => {
      const against = rest.reduce((sum, map, r) => sum + parts[r]! * map[i]!, 0) / (parts[0]! + parts[1]!)
      return value - 0.7 * against
    })
    const a = await ask('finer-cam', { options: { alpha: 0.7, references: 2, 'of.relu': false } })
    expectValues(a.values, expected)
    expect(a.options['against']).toEqual(others)
  })

  it('needs one class', async () => {
    await expect(ask('finer-cam', { target: '1-2' })).rejects.toThrow(/compares one class/)
  })
})

describe('refine-cam', () => {
  it('multiplies the maps of the last tensor of each resolution, scaled to their maximum', async () => {
    const names = ['fine', 'coarse'].map(name => outputOf(graph, name))
    const maps = await Promise.all(names.map(layer => ask('layer-cam', { options: { layer } })))
    const [fine, coarse] = maps.map(map => map.values.map(value => value / Math.max(...map.values)))
    const large = resizeMap(coarse!, { width: 3, height: 3 }, { width: 6, height: 6 }, 'bilinear')
    const a = await ask('refine-cam', { options: { of: 'layer-cam' } })
    expect(a.options['layers']).toBe(names.join(','))
    expectValues(
      a.values,
      fine!.map((value, i) => value * large[i]!),
    )
    expectValues((await ask('refine-cam', { options: { of: 'layer-cam', layers: names.join(', ') } })).values, a.values)
    await expect(ask('refine-cam', { options: { of: 'gradient' } })).rejects.toThrow(/no option layer/)
  })
})

describe('random-cam', () => {
  it('is a control: another seed, another map', async () => {
    const [first, again, other] = await Promise.all([1, 1, 2].map(seed => ask('random-cam', { seed, options: { relu: false } })))
    expect(first!.values).toEqual(again!.values)
    expect(first!.values).not.toEqual(other!.values)
  })
})

describe('augmentation-smoothing', () => {
  const mirror = (data: Float32Array, width: number) =>
    Float32Array.from(data, (_, i) => data[i - (i % width) + width - 1 - (i % width)]!)

  it.each([
    ['gradient', 6],
    ['grad-cam', 3],
  ])('averages %s over mirrored and rescaled pictures', async (of, width) => {
    const expected = new Float64Array(of === 'gradient' ? 72 : 9)
    for (const mirrored of [false, true])
      for (const factor of [0.9, 1, 1.1]) {
        const data = (mirrored ? mirror(values, 6) : values).map(value => value * factor)
        const map = (await ask(of, {}, data)).values
        ;(mirrored ? mirror(map, width) : map).forEach((value, i) => {
          expected[i]! += value / 6
        })
      }
    expectValues((await ask('augmentation-smoothing', { options: { of } })).values, expected)
  })

  it('does not mirror what is no picture', async () => {
    const model = modelOf(build({ x: ['batch', 3] }, (b, x) => b.emit('Relu', [x!])))
    const row = { x: float32([1, 3], [1, 2, 3]) }
    await expect(explain(model, row, 'augmentation-smoothing', { target: 0, options: { of: 'gradient' } })).rejects.toThrow(
      /mirrors pictures/,
    )
  })
})
