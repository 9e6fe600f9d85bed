import { encodeModel } from '@ascribe/onnx'
import { afterAll, describe, expect, it } from 'vitest'
import { compileExplanation, explain, float32, methodNamed, quadratures } from '../src/index.js'
import { convolutional, difference, mixed, modelOf, multilayer, ramp, shifted, squares, testRuntime } from './support/models.js'

afterAll(() => testRuntime().dispose())

/** Relative to the largest expected value. */
function expectValues(actual: ArrayLike<number>, expected: readonly number[], tolerance = 1e-5): void {
  expect(actual.length).toBe(expected.length)
  const scale = Math.max(1e-3, ...expected.map(Math.abs))
  const worst = Math.max(...expected.map((value, i) => Math.abs(value - actual[i]!)))
  expect(worst / scale, `${Array.from(actual)} against ${expected}`).toBeLessThanOrEqual(tolerance)
}

const row = (values: number[]) => ({ x: float32([1, values.length], values) })
const picture = float32(
  [1, 1, 4, 4],
  Array.from({ length: 16 }, (_, i) => i),
)
const ones = float32([1, 1, 4, 4], Array(16).fill(1))
const ig = 'integrated-gradients'

describe('gradient and input x gradient', () => {
  it('1: the ramp 1 - relu(1 - x), value by value', async () => {
    const model = modelOf(ramp(6))
    const slopes: number[] = []
    for (let target = 0; target < 6; target++)
      slopes.push((await explain(model, row([1, 2, 3, 0, -1, 7]), 'gradient', { target })).values[target]!)
    expectValues(slopes, [0, 0, 0, 1, 1, 0])
  })

  it('2b: multilayer model', async () => {
    const model = modelOf(multilayer())
    const gradient = await explain(model, row([20, 50, 30]), 'gradient', { target: 0 })
    expectValues(gradient.values, [4, 4, 4])
    expect(gradient.value).toBe(392)
    expectValues((await explain(model, row([20, 50, 30]), 'input-x-gradient', { target: 0 })).values, [80, 200, 120])
  })

  it('17: convolutional model', async () => {
    const model = modelOf(convolutional())
    const gradient = await explain(model, { image: picture }, 'gradient', { target: 0 })
    expectValues(gradient.values, [0, 1, 1, 1, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 0])
    const product = await explain(model, { image: picture }, 'input-x-gradient', { target: 0 })
    expectValues(product.values, [0, 1, 2, 3, 0, 5, 6, 7, 0, 9, 10, 11, 0, 0, 0, 0])
  })
})

describe('integrated gradients', () => {
  it('3: multilayer model from zero', async () => {
    const a = await explain(modelOf(multilayer()), row([1.5, 2, 1.3]), ig, { target: 0 })
    expectValues(a.values, [4.5, 6, 3.9])
    expect(Math.abs(a.residual!)).toBeLessThan(1e-4)
  })

  it.each([
    ['gauss-legendre', 390.17935886],
    ['left', 388],
    ['right', 390],
    ['middle', 390],
  ])('3c: rule %s across a kink', async (rule, expected) => {
    const a = await explain(modelOf(multilayer()), row([0, 100, 0]), ig, { target: 0, options: { rule } })
    expectValues(a.values, [0, expected, 0])
  })

  it.each([
    ['relu(relu(x1) - 1 - relu(x2))', difference],
    ['relu(relu(x1 - 1) - relu(x2))', shifted],
  ])('4: implementation invariance, %s', async (_, make) => {
    const model = modelOf(make())
    const inputs = { x1: float32([1, 1], [3]), x2: float32([1, 1], [1]) }
    const a = await explain(model, inputs, ig, { target: 0, options: { points: 1000, rule: 'middle' } })
    expectValues([a.maps['x1']!.values[0]!, a.maps['x2']!.values[0]!], [1.5, -0.5])
    const slope = await explain(model, inputs, ig, { target: 0, options: { points: 1000, rule: 'middle', multiply: false } })
    expectValues([slope.maps['x1']!.values[0]!, slope.maps['x2']!.values[0]!], [0.5, -0.5])
  })

  it('5: positions and weights of the rules', () => {
    expectValues(quadratures['left']!(4).positions, [0, 0.25, 0.5, 0.75])
    expectValues(quadratures['right']!(4).positions, [0.25, 0.5, 0.75, 1])
    expectValues(quadratures['middle']!(4).positions, [0.125, 0.375, 0.625, 0.875])
    expectValues(quadratures['trapezoid']!(4).positions, [0, 1 / 3, 2 / 3, 1])
    expectValues(quadratures['trapezoid']!(4).weights, [1 / 6, 1 / 3, 1 / 3, 1 / 6], 1e-12)
    expectValues(quadratures['captum-trapezoid']!(4).weights, [1 / 8, 1 / 4, 1 / 4, 1 / 8], 1e-12)
    const { positions, weights } = quadratures['gauss-legendre']!(10)
    for (let power = 0; power < 20; power++) {
      const integral = positions.reduce((sum, x, i) => sum + weights[i]! * x ** power, 0)
      expect(Math.abs(integral - 1 / (power + 1))).toBeLessThan(1e-14)
    }
  })

  it("6: 5x + y^2 + sin z, exact and with PAIR's 25 points", async () => {
    const model = modelOf(mixed())
    const baseline = { x: float32([1, 3], [0.5, 1, 1]) }
    const exact = await explain(model, row([1, 2, 3]), ig, { target: 0, options: { baseline } })
    expectValues(exact.values, [2.5, 3, Math.sin(3) - Math.sin(1)])
    const pair = await explain(model, row([1, 2, 3]), ig, { target: 0, options: { baseline, variant: 'pair' } })
    expectValues([pair.values[2]!], [-0.68994])
  })

  it('21b: convolutional model, 50 Gauss-Legendre points, with the residual of its kinks', async () => {
    const a = await explain(modelOf(convolutional()), { image: picture }, ig, { target: 0 })
    expectValues(
      a.values,
      [
        0, 0.0804765, 0.16095299, 0.24142949, 1.18548091, 3.27185802, 3.92622963, 2.50600964, 2.37096182, 5.88934444, 6.54371605,
        3.93801516, 3.55644272, 7.4606364, 8.03453151, 4.16287322,
      ],
    )
    expect(a.residual).toBeCloseTo(0.6710415, 4)
  })

  it('tolerance doubles the points until the residual is small, and warns where it cannot', async () => {
    const model = modelOf(convolutional())
    const fine = await explain(model, { image: picture }, ig, { target: 0, options: { points: 10, tolerance: 0.002 } })
    expect(Math.abs(fine.residual!) / 54).toBeLessThan(0.002)
    expect(fine.options['points']).toBeGreaterThan(10)
    const poor = await explain(model, { image: picture }, ig, {
      target: 0,
      options: { points: 3, tolerance: 1e-9, maxPoints: 6 },
    })
    expect(poor.warnings.join()).toMatch(/residual/)
  })
})

