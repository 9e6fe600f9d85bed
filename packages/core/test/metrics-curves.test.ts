/** @file Curves: other libraries' numbers for a linear model, conventions of area, and what every curve promises. */
import { afterAll, describe, expect, it } from 'vitest'
import { float32, measure, prepare, type Target } from '../src/index.js'
import { areaOf } from '../src/metrics/curves/area.js'
import { imputation } from '../src/metrics/curves/imputation.js'
import { stepCounts } from '../src/metrics/curves/steps.js'
import { attributed, classes, closedForm, mapsOf, picture, weights } from './support/closed-form.js'
import { build, modelOf, tensor, testRuntime } from './support/models.js'

afterAll(() => testRuntime().dispose())

function expectAll(actual: ArrayLike<number>, expected: readonly number[], digits = 6): void {
  expect(actual.length).toBe(expected.length)
  expected.forEach((value, i) => {
    expect(actual[i]).toBeCloseTo(value, digits)
  })
}

const subject = async (n: 0 | 1) => ({ evaluator: await closedForm(n), maps: mapsOf(attributed(n)) })

describe('golden curves of a linear model', () => {
  it.each([
    [0, [-2.3618223148, -2.7927558809, -1.7417975655, 0], -5.7154646038],
    [1, [0.4679152153, 0.512420066, 1.5104807733, 0], 2.2568584469],
  ] as const)('pixel flipping of picture %i', async (n, curve, area) => {
    const found = await measure('pixel-flipping', await subject(n), { steps: 'each:4', area: 'trapezoid-steps' })
    expectAll(found.curve!.y, curve)
    expect(found.value).toBeCloseTo(area, 6)
  })

  it('region perturbation, both orders', async () => {
    const options = { segments: 'grid:2', steps: 'each:1' }
    const morf = [-1.449929919, -1.2716838118, -1.3684386291, -2.1339095206]
    const lerf = [-0.7654708915, -0.8622257087, -0.6839796016, -2.1339095206]
    const first = await measure('aopc', await subject(0), options)
    expectAll(first.curve!.y, [0, ...morf])
    expect(first.value).toBeCloseTo(morf.reduce((a, b) => a + b) / 5, 6)
    expectAll((await measure('aopc', await subject(0), { ...options, order: 'lerf' })).curve!.y, [0, ...lerf])
  })

  it('selectivity is pixel flipping of regions', async () => {
    const { curve } = await measure('pixel-flipping', await subject(0), { segments: 'grid:2', steps: 'each:1' })
    expectAll(curve!.y, [-0.6839796016, -0.8622257087, -0.7654708915, 0])
  })

  it('imputation without noise', () => {
    const filled = (missing: readonly number[]): number[] => {
      const plane = Float32Array.from(picture(0))
      imputation(
        Uint8Array.from(plane, (_, i) => (missing.includes(i) ? 1 : 0)),
        4,
        4,
      ).fill(plane)
      return missing.map(i => plane[i]!)
    }
    expectAll(filled([5, 6, 9, 10]), [0.666997503, 0.6100482499, 0.3899437538, 0.3334131864])
    expectAll(filled([0, 1, 15]), [0.9373975381, 0.9137148758, 0.0934591642])
    // Nothing left: the mean.
    expectAll(filled([...Array(16).keys()]), Array(16).fill(picture(0).reduce((a, b) => a + b) / 16))
  })
})

it('one curve has another area in each library', () => {
  const curve = { x: Float64Array.of(0, 1 / 3, 2 / 3, 1), y: Float64Array.of(1, 0.6, 0.3, 0.1) }
  expect(areaOf(curve, 'trapezoid')).toBeCloseTo(0.4833333333, 9)
  expect(areaOf(curve, 'trapezoid-points')).toBeCloseTo(0.3625, 9)
  expect(areaOf(curve, 'trapezoid-steps')).toBeCloseTo(1.45, 9)
  expect(areaOf(curve, 'mean')).toBeCloseTo(0.5, 9)
})

