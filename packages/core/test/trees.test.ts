import { type Graph, Tensor } from '@ascribe/onnx'
import { afterAll, describe, expect, it } from 'vitest'
import { type Attribution, type ExplainOptions, explain, float32, prepare, Random } from '../src/index.js'
import { saabas } from '../src/methods/trees/saabas.js'
import { treeShap } from '../src/methods/trees/tree-shap.js'
import { treeShapInteractions } from '../src/methods/trees/tree-shap-interactions.js'
import { emptyMargin, explainedTrees, shapleyValues } from '../src/trees/explained.js'
import { treeShapRows } from '../src/trees/rows.js'
import { build, modelOf, testRuntime } from './support/models.js'
import {
  bruteInteractions,
  bruteShapley,
  type EnsembleOptions,
  ensemble,
  evaluateTree,
  interventionalWorth,
  pathWorth,
  randomTree,
  type Tree,
  treeGraph,
  treesModel,
} from './support/trees.js'

afterAll(() => testRuntime().dispose())

function expectNear(actual: ArrayLike<number>, expected: readonly number[], tolerance = 1e-5): void {
  expect(actual.length).toBe(expected.length)
  const scale = Math.max(1e-3, ...expected.map(Math.abs))
  const worst = Math.max(...expected.map((value, i) => Math.abs(value - actual[i]!)))
  expect(worst / scale, `${Array.from(actual)} against ${expected}`).toBeLessThanOrEqual(tolerance)
}

const rowsOf = (rows: readonly (readonly number[])[]) => float32([rows.length, rows[0]!.length], rows.flat())
const row = (x: readonly number[]) => ({ x: rowsOf([x]) })

/** Shapley values in double precision, before they become a map. */
async function exact(graph: Graph, x: readonly number[], options: Record<string, unknown>, target: number | string = 0) {
  const evaluator = await prepare(modelOf(graph), row(x), { target })
  const explained = explainedTrees(evaluator, { background: '', game: 'auto', ...options }, 0)
  return { values: shapleyValues(explained), value: explained.value, empty: emptyMargin(explained), outputs: evaluator.outputs }
}

const and: Tree = {
  column: 1,
  threshold: 0.5,
  hits: 4,
  yes: { leaf: [0], hits: 2 },
  no: { column: 0, threshold: 0.5, hits: 2, yes: { leaf: [0], hits: 1 }, no: { leaf: [80], hits: 1 } },
}
const without = (tree: Tree): Tree =>
  'leaf' in tree ? { leaf: tree.leaf } : { ...tree, hits: 1, yes: without(tree.yes), no: without(tree.no) }
const binary = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
]
const ofBinary = async (
  graph: Graph,
  method: typeof treeShap,
  options: ExplainOptions['options'] = {},
): Promise<Attribution[]> => {
  const model = modelOf(graph)
  const all: Attribution[] = []
  for (const x of binary) all.push(await explain(model, row(x), method, { target: 0, options }))
  return all
}
const table = (all: readonly Attribution[]): number[] => all.flatMap(({ values }) => Array.from(values))

