import { GraphBuilder, inferShapes } from '@ascribe/onnx'
import { afterAll, describe, expect, it } from 'vitest'
import {
  type Attribution,
  explain,
  float32,
  type Model,
  methodNamed,
  prepare,
  Random,
  resolveOptions,
  type TensorValues,
} from '../src/index.js'
import { kernelDesign, kernelRegression } from '../src/methods/shapley/kernel-design.js'
import { shapleyValues } from '../src/methods/shapley/shapley-values.js'
import { build, modelOf, multilayer, tensor, testRuntime } from './support/models.js'

afterAll(() => testRuntime().dispose())

function expectValues(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 1e-5): void {
  expect(actual.length).toBe(expected.length)
  const scale = Math.max(1e-3, ...Array.from(expected, Math.abs))
  const worst = Math.max(...Array.from(expected, (value, i) => Math.abs(value - actual[i]!)))
  expect(worst / scale, `${Array.from(actual)} against ${Array.from(expected)}`).toBeLessThanOrEqual(tolerance)
}

const row = (values: readonly number[]) => ({ x: float32([1, values.length], values) })
const background = (rows: readonly number[][]) => float32([rows.length, rows[0]!.length], rows.flat())
const run = (
  model: Model,
  inputs: TensorValues,
  method: string,
  options = {},
  target: number | string = 0,
): Promise<Attribution> => explain(model, inputs, method, { target, options })

const exactMethods = ['exact-shapley', 'kernel-shap'] as const
const weights = [-0.1991, 0.3426, 0.0478, 1.03745]
const iris2 = () =>
  modelOf(
    build({ x: ['batch', 4] }, (b, x) =>
      b.emit('Sigmoid', [b.emit('Add', [b.emit('MatMul', [x!, b.constant(tensor([4, 1], weights))]), b.float(-1.6689)])]),
    ),
  )
const iris3 = () =>
  modelOf(
    build({ x: ['batch', 4] }, (b, x) => {
      const rows = [
        [-0.39228899, 0.85674351, -2.23337115, -0.98440396],
        [0.55874815, -0.25246978, -0.11357907, -0.90513218],
        [-0.16645916, -0.60427374, 2.34695022, 1.88953615],
      ]
      const bias = b.constant(tensor([3], [8.85065312, 1.21877625, -10.06942938]))
      return b.emit('Softmax', [b.emit('Gemm', [x!, b.constant(tensor([3, 4], rows.flat())), bias], { transB: 1 })])
    }),
  )
const flower = [4.8, 3.8, 2.1, 5.4]
const flowers = [
  [5.8, 2.8, 5.1, 2.4],
  [5.8, 2.7, 5.1, 1.9],
  [7.2, 3.6, 6.1, 2.5],
  [6.2, 2.8, 4.8, 1.8],
  [4.9, 3.1, 1.5, 0.1],
]

/** The multilayer model on s (x1 + x2 + x3). */
const summed = () => {
  const b = new GraphBuilder()
  const inputs = ['x1', 'x2', 'x3'].map(name => b.input(name, 'float32', ['batch', 3]))
  const x = b.emit('Add', [b.emit('Add', [inputs[0]!, inputs[1]!]), inputs[2]!])
  const h = b.emit('Gemm', [x, b.constant(tensor([4, 3], Array(12).fill(1))), b.constant(tensor([4], [-10, 1, 1, 1]))], {
    transB: 1,
  })
  const out = [b.constant(tensor([2, 4], Array(8).fill(1))), b.constant(tensor([2], [-1, 1]))]
  b.output(b.emit('Gemm', [b.emit('Relu', [h]), ...out], { transB: 1 }))
  return modelOf(inferShapes(b.build()))
}

