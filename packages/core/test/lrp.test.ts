/** @file lrp: published values of whole networks, presets, bounds, layers inside the model, what it reports and what it refuses. */
import { type Graph, GraphBuilder, inferShapes, Tensor } from '@ascribe/onnx'
import { afterAll, describe, expect, it } from 'vitest'
import { type ExplainOptions, explain, float32, methodNamed, plainPreprocessing, Random } from '../src/index.js'
import { build, convolutional, modelOf, multilayer, tensor, testRuntime } from './support/models.js'

afterAll(() => testRuntime().dispose())

function expectValues(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 1e-5): void {
  expect(actual.length).toBe(expected.length)
  let [scale, worst] = [1e-9, 0]
  for (let i = 0; i < expected.length; i++) {
    scale = Math.max(scale, Math.abs(expected[i]!))
    worst = Math.max(worst, Math.abs(expected[i]! - actual[i]!))
  }
  expect(worst / scale, `${Array.from(actual)} against ${Array.from(expected)}`).toBeLessThanOrEqual(tolerance)
}

const total = (values: ArrayLike<number>): number => Array.from(values).reduce((sum, value) => sum + value, 0)
const picture = float32(
  [1, 1, 4, 4],
  Array.from({ length: 16 }, (_, i) => i),
)
const lrp = (graph: Graph, options: ExplainOptions['options'] = {}, more: ExplainOptions = {}) =>
  explain(modelOf(graph), { image: picture }, 'lrp', { target: 0, ...more, options })

const plus = [
  0, 0.00137174, 0.00274348, 0.00411523, 0.02286237, 0.06115683, 0.0733882, 0.04561042, 0.04572474, 0.1100823, 0.12231367,
  0.07167352, 0.0685871, 0.14117512, 0.15203475, 0.07716049,
]
const flat = [
  0, 0.00823045, 0.00823045, 0.00823045, 0.05144032, 0.1111111, 0.1111111, 0.05967077, 0.05144032, 0.1111111, 0.1111111,
  0.05967077, 0.05144032, 0.10288065, 0.10288065, 0.05144032,
]
const excitation = [
  0, 0.00098765, 0.00197531, 0.00296296, 0.02041152, 0.0600823, 0.07209876, 0.04839506, 0.04082304, 0.10814815, 0.12016461,
  0.07604938, 0.06123457, 0.14337448, 0.15440329, 0.08888889,
]

describe('the convolutional model, f = 54', () => {
  const inputXGradient = [0, 1, 2, 3, 0, 5, 6, 7, 0, 9, 10, 11, 0, 0, 0, 0]
  const scaled = (values: number[], factor: number): number[] => values.map(value => value * factor)
  it.each<[string, string, Record<string, unknown>, number[]]>([
    ['41', 'epsilon-plus', {}, scaled(plus, 54)],
    ['41', 'epsilon-gamma-box', { low: 0, high: 15 }, scaled(plus, 54)],
    ['41b', 'epsilon-plus-flat', {}, scaled(flat, 54)],
    ['41b', 'epsilon-alpha2-beta1-flat', {}, scaled(flat, 54)],
    ['41c', 'excitation-backprop', {}, scaled(excitation, 54)],
    ['41d: the bias takes the negative part', 'epsilon-alpha2-beta1', {}, scaled(plus, 108)],
  ])('%s %s', async (_, preset, options, expected) => {
    const a = await lrp(convolutional(), { preset, ...options })
    expectValues(a.values, expected)
    const conservation = total(expected) / 54
    expect(a.options['conservation']).toBeCloseTo(conservation, 4)
    expect(a.warnings.length).toBe(Math.abs(conservation - 1) > 0.05 ? 1 : 0)
    if (preset === 'epsilon-alpha2-beta1') expect(a.warnings[0]).toMatch(/^200% of the relevance \(108\.0 of 54\.00\)/)
  })

  it('17b: zero and epsilon are input x gradient', async () => {
    for (const preset of ['zero', 'epsilon']) expectValues((await lrp(convolutional(), { preset })).values, inputXGradient)
  })

  it('deep-taylor: w-square without bounds, z-box with', async () => {
    // All weights are 1: w-square is flat. At the dense layer only positive weights count.
    const plain = await lrp(convolutional(), { preset: 'deep-taylor' })
    const boxed = await lrp(convolutional(), { preset: 'deep-taylor', low: '0', high: '15' })
    expectValues(boxed.values, scaled(excitation, 54))
    expect(total(plain.values)).toBeCloseTo(54, 3)
    expect(plain.values[0]).toBe(0)
    expect(plain.values[1]! / plain.values[3]!).toBeCloseTo(1, 6)
  })
})