describe('golden cases of one tree', () => {
  const graph = treesModel([and], { columns: 2 })
  const background = rowsOf(binary)

  it('64: path-dependent by hit rates, by counting, and interventional over all four rows', async () => {
    const expected = [-10, -10, -30, 10, 10, -30, 30, 30]
    const byHits = await ofBinary(graph, treeShap)
    expectNear(table(byHits), expected)
    expect(byHits.map(({ options }) => options['game'])).toEqual(Array(4).fill('path-dependent'))
    for (const { baselineValue, residual } of byHits) {
      expect(baselineValue).toBe(20)
      expect(Math.abs(residual!)).toBeLessThan(1e-5)
    }
    const plain = treesModel([without(and)], { columns: 2 })
    expectNear(table(await ofBinary(plain, treeShap, { background, game: 'path-dependent' })), expected)
    const over = await ofBinary(plain, treeShap, { background })
    expectNear(table(over), expected)
    expect(over[0]!.options['game']).toBe('interventional')
  })

  it('64b: interactions, both games', async () => {
    const expected = [-20, 10, 10, -20, -20, -10, -10, 20, 20, -10, -10, -20, 20, 10, 10, 20]
    const all = await ofBinary(graph, treeShapInteractions)
    expectNear(table(all), expected)
    expect(all[0]!.dims).toEqual([1, 2, 2])
    expectNear(table(await ofBinary(graph, treeShapInteractions, { background })), expected)
  })

  it('64c: Saabas', async () => {
    expectNear(table(await ofBinary(graph, saabas)), [0, -20, -40, 20, 0, -20, 40, 20])
  })

  it('64d: interventional, one background row', async () => {
    expectNear(table(await ofBinary(graph, treeShap, { background: rowsOf([[0, 0]]) })), [0, 0, 0, 0, 0, 0, 40, 40])
  })

  it('65: a sum of trees', async () => {
    const step: Tree = { column: 1, threshold: 0.5, hits: 4, yes: { leaf: [0], hits: 2 }, no: { leaf: [10], hits: 2 } }
    const two = treesModel([and, step], { columns: 2 })
    const all = await ofBinary(two, treeShap, { background })
    expectNear(table(all), [-10, -15, -30, 15, 10, -35, 30, 35])
    expect(all[0]!.baselineValue).toBe(25)
    expectNear(table(await ofBinary(two, treeShap)), [-10, -15, -30, 15, 10, -35, 30, 35])
  })
})

const columns = 5
const trees = [1, 2, 3, 4].map(seed => randomTree(seed, columns, 6))
const draw = (seed: number, count = columns): number[] => {
  const random = new Random(seed, 5)
  return Array.from({ length: count }, () => Math.round(8 * random.normal()) / 8)
}
const points = [11, 12, 13].map(seed => draw(seed))
const background = Array.from({ length: 7 }, (_, i) => draw(100 + i))

describe('against the definition, over all coalitions', () => {
  const graph = treesModel(trees, { columns, base: [0.25] })

  it.each(points.map((x, i) => [i, x] as const))('interventional, row %i', async (_, x) => {
    const { values, value, empty } = await exact(graph, x, { background: rowsOf(background) })
    expectNear(values, bruteShapley(columns, interventionalWorth(trees, x, background)), 1e-12)
    expect(Math.abs(values.reduce((a, b) => a + b, 0) - (value - empty))).toBeLessThan(1e-9)
    const interactions = await explain(modelOf(graph), row(x), treeShapInteractions, {
      target: 0,
      options: { background: rowsOf(background) },
    })
    expectNear(interactions.values, bruteInteractions(columns, interventionalWorth(trees, x, background)), 1e-6)
  })

  it.each(points.map((x, i) => [i, x] as const))('path-dependent, row %i', async (_, x) => {
    const { values, value, empty } = await exact(graph, x, {})
    expectNear(values, bruteShapley(columns, pathWorth(trees, x)), 1e-12)
    expect(Math.abs(values.reduce((a, b) => a + b, 0) - (value - empty))).toBeLessThan(1e-9)
    const interactions = await explain(modelOf(graph), row(x), treeShapInteractions, { target: 0 })
    expectNear(interactions.values, bruteInteractions(columns, pathWorth(trees, x)), 1e-6)
  })

  it('every branch mode, with missing values in the row and in the background', async () => {
    const modes = ['BRANCH_LEQ', 'BRANCH_LT', 'BRANCH_GTE', 'BRANCH_GT', 'BRANCH_EQ', 'BRANCH_NEQ']
    const mixed = [5, 6, 7].map(seed => randomTree(seed, columns, 6, 1, modes))
    const x = [Number.NaN, 0, -0.25, 0.5, Number.NaN]
    const rows = [
      [0.25, Number.NaN, 0, -0.5, 0],
      ...background.slice(0, 3).map(values => values.map(value => Math.round(value * 4) / 4)),
    ]
    for (const point of [x, ...rows]) {
      const { values, value, outputs } = await exact(treesModel(mixed, { columns }), point, { background: rowsOf(rows) })
      const expected = mixed.reduce((sum, tree) => sum + evaluateTree(tree, point), 0)
      expect(Math.abs(value - expected)).toBeLessThan(1e-12)
      expect(Math.abs((Object.values(outputs)[0]!.data as Float32Array)[0]! - value)).toBeLessThan(1e-5)
      expectNear(values, bruteShapley(columns, interventionalWorth(mixed, point, rows)), 1e-12)
      expectNear(
        (await exact(treesModel(mixed, { columns }), point, {})).values,
        bruteShapley(columns, pathWorth(mixed, point)),
        1e-12,
      )
    }
  })

  it('deep trees stay exact: efficiency to 1e-9', async () => {
    const deep = [8, 9].map(seed => randomTree(seed, 40, 14))
    const graph = treesModel(deep, { columns: 40 })
    const x = draw(21, 40)
    const rows = Array.from({ length: 5 }, (_, i) => draw(200 + i, 40))
    for (const options of [{}, { background: rowsOf(rows) }]) {
      const { values, value, empty } = await exact(graph, x, options)
      expect(Math.abs(values.reduce((a, b) => a + b, 0) - (value - empty))).toBeLessThan(1e-9)
    }
  })
})

