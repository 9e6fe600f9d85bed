/** @file Class activation maps: golden values, slow oracles, and the layer that is found. */
import { fileURLToPath } from 'node:url'
import { type Graph, type GraphBuilder, Tensor } from '@ascribe/onnx'
import { afterAll, describe, expect, it } from 'vitest'
import { explain, float32, type Method, prepare, Random } from '../src/index.js'
import { layerView, targetLayer } from '../src/layers.js'
import { ablationCam } from '../src/methods/cam/ablation-cam.js'
import { eigenCam, eigenGradCam } from '../src/methods/cam/eigen-cam.js'
import { elementwiseGradCam } from '../src/methods/cam/elementwise-grad-cam.js'
import { fem } from '../src/methods/cam/fem.js'
import { fullGrad } from '../src/methods/cam/full-grad.js'
import { gradCam } from '../src/methods/cam/grad-cam.js'
import { gradCamPlusPlus } from '../src/methods/cam/grad-cam-plus-plus.js'
import { hiresCam } from '../src/methods/cam/hires-cam.js'
import { layerCam } from '../src/methods/cam/layer-cam.js'
import { scoreCam } from '../src/methods/cam/score-cam.js'
import { xgradCam } from '../src/methods/cam/xgrad-cam.js'
import { load } from '../src/node.js'
import { build, convolutional, modelOf, tensor, testRuntime } from './support/models.js'

afterAll(() => testRuntime().dispose())

function expectValues(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 1e-5): void {
  expect(actual.length).toBe(expected.length)
  const scale = Math.max(1e-3, ...Array.from(expected, Math.abs))
  const worst = Math.max(...Array.from(expected, (value, i) => Math.abs(value - actual[i]!)))
  expect(worst / scale, `${Array.from(actual)} against ${Array.from(expected)}`).toBeLessThanOrEqual(tolerance)
}

const normal = (seed: number, dims: number[], scale = 1): Tensor => {
  const random = new Random(seed)
  return tensor(
    dims,
    Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => scale * random.normal()),
  )
}

/** relu(a) weighted by G and summed: the layer "active" has the values A and exactly the gradient G. */
const given = (): Graph =>
  build({ a: ['batch', 2, 2, 2] }, (b, a) => {
    const active = b.emit('Relu', [a!], {}, 'active')
    const product = b.emit('Mul', [active, b.constant(tensor([1, 2, 2, 2], [1, 0, -1, 2, 0.5, -0.5, 0, 1]))])
    return b.emit('Reshape', [b.emit('ReduceSum', [product, b.ints([1, 2, 3])], { keepdims: 0 }), b.ints([-1, 1])])
  })
const A = [1, 2, 3, 0, 0, 1, 1, 4]
const outputOf = (graph: Graph, node: string): string => graph.nodes.find(({ name }) => name === node)!.outputs[0]!