describe('dense models', () => {
  it('39: a bias takes its share, which is reported', async () => {
    const a = await explain(modelOf(multilayer()), { x: float32([1, 3], [1, 2, 3]) }, 'lrp', { target: 0 })
    expectValues(a.values, [3, 6, 9])
    expect(a.value).toBe(20)
    expect(a.options['conservation']).toBeCloseTo(0.9, 5)
    expect(a.warnings).toHaveLength(1)
  })

  it('without biases in the denominators all relevance arrives', async () => {
    const a = await explain(modelOf(multilayer()), { x: float32([1, 3], [1, 2, 3]) }, 'lrp', {
      target: 0,
      options: { bias: false },
    })
    // Three units are on, with 6 of input each: 20 / 3 per unit, split 1 : 2 : 3.
    expectValues(a.values, [10 / 3, 20 / 3, 10])
    expect(a.options['conservation']).toBeCloseTo(1, 5)
    expect(a.warnings).toEqual([])
  })

  it('30: a row is explained as when it is alone', async () => {
    const model = modelOf(multilayer())
    const alone = await explain(model, { x: float32([1, 3], [20, 50, 30]) }, 'lrp', { target: 1 })
    expectValues(alone.values, [80, 200, 120])
  })

  it('a probability starts from what its gradient says', async () => {
    const graph = build({ x: [1, 2] }, (b, x) => b.emit('Gemm', [x!, b.constant(tensor([2, 2], [1, -1, 2, 0.5]))]))
    const [x, w] = [
      [0.3, 0.2],
      [
        [1, -1],
        [2, 0.5],
      ],
    ]
    const z = [0, 1].map(k => x[0]! * w[0]![k]! + x[1]! * w[1]![k]!)
    const p = 1 / (1 + Math.exp(z[1]! - z[0]!))
    const a = await explain(modelOf(graph), { x: float32([1, 2], x) }, 'lrp', {
      target: 'softmax:0',
      options: { preset: 'zero' },
    })
    expectValues(
      a.values,
      x.map((value, i) => value * p * (1 - p) * (w[i]![0]! - w[i]![1]!)),
    )
    expect(a.options['conservation']).toBeCloseTo(1, 4)
  })
})

const weights = (seed: number, dims: number[]): Tensor => {
  const random = new Random(seed)
  return Tensor.float32(
    dims,
    Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => 0.4 * random.normal()),
  )
}

/** Batch normalisation, a residual addition, pooling, and a classifier written as a 1x1 convolution. */
function residual(): Graph {
  const b = new GraphBuilder()
  const x = b.input('image', 'float32', ['batch', 1, 4, 4])
  const conv = (from: string, seed: number, dims: number[], pads = 1): string =>
    b.emit('Conv', [from, b.constant(weights(seed, dims))], { pads: [pads, pads, pads, pads] })
  const positive = (seed: number): string =>
    b.constant(
      Tensor.float32(
        [8],
        Float32Array.from(weights(seed, [8]).numbers(), value => Math.abs(Number(value)) + 0.5),
      ),
    )
  const norm = b.emit('BatchNormalization', [
    conv(x, 1, [8, 1, 3, 3]),
    positive(2),
    b.constant(weights(3, [8])),
    b.constant(weights(4, [8])),
    positive(5),
  ])
  const h1 = b.emit('Relu', [norm], {}, 'first')
  const h2 = b.emit('Relu', [b.emit('Add', [conv(h1, 6, [8, 8, 3, 3]), h1])])
  b.output(b.emit('Flatten', [conv(b.emit('GlobalAveragePool', [h2]), 7, [3, 8, 1, 1], 0)]))
  return inferShapes(b.build())
}

describe('a residual network', () => {
  it.each(
    methodNamed('lrp').options['preset']!.kind === 'choice'
      ? (methodNamed('lrp').options['preset'] as unknown as { values: string[] }).values
      : [],
  )('%s runs, and says how much arrives', async preset => {
    const bounds = preset === 'epsilon-gamma-box' ? { low: '0', high: '15' } : {}
    const a = await lrp(residual(), { preset, ...bounds }, { target: 1 })
    expect(a.values.some(value => value !== 0)).toBe(true)
    expect(a.options['conservation']).toBeCloseTo(total(a.values) / a.value, 5)
  })

  it('relevance of a layer inside is the same whether or not the walk goes on', async () => {
    const graph = residual()
    const at = graph.nodes.find(({ name }) => name === 'first')!.outputs[0]!
    const inside = await lrp(graph, { preset: 'epsilon-plus-flat' }, { target: 1, at: [at] })
    expect(inside.dims).toEqual([1, 8, 4, 4])
    // Behind that layer only the first convolution is left, and flat hands all of it on.
    const outside = await lrp(graph, { preset: 'epsilon-plus-flat' }, { target: 1 })
    expect(total(outside.values)).toBeCloseTo(total(inside.values), 4)
  })

  it('is linear in the target: a difference is the difference of its maps', async () => {
    const [both, one, two] = [
      await lrp(residual(), {}, { target: '1-2' }),
      await lrp(residual(), {}, { target: 1 }),
      await lrp(residual(), {}, { target: 2 }),
    ]
    expectValues(
      both.values,
      one.values.map((value, i) => value - two.values[i]!),
    )
  })
})