describe('several outputs, classes and transforms', () => {
  const three = [1, 2, 3].map(seed => randomTree(seed, columns, 4, 3))
  const x = points[0]!
  const options = { background: rowsOf(background) }
  const regressed = (target: number) => bruteShapley(columns, interventionalWorth(three, x, background, target))

  it('regressors: every target, differences, averages and base values', async () => {
    const base = [1, 2, 3]
    const summed = treesModel(three, { columns, targets: 3, base })
    for (const target of [0, 1, 2]) expectNear((await exact(summed, x, options, target)).values, regressed(target), 1e-12)
    const [one, two] = [regressed(1), regressed(2)]
    expectNear(
      (await exact(summed, x, options, '1-2')).values,
      one.map((value, i) => value - two[i]!),
      1e-12,
    )
    const averaged = await exact(treesModel(three, { columns, targets: 3, base, aggregate: 'AVERAGE' }), x, options, 2)
    expectNear(
      averaged.values,
      two.map(value => value / 3),
      1e-12,
    )
  })

  it.each(['NONE', 'LOGISTIC', 'SOFTMAX', 'SOFTMAX_ZERO'])('classifier under %s: the margin of each class', async post => {
    const graph = treesModel(three, { columns, classes: 3, post, base: [0.1, 0.2, 0.3] })
    for (const target of [0, 1, 2]) {
      const a = await explain(modelOf(graph), row(x), treeShap, { target, options })
      expectNear(a.values, regressed(target), 1e-6)
      expect(Math.abs(a.value - interventionalWorth(three, x, background, target)(31) - [0.1, 0.2, 0.3][target]!)).toBeLessThan(
        1e-6,
      )
      expect(a.warnings.length).toBe(post === 'NONE' ? 0 : 1)
    }
  })

  const signed: EnsembleOptions = { columns, classes: 2, only: 0 }
  it.each([
    ['mixed weights', trees, { ...signed }, -1, 0],
    ['mixed weights, LOGISTIC', trees, { ...signed, post: 'LOGISTIC', base: [0.3] }, -1, 1],
    ['mixed weights of class 1', trees, { ...signed, only: 1 }, 0, 0],
    ['mixed weights of class 1, LOGISTIC', trees, { ...signed, only: 1, post: 'LOGISTIC' }, 0, 1],
    ['probabilities, LOGISTIC', [and], { columns: 2, classes: 2, only: 0, post: 'LOGISTIC' }, -1, 1],
    ['probabilities', [and], { columns: 2, classes: 2, only: 0 }, -1, 0],
    ['probabilities of class 1', [and], { columns: 2, classes: 2, only: 1 }, 0, 0],
  ] as const)('binary classifier of one score, %s', async (_, list, settings, sign, warnings) => {
    const graph = treesModel(list, settings)
    const point = x.slice(0, settings.columns)
    const rows = background.map(values => values.slice(0, settings.columns))
    const expected = bruteShapley(settings.columns, interventionalWorth(list, point, rows))
    const one = await explain(modelOf(graph), row(point), treeShap, { target: 1, options: { background: rowsOf(rows) } })
    expectNear(one.values, expected, 1e-6)
    expect(one.warnings.length).toBe(warnings)
    const other = await explain(modelOf(graph), row(point), treeShap, { target: 0, options: { background: rowsOf(rows) } })
    expectNear(
      other.values,
      expected.map(value => sign * value),
      1e-6,
    )
  })

  it('sums, factors and joins of ensembles over joined inputs', async () => {
    const graph = treeGraph(columns, (b, name) => {
      const joined = b.emit('Concat', [name, name], { axis: 1 })
      const first = ensemble(b, joined, [trees[0]!], { columns })
      const second = ensemble(b, b.emit('Identity', [name]), [trees[1]!], { columns })
      const sum = b.emit('Add', [b.emit('Mul', [first, b.float(0.5)]), b.emit('Div', [second, b.float([-2], [1, 1])])])
      return b.emit('Sigmoid', [b.emit('Concat', [second, sum], { axis: 1 })])
    })
    const a = await explain(modelOf(graph), row(x), treeShap, { target: 1, options })
    const parts = [trees[0]!, trees[1]!].map(tree => bruteShapley(columns, interventionalWorth([tree], x, background)))
    expectNear(
      a.values,
      parts[0]!.map((value, i) => 0.5 * value - 0.5 * parts[1]![i]!),
      1e-6,
    )
    expect(a.warnings[0]).toContain('Sigmoid')
  })
})

