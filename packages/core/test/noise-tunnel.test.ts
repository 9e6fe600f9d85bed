/** @file noise-tunnel against the inner method run at every noisy copy, whose noise is drawn here again. */
import { type Graph, GraphBuilder, inferShapes, Tensor } from '@ascribe/onnx'
import { afterAll, describe, expect, it } from 'vitest'
import { type Attribution, explain, float32, gaussianBlur, type Model, noiseTunnel, Random } from '../src/index.js'
import { build, mixed, modelOf, squares, tensor, testRuntime } from './support/models.js'

afterAll(() => testRuntime().dispose())

const normal = (seed: number, dims: number[]): Tensor => {
  const random = new Random(seed)
  return Tensor.float32(
    dims,
    Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => 0.4 * random.normal()),
  )
}

function network(): Graph {
  const b = new GraphBuilder()
  const x = b.input('image', 'float32', ['batch', 2, 8, 8])
  const h1 = b.emit('Relu', [b.emit('Conv', [x, b.constant(normal(1, [4, 2, 3, 3]))], { pads: [1, 1, 1, 1] })])
  const conv = b.emit('Conv', [h1, b.constant(normal(2, [4, 4, 3, 3]))], { strides: [2, 2], pads: [1, 1, 1, 1] })
  const flat = b.emit('Flatten', [b.emit('GlobalAveragePool', [b.emit('Relu', [conv])])])
  b.output(b.emit('Gemm', [flat, b.constant(normal(3, [4, 3]))]))
  return inferShapes(b.build())
}

const input = float32([1, 2, 8, 8], normal(9, [1, 2, 8, 8]).numbers())
const noise = 0.3
const samples = 5
const seed = 4

/** Copy k of the input, as the docs say: one normal value per element from (seed, k). */
function copy(data: Float32Array, k: number): Float32Array {
  const random = new Random(seed, k)
  return Float32Array.from(data, value => value + noise * random.normal())
}

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 1e-5): void {
  expect(actual.length).toBe(expected.length)
  const list = Array.from(expected)
  const scale = Math.max(1e-6, ...list.map(Math.abs))
  expect(Math.max(...list.map((value, i) => Math.abs(value - actual[i]!))) / scale).toBeLessThanOrEqual(tolerance)
}

const settings = { samples, noise, scale: 'absolute' }
const tunnel = (model: Model, of: string, options: Record<string, unknown> = {}, data = input): Promise<Attribution> =>
  explain(model, { image: data }, 'noise-tunnel', { target: 1, seed, options: { of, ...settings, ...options } })

const forms: Record<string, (values: number[]) => number> = {
  mean: values => values.reduce((sum, value) => sum + value, 0) / values.length,
  squared: values => values.reduce((sum, value) => sum + value * value, 0) / values.length,
  variance: values => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length
  },
}

/** Double-precision moments of the inner method's maps, each from an `explain` of its own. */
async function byHand(model: Model, of: string, options: Record<string, unknown>, form: string): Promise<number[]> {
  const maps: Float32Array[] = []
  for (let k = 0; k < samples; k++) {
    const image = float32(input.dims, copy(input.data, k))
    maps.push((await explain(model, { image }, of, { target: 1, options })).values)
  }
  return Array.from(maps[0]!, (_, i) => forms[form]!(maps.map(values => values[i]!)))
}

const cases: [string, Record<string, unknown>, string][] = [
  ['gradient', {}, 'mean'],
  ['gradient', { absolute: true }, 'mean'],
  ['guided-backprop', {}, 'squared'],
  ['deconvnet', {}, 'mean'],
  ['input-x-gradient', {}, 'variance'],
  ['integrated-gradients', { points: 7 }, 'mean'],
  ['integrated-gradients', { points: 7, baseline: 'constant:0.5' }, 'squared'],
  ['integrated-gradients', { points: 4, tolerance: 0.01 }, 'mean'],
  ['grad-cam', {}, 'mean'],
  ['grad-cam', { relu: false }, 'squared'],
  ['guided-grad-cam', { interpolation: 'nearest' }, 'mean'],
  ['occlusion', { window: 4, stride: 4 }, 'mean'],
]