describe('golden values of a given layer and gradient', () => {
  const graph = given()
  const at = async (method: Method, options = {}) =>
    (
      await explain(modelOf(graph), { a: float32([1, 2, 2, 2], A) }, method, {
        target: 0,
        options: { layer: outputOf(graph, 'active'), ...options },
      })
    ).values

  it.each([
    ['43: grad-cam', gradCam, {}, [0.5, 1.25, 1.75, 1]],
    ['44: grad-cam++', gradCamPlusPlus, {}, [0.26785712, 0.76071415, 1.02857128, 0.89999962]],
    [
      '44: with the constants of pytorch-grad-cam',
      gradCamPlusPlus,
      { variant: 'pytorch-grad-cam' },
      [0.26785712, 0.76071415, 1.02857128, 0.89999962],
    ],
    ['45: xgrad-cam', xgradCam, {}, [-1 / 3, -1 / 12, -5 / 12, 7 / 3]],
    ['46: layer-cam', layerCam, {}, [1, 0, 0, 4]],
    ['46: elementwise-grad-cam', elementwiseGradCam, {}, [1, 0, 0, 4]],
    ['47: hires-cam', hiresCam, {}, [1, -0.5, -3, 4]],
    ['48: eigen-cam', eigenCam, {}, [-1.01311064, -0.68819094, -1.21392202, 2.9152236]],
    ['49: eigen-grad-cam', eigenGradCam, {}, [-0.31084725, -1.12197268, -1.67530537, 3.10812521]],
    ['50: fem with k = 1, as pytorch-grad-cam', fem, { k: 1, variant: 'pytorch-grad-cam' }, [0.25, 0.75, 1, 1]],
    ['50: fem with k = 1, channel mean times mask', fem, { k: 1 }, [0, 0, 1.5, 1.5]],
  ] as const)('%s', async (_, method, options, expected) => {
    expectValues(await at(method, { relu: false, ...options }), expected)
  })

  it('clips only where asked', async () => {
    expectValues(await at(hiresCam, { relu: true }), [1, 0, 0, 4])
  })

  it('grad-cam++ as xplique: means over space instead of sums', async () => {
    const G = [1, 0, -1, 2, 0.5, -0.5, 0, 1]
    const weights = [0, 1].map(c => {
      const mean = A.slice(4 * c, 4 * c + 4).reduce((a, b) => a + b, 0) / 4
      const parts = G.slice(4 * c, 4 * c + 4).map(g => (g > 0 ? (g ** 2 / (2 * g ** 2 + g ** 3 * mean)) * g : 0))
      return parts.reduce((a, b) => a + b, 0) / 4
    })
    const expected = [0, 1, 2, 3].map(i => weights[0]! * A[i]! + weights[1]! * A[4 + i]!)
    expectValues(await at(gradCamPlusPlus, { variant: 'xplique' }), expected)
  })

  it('eigen-cam without centring is the first right singular vector of the layer itself', async () => {
    // Gram matrix of the two channels: [[14, 5], [5, 18]].
    const angle = 0.5 * Math.atan2(10, 14 - 18)
    const expected = [0, 1, 2, 3].map(i => Math.cos(angle) * A[i]! + Math.sin(angle) * A[4 + i]!)
    expectValues(await at(eigenCam, { centre: false }), expected)
  })
})

const picture = float32(
  [1, 1, 4, 4],
  Array.from({ length: 16 }, (_, i) => i),
)

describe('weights found by forward passes', () => {
  /** f of the convolutional model at class 0 from its relu1 layer. */
  const head = (layer: number[]): number =>
    Math.max(
      0,
      layer.reduce((sum, value, i) => sum + (i < 5 ? value : -value), 0),
    )
  const forward = (x: number[]): number => {
    const windows = [0, 1, 4, 5].map(corner => {
      let sum = 0
      for (let y = 0; y < 3; y++) for (let k = 0; k < 3; k++) sum += x[corner + 4 * y + k]!
      return sum
    })
    return head([-50, -75].flatMap(bias => windows.map(sum => Math.max(0, sum + bias))))
  }
  const layer = [0, 4, 31, 40, 0, 0, 6, 15]

  it('ablation-cam', async () => {
    const a = await explain(modelOf(convolutional()), { image: picture }, ablationCam, { target: 0, options: { relu: false } })
    const weights = [0, 1].map(c => (54 - head(layer.map((value, i) => (Math.floor(i / 4) === c ? 0 : value)))) / 54)
    expectValues(weights, [1, -21 / 54])
    expectValues(
      a.values,
      [0, 1, 2, 3].map(i => weights[0]! * layer[i]! + weights[1]! * layer[4 + i]!),
    )
    expect(a.cost).toMatchObject({ forwards: 4, gradients: 0 })
  })

  it('score-cam', async () => {
    const a = await explain(modelOf(convolutional()), { image: picture }, scoreCam, { target: 0 })
    const along = [0, 0.25, 0.75, 1]
    const scores = [0, 1].map(c => {
      const [p, q, r, s] = layer.slice(4 * c, 4 * c + 4) as [number, number, number, number]
      const mask = along.flatMap(y => along.map(x => (1 - y) * ((1 - x) * p + x * q) + y * ((1 - x) * r + x * s)))
      const [low, high] = [Math.min(...mask), Math.max(...mask)]
      return forward(mask.map((value, i) => ((value - low) / (high - low)) * i))
    })
    const parts = scores.map(score => Math.exp(score - Math.max(...scores)))
    const weights = parts.map(part => part / (parts[0]! + parts[1]!))
    expectValues(
      a.values,
      [0, 1, 2, 3].map(i => weights[0]! * layer[i]! + weights[1]! * layer[4 + i]!),
    )
  })
})

