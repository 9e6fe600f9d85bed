/** @file Tuning of the graph that is differentiated: the same gradients, also at values that tuning would remove. */
import { differentiate } from '@ascribe/autodiff'
import { decompose, evaluate, type Graph, GraphBuilder, inferShapes, ndarray, specialise, Tensor } from '@ascribe/onnx'
import { afterAll, describe, expect, it } from 'vitest'
import { batchingOf } from '../src/batching.js'
import { compileExplanation, explain, float32, type Model, methodNamed, UsageError } from '../src/index.js'
import { standardOperators } from '../src/tune.js'
import { modelOf, testRuntime } from './support/models.js'

afterAll(() => testRuntime().dispose())

const wave = (seed: number, ...dims: number[]): Tensor =>
  Tensor.float32(
    dims,
    Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(seed + i * 1.7)),
  )

const positive = (seed: number, size: number): Tensor =>
  Tensor.float32(
    [size],
    Array.from({ length: size }, (_, i) => 1.2 + Math.sin(seed + i)),
  )

interface Names {
  readonly conv: string
  readonly norm: string
  readonly gate: string
  readonly swish: string
}

/** Conv, BatchNormalization, SiLU, Conv, global mean, Gemm; with `shared`, the gate is read by something else as well. */
function network({ batch = 'batch', shared = false }: { batch?: string | number; shared?: boolean } = {}): {
  graph: Graph
  names: Names
} {
  const b = new GraphBuilder()
  const x = b.input('image', 'float32', [batch, 2, 6, 6])
  const conv = b.emit('Conv', [x, b.constant(wave(1, 4, 2, 3, 3)), b.constant(wave(2, 4))])
  const statistics = [positive(3, 4), wave(4, 4), wave(5, 4), positive(6, 4)].map(value => b.constant(value))
  const norm = b.emit('BatchNormalization', [conv, ...statistics], { epsilon: 1e-3 })
  const gate = b.emit('Sigmoid', [norm])
  const swish = b.emit('Mul', [norm, gate])
  const joined = shared ? b.emit('Add', [swish, gate]) : swish
  const second = b.emit('Relu', [b.emit('Conv', [joined, b.constant(wave(7, 3, 4, 2, 2))])])
  const flat = b.emit('Flatten', [b.emit('GlobalAveragePool', [second])])
  b.output(b.emit('Gemm', [flat, b.constant(wave(8, 5, 3)), b.constant(wave(9, 5))], { transB: 1 }))
  return { graph: inferShapes(b.build()), names: { conv, norm, gate, swish } }
}

const picture = float32([1, 2, 6, 6], Float32Array.from(wave(11, 1, 2, 6, 6).numbers()))

/** d output[2] / d `at` of the graph as it is, in double precision. */
function reference(graph: Graph, at: string, input = picture): { values: Float64Array; gradient: Float64Array } {
  const given = graph.inputs[0]!.name
  const fixed = decompose(specialise(graph, { inputs: { [given]: input.dims } }))
  const output = fixed.outputs[0]!.name
  const result = differentiate(fixed, { of: [output], at: [at] })
  const target = [0, 0, 1, 0, 0]
  const typed = inferShapes(
    result.graph.with({ outputs: [...result.graph.outputs, ...(at === given ? [] : [{ name: at, type: fixed.type(at)! }])] }),
  )
  const values = evaluate(typed, {
    [given]: ndarray(input.dims, Float64Array.from(input.data)),
    [result.cotangents[output]!]: ndarray([1, 5], Float64Array.from(target)),
  })
  const gradient = values.get(result.gradients[at]!)!.data as Float64Array
  return { values: at === given ? Float64Array.from(input.data) : (values.get(at)!.data as Float64Array), gradient }
}

function expectNear(found: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 2e-6): void {
  expect(found.length).toBe(expected.length)
  const scale = Math.max(...Array.from(expected, Math.abs))
  expect(scale).toBeGreaterThan(0)
  for (let i = 0; i < expected.length; i++) expect(Math.abs(found[i]! - expected[i]!) / scale).toBeLessThan(tolerance)
}

const operators = (graph: Graph): string[] => graph.nodes.map(({ operator }) => operator)
const row = { image: [1, 2, 6, 6] }