describe('noise-tunnel', () => {
  it.each(cases)('of %s %o, %s', async (of, options, form) => {
    const model = modelOf(network())
    const inner = Object.fromEntries(Object.entries(options).map(([name, value]) => [`of.${name}`, value]))
    const a = await tunnel(model, of, { form, ...inner })
    expectClose(a.values, await byHand(model, of, options, form))
  })

  it.each(['mean', 'squared', 'variance', 'unbiased-variance'])('of gradient is smooth-grad, %s', async form => {
    const model = modelOf(network())
    const plain = await explain(model, { image: input }, 'smooth-grad', { target: 1, seed, options: { ...settings, form } })
    expectClose((await tunnel(model, 'gradient', { form })).values, plain.values)
  })

  it('of integrated gradients of a sum of squares is the mean of (x + e)^2, to the last noisy copy', async () => {
    const x = float32([1, 3], [3, -4, 0.5])
    const options = { of: 'integrated-gradients', ...settings }
    const a = await explain(modelOf(squares(3)), { x }, 'noise-tunnel', { target: 0, seed, options })
    const copies = Array.from({ length: samples }, (_, k) => copy(x.data, k))
    expectClose(
      a.values,
      Array.from(x.data, (_, i) => forms['squared']!(copies.map(values => values[i]!))),
    )
  })

  it('keeps the baseline of the input itself', async () => {
    const model = modelOf(network())
    const a = await tunnel(model, 'integrated-gradients', { 'of.points': 6, 'of.baseline': 'blur:2' })
    const blurred = float32(input.dims, gaussianBlur(input.data, 2, 8, 8, 2))
    expectClose(a.values, await byHand(model, 'integrated-gradients', { points: 6, baseline: blurred }, 'mean'))
  })

  it('keeps the class predicted for the input itself', async () => {
    const graph = build({ x: ['batch', 2] }, (b, x) => b.emit('MatMul', [x!, b.constant(tensor([2, 2], [1, 0, 0, 1]))]))
    for (const of of ['gradient', 'occlusion']) {
      const options = { of, samples: 20, noise: 1, scale: 'absolute', form: 'variance', 'of.window': 1 }
      if (of === 'gradient') Reflect.deleteProperty(options, 'of.window')
      const a = await explain(modelOf(graph), { x: float32([1, 2], [1, 0.99]) }, 'noise-tunnel', { options })
      expect(a.values[1]).toBe(0)
      expect(a.target.description).toBe('logit of class 0')
    }
  })

  it.each(['integrated-gradients', 'guided-backprop', 'grad-cam'])('of %s does not depend on the rows per run', async of => {
    const options = of === 'integrated-gradients' ? { 'of.points': 7 } : {}
    const reference = await tunnel(modelOf(network()), of, options)
    for (const memory of [14_000, 45_000])
      expectClose((await tunnel(modelOf(network(), { memory }), of, options)).values, reference.values, 1e-6)
  })

  it('counts points times copies, and records the options of the inner method', async () => {
    const a = await tunnel(modelOf(network()), 'ig', { 'of.points': '7' })
    expect(a.cost.gradients).toBe(7 * samples)
    expect(a.cost.forwards).toBe(1)
    expect(a.options).toMatchObject({ of: 'ig', 'of.points': 7, 'of.rule': 'gauss-legendre', samples })
    const cam = await tunnel(modelOf(network()), 'grad-cam')
    expect(cam.cost).toMatchObject({ forwards: 1 + samples, gradients: samples })
    expect(cam.options['of.layer']).toBeTypeOf('string')
  })

  it('draws a baseline for each copy: the mean of copies that have one each', async () => {
    const model = modelOf(network())
    const rows = [0.5, -1, 2].map(level => Float32Array.from(input.data, () => level))
    const given = float32(
      [3, 2, 8, 8],
      rows.flatMap(row => [...row]),
    )
    const options = { points: 5 }
    const a = await tunnel(model, 'integrated-gradients', { 'of.points': 5, 'of.baseline': given, draw: true })
    const chosen = Array.from({ length: samples }, (_, k) => new Random(seed, 2 ** 43 + k).integer(3))
    expect(new Set(chosen).size).toBeGreaterThan(1)
    const maps: Float32Array[] = []
    for (const [k, row] of chosen.entries()) {
      const image = float32(input.dims, copy(input.data, k))
      const baseline = float32(input.dims, rows[row]!)
      maps.push(
        (await explain(model, { image }, 'integrated-gradients', { target: 1, options: { ...options, baseline } })).values,
      )
    }
    expectClose(
      a.values,
      Array.from(maps[0]!, (_, i) => forms['mean']!(maps.map(values => values[i]!))),
    )
    const uniform = (draw: boolean) =>
      tunnel(model, 'ig', { 'of.points': 5, 'of.baseline': 'uniform', noise: 0, form: 'variance', draw })
    expect(Math.max(...(await uniform(true)).values)).toBeGreaterThan(1e-4)
    expect(Math.max(...(await uniform(false)).values)).toBeLessThan(1e-15)
    await expect(tunnel(model, 'ig', { draw: true })).rejects.toThrow(
      /draw=true needs baselines of integrated-gradients to draw from/,
    )
  })

  it('says once what the inner method warns of, and reports its own progress only', async () => {
    const options = { of: 'ig', ...settings, 'of.points': 2, 'of.tolerance': 1e-9, 'of.maxPoints': 2 }
    const steps: string[] = []
    const onProgress = ({ done, total, step }: { done: number; total: number; step: string }) =>
      steps.push(`${step} ${done}/${total}`)
    const a = await explain(modelOf(network()), { image: input }, 'noise-tunnel', { target: 1, seed, options, onProgress })
    expect(a.warnings).toHaveLength(1)
    expect(a.warnings[0]).toMatch(/^in 5 of 5 noisy copies: integrated gradients: relative residual/)
    expect(steps).toEqual([1, 2, 3, 4, 5].map(done => `noisy copies ${done}/5`))
  })

  it('takes the same options as a function', async () => {
    const x = float32([1, 3], [1, 2, 3])
    const a = await noiseTunnel(modelOf(mixed()), x, { of: 'gradient', samples: 1, noise: 0, target: 0, 'of.absolute': true })
    expectClose(a.values, [5, 4, Math.abs(Math.cos(3))])
  })

  it('refuses what the inner method does not take', async () => {
    const model = modelOf(network())
    await expect(tunnel(model, 'integrated-gradients', { 'of.poins': 3 })).rejects.toThrow(
      /noise-tunnel has no option "of.poins"; did you mean "of.points"\?/,
    )
    await expect(tunnel(model, 'integrated-gradients', { 'of.points': 0 })).rejects.toThrow(/of.points must be at least 1/)
    await expect(tunnel(model, 'gradint')).rejects.toThrow(/unknown method "gradint"/)
  })
})