describe('feature-ablation', () => {
  it('51, 53: single features', async () => {
    const model = modelOf(multilayer())
    expectValues((await run(model, row([20, 50, 30]), 'feature-ablation')).values, [80, 200, 120])
    expectValues((await run(model, row([2, 10, 3]), 'feature-ablation')).values, [8, 35, 12])
  })

  it.each([
    ['zeros', [280, 280, 120]],
    ['constant:4', [248, 248, 104]],
  ])('52: groups, baseline %s', async (baseline, expected) => {
    const options = { segments: float32([3], [0, 0, 1]), baseline }
    expectValues((await run(modelOf(multilayer()), row([20, 50, 30]), 'feature-ablation', options)).values, expected)
  })

  const rows = [
    { x1: [23, 100, 0], x2: [20, 50, 30], x3: [0, 100, 10], labels: { x1: [1, 1, 1], x2: [3, 4, 2], x3: [5, 6, 7] } },
    { x1: [20, 50, 30], x2: [0, 100, 0], x3: [2, 10, 3], labels: { x1: [0, 1, 0], x2: [3, 4, 2], x3: [5, 5, 5] } },
  ]
  it.each([
    [0, 'zeros', [492, 492, 492], [80, 200, 120], [0, 400, 40]],
    [1, 'zeros', [200, 200, 200], [0, 400, 0], [60, 60, 60]],
    [0, 'different', [468, 468, 468], [68, 188, 108], [-16, 384, 24]],
    [1, 'different', [184, 192, 184], [-12, 388, -12], [12, 12, 12]],
  ])('54: groups of three inputs, row %i, baselines %s', async (index, kind, x1, x2, x3) => {
    const { labels, ...values } = rows[index]!
    const of = (named: Readonly<Record<string, number[]>>) =>
      Object.fromEntries(Object.entries(named).map(([name, list]) => [name, float32([1, 3], list)]))
    const baseline = kind === 'zeros' ? 'zeros' : of({ x1: [2, 2, 2], x2: [3, 3, 3], x3: [4, 4, 4] })
    // Row 1 of the golden case: the whole of x1 outside its middle element is one group.
    const a = await run(summed(), of(values), 'feature-ablation', { segments: of(labels), baseline })
    expectValues(a.maps['x1']!.values, x1)
    expectValues(a.maps['x2']!.values, x2)
    expectValues(a.maps['x3']!.values, x3)
  })

  it('elements labelled below zero are never absent', async () => {
    const options = { segments: float32([3], [0, -1, 0]) }
    expectValues((await run(modelOf(multilayer()), row([20, 50, 30]), 'feature-ablation', options)).values, [200, 0, 200])
  })
})

describe.each(exactMethods)('golden cases of %s', method => {
  it('57, 57e: multilayer model', async () => {
    const a = await run(modelOf(multilayer()), row([20, 50, 30]), method)
    expectValues(a.values, [230 / 3, 590 / 3, 350 / 3])
    expect(Math.abs(a.residual!)).toBeLessThan(1e-9)
    expect(a.cost.forwards).toBe(8)
  })

  it('57b, 57c: another input, another baseline', async () => {
    const model = modelOf(multilayer())
    expectValues((await run(model, row([2, 10, 3]), method)).values, [7, 32.5, 10.5])
    expectValues((await run(model, row([20, 50, 30]), method, { baseline: row([10, 20, 10]).x })).values, [40, 120, 80])
  })

  it('57d: two features as a group; the residual is of features, not of elements', async () => {
    const a = await run(modelOf(multilayer()), row([20, 50, 30]), method, { segments: float32([3], [0, 0, 1]) })
    expectValues(a.values, [275, 275, 115])
    expect(Math.abs(a.residual!)).toBeLessThan(1e-9)
    expect(a.warnings).toEqual([])
  })

  it('58, 58b, 58c: sigmoid over a background', async () => {
    const model = iris2()
    const a = await run(model, row(flower), method, { baseline: background(flowers) })
    expectValues(a.values, [0.02570758, 0.0309202, -0.01323574, 0.39382299])
    expect(a.baselineValue).toBeCloseTo(0.55041345, 6)
    expect(a.value).toBeCloseTo(0.98762849, 6)
    const b = await run(model, row(flower), method, { baseline: background(flowers.slice(0, 1)) })
    expectValues(b.values, [0.02066075, 0.03524253, -0.01518103, 0.24231453])
    expect(b.baselineValue).toBeCloseTo(0.7045917, 6)
    const c = await run(model, row(flower), method, { baseline: background([[4.8, 2.8, 2.1, 3.3]]) })
    expectValues(c.values, [0, 0.0200946, 0, 0.10239262])
    expect(c.baselineValue).toBeCloseTo(0.86514127, 6)
    // Two features show the same present and absent: four coalitions are left, one of them known.
    expect(c.cost.forwards).toBe(4)
  })

  it.each([
    [0, [0.03808352, 0.05844167, 0.27026682, -0.413589]],
    [1, [-0.06101973, -0.0097197, 0.05882538, -0.13247165]],
    [2, [0.0229362, -0.04872196, -0.3290922, 0.54606065]],
  ])('59: softmax over a background, class %i', async (target, expected) => {
    expectValues((await run(iris3(), row(flower), method, { baseline: background(flowers) }, target)).values, expected)
  })

  it('one feature gets everything; none gets nothing', async () => {
    const model = modelOf(multilayer())
    const one = await run(model, row([20, 50, 30]), method, { segments: float32([3], [4, 4, 4]) })
    expectValues(one.values, Array(3).fill(one.value - one.baselineValue!))
    const none = await run(model, row([0, 0, 0]), method)
    expect([Array.from(none.values), none.residual]).toEqual([[0, 0, 0], 0])
  })
})

