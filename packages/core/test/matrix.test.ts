/** @file Generated tests: every method on small networks, for the invariances and promises that its entry states. */
import { type Graph, GraphBuilder, inferShapes, Tensor } from '@ascribe/onnx'
import { afterAll, describe, expect, it } from 'vitest'
import {
  type Attribution,
  type ExplainOptions,
  explain,
  float32,
  type Method,
  type Model,
  methods,
  prepare,
  Random,
  relativeResidual,
  resolveOptions,
} from '../src/index.js'
import { nodeRuntime } from '../src/node.js'
import { modelOf, testRuntime } from './support/models.js'

afterAll(() => testRuntime().dispose())

const normal = (seed: number, dims: number[], scale = 1): Tensor => {
  const random = new Random(seed)
  return Tensor.float32(
    dims,
    Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => scale * random.normal()),
  )
}

/** A small network with residual addition, two activations, pooling and a dense head. `unused` adds an input channel nothing reads. */
function network(batch: number | string, smooth = false): Graph {
  const b = new GraphBuilder()
  const x = b.input('image', 'float32', [batch, 3, 12, 12])
  const activation = smooth ? 'Tanh' : 'Relu'
  const conv = (from: string, seed: number, dims: number[], attributes = {}): string =>
    b.emit('Conv', [from, b.constant(normal(seed, dims, 0.3)), b.constant(normal(seed + 100, [dims[0]!], 0.1))], attributes)
  // The last channel has zero weights: a dummy feature.
  const first = normal(1, [4, 3, 3, 3], 0.3)
  const values = Float32Array.from(first.numbers(), (value, i) => (Math.floor(i / 9) % 3 === 2 ? 0 : value))
  const h1 = b.emit(activation, [b.emit('Conv', [x, b.constant(Tensor.float32([4, 3, 3, 3], values))], { pads: [1, 1, 1, 1] })])
  const h2 = b.emit(activation, [b.emit('Add', [conv(h1, 2, [4, 4, 3, 3], { pads: [1, 1, 1, 1] }), h1])])
  const pooled = smooth
    ? b.emit('AveragePool', [h2], { kernel_shape: [2, 2], strides: [2, 2] })
    : b.emit('MaxPool', [h2], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] })
  const flat = b.emit('Flatten', [conv(pooled, 3, [5, 4, 3, 3], { strides: [2, 2] })])
  const size = smooth ? 5 * 4 : 5 * 4
  b.output(b.emit('Gemm', [flat, b.constant(normal(4, [size, 6], 0.3)), b.constant(normal(5, [6], 0.1))]))
  return inferShapes(b.build())
}

const image = { image: float32([1, 3, 12, 12], normal(9, [1, 3, 12, 12]).numbers()) }
/** Small settings, so that the matrix stays quick. */
const quick: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'integrated-gradients': { points: 13 },
  'expected-gradients': { samples: 11 },
  'blur-ig': { points: 13 },
  xrai: { least: 4, dilation: 1, difference: 2, 'of.points': 9 },
  conductance: { points: 9 },
  'internal-influence': { points: 9 },
  'neuron-conductance': { points: 9, neuron: '1/1/1' },
  'guided-ig': { points: 11 },
  idg: { points: 13 },
  'ts-saliency': { points: 5, directions: 6 },
  'deeplift-shap': { samples: 7 },
  'smooth-grad': { samples: 11 },
  'noise-tunnel': { samples: 11 },
  rise: { masks: 37, cells: 3 },
  sobol: { segments: 'grid:2', samples: 8 },
  hsic: { segments: 'grid:3', samples: 40 },
  occlusion: { window: 4, stride: 3 },
  'ablation-cam': { relu: false },
  fem: { k: 1 },
  'feature-ablation': { segments: 'grid:3' },
  'kernel-shap': { segments: 'grid:4', samples: 120 },
  'exact-shapley': { segments: 'grid:2x3' },
  'permutation-shapley': { segments: 'grid:4', orders: 3 },
  'sampling-shapley': { segments: 'grid:3', samples: 4 },
  owen: { segments: 'grid:4' },
  'meaningful-perturbation': { iterations: 5, cell: 4, smooth: 1, jitter: 2, sigma: 2 },
  'extremal-perturbation': { iterations: 5, step: 3, sigma: 4, blur: 3, areas: '0.1,0.3', variant: 'dual' },
  'feature-permutation': { segments: 'grid:3', data: float32([4, 3, 12, 12], normal(11, [4, 3, 12, 12]).numbers()) },
  glime: { segments: 'grid:4', samples: 60 },
  'norm-lime': { segments: 'grid:3', samples: 30, data: float32([2, 3, 12, 12], normal(12, [2, 3, 12, 12]).numbers()) },
  lime: { segments: 'grid:4', samples: 60 },
  'greedy-pig': { segments: 'grid:3', 'of.points': 5 },
  'greedy-gain': { segments: 'grid:3' },
}
const run = (model: Model, method: Method, options: ExplainOptions = {}): Promise<Attribution> =>
  explain(model, image, method, { target: 2, options: quick[method.name] ?? {}, ...options })