describe('TreeEnsemble of version 5', () => {
  const tensor = (values: readonly number[]) => Tensor.float32([values.length], values)
  const bytes = (values: readonly number[]) => Tensor.from('uint8', [values.length], values)
  // Tree 1: x0 < 0.5 ? leaf 0 : (x1 in {1, 3} ? leaf 1 : leaf 2). Tree 2: x2 > 0 ? leaf 3 : leaf 4.
  const graph = (aggregate = 1) =>
    treeGraph(
      3,
      (b, x) =>
        b.emit('ai.onnx.ml:TreeEnsemble', [x], {
          n_targets: 2,
          aggregate_function: aggregate,
          post_transform: 0,
          tree_roots: [0, 2],
          nodes_modes: bytes([1, 6, 3]),
          nodes_featureids: [0, 1, 2],
          nodes_splits: tensor([0.5, 0, 0]),
          nodes_truenodeids: [0, 1, 3],
          nodes_trueleafs: [1, 1, 1],
          nodes_falsenodeids: [1, 2, 4],
          nodes_falseleafs: [0, 1, 1],
          membership_values: tensor([1, 3, Number.NaN]),
          leaf_targetids: [0, 0, 1, 0, 1],
          leaf_weights: tensor([1, 10, 20, 4, 6]),
        }),
      5,
    )
  const worth = (x: readonly number[], target: number): number => {
    const first = x[0]! < 0.5 ? [1, 0] : [1, 3].includes(x[1]!) ? [10, 0] : [0, 20]
    const second = x[2]! > 0 ? [4, 0] : [0, 6]
    return first[target]! + second[target]!
  }
  const rows = [
    [0, 2, 1],
    [1, 3, -1],
    [0.5, 1, 0],
  ]

  it.each([
    [[1, 1, 1], 0],
    [[0.5, 2, 0], 1],
    [[0, 3, 2], 0],
  ])('%j, target %i', async (x, target) => {
    for (const [aggregate, factor] of [
      [1, 1],
      [0, 0.5],
    ] as const) {
      const { values, value } = await exact(graph(aggregate), x, { background: rowsOf(rows) }, target)
      expect(value).toBe(factor * worth(x, target))
      const game = (mask: number) =>
        rows.reduce(
          (sum, b) =>
            sum +
            worth(
              x.map((own, i) => (mask & (1 << i) ? own : b[i]!)),
              target,
            ),
          0,
        ) / rows.length
      expectNear(
        values,
        bruteShapley(3, game).map(part => factor * part),
        1e-12,
      )
    }
  })
})