/** v of every coalition of a random game. */
const randomGame = (players: number, seed: number): Float64Array => {
  const random = new Random(seed)
  return Float64Array.from({ length: 2 ** players }, () => random.normal())
}

function orders(players: readonly number[]): number[][] {
  if (players.length <= 1) return [[...players]]
  return players.flatMap(first => orders(players.filter(other => other !== first)).map(rest => [first, ...rest]))
}

/** Mean marginal worth over orders. */
function overOrders(worths: ArrayLike<number>, players: number, list: readonly number[][]): number[] {
  const out = Array<number>(players).fill(0)
  for (const order of list) {
    let bits = 0
    for (const player of order) {
      out[player]! += (worths[bits | (1 << player)]! - worths[bits]!) / list.length
      bits |= 1 << player
    }
  }
  return out
}

const everyone = (players: number): number[] => Array.from({ length: players }, (_, i) => i)

describe('Shapley values of whole games', () => {
  it.each([1, 2, 3, 5, 6])('%i players: the mean over all orders', players => {
    const worths = randomGame(players, players)
    expectValues(shapleyValues(worths, players), overOrders(worths, players, orders(everyone(players))), 1e-12)
  })

  it('efficiency, symmetry, dummy, linearity', () => {
    const players = 5
    const [first, second] = [randomGame(players, 1), randomGame(players, 2)]
    const total = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0)
    expect(total(shapleyValues(first, players))).toBeCloseTo(first.at(-1)! - first[0]!, 12)
    const swap = (bits: number): number => (bits & ~3) | ((bits & 1) << 1) | ((bits >> 1) & 1)
    const symmetric = first.map((value, bits) => value + first[swap(bits)]!)
    const values = shapleyValues(symmetric, players)
    expect(values[0]).toBeCloseTo(values[1]!, 12)
    const dummy = first.map((_, bits) => first[bits & ~4]!)
    expect(shapleyValues(dummy, players)[2]).toBe(0)
    const mixed = first.map((value, bits) => 2 * value - 3 * second[bits]!)
    const [one, two] = [shapleyValues(first, players), shapleyValues(second, players)]
    expectValues(
      shapleyValues(mixed, players),
      one.map((value, i) => 2 * value - 3 * two[i]!),
      1e-12,
    )
  })
})

