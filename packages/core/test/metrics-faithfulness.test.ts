/** @file Correlations, errors, robustness and complexity: known numbers of a closed form, and what holds by construction. */
import { afterAll, describe, expect, it } from 'vitest'
import { explainerOf, float32, measure, metrics, prepare, Random } from '../src/index.js'
import { meanSquaredMiss } from '../src/metrics/faithfulness/infidelity.js'
import { relativeChange } from '../src/metrics/robustness/sensitivity.js'
import { attributed, closedForm, mapsOf, picture, weights } from './support/closed-form.js'
import { build, difference, modelOf, squares, tensor, testRuntime } from './support/models.js'

afterAll(() => testRuntime().dispose())

const subject = async (n: 0 | 1) => ({ evaluator: await closedForm(n), maps: mapsOf(attributed(n)) })
const value = async (...given: Parameters<typeof measure>): Promise<number> => (await measure(...given)).value
const smallest = (n: number): number => Math.min(...picture(n))

describe('golden values of a linear model', () => {
  it.each([
    [0, 0.5166965191, 0.5150046942, 0.1904761905],
    [1, -0.3432901408, -0.3424649498, -0.119047619],
  ] as const)('faithfulness estimate and monotonicity correlation of picture %i', async (n, black, zero, monotone) => {
    const given = await subject(n)
    expect(await value('faithfulness-estimate', given, { segments: 'places', fill: `constant:${smallest(n)}` })).toBeCloseTo(
      black,
      5,
    )
    expect(await value('faithfulness-estimate', given, { segments: 'places', fill: 'zeros' })).toBeCloseTo(zero, 5)
    const options = { segments: 'places', fill: 'zeros', step: 2 }
    expect(await value('monotonicity-correlation', given, options)).toBeCloseTo(monotone, 9)
  })

  it.each([
    [0, 2.6576115735, 0.2418282277],
    [1, 2.6211504111, 0.2601153273],
  ] as const)('complexity and sparseness of map %i', async (n, entropy, gini) => {
    const maps = mapsOf(attributed(n))
    expect(await value('complexity', { maps })).toBeCloseTo(entropy, 6)
    expect(await value('sparseness', { maps })).toBeCloseTo(gini, 6)
    expect(await value('effective-complexity', { maps }, { threshold: 0.5, relative: false })).toBe(11)
  })

  it.each([0, 1] as const)('the exact contributions of picture %i: every correlation is 1, every error 0', async n => {
    const w = weights([0, 2][n]!)
    const evaluator = await closedForm(n)
    const contributions = { evaluator, maps: mapsOf(picture(n).map((x, i) => x * w[i]!)) }
    const slopes = { evaluator, maps: mapsOf(w) }
    const options = { segments: 'places' }
    for (const metric of ['faithfulness-estimate', 'mu-fidelity', 'sensitivity-n'])
      expect(await value(metric, contributions, options)).toBeCloseTo(1, 5)
    expect(await value('faithfulness-correlation', contributions, { ...options, share: 0.3 })).toBeCloseTo(1, 5)
    expect(await value('infidelity', contributions, options)).toBeLessThan(1e-10)
    expect(await value('infidelity', slopes, { perturbation: 'gaussian', form: 'sensitivities' })).toBeLessThan(1e-10)
    expect(await value('completeness', contributions)).toBeLessThan(1e-6)
    expect(await value('non-sensitivity', contributions, options)).toBe(0)
    // Features that raise the target, added from the least on: never a fall.
    const rising = await prepare(
      evaluator.model,
      {
        x: float32(
          [1, 1, 4, 4],
          picture(n).map((x, i) => Math.abs(x) * Math.sign(w[i]!)),
        ),
      },
      { target: [0, 2][n]! },
    )
    const maps = mapsOf(w.map((weight, i) => Math.abs(weight) * picture(n)[i]!))
    expect((await measure('monotonicity', { evaluator: rising, maps })).more!['monotone']).toBe(1)
  })
})