function expectSame(actual: Attribution, expected: Attribution, tolerance = 1e-6): void {
  expect(actual.dims).toEqual(expected.dims)
  let [scale, worst] = [1e-9, 0]
  for (let i = 0; i < expected.values.length; i++) {
    scale = Math.max(scale, Math.abs(expected.values[i]!))
    worst = Math.max(worst, Math.abs(actual.values[i]! - expected.values[i]!))
  }
  expect(worst / scale).toBeLessThanOrEqual(tolerance)
}

// Methods of other models cannot explain these networks; trees.test.ts, perturbation-closed-form.test.ts and perturbation-detectors.test.ts have them.
const others: ReadonlySet<string> = new Set([
  'attention',
  'tokens',
  'trees',
  'detector',
  'graph attention',
  'linear model',
  'additive model',
])
const fitting = methods.filter(({ needs }) => !needs.some(need => others.has(need)))

describe.each(fitting.map(method => [method.name, method] as const))('%s', (_, method) => {
  it('gives the same values whatever the rows per run', async () => {
    const reference = await run(modelOf(network('batch')), method)
    // About 40 KiB a row: one row at a time, then three, then as many as it likes.
    const tight = await run(modelOf(network('batch'), { memory: 60_000 }), method)
    const loose = await run(modelOf(network('batch'), { memory: 180_000 }), method)
    expectSame(tight, reference)
    expectSame(loose, reference)
  })

  it('gives the same values with the batch fixed at 1, at 2, and dynamic', async () => {
    const reference = await run(modelOf(network('batch')), method)
    expectSame(await run(modelOf(network(1)), method), reference)
    expectSame(await run(modelOf(network(2)), method), reference)
  })

  it('gives the same values with one thread and with two, and over two processes', async () => {
    const reference = await run(modelOf(network('batch')), method)
    const runtime = nodeRuntime({ threads: 1, processes: 2 })
    try {
      expectSame(await run(modelOf(network('batch'), { runtime }), method), reference)
    } finally {
      await runtime.dispose()
    }
  })

  it('repeats itself exactly with the same seed', async () => {
    const model = modelOf(network('batch'))
    const [first, second] = [await run(model, method, { seed: 3 }), await run(model, method, { seed: 3 })]
    expect(Array.from(second.values)).toEqual(Array.from(first.values))
    expect(first.seed).toBe(3)
  })

  it('counts what its entry says it costs', async () => {
    const model = modelOf(network('batch'))
    const a = await run(model, method)
    const options = resolveOptions(method, quick[method.name])
    expect(a.cost).toMatchObject(method.cost(options, await prepare(model, image, { target: 2 })))
    expect(a.cost.milliseconds).toBeGreaterThan(0)
  })

  if (method.promises.includes('completeness'))
    it('adds up to the change of the target on a smooth network', async () => {
      const a = await run(modelOf(network('batch', true)), method, {
        options: 'points' in method.options ? { points: 50 } : (quick[method.name] ?? {}),
      })
      expect(relativeResidual(a)!).toBeLessThan(1e-4)
    })

  if (method.promises.includes('dummy'))
    it('gives nothing to a channel that the network does not read', async () => {
      const a = await run(modelOf(network('batch')), method, {
        options: {
          ...(method.name === 'occlusion' ? { window: '1x4x4', stride: '1x3x3' } : (quick[method.name] ?? {})),
          ...('segments' in method.options ? { segments: 'channels' } : {}),
        },
      })
      const dummy = a.values.subarray(2 * 144, 3 * 144)
      expect(Math.max(...dummy.map(Math.abs))).toBe(0)
      expect(Math.max(...a.values.map(Math.abs))).toBeGreaterThan(0)
    })

  if (method.promises.includes('linearity'))
    it('is linear in the target: a difference of classes is the difference of their maps', async () => {
      const model = modelOf(network('batch'))
      const [both, two, four] = [
        await run(model, method, { target: '2-4' }),
        await run(model, method),
        await run(model, method, { target: 4 }),
      ]
      const expected = { ...both, values: two.values.map((value, i) => value - four.values[i]!) }
      expectSame(both, expected, 1e-5)
    })

  if (method.control) return
  // Log odds are a comparison already, which finer-cam refuses to compare again.
  it.each(['softmax:2', 'log-softmax:2', ...(method.name === 'finer-cam' ? [] : ['log-odds:2'])])('explains %s', async target => {
    const a = await run(modelOf(network('batch')), method, { target })
    expect(a.values.some(value => value !== 0)).toBe(true)
    expect(a.target.link).toBe(target.split(':')[0])
  })
})