describe('the regression of kernel-shap', () => {
  const bitsOf = (members: Uint8Array, k: number, players: number): number => {
    let bits = 0
    for (let i = 0; i < players; i++) bits |= members[k * players + i]! << i
    return bits
  }
  const solved = (players: number, budget: number, worths: ArrayLike<number>, seed = 0): Float64Array => {
    const design = kernelDesign(players, budget, seed)
    const values = Float64Array.from({ length: design.count }, (_, k) => worths[bitsOf(design.members, k, players)]!)
    return kernelRegression(design, players)!(values, worths[0]!, worths[2 ** players - 1]!)
  }

  it.each([2, 3, 4, 5, 6, 7])('%i players, every coalition: weights of the kernel, values exact', players => {
    const all = 2 ** players - 2
    const { count, members, weights: found } = kernelDesign(players, all, 0)
    expect(count).toBe(all)
    expect(new Set(Array.from({ length: count }, (_, k) => bitsOf(members, k, players))).size).toBe(all)
    const choose = (size: number): number => {
      let product = 1
      for (let i = 0; i < size; i++) product = (product * (players - i)) / (i + 1)
      return product
    }
    const kernel = Array.from({ length: count }, (_, k) => {
      const size = members.subarray(k * players, (k + 1) * players).reduce((sum, one) => sum + one, 0)
      return (players - 1) / (choose(size) * size * (players - size))
    })
    const total = kernel.reduce((sum, weight) => sum + weight, 0)
    expectValues(
      found,
      kernel.map(weight => weight / total),
      1e-12,
    )
    const worths = randomGame(players, players)
    expectValues(solved(players, all, worths), shapleyValues(worths, players), 1e-9)
  })

  it('draws: pairs of complements, all different, weights that sum to one, the budget used', () => {
    const players = 12
    const { count, members, weights: found } = kernelDesign(players, 300, 5)
    expect(count).toBe(300)
    const seen = Array.from({ length: count }, (_, k) => bitsOf(members, k, players))
    expect(new Set(seen).size).toBe(count)
    for (let k = 0; k < count; k += 2) {
      expect(seen[k]! ^ seen[k + 1]!).toBe(2 ** players - 1)
      expect(found[k]).toBe(found[k + 1])
    }
    expect(found.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12)
    expect(Array.from(kernelDesign(players, 300, 5).members)).toEqual(Array.from(members))
    expect(Array.from(kernelDesign(players, 300, 6).members)).not.toEqual(Array.from(members))
  })

  it('an additive game is found exactly from a few coalitions', () => {
    const players = 10
    const effects = everyone(players).map(i => (i - 3) ** 2 / 10)
    const worths = Float64Array.from({ length: 2 ** players }, (_, bits) =>
      effects.reduce((sum, effect, i) => sum + (bits & (1 << i) ? effect : 0), 0.7),
    )
    expectValues(solved(players, 60, worths), effects, 1e-9)
  })

  it('draws come closer to the exact values as they grow in number, and always sum to the whole', () => {
    const players = 10
    const random = new Random(11)
    const pairs = Float64Array.from({ length: players * players * players }, () => random.normal())
    const worths = Float64Array.from({ length: 2 ** players }, (_, bits) => {
      let sum = 0
      for (let i = 0; i < players; i++)
        for (let j = 0; j < i; j++)
          for (let k = 0; k < j; k++)
            if ((bits & (1 << i)) !== 0 && (bits & (1 << j)) !== 0 && (bits & (1 << k)) !== 0)
              sum += pairs[(i * players + j) * players + k]!
      return sum
    })
    const exact = shapleyValues(worths, players)
    const error = (budget: number): number => {
      let total = 0
      for (let seed = 0; seed < 10; seed++) {
        const values = solved(players, budget, worths, seed)
        expect(values.reduce((sum, value) => sum + value, 0)).toBeCloseTo(worths.at(-1)!, 8)
        total += values.reduce((sum, value, i) => sum + (value - exact[i]!) ** 2, 0)
      }
      return Math.sqrt(total / 10)
    }
    const [few, more, most] = [error(60), error(240), error(900)]
    expect(more).toBeLessThan(0.6 * few)
    expect(most).toBeLessThan(0.4 * more)
  })
})