it('infidelity of a quadratic form under given perturbations, as it is and scaled', async () => {
  for (const [n, plain, scaled, exact] of [
    [0, 0.0393323447, 3.7118379048e-5, 0.0006700844],
    [1, 2.2231341228, 1.412336259e-5, 0.0002549639],
  ] as const) {
    const evaluator = await closedForm(n, true)
    const x = picture(n)
    const parts = [1, 2, 3].map(factor => x.map((_, i) => 0.1 * Math.cos(0.7 * (i + 1)) * factor))
    const points = Float32Array.from(parts.flatMap(part => part.map((value, i) => x[i]! - value)))
    const drops = (await evaluator.forward({ x: points }, 3)).map(found => evaluator.value - found)
    const dot = (phi: readonly number[]) => parts.map(part => part.reduce((sum, value, i) => sum + value * phi[i]!, 0))
    const slopes = weights([0, 2][n]!).map((w, i) => 2 * w * x[i]!)
    expect(meanSquaredMiss(dot(attributed(n)), drops, false)).toBeCloseTo(plain, 5)
    expect(meanSquaredMiss(dot(attributed(n)), drops, true)).toBeCloseTo(scaled, 8)
    expect(meanSquaredMiss(dot(slopes), drops, false)).toBeCloseTo(exact, 7)
    expect(meanSquaredMiss(dot(slopes), drops, true)).toBeCloseTo(scaled, 8)
  }
})

it('infidelity at I = x - b is the squared residual', async () => {
  const evaluator = await closedForm(0, true)
  const options = { segments: 'places', share: 1, samples: 3 }
  const { more } = await measure('completeness', { evaluator, maps: mapsOf(attributed(0)) })
  expect(await value('infidelity', { evaluator, maps: mapsOf(attributed(0)) }, options)).toBeCloseTo(more!['residual']! ** 2, 4)
})

it('sensitivity of the gradient of a quadratic form under given moves, in three norms', async () => {
  for (const [n, expected] of [
    [0, { l2: 0.0471930947, l1: 0.0534675758, max: 0.0444645457 }],
    [1, { l2: 0.0473288825, l1: 0.0554191413, max: 0.0397881203 }],
  ] as const) {
    const evaluator = await closedForm(n, true)
    const explain = explainerOf('gradient')
    const before = (await explain(evaluator))['x']!.values
    const afters = await Promise.all(
      [1, 2].map(async factor => {
        const moved = picture(n).map((value, i) => value + 0.02 * Math.sin(1.3 * (i + 1)) * factor)
        return (await explain(await evaluator.moved({ x: Float32Array.from(moved) })))['x']!.values
      }),
    )
    for (const [norm, most] of Object.entries(expected))
      expect(Math.max(...afters.map(after => relativeChange(before, after, norm)))).toBeCloseTo(most, 5)
  }
})

describe('robustness', () => {
  it('is 0 where the explanation does not move, and the infidelity too where the function is linear there', async () => {
    const x = { x1: float32([1, 1], [3]), x2: float32([1, 1], [1]) }
    const evaluator = await prepare(modelOf(difference()), x, { target: 0 })
    const explain = explainerOf('gradient')
    const given = { evaluator, explain, maps: await explain(evaluator) }
    for (const metric of ['max-sensitivity', 'avg-sensitivity', 'local-lipschitz']) expect(await value(metric, given)).toBe(0)
    const options = { perturbation: 'gaussian', form: 'sensitivities', deviation: 0.01 }
    expect(await value('infidelity', given, options)).toBeLessThan(1e-10)
  })

  it('of gradients 2 x is the distance moved, twice', async () => {
    const evaluator = await prepare(modelOf(squares(3)), { x: float32([1, 3], [1, 2, 2]) }, { target: 0 })
    const explain = explainerOf('gradient')
    const given = { evaluator, explain, maps: await explain(evaluator) }
    expect(await value('local-lipschitz', given)).toBeCloseTo(2, 3)
    const steps = Array.from({ length: 10 }, (_, k) => {
      const random = new Random(5, k)
      return Math.hypot(...[0, 1, 2].map(() => 0.02 * (2 * random.uniform() - 1))) / 3
    })
    expect(await value('max-sensitivity', given, {}, 5)).toBeCloseTo(Math.max(...steps), 5)
    expect(await value('avg-sensitivity', given, {}, 5)).toBeCloseTo(steps.reduce((a, b) => a + b) / 10, 5)
  })
})