it('steps are shares, sizes or percentages, each count once', () => {
  expect(stepCounts('4', 16)).toEqual([0, 4, 8, 12, 16])
  expect(stepCounts('20', 5)).toEqual([0, 1, 2, 3, 4, 5])
  expect(stepCounts('each:7', 16)).toEqual([0, 7, 14, 16])
  expect(stepCounts('0,1,2,5,10,50,100', 100)).toEqual([0, 1, 2, 5, 10, 50, 100])
  expect(() => stepCounts('0,101', 4)).toThrow(/percentages from 0 to 100/)
})

/** 1 where every pixel is above zero, else 0: zero as soon as one is gone. And the other way round. */
const all = () =>
  modelOf(
    build({ x: ['batch', 1, 4, 4] }, (b, x) =>
      b.emit('ReduceMin', [b.emit('Flatten', [b.emit('Sign', [x!])]), b.ints([1])], { keepdims: 1 }),
    ),
  )
const any = () =>
  modelOf(
    build({ x: ['batch', 1, 4, 4] }, (b, x) =>
      b.emit('ReduceMax', [b.emit('Flatten', [b.emit('Sign', [x!])]), b.ints([1])], { keepdims: 1 }),
    ),
  )

it('deletion is 0 where one pixel is enough to lose all, insertion 1 where one is enough to have all', async () => {
  const x = float32([1, 1, 4, 4], picture(0))
  const options = { link: 'logit', fill: 'zeros', steps: 'each:1' }
  const lost = await measure('deletion', { evaluator: await prepare(all(), { x }), maps: mapsOf(attributed(0)) }, options)
  expect(lost.value).toBeCloseTo(1 / 32, 9)
  const had = await measure('insertion', { evaluator: await prepare(any(), { x }), maps: mapsOf(attributed(0)) }, options)
  expect(had.value).toBeCloseTo(1 - 1 / 32, 9)
})

describe('softmax-auc and kl-auc', () => {
  const zs = (row: readonly number[]) => [0, 1, 2].map(k => weights(k).reduce((sum, w, i) => sum + w * row[i]!, 0))
  const log = (z: readonly number[]) => z.map(value => value - Math.log(z.reduce((sum, other) => sum + Math.exp(other), 0)))
  const kl = (p: number[], q: number[]) => p.reduce((sum, value, j) => sum + Math.exp(value) * (value - q[j]!), 0)

  it('are areas over 17 points of 16 pixels, as an independent sum finds them', async () => {
    const [x, phi] = [picture(1), attributed(1)]
    const order = [...phi.keys()].sort((a, b) => phi[b]! - phi[a]!)
    const rows = Array.from({ length: 17 }, (_, k) => x.map((value, i) => (order.indexOf(i) < k ? value : 0)))
    const full = log(zs(x))
    const area = (y: number[]) => y.slice(1).reduce((sum, value, k) => sum + (value + y[k]!) / 2 / 16, 0)
    const divergence = rows.map(row => kl(full, log(zs(row))))
    const reverse = rows.map(row => kl(log(zs(row)), full))
    const middle = (q: number[]) => full.map((p, j) => Math.log((Math.exp(p) + Math.exp(q[j]!)) / 2))
    const shannon = rows.map(row => log(zs(row))).map(q => (kl(full, middle(q)) + kl(q, middle(q))) / 2)
    const softmax = await measure('softmax-auc', await subject(1), { steps: '16' })
    expect(softmax.value).toBeCloseTo(area(rows.map(row => Math.exp(log(zs(row))[classes[1]]!))), 6)
    const found = await measure('kl-auc', await subject(1), { steps: '16' })
    expectAll(found.curve!.y, divergence)
    expect(found.curve!.y.at(-1)).toBeCloseTo(0, 9)
    expect(found.value).toBeCloseTo(area(divergence), 6)
    expect(found.more!['normalised']).toBeCloseTo(area(divergence) / divergence[0]!, 5)
    expect(found.more!['reverse']).toBeCloseTo(area(reverse), 6)
    expect(found.more!['jensenShannon']).toBeCloseTo(area(shannon), 6)
  })

  it('have 21 points where there are features enough', async () => {
    const x = float32(
      [1, 1, 10, 10],
      Float32Array.from({ length: 100 }, (_, i) => Math.sin(i)),
    )
    const sum = modelOf(
      build({ x: ['batch', 1, 10, 10] }, (b, x) => b.emit('ReduceSum', [b.emit('Flatten', [x!]), b.ints([1])], { keepdims: 1 })),
    )
    const maps = { x: { values: x.data, dims: x.dims } }
    const { curve } = await measure('softmax-auc', { evaluator: await prepare(sum, { x }), maps })
    expectAll(
      curve!.x,
      Array.from({ length: 21 }, (_, k) => k / 20),
    )
  })
})