/** Five columns, tanh of a mix, and a product: interactions of every order. */
const mixing = Array.from({ length: 20 }, (_, i) => Math.sin(3 * i + 1))
const tangled = (values: readonly number[]): number => {
  let sum = 0
  for (let unit = 0; unit < 4; unit++)
    sum += (unit + 1) * Math.tanh(values.reduce((total, value, i) => total + value * Math.fround(mixing[i * 4 + unit]!), 0))
  return sum
}
const tangledModel = () =>
  modelOf(
    build({ x: ['batch', 5] }, (b, x) =>
      b.emit('MatMul', [
        b.emit('Tanh', [b.emit('MatMul', [x!, b.constant(tensor([5, 4], mixing))])]),
        b.constant(tensor([4, 1], [1, 2, 3, 4])),
      ]),
    ),
  )
const point = [0.5, -0.75, 1.25, 0.25, -1]
const tangledGame = Float64Array.from({ length: 32 }, (_, bits) =>
  tangled(point.map((value, i) => (bits & (1 << i) ? value : 0))),
)

describe('sampled Shapley values', () => {
  const exact = shapleyValues(tangledGame, 5)

  it('exact-shapley agrees with the game worked out by hand', async () => {
    expectValues((await run(tangledModel(), row(point), 'exact-shapley')).values, exact)
  })

  it.each([
    ['permutation-shapley', { orders: 2000 }, 0.02],
    ['permutation-shapley', { orders: 2000, antithetic: false }, 0.05],
    ['sampling-shapley', { samples: 2000 }, 0.06],
    ['kernel-shap', { samples: 28 }, 0.15],
  ])('%s %o comes near', async (method, options, tolerance) => {
    const a = await run(tangledModel(), row(point), method, options)
    expectValues(a.values, exact, tolerance)
  })

  it('an order and its reverse are exact where features interact in pairs', async () => {
    // 2 x0 x1 - x1 x2 + x2: each pair is shared equally.
    const model = modelOf(
      build({ x: ['batch', 3] }, (b, x) => {
        const [p, q, r] = b.emitAll('Split', [x!], 3, { axis: 1, num_outputs: 3 })
        const first = b.emit('Mul', [b.emit('Mul', [p!, q!]), b.float(2)])
        return b.emit('Add', [b.emit('Sub', [first, b.emit('Mul', [q!, r!])]), r!])
      }),
    )
    const a = await run(model, row([1, 2, 3]), 'permutation-shapley', { orders: 2 })
    expectValues(a.values, [2, 2 - 3, -3 + 3])
    expect(a.cost.forwards).toBe(2 + 2 * 2)
  })

  it('permutation-shapley sums to the whole from a single order', async () => {
    const a = await run(tangledModel(), row(point), 'permutation-shapley', { orders: 1 })
    expect(Math.abs(a.residual!)).toBeLessThan(1e-9)
    expect(a.cost.forwards).toBe(2 + 4)
  })

  it('another seed draws otherwise', async () => {
    const of = async (seed: number) =>
      Array.from(
        (await explain(tangledModel(), row(point), 'permutation-shapley', { target: 0, seed, options: { orders: 2 } })).values,
      )
    expect(await of(1)).not.toEqual(await of(2))
    expect(await of(1)).toEqual(await of(1))
  })
})