describe('full-grad', () => {
  const graph = build({ x: ['batch', 2, 6, 6] }, (b, x) => {
    const conv = (from: string, seed: number, dims: number[]): string =>
      b.emit('Relu', [
        b.emit('Conv', [from, b.constant(normal(seed, dims, 0.4)), b.constant(normal(seed + 9, [dims[0]!]))], {
          pads: [1, 1, 1, 1],
        }),
      ])
    const pooled = b.emit('ReduceMean', [conv(conv(x!, 1, [3, 2, 3, 3]), 2, [4, 3, 3, 3]), b.ints([2, 3])], { keepdims: 0 })
    return b.emit('Gemm', [pooled, b.constant(normal(3, [4, 2]))])
  })
  const x = float32([1, 2, 6, 6], normal(7, [1, 2, 6, 6]).numbers())

  it('adds up to f(x) without magnitudes, on a network of linear layers and ReLU', async () => {
    const a = await explain(modelOf(graph), { x }, fullGrad, { target: 1, options: { absolute: false } })
    expect(a.dims).toEqual([1, 6, 6])
    expectValues([a.values.reduce((sum, value) => sum + value, 0)], [a.value])
  })

  it('is never negative with magnitudes, and scales every term on demand', async () => {
    const a = await explain(modelOf(graph), { x }, fullGrad, { target: 1 })
    expect(Math.min(...a.values)).toBeGreaterThan(0)
    const scaled = await explain(modelOf(graph), { x }, fullGrad, { target: 1, options: { rescale: true } })
    // Two colours, three channels and four, each at most 1.
    expect(Math.max(...scaled.values)).toBeLessThanOrEqual(9)
  })
})

/** A transformer of one block on 4 x 4 patches, read at a class token (or two), or averaged where there is none. */
function transformer(classTokens: number): { graph: Graph; norm1: string; norm2: string } {
  const width = 6
  const names: string[] = []
  const graph = build({ image: ['batch', 3, 8, 8] }, (b: GraphBuilder, image) => {
    const stem = b.emit('Conv', [image!, b.constant(normal(1, [width, 3, 2, 2], 0.5))], { strides: [2, 2] })
    const flat = b.emit('Reshape', [stem, b.ints([0, width, 16])])
    let value = b.emit('Transpose', [flat], { perm: [0, 2, 1] })
    if (classTokens > 0) {
      const rows = b.emit('Gather', [b.emit('Shape', [image!]), b.ints([0])], { axis: 0 })
      const shape = b.emit('Concat', [rows, b.ints([classTokens, width])], { axis: 0 })
      value = b.emit('Concat', [b.emit('Expand', [b.constant(normal(2, [1, classTokens, width])), shape]), value], { axis: 1 })
    }
    const norm = (from: string): string => {
      const scale = [b.constant(normal(3, [width])), b.constant(normal(4, [width]))]
      names.push(b.emit('LayerNormalization', [from, ...scale], { axis: -1 }))
      return names.at(-1)!
    }
    const linear = (from: string, seed: number): string => b.emit('MatMul', [from, b.constant(normal(seed, [width, width], 0.6))])
    const heads = (from: string, perm: number[]): string =>
      b.emit('Transpose', [b.emit('Reshape', [from, b.ints([0, 16 + classTokens, 2, width / 2])])], { perm })
    const normed = norm(value)
    const scores = b.emit('MatMul', [heads(linear(normed, 5), [0, 2, 1, 3]), heads(linear(normed, 6), [0, 2, 3, 1])])
    const mixed = b.emit('MatMul', [b.emit('Softmax', [scores], { axis: -1 }), heads(linear(normed, 7), [0, 2, 1, 3])])
    const joined = b.emit('Reshape', [b.emit('Transpose', [mixed], { perm: [0, 2, 1, 3] }), b.ints([0, 16 + classTokens, width])])
    const last = norm(b.emit('Add', [value, linear(joined, 8)]))
    const read =
      classTokens > 0
        ? b.emit('Gather', [last, b.constant(Tensor.from('int64', [], [0]))], { axis: 1 })
        : b.emit('ReduceMean', [last, b.ints([1])], { keepdims: 0 })
    return b.emit('Gemm', [read, b.constant(normal(9, [width, 3]))])
  })
  return { graph, norm1: names[0]!, norm2: names[1]! }
}