it('irof is the area over the relative curve; n times it is the published sum', async () => {
  const given = { evaluator: await closedForm(1, false, 0), maps: mapsOf(attributed(1)) }
  const { value, curve, more } = await measure('irof', given, { segments: 'grid:2', link: 'target', fill: 'zeros' })
  expect(curve!.y[0]).toBeCloseTo(1, 6)
  expect(curve!.y.at(-1)).toBeCloseTo(0, 6)
  const y = Array.from(curve!.y)
  expect(value).toBeCloseTo(1 - y.slice(1).reduce((sum, v, k) => sum + (v + y[k]!) / 8, 0), 9)
  expect(more).toMatchObject({ segments: 4, area: 4 * value })
  await expect(measure('irof', await subject(0), { link: 'target' })).rejects.toThrow(/divides by the target/)
})

it('road puts the right map above its negative by the same amount, whatever the chunks', async () => {
  const right = mapsOf(picture(1).map((x, i) => x * weights(2)[i]!))
  const wrong = mapsOf(picture(1).map((x, i) => -x * weights(2)[i]!))
  const evaluator = await closedForm(1)
  const options = { link: 'target', fill: 'road:0.05' }
  const good = await measure('road', { evaluator, maps: right }, options, 3)
  const bad = await measure('road', { evaluator, maps: wrong }, options, 3)
  expect(good.value).toBeGreaterThan(0)
  expect(bad.value).toBeCloseTo(-good.value, 6)
  expect((await measure('road', { evaluator, maps: right }, options, 3)).value).toBe(good.value)
  expect((await measure('road', { evaluator, maps: right }, options, 4)).value).not.toBe(good.value)
  const between = await measure('abpc', { evaluator, maps: right }, { link: 'target' })
  expect(between.value).toBeCloseTo(between.more!['lerf']! - between.more!['morf']!, 9)
})

it('a map of places, at any resolution, orders pixels with all their channels', async () => {
  const x = float32(
    [1, 2, 4, 4],
    Float32Array.from({ length: 32 }, (_, i) => 1 + Math.sin(i)),
  )
  const sum = modelOf(
    build({ x: ['batch', 2, 4, 4] }, (b, x) => b.emit('ReduceSum', [b.emit('Flatten', [x!]), b.ints([1])], { keepdims: 1 })),
  )
  const evaluator = await prepare(sum, { x })
  const order = [7, 2, 11]
  const plane = Float32Array.from({ length: 16 }, (_, i) => (order.includes(i) ? 9 - order.indexOf(i) : 0))
  const { curve } = await measure(
    'deletion',
    { evaluator, maps: { cam: { values: plane, dims: [1, 4, 4] } } },
    { link: 'logit', steps: 'each:1' },
  )
  const both = (i: number): number => x.data[i]! + x.data[16 + i]!
  order.forEach((place, k) => {
    expect(curve!.y[k]! - curve!.y[k + 1]!).toBeCloseTo(both(place), 5)
  })
  const coarse = { cam: { values: Float32Array.of(4, 1, 2, 3), dims: [1, 2, 2] } }
  expect((await measure('deletion', { evaluator, maps: coarse }, { link: 'logit' })).value).toBeGreaterThan(0)
  const odd = { cam: { values: new Float32Array(5), dims: [5] } }
  await expect(measure('deletion', { evaluator, maps: odd })).rejects.toThrow(/does not fit "x"/)
})