describe('covers counted with the background', () => {
  it('follows unreached splits both ways, and says so', async () => {
    const plain = treesModel([without(and)], { columns: 2 })
    // Both rows leave at the root, so nothing is known about the split on column 0: half each way.
    const background = rowsOf([
      [0, 0],
      [1, 0],
    ])
    const a = await explain(modelOf(plain), row([1, 1]), treeShap, { target: 0, options: { background, game: 'path-dependent' } })
    // v(nobody) = v(0) = 0, v(1) = 40, v(0, 1) = 80.
    expectNear(a.values, [20, 60])
    expect(a.baselineValue).toBe(0)
    expect(a.warnings[0]).toContain('1 splits have no cover')
  })

  it('explains tables that come in as several inputs', async () => {
    const graph = build({ a: ['batch', 1], b: ['batch', 1] }, (b, first, second) =>
      ensemble(b, b.emit('Concat', [first!, second!], { axis: 1 }), [and], { columns: 2 }),
    )
    const inputs = { a: rowsOf([[1]]), b: rowsOf([[1]]) }
    const background = { a: rowsOf([[0], [0], [1], [1]]), b: rowsOf([[0], [1], [0], [1]]) }
    const found = await explain(modelOf(graph), inputs, treeShap, { target: 0, options: { background } })
    expectNear([found.maps['a']!.values[0]!, found.maps['b']!.values[0]!], [30, 30])
  })
})

describe('errors say what to do', () => {
  const run = (graph: Graph, options: ExplainOptions = {}) =>
    explain(modelOf(graph), row([1, 1]), treeShap, { target: 0, ...options })
  const plain = treesModel([without(and)], { columns: 2 })

  it.each([
    ['no covers', plain, {}, /background=ROWS\.npy/],
    ['no background', plain, { options: { game: 'interventional' } }, /needs background rows/],
    ['rows that do not fit', plain, { options: { background: float32([1, 3], [1, 2, 3]) } }, /whole rows/],
    ['maximum over trees', treesModel([and], { columns: 2, aggregate: 'MAX' }), {}, /takes the MAX/],
    ['a link', treesModel([and], { columns: 2, classes: 3, only: 1 }), { target: 'softmax:1' }, /no sum of trees/],
    ['no trees', treeGraph(2, (b, x) => b.emit('Relu', [x])), {}, /has no trees/],
    [
      'a function of the trees',
      treeGraph(2, (b, x) => b.emit('Abs', [ensemble(b, x, [and], { columns: 2 })])),
      {},
      /neither a sum nor a last transform/,
    ],
    [
      'a computed table',
      treeGraph(2, (b, x) => ensemble(b, b.emit('Relu', [x]), [and], { columns: 2 })),
      { options: { background: 'zeros' } },
      /explain it itself with --at/,
    ],
  ] as const)('%s', async (_, graph, options, message) => {
    await expect(run(graph, options)).rejects.toThrow(message)
  })
})

describe('many rows at once', () => {
  it.each(['interventional', 'path-dependent'] as const)('each row as tree-shap alone has it: %s', async game => {
    const random = new Random(3)
    const draw = (count: number) => Array.from({ length: count }, () => Array.from({ length: columns }, () => random.normal()))
    const [background, table] = [rowsOf(draw(5)), draw(70)]
    const model = modelOf(treesModel(trees, { columns, base: [0.25] }))
    const found = await treeShapRows(model, { x: rowsOf(table) }, { background, game, target: 0 })
    expect(found.maps['x']!.dims).toEqual([70, columns])
    for (const k of [0, 69]) {
      const alone = await explain(model, row(table[k]!), treeShap, { target: 0, options: { background, game } })
      expectNear(found.maps['x']!.values.subarray(k * columns, (k + 1) * columns), Array.from(alone.values))
      expect(found.margins[k]).toBeCloseTo(alone.value, 10)
      expect(found.baselineValue).toBeCloseTo(alone.baselineValue!, 10)
    }
  })
})