const photo = { image: float32([1, 3, 8, 8], normal(11, [1, 3, 8, 8]).numbers()) }

describe('token models', () => {
  it.each([0, 1, 2])('finds the layer, the grid and the class tokens: %i', async classTokens => {
    const { graph, norm1, norm2 } = transformer(classTokens)
    const evaluator = await prepare(modelOf(graph), photo, { target: 1 })
    // After the attention only the class token is read: the others still count right before it.
    expect(targetLayer(evaluator)).toBe(classTokens > 0 ? norm1 : norm2)
    const tokens = 16 + classTokens
    const view = layerView(evaluator, norm1, [1, tokens, 6])
    expect(view.space).toEqual([4, 4])
    expect(view.channels).toBe(6)
    expect(view.channelStep).toBe(1)
    expect(Array.from(view.places)).toEqual(Array.from({ length: 16 }, (_, i) => (classTokens + i) * 6))
  })

  it.each([0, 1])('grad-cam and hires-cam by hand, %i class tokens', async classTokens => {
    const { graph } = transformer(classTokens)
    const evaluator = await prepare(modelOf(graph), photo, { target: 1 })
    const { values, gradient } = await evaluator.layer(targetLayer(evaluator))
    const at = (data: Float32Array, place: number, channel: number): number => data[(classTokens + place) * 6 + channel]!
    const places = Array.from({ length: 16 }, (_, i) => i)
    const channels = Array.from({ length: 6 }, (_, c) => c)
    const weights = channels.map(c => places.reduce((sum, i) => sum + at(gradient, i, c), 0) / 16)
    const cam = places.map(i => channels.reduce((sum, c) => sum + weights[c]! * at(values, i, c), 0))
    const hires = places.map(i => channels.reduce((sum, c) => sum + at(gradient, i, c) * at(values, i, c), 0))
    const run = (method: Method) => explain(modelOf(graph), photo, method, { target: 1, options: { relu: false } })
    expectValues((await run(gradCam)).values, cam)
    expectValues((await run(hiresCam)).values, hires)
    expect(Math.max(...hires.map(Math.abs))).toBeGreaterThan(0)
    expect((await run(hiresCam)).dims).toEqual([1, 4, 4])
  })

  it('ablates a channel at every token', async () => {
    const { graph, norm1 } = transformer(1)
    const evaluator = await prepare(modelOf(graph), photo, { target: 1 })
    const inside = await evaluator.inside(norm1)
    const { data } = inside.inputs[norm1]!
    expectValues(await inside.forward({ [norm1]: data }, 1), [evaluator.value])
    const a = await explain(modelOf(graph), photo, ablationCam, { target: 1, options: { relu: false, divide: 'nothing' } })
    const expected = new Float64Array(16)
    for (let c = 0; c < 6; c++) {
      const without = data.map((value, i) => (i % 6 === c ? 0 : value))
      const drop = evaluator.value - (await inside.forward({ [norm1]: without }, 1))[0]!
      for (let i = 0; i < 16; i++) expected[i]! += drop * data[(1 + i) * 6 + c]!
    }
    expectValues(a.values, expected)
  })

  it('maps the bundled transformer with every method', async () => {
    const model = await load(fileURLToPath(new URL('../../../examples/models/vit-obj.onnx', import.meta.url)), {
      runtime: testRuntime(),
    })
    const [, channels, height, width] = model.graph.inputs[0]!.type.shape as number[]
    const dims = [1, channels!, height!, width!]
    const input = { [model.graph.inputs[0]!.name]: float32(dims, normal(5, dims).numbers()) }
    const family = [gradCam, gradCamPlusPlus, xgradCam, layerCam, hiresCam, elementwiseGradCam, ablationCam, scoreCam]
    for (const method of [...family, eigenCam, eigenGradCam, fem]) {
      const a = await explain(model, input, method)
      expect(a.dims, method.name).toEqual([1, 8, 8])
      expect(Math.max(...a.values.map(Math.abs)), method.name).toBeGreaterThan(0)
    }
    await model.dispose()
  })
})