describe('owen', () => {
  it('five columns: the mean over the orders that keep the groups together', async () => {
    // ((0 1) 2) (3 4): the larger half comes first.
    const both = <T>(a: T[][], b: T[][]): T[][] =>
      a.flatMap(one =>
        b.flatMap(two => [
          [...one, ...two],
          [...two, ...one],
        ]),
      )
    const allowed = both(both(both([[0]], [[1]]), [[2]]), both([[3]], [[4]]))
    expect(allowed.length).toBe(16)
    const a = await run(tangledModel(), row(point), 'owen')
    expectValues(a.values, overOrders(tangledGame, 5, allowed))
    expect(Math.abs(a.residual!)).toBeLessThan(1e-9)
  })

  it('levels that do not fit are shared equally, with a warning', async () => {
    const a = await run(tangledModel(), row(point), 'owen', { samples: 2 })
    const [first, second] = [0b00111, 0b11000].map(
      bits => (tangledGame[bits]! - tangledGame[0]! + tangledGame[31]! - tangledGame[31 - bits]!) / 2,
    )
    expectValues(a.values, [first! / 3, first! / 3, first! / 3, second! / 2, second! / 2])
    expect(a.warnings.join()).toMatch(/groups of up to 3/)
    expect(a.cost.forwards).toBe(4)
  })

  it('halves a picture along its longer side first', async () => {
    const model = modelOf(
      build({ x: ['batch', 1, 2, 4] }, (b, x) => {
        const row = b.emit('Flatten', [x!])
        return b.emit('Tanh', [b.emit('MatMul', [row, b.constant(tensor([8, 1], [1, -1, 0.5, 0.25, 1, 0.5, -0.5, 1]))])])
      }),
    )
    const data = [0.1, 0.9, 0.4, 0.3, 0.8, 0.2, 0.7, 0.6]
    const a = await run(model, { x: float32([1, 1, 2, 4], data) }, 'owen', { segments: 'pixels', samples: 2 })
    const f = (left: boolean, right: boolean): number =>
      Math.tanh(
        [1, -1, 0.5, 0.25, 1, 0.5, -0.5, 1].reduce(
          (sum, weight, i) => sum + ((i % 4 < 2 ? left : right) ? weight * data[i]! : 0),
          0,
        ),
      )
    const left = (f(true, false) - f(false, false) + f(true, true) - f(false, true)) / 2
    expectValues([a.values[0]!, a.values[1]!, a.values[4]!, a.values[5]!], Array(4).fill(left / 4))
  })
})