it('refuses maps that hold NaN, unknown options, and subjects without a model', async () => {
  const { evaluator, maps } = await subject(0)
  await expect(measure('deletion', { evaluator, maps: mapsOf([...attributed(0).slice(1), Number.NaN]) })).rejects.toThrow(/NaN/)
  await expect(measure('deletion', { evaluator, maps }, { step: 3 })).rejects.toThrow(/no option "step"/)
  await expect(measure('deletion', { maps })).rejects.toThrow(/needs model/)
})

describe('targets of one place of several', () => {
  const x = float32([1, 4], [1, -0.5, 2, 0.3])
  const maps = { x: { values: Float32Array.of(0.4, 0.1, 0.3, 0.2), dims: [1, 4] } }
  const weight = Array.from({ length: 24 }, (_, i) => Math.sin(3 * i + 1))
  const places = () =>
    modelOf(
      build({ x: ['batch', 4] }, (b, name) => {
        const dense = b.emit('Gemm', [name!, b.constant(tensor([6, 4], weight))], { transB: 1 })
        return b.emit('Reshape', [dense, b.ints([-1, 3, 2])])
      }),
    )
  const second = () =>
    modelOf(
      build({ x: ['batch', 4] }, (b, name) =>
        b.emit(
          'Gemm',
          [
            name!,
            b.constant(
              tensor(
                [3, 4],
                [1, 3, 5].flatMap(row => weight.slice(4 * row, 4 * row + 4)),
              ),
            ),
          ],
          {
            transB: 1,
          },
        ),
      ),
    )

  it('read the classes of that place, whatever axis counts them', async () => {
    const [found, alone] = [
      await prepare(places(), { x }, { target: 'sum:1@1,2,axis=1' }),
      await prepare(second(), { x }, { target: 1 }),
    ]
    for (const metric of ['kl-auc', 'softmax-auc'] as const) {
      const [one, other] = [await measure(metric, { evaluator: found, maps }), await measure(metric, { evaluator: alone, maps })]
      expectAll(one.curve!.y, Array.from(other.curve!.y))
      expect(new Set(one.curve!.y).size).toBeGreaterThan(3)
    }
  })

  it('are refused where a metric cannot read them', async () => {
    const of = async (target: Target) => ({ evaluator: await prepare(places(), { x }, { target }), maps })
    await expect(measure('kl-auc', await of('sum:1@all,axis=1'))).rejects.toThrow(
      /kl-auc compares the scores of all classes of one prediction, and the target \(.*\) is about several; explain a class/,
    )
    await expect(measure('kl-auc', await of('index:1,1'))).rejects.toThrow(/is one number by itself; explain a class/)
    await expect(measure('deletion', await of('index:1,1'), { link: 'softmax' })).rejects.toThrow(/use link=target/)
    const twice: Target = {
      describe: 'twice the first',
      build: (b, outputs, _, rows) => {
        const flat = b.emit('Reshape', [Object.values(outputs)[0]!, b.ints([rows, 6])])
        return b.emit('Mul', [b.emit('Slice', [flat, b.ints([0]), b.ints([1]), b.ints([1])]), b.float(2)])
      },
      value: outputs => 2 * Object.values(outputs)[0]!.data[0]!,
    }
    await expect(measure('deletion', await of(twice), { link: 'softmax' })).rejects.toThrow(
      /link "softmax" is of classes, and the target \(twice the first\) is a function of outputs; use link=target/,
    )
    const own = await measure('deletion', await of(twice), { link: 'target', fill: 'zeros', steps: 'each:4' })
    expect(own.curve!.y[0]).toBeCloseTo(2 * x.data.reduce((sum, value, i) => sum + value * weight[i]!, 0), 5)
    expect(own.curve!.y[1]).toBeCloseTo(0, 6)
  })
})