describe('smooth-grad', () => {
  it.each([
    ['mean', [6, 8]],
    ['squared', [37, 65]],
    ['variance', [1, 1]],
    ['unbiased-variance', [1, 1]],
  ])('15: f = sum of squares, %s', async (form, expected) => {
    const options = { samples: 20_000, noise: 0.5, scale: 'absolute', form }
    const a = await explain(modelOf(squares(2)), row([3, 4]), 'smooth-grad', { target: 0, options })
    expectValues(a.values, expected, 0.03)
  })
})

describe('guided-backprop and deconvnet', () => {
  it.each([
    ['18', 'guided-backprop', [0, 1, 1, 1, 1, 3, 3, 2, 1, 3, 3, 2, 1, 2, 2, 1]],
    ['18b', 'deconvnet', [2, 3, 3, 1, 3, 5, 5, 2, 3, 5, 5, 2, 1, 2, 2, 1]],
  ])('%s: %s of the convolutional model', async (_, method, expected) => {
    const model = modelOf(convolutional())
    const a = await explain(model, { image: picture }, method, { target: 0 })
    expectValues(a.values, expected)
    expect(a.warnings).toEqual([])
    const compiled = compileExplanation(model, methodNamed(method), { target: 0 })
    const session = await testRuntime().open(encodeModel(compiled, { weights: 'embed' }), {})
    const { attribution } = await session.run({ image: picture })
    expectValues(attribution!.data as Float32Array, expected)
    await session.dispose()
  })

  it('18c: a second input of ones', async () => {
    const a = await explain(modelOf(convolutional(true)), { image: picture, extra: ones }, 'guided-backprop', { target: 0 })
    for (const name of ['image', 'extra']) expectValues(a.maps[name]!.values, [1, 2, 2, 1, 2, 4, 4, 2, 2, 4, 4, 2, 1, 2, 2, 1])
  })

  it('warns where a model has no ReLU, and gives its gradient', async () => {
    const a = await explain(modelOf(mixed()), row([1, 2, 3]), 'guided-backprop', { target: 0 })
    expectValues(a.values, [5, 4, Math.cos(3)])
    expect(a.warnings.join()).toMatch(/guided-backprop is the plain gradient here/)
  })
})