describe('owen over groups that are given', () => {
  /** Every order of the features that keeps the groups of a tree together. */
  type Tree = number | readonly Tree[]
  const orders = (tree: Tree): number[][] => {
    if (typeof tree === 'number') return [[tree]]
    const arranged = (parts: readonly Tree[]): Tree[][] =>
      parts.length === 0
        ? [[]]
        : parts.flatMap((part, i) => arranged(parts.filter((_, k) => k !== i)).map(rest => [part, ...rest]))
    return arranged(tree).flatMap(parts =>
      parts.reduce<number[][]>((all, part) => all.flatMap(start => orders(part).map(end => [...start, ...end])), [[]]),
    )
  }

  it.each<[string, Tree]>([
    [
      '((0 3) (1 2 4))',
      [
        [0, 3],
        [1, 2, 4],
      ],
    ],
    ['[[4, [0, 2]], 1, 3]', [[4, [0, 2]], 1, 3]],
    [
      '(0 3) (1 (2 4))',
      [
        [0, 3],
        [1, [2, 4]],
      ],
    ],
    ['(1 2)', [[1, 2], 0, 3, 4]],
    ['(0 1 2 3 4)', [0, 1, 2, 3, 4]],
  ])('%s: the mean over the orders that keep them together', async (hierarchy, tree) => {
    const a = await run(tangledModel(), row(point), 'owen', { hierarchy })
    expectValues(a.values, overOrders(tangledGame, 5, orders(tree)))
    expect(Math.abs(a.residual!)).toBeLessThan(1e-9)
  })

  it('levels of label maps, coarse to fine, in a tensor or a list', async () => {
    const expected = overOrders(
      tangledGame,
      5,
      orders([
        [[0, 3], 2],
        [1, 4],
      ]),
    )
    const [coarse, fine] = [
      [7, 2, 7, 7, 2],
      [1, 5, 3, 1, 6],
    ]
    const stacked = float32([2, 5], [...coarse!, ...fine!])
    const listed = [float32([5], coarse!), float32([5], fine!)]
    for (const hierarchy of [stacked, listed])
      expectValues((await run(tangledModel(), row(point), 'owen', { hierarchy })).values, expected)
    // A label below zero is no group: the feature stands alone.
    const alone = await run(tangledModel(), row(point), 'owen', { hierarchy: float32([1, 5], [1, 1, -1, -1, 1]) })
    expectValues(alone.values, overOrders(tangledGame, 5, orders([[0, 1, 4], 2, 3])))
  })

  it('coarser partitions of a picture hold its segments', async () => {
    const model = modelOf(
      build({ x: ['batch', 1, 2, 4] }, (b, x) => {
        const flat = b.emit('Flatten', [x!])
        return b.emit('Tanh', [b.emit('MatMul', [flat, b.constant(tensor([8, 1], [1, -1, 0.5, 0.25, 1, 0.5, -0.5, 1]))])])
      }),
    )
    const picture = { x: float32([1, 1, 2, 4], [0.1, 0.9, 0.4, 0.3, 0.8, 0.2, 0.7, 0.6]) }
    const named = await run(model, picture, 'owen', { segments: 'pixels', hierarchy: 'grid:1x2', samples: 1000 })
    const bracketed = await run(model, picture, 'owen', { segments: 'pixels', hierarchy: '((0 1 4 5) (2 3 6 7))', samples: 1000 })
    expectValues(named.values, Array.from(bracketed.values))
    await expect(run(model, picture, 'owen', { segments: 'grid:1x2', hierarchy: 'pixels' })).rejects.toThrow(
      /lies in several groups of level 0; groups must hold whole features/,
    )
  })

  it('where contexts do not fit, random orders of the groups come to the same', async () => {
    const tree: Tree = [
      [0, 3],
      [1, 2, 4],
    ]
    const exact = overOrders(tangledGame, 5, orders(tree))
    const hierarchy = '((0 3) (1 2 4))'
    // 2 + 2 * (2 + 6) coalitions.
    expect((await run(tangledModel(), row(point), 'owen', { hierarchy, samples: 18 })).cost.forwards).toBe(20)
    const few = await run(tangledModel(), row(point), 'owen', { hierarchy, samples: 17 })
    expect(few.options['orders']).toBe(4)
    const [owen, evaluator] = [methodNamed('owen'), await prepare(tangledModel(), row(point), { target: 0 })]
    const announced = (samples: number) => owen.cost(resolveOptions(owen, { hierarchy, samples }), evaluator).forwards
    expect([announced(18), announced(17)]).toEqual([20, few.cost.forwards])
    expect(Math.abs(few.residual!)).toBeLessThan(1e-6)
    const allowed = orders(tree).map(order => order.join())
    expect(allowed).toHaveLength(24)
    expect(Math.max(...Array.from(few.values, (value, i) => Math.abs(value - exact[i]!)))).toBeLessThan(
      0.6 * Math.max(...exact.map(Math.abs)),
    )
    await expect(run(tangledModel(), row(point), 'owen', { hierarchy, samples: 7 })).rejects.toThrow(/samples of at least 8/)
  })

  it('says what is wrong with brackets', async () => {
    const refused: [string, RegExp][] = [
      ['((0 1)', /a bracket is not closed/],
      ['(0 1))', /a bracket closes that was not opened/],
      ['(0 9)', /there is no feature "9" \(there are 0 to 4\)/],
      ['(0 a)', /there is no feature "a"/],
      ['(0 1) (1 2)', /feature 1 stands twice/],
    ]
    for (const [hierarchy, message] of refused)
      await expect(run(tangledModel(), row(point), 'owen', { hierarchy })).rejects.toThrow(message)
  })
})

describe('what cannot be done', () => {
  it('is refused, with what can', async () => {
    const model = tangledModel()
    await expect(run(model, row(point), 'exact-shapley', { most: 4 })).rejects.toThrow(/5 features take 2\^5 forwards/)
    await expect(run(model, row(point), 'kernel-shap', { samples: 2 })).rejects.toThrow(
      /2 coalitions do not determine 5 features/,
    )
    const evaluator = await prepare(model, row(point), { target: 0 })
    const options = resolveOptions(methodNamed('kernel-shap'), { samples: 2 })
    await expect(methodNamed('kernel-shap').run(evaluator, options, 0)).rejects.toThrow(/2 coalitions/)
    expect(evaluator.cost.forwards).toBe(1)
    await expect(run(model, row(point), 'kernel-shap', { baseline: float32([7], Array(7).fill(0)) })).rejects.toThrow(
      /dims \[7\]/,
    )
  })
})