describe('layers', () => {
  it('follows windows through partition, shortcut and merging, as in Swin', async () => {
    const graph = build({ image: ['batch', 3, 16, 16] }, (b, image) => {
      const stem = b.emit('Conv', [image!, b.constant(normal(1, [4, 3, 2, 2], 0.5))], { strides: [2, 2] })
      const x = b.emit('Transpose', [stem], { perm: [0, 2, 3, 1] })
      const parts = b.emit('Reshape', [x, b.ints([-1, 2, 4, 2, 4, 4])])
      const windows = b.emit('Reshape', [b.emit('Transpose', [parts], { perm: [0, 1, 3, 2, 4, 5] }), b.ints([-1, 16, 4])])
      const mixed = b.emit('MatMul', [b.constant(normal(2, [16, 16], 0.3)), windows])
      const back = b.emit('Transpose', [b.emit('Reshape', [mixed, b.ints([-1, 2, 2, 4, 4, 4])])], { perm: [0, 1, 3, 2, 4, 5] })
      const joined = b.emit('Add', [x, b.emit('Reshape', [back, b.ints([-1, 8, 8, 4])])])
      const corner = (y: number, k: number): string =>
        b.emit('Slice', [joined, b.ints([y, k]), b.ints([8, 8]), b.ints([1, 2]), b.ints([2, 2])])
      const merged = b.emit('Concat', [corner(0, 0), corner(1, 0), corner(0, 1), corner(1, 1)], { axis: 3 })
      const tokens = b.emit('Reshape', [merged, b.ints([-1, 16, 16])])
      const last = b.emit('Relu', [b.emit('MatMul', [tokens, b.constant(normal(3, [16, 8], 0.3))])], {}, 'last')
      return b.emit('Gemm', [b.emit('ReduceMean', [last, b.ints([1])], { keepdims: 0 }), b.constant(normal(4, [8, 2]))])
    })
    const row = { image: float32([1, 3, 16, 16], normal(5, [1, 3, 16, 16]).numbers()) }
    const evaluator = await prepare(modelOf(graph), row, { target: 0 })
    expect(targetLayer(evaluator)).toBe(outputOf(graph, 'last'))
    const view = layerView(evaluator, outputOf(graph, 'last'), [1, 16, 8])
    expect(view).toMatchObject({ channels: 8, space: [4, 4], channelStep: 1 })
    expect(Array.from(view.places)).toEqual(Array.from({ length: 16 }, (_, i) => 8 * i))
  })

  it('reads channels last where the model does', async () => {
    const graph = build({ image: ['batch', 4, 4, 2] }, (b, image) => {
      const planes = b.emit('Transpose', [image!], { perm: [0, 3, 1, 2] })
      const conv = b.emit('Conv', [planes, b.constant(normal(1, [5, 2, 1, 1]))])
      const last = b.emit('Relu', [b.emit('Transpose', [conv], { perm: [0, 2, 3, 1] })], {}, 'last')
      return b.emit('Gemm', [b.emit('ReduceMean', [last, b.ints([1, 2])], { keepdims: 0 }), b.constant(normal(2, [5, 2]))])
    })
    const evaluator = await prepare(modelOf(graph), { image: float32([1, 4, 4, 2], normal(3, [32]).numbers()) }, { target: 0 })
    expect(targetLayer(evaluator)).toBe(outputOf(graph, 'last'))
    expect(layerView(evaluator, outputOf(graph, 'last'), [1, 4, 4, 5])).toMatchObject({
      channels: 5,
      space: [4, 4],
      channelStep: 1,
    })
  })

  it('says what is missing where a model has no places, and where a named layer has none', async () => {
    const graph = build({ x: ['batch', 3] }, (b, x) => b.emit('Gemm', [x!, b.constant(normal(1, [3, 2]))]))
    const row = { x: float32([1, 3], [1, 2, 3]) }
    await expect(explain(modelOf(graph), row, hiresCam, { target: 0 })).rejects.toThrow(/the model has none; name one with layer/)
    await expect(explain(modelOf(graph), row, hiresCam, { target: 0, options: { layer: 'x' } })).rejects.toThrow(
      /has dims \[1,3\]/,
    )
  })
})