describe('grad-cam', () => {
  const layer = (graph: ReturnType<typeof convolutional>, name: string): string =>
    graph.nodes.find(node => node.name === name)!.outputs[0]!

  it('19: raw at conv1 and at relu1', async () => {
    const graph = convolutional()
    const at = async (name: string) =>
      (
        await explain(modelOf(graph), { image: picture }, 'grad-cam', {
          target: 0,
          options: { layer: layer(graph, name), relu: false },
        })
      ).values
    expectValues(await at('conv1'), [11.25, 13.5, 20.25, 22.5])
    expectValues(await at('relu1'), [0, 4, 28, 32.5])
  })

  it('19c: a second input of ones', async () => {
    const graph = convolutional(true)
    const options = { layer: layer(graph, 'conv1'), relu: false }
    const a = await explain(modelOf(graph), { image: picture, extra: ones }, 'grad-cam', { target: 0, options })
    expectValues(a.values, [14.5, 19, 32.5, 37])
  })

  it('20: guided Grad-CAM at relu1, nearest', async () => {
    const graph = convolutional()
    const options = { layer: layer(graph, 'relu1'), interpolation: 'nearest' }
    const a = await explain(modelOf(graph), { image: picture }, 'guided-grad-cam', { target: 0, options })
    expectValues(a.values, [0, 0, 4, 4, 0, 0, 12, 8, 28, 84, 97.5, 65, 28, 56, 65, 32.5])
  })

  it('guided Grad-CAM, bilinear between pixel centres by default', async () => {
    const a = await explain(modelOf(convolutional()), { image: picture }, 'guided-grad-cam', { target: 0 })
    const cam = [0, 1, 3, 4, 7, 8.03125, 10.09375, 11.125, 21, 22.09375, 24.28125, 25.375, 28, 29.125, 31.375, 32.5]
    const guided = [0, 1, 1, 1, 1, 3, 3, 2, 1, 3, 3, 2, 1, 2, 2, 1]
    expectValues(
      a.values,
      cam.map((value, i) => value * guided[i]!),
    )
  })

  it('finds the last spatial layer by itself', async () => {
    const graph = convolutional()
    const a = await explain(modelOf(graph), { image: picture }, 'grad-cam', { target: 0 })
    expect(a.options['layer']).toBe(layer(graph, 'relu1'))
    expect(a.dims).toEqual([1, 2, 2])
  })
})

describe('occlusion', () => {
  it('51: single features of the multilayer model', async () => {
    const a = await explain(modelOf(multilayer()), row([20, 50, 30]), 'occlusion', {
      target: 0,
      options: { window: 1, stride: 1 },
    })
    expectValues(a.values, [80, 200, 120])
    const b = await explain(modelOf(multilayer()), row([2, 10, 3]), 'occlusion', { target: 0, options: { window: 1, stride: 1 } })
    expectValues(b.values, [8, 35, 12])
  })

  it('55: overlapping windows are averaged', async () => {
    const options = { window: 2, stride: 1, baseline: 'constant:10' }
    const a = await explain(modelOf(multilayer()), row([20, 50, 30]), 'occlusion', { target: 0, options })
    expectValues(a.values, [200, 220, 240])
  })

  it('55b: the last window is cut off at the edge', async () => {
    const options = { window: 2, stride: 2 }
    const a = await explain(modelOf(multilayer()), row([20, 50, 30]), 'occlusion', { target: 0, options })
    expectValues(a.values, [280, 280, 120])
  })

  const both = { image: picture, extra: ones }
  const covered = async (window: string, stride: string) => {
    const a = await explain(modelOf(convolutional(true)), both, 'occlusion', { target: 0, options: { window, stride } })
    return [a.maps['image']!.values, a.maps['extra']!.values] as const
  }

  it('22: windows over a picture and a second input, overlaps averaged', async () => {
    const [image] = await covered('1x2x3', '1x2x1')
    expectValues(image, [17, 17, 17, 17, 17, 17, 17, 17, 64, 65.5, 65.5, 67, 64, 65.5, 65.5, 67])
    const [, extra] = await covered('1x1x2', '1x1x2')
    expectValues(extra, [3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 0, 0, 0, 0])
  })

  it('22b: single pixels', async () => {
    const [image, extra] = await covered('1', '1')
    expectValues(image, [0, 2, 4, 3, 4, 9, 10, 7, 4, 13, 14, 11, 0, 0, 0, 0])
    expectValues(extra, [1, 2, 2, 1, 1, 2, 2, 1, 1, 2, 2, 1, 0, 0, 0, 0])
  })

  it('22c: whole inputs', async () => {
    const [image, extra] = await covered('4', '4')
    expectValues(image, Array(16).fill(67))
    expectValues(extra, Array(16).fill(13))
  })

  it('56: overlaps summed', async () => {
    const { build } = await import('./support/models.js')
    const graph = build({ x: ['batch', 1, 5, 5] }, (b, x) =>
      b.emit('Mul', [b.emit('ReduceSum', [x!, b.ints([1, 2, 3])], { keepdims: 0 }), b.float(3)]),
    )
    const data = Array(25).fill(0)
    data[6] = 1
    data[18] = 1
    const options = { window: 3, stride: 1, overlap: 'sum' }
    const a = await explain(modelOf(graph), { x: float32([1, 1, 5, 5], data) }, 'occlusion', { target: 0, options })
    expectValues(a.values, [3, 6, 6, 3, 0, 6, 15, 18, 12, 3, 6, 18, 24, 18, 6, 3, 12, 18, 15, 6, 0, 3, 6, 6, 3])
  })
})