describe('non-sensitivity counts', () => {
  const sumOf = (keep: readonly number[]) =>
    modelOf(
      build({ x: ['batch', 1, keep.length === 16 ? 4 : 2, keep.length === 16 ? 4 : 2] }, (b, x) =>
        b.emit(
          'ReduceSum',
          [b.emit('Mul', [b.emit('Flatten', [x!]), b.constant(tensor([1, keep.length], [...keep]))]), b.ints([1])],
          { keepdims: 1 },
        ),
      ),
    )
  const count = async (keep: number[], x: number[], phi: number[], segments = 'places') => {
    const side = Math.sqrt(x.length)
    const dims = [1, 1, side, side]
    const evaluator = await prepare(sumOf(keep), { x: float32(dims, x) }, { target: 0 })
    const found = await measure('non-sensitivity', { evaluator, maps: mapsOf(phi, dims) }, { segments, fill: 'constant:0.3' })
    return found.more!['count']
  }
  it('features that are attributed something and change nothing, or the other way round', async () => {
    expect(await count([1, 1, 0, 0], [1, 2, 3, 4], [10, 10, 0, 0], 'grid:2x1')).toBe(0)
    expect(await count([1, 1, 1, 1], [5, 5, 5, 5], [1e-6, 1e-6, 1e-6, 1e-6])).toBe(4)
    expect(
      await count(
        Array(16).fill(0),
        Array.from({ length: 16 }, (_, i) => i),
        Array(16).fill(1),
      ),
    ).toBe(16)
    expect(await count([0, 0, 1, 1], [1, 2, 3, 4], [10, 10, 0, 0])).toBe(4)
    expect(await count([1, 1, 0, 0], [1, 2, 3, 4], [-10, -10, 0, 0])).toBe(0)
  })
})

it('mu-fidelity is 1 for the input and -1 for its negative where the target is their sum', async () => {
  const x = float32(
    [1, 1, 9, 9],
    Float32Array.from({ length: 81 }, (_, i) => 1 + Math.sin(i)),
  )
  const sum = modelOf(
    build({ x: ['batch', 1, 9, 9] }, (b, x) => b.emit('ReduceSum', [b.emit('Flatten', [x!]), b.ints([1])], { keepdims: 1 })),
  )
  const evaluator = await prepare(sum, { x })
  expect(await value('mu-fidelity', { evaluator, maps: mapsOf(x.data, x.dims) })).toBeGreaterThan(0.9999)
  expect(
    await value('mu-fidelity', {
      evaluator,
      maps: mapsOf(
        x.data.map(v => -v),
        x.dims,
      ),
    }),
  ).toBeLessThan(-0.9999)
  const flat = await measure('mu-fidelity', { evaluator, maps: mapsOf(new Float32Array(81), x.dims) })
  expect(flat.value).toBeNaN()
  expect(flat.reason).toMatch(/all equal/)
})

it.each([
  [[1, 1, 1, 1], 1.3862943611, 0],
  [[1, 2, 3, 4], 1.2798542258, 0.25],
  [[0, 0, 0, 1], 0, 0.75],
  [[-1, 2, -3, 4], 1.2798542258, 0.25],
  [[0, 0, 0, 0], 1.3862943611, 0],
])('entropy and Gini index of %j', async (values, entropy, gini) => {
  const maps = mapsOf(values, [1, 4])
  expect(await value('complexity', { maps })).toBeCloseTo(entropy, 9)
  expect(await value('sparseness', { maps })).toBeCloseTo(gini, 9)
})

it('does not change with the scale of a map, nor with the rows per run', async () => {
  const evaluator = await closedForm(1)
  const tight = await prepare(
    modelOf(evaluator.model.graph, { memory: 20_000 }),
    { x: float32([1, 1, 4, 4], picture(1)) },
    { target: 2 },
  )
  const scaleFree = metrics.filter(
    ({ needs, name }) =>
      needs.every(need => need === 'model') && !['infidelity', 'completeness', 'non-sensitivity'].includes(name),
  )
  for (const metric of scaleFree) {
    const options = 'segments' in metric.options ? { segments: 'places' } : {}
    const reference = await value(
      metric,
      { evaluator, maps: mapsOf(attributed(1)) },
      metric.name === 'irof' ? { ...options, link: 'softmax' } : options,
    )
    expect(Number.isFinite(reference), metric.name).toBe(true)
    const large = mapsOf(attributed(1).map(phi => phi * 1e-4))
    expect(await value(metric, { evaluator: tight, maps: large }, options), metric.name).toBeCloseTo(reference, 5)
  }
})