describe('the tuned graph', () => {
  it('has no normalisation after a convolution, and x sigmoid(x) in one piece', () => {
    const { graph } = network()
    expect(operators(batchingOf(graph, row).graph(2))).toEqual([
      'Conv',
      'QuickGelu',
      'Conv',
      'Relu',
      'GlobalAveragePool',
      'Flatten',
      'Gemm',
    ])
  })

  it('has only operators of ai.onnx where it is written to a file', () => {
    const { graph } = network()
    expect(operators(batchingOf(graph, row, standardOperators).graph(1)).slice(0, 3)).toEqual(['Conv', 'Sigmoid', 'Mul'])
    const compiled = compileExplanation(modelOf(graph), methodNamed('integrated-gradients'), { target: 0 })
    expect([...new Set(compiled.nodes.map(({ domain }) => domain))]).toEqual([''])
  })

  it('is the same graph for every value that tuning left in it', () => {
    const { graph, names } = network()
    const batching = batchingOf(graph, row)
    expect(batching.graph(1, [names.norm])).toBe(batching.graph(1))
    expect(batching.graph(1, ['image', names.swish])).toBe(batching.graph(1))
    expect(batching.graph(1, [names.conv])).toBe(batching.graph(1, [names.conv]))
    expect(operators(batching.graph(1, [names.conv])).slice(0, 3)).toEqual(['Conv', 'BatchNormalization', 'QuickGelu'])
    expect(operators(batching.graph(1, [names.gate])).slice(0, 3)).toEqual(['Conv', 'Sigmoid', 'Mul'])
    expect(batching.graph(1, [names.conv]).outputs).toHaveLength(1)
  })

  it('leaves a pattern alone whose inside is read elsewhere: a cut there must cut every path', () => {
    const { graph } = network({ shared: true })
    expect(operators(batchingOf(graph, row).graph(1)).slice(0, 4)).toEqual(['Conv', 'Sigmoid', 'Mul', 'Add'])
  })

  it('shares the folded weights between sizes', () => {
    const { graph } = network()
    const batching = batchingOf(graph, row)
    const [one, eight] = [batching.graph(1), batching.graph(8)]
    const weight = one.nodes[0]!.inputs[1]!
    expect(one.initializers.get(weight)!.dims).toEqual([4, 2, 3, 3])
    expect(eight.initializers.get(weight)).toBe(one.initializers.get(weight))
    expect(batchingOf(graph, row).graph(3).initializers.get(weight)).toBe(one.initializers.get(weight))
  })

  it('says which tensor it cannot keep', () => {
    const { graph } = network()
    const constant = [...graph.initializers.keys()][0]!
    expect(() => batchingOf(graph, row).graph(1, [constant])).toThrow(UsageError)
    expect(() => batchingOf(graph, row).graph(1, [constant])).toThrow(`tensor "${constant}"`)
  })
})

/** LayerNorm, Gelu and HardSwish as exports to old opsets write them. */
function unfused(): { graph: Graph; inside: readonly string[] } {
  const b = new GraphBuilder()
  const x = b.input('tokens', 'float32', ['batch', 3, 4])
  const centred = b.emit('Sub', [x, b.emit('ReduceMean', [x, b.ints([-1])])])
  const variance = b.emit('ReduceMean', [b.emit('Pow', [centred, b.float(2)]), b.ints([-1])])
  const normal = b.emit('Div', [centred, b.emit('Sqrt', [b.emit('Add', [variance, b.float(1e-5)])])])
  const layer = b.emit('Add', [b.emit('Mul', [normal, b.constant(wave(1, 4))]), b.constant(wave(2, 4))])
  const bell = b.emit('Add', [b.emit('Erf', [b.emit('Div', [layer, b.float(Math.SQRT2)])]), b.float(1)])
  const gelu = b.emit('Mul', [b.emit('Mul', [layer, bell]), b.float(0.5)])
  const wide = b.emit('MatMul', [gelu, b.constant(wave(3, 4, 4))])
  const clipped = b.emit('Clip', [b.emit('Add', [wide, b.float(3)]), b.float(0), b.float(6)])
  const swish = b.emit('Div', [b.emit('Mul', [wide, clipped]), b.float(6)])
  b.output(b.emit('MatMul', [b.emit('ReduceMean', [swish, b.ints([1])], { keepdims: 0 }), b.constant(wave(4, 4, 5))]))
  return { graph: inferShapes(b.build()), inside: [centred, normal, layer, bell, gelu, wide, clipped, swish] }
}

describe('patterns of old exports', () => {
  const { graph, inside } = unfused()
  const tokens = float32([1, 3, 4], Float32Array.from(wave(11, 1, 3, 4).numbers()))

  it('are single operators', () => {
    const found = batchingOf(graph, { tokens: [1, 3, 4] }, standardOperators).graph(1)
    expect(operators(found)).toEqual(['LayerNormalization', 'Gelu', 'MatMul', 'HardSwish', 'ReduceMean', 'MatMul'])
  })

  it.each(['tokens', ...inside])('have the same gradient at %s', async at => {
    const { values } = await explain(modelOf(graph), { tokens }, 'gradient', { target: 2, at: [at] })
    expectNear(values, reference(graph, at, tokens).gradient, 5e-6)
  })
})

const explained = async (model: Model, at: string) => explain(model, { image: picture }, 'gradient', { target: 2, at: [at] })

describe.each([
  ['symbolic batch', network()],
  ['batch of one', network({ batch: 1 })],
  ['gate read twice', network({ shared: true })],
])('explanations of a tuned model (%s)', (_, { graph, names }) => {
  it.each(['image', names.conv, names.norm, names.gate, names.swish])(
    'at %s equal the gradient of the model as it is',
    async at => {
      const { values } = await explained(modelOf(graph), at)
      expectNear(values, reference(graph, at).gradient)
    },
  )

  it.each([names.conv, names.norm, names.gate])('grad-cam reads %s', async layer => {
    const found = await explain(modelOf(graph), { image: picture }, 'grad-cam', { target: 2, options: { layer, relu: false } })
    const { values, gradient } = reference(graph, layer)
    expect(found.dims).toEqual([1, 4, 4])
    const expected = new Float64Array(16)
    for (let c = 0; c < 4; c++) {
      const weight = gradient.slice(c * 16, c * 16 + 16).reduce((a, b) => a + b, 0) / 16
      for (let i = 0; i < 16; i++) expected[i]! += weight * values[c * 16 + i]!
    }
    expectNear(found.values, expected)
  })

  it('integrated gradients add up at a value that tuning removes', async () => {
    const options = { points: 64, baseline: 'zeros' }
    const found = await explain(modelOf(graph), { image: picture }, 'integrated-gradients', {
      target: 2,
      at: [names.conv],
      options,
    })
    const { values } = reference(graph, names.conv)
    expect(values.length).toBe(found.values.length)
    expect(Math.abs(found.residual!)).toBeLessThan(0.02 * Math.abs(found.value - found.baselineValue!))
  })
})