describe('bounds and refusals', () => {
  it('epsilon-gamma-box asks for bounds', async () => {
    await expect(lrp(convolutional(), { preset: 'epsilon-gamma-box' })).rejects.toThrow(/needs the bounds .* low=NUMBER/)
    await expect(lrp(convolutional(), { preset: 'epsilon-gamma-box', low: 'dark', high: 1 })).rejects.toThrow(
      /option low must be a number/,
    )
  })

  it('takes them from the preprocessing where the model has one', async () => {
    const preprocessing = { ...plainPreprocessing, scale: 15 / 255, channels: 'grey' as const }
    const a = await explain(modelOf(convolutional(), { preprocessing }), { image: picture }, 'lrp', {
      target: 0,
      options: { preset: 'epsilon-gamma-box' },
    })
    expectValues(
      a.values,
      plus.map(value => value * 54),
    )
  })

  it('names an operator without a rule, and methods that still work', async () => {
    const graph = build({ x: [1, 2] }, (b, x) =>
      b.emit('Gemm', [b.emit('Sin', [x!], {}, 'wave'), b.constant(tensor([2, 1], [1, 2]))]),
    )
    const run = explain(modelOf(graph), { x: float32([1, 2], [1, 2]) }, 'lrp', { target: 0 })
    await expect(run).rejects.toThrow(
      /no relevance rule for operator Sin \(node "wave"\).*integrated-gradients.*still work: .*occlusion/,
    )
  })
})

describe('rules of your own', () => {
  it('come before the preset: a map of all layers is that preset', async () => {
    const cases: [string, string, Record<string, unknown>][] = [
      ['first:flat;Gemm:epsilon;Conv:z-plus', 'epsilon-plus-flat', {}],
      ['Conv:alpha-beta alpha=2 beta=1', 'epsilon-alpha2-beta1', {}],
      ['first:z-box low=0 high=15;every:epsilon', 'epsilon-gamma-box', { low: 0, high: 15 }],
      ['every:z-plus bias=false', 'excitation-backprop', {}],
      ['every:gamma=0.5', 'gamma', { gamma: 0.5 }],
    ]
    for (const [rules, preset, options] of cases) {
      const [own, whole] = [await lrp(convolutional(), { rules }), await lrp(convolutional(), { preset, ...options })]
      expectValues(own.values, whole.values, 0)
      expect(own.options['rules']).toBe(rules)
    }
  })

  it('are for groups, operators, and nodes by their name or result, the first that fits', async () => {
    const x = { x: float32([1, 3], [1, 2, 3]) }
    const names = multilayer().nodes.filter(({ operator }) => operator === 'Gemm')
    expect(names).toHaveLength(3)
    const run = async (rules: string) =>
      (await explain(modelOf(multilayer()), x, 'lrp', { target: 0, options: { rules } })).values
    // Flat at the middle layer: what the last one hands to each of the four, z = (-4, 7, 7, 7) and bias -1, a third to each input; diagonal before.
    const relevance = (3 * 7 * 20) / 20
    for (const name of [names[1]!.name, names[1]!.outputs[0]!])
      expectValues(await run(`${name}:flat;Gemm:zero`), Array(3).fill(relevance / 3))
    expectValues(await run(`Gemm:zero;${names[1]!.name}:flat`), await run('every:zero'), 0)
    expectValues(await run('last:flat;every:zero'), await run(`${names[2]!.name}:flat;every:zero`), 0)
  })

  it('presets of iNNvestigate have epsilon 0.1', async () => {
    for (const [name, preset] of [
      ['sequential-a', 'epsilon-plus'],
      ['sequential-a-flat', 'epsilon-plus-flat'],
      ['sequential-b', 'epsilon-alpha2-beta1'],
      ['sequential-b-flat', 'epsilon-alpha2-beta1-flat'],
    ] as const) {
      const [own, other] = [await lrp(convolutional(), { preset: name }), await lrp(convolutional(), { preset, epsilon: 0.1 })]
      expectValues(own.values, other.values, 0)
      expectValues(
        (await lrp(convolutional(), { preset: name, epsilon: 0.5 })).values,
        (await lrp(convolutional(), { preset, epsilon: 0.5 })).values,
        0,
      )
    }
  })

  it('say what is wrong with them', async () => {
    const refused: [string, RegExp][] = [
      ['flat', /rule "flat" is not understood; write LAYERS:RULE/],
      ['Conv:gama=0.5', /there is no rule "gama"; did you mean "gamma"\? \(there are zero, epsilon/],
      ['Conv:gamma beta=1', /gamma has no parameter "beta".*\(it has gamma, epsilon, bias\)/],
      ['Conv:gamma=much', /gamma must be a number of at least 0, not "much"/],
      ['Conv:epsilon bias=no', /bias must be true or false, not "no"/],
      ['Conf:flat', /the model has no layer "Conf"; did you mean "Conv"\?/],
      ['Relu:flat', /"Relu" is no layer; rules are for Conv, ConvTranspose, Gemm, MatMul/],
      ['first:z-box', /needs the bounds of the input's values/],
    ]
    for (const [rules, message] of refused) await expect(lrp(convolutional(), { rules })).rejects.toThrow(message)
  })
})
