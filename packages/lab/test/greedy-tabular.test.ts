/** @file Greedy PIG on tables: mask-space gradients, selectors and metrics against plain arithmetic, and a study in small. */
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Random, resolveOptionSpecs, UsageError } from '@ascribe/core'
import { nodeRuntime, writeFileAtomic } from '@ascribe/core/node'
import { type Graph, GraphBuilder, inferShapes, Tensor } from '@ascribe/onnx'
import { afterAll, describe, expect, it } from 'vitest'
import { baselineOf } from '../src/greedy/tabular/data/baseline.js'
import { generate } from '../src/greedy/tabular/data/design.js'
import { designNamed, designs } from '../src/greedy/tabular/data/designs.js'
import { cuesOf, type Rows, type TabularData, tabularData } from '../src/greedy/tabular/data/tabular-data.js'
import {
  assembleTabularReport,
  columnSelectorNamed,
  columnSelectors,
  openTabular,
  renderTabularReport,
  runTabularStudy,
  tabularPresetNamed,
} from '../src/greedy/tabular/index.js'
import { areaOverColumns } from '../src/greedy/tabular/metrics/area.js'
import { cuesFound } from '../src/greedy/tabular/metrics/cues.js'
import { classAuc, rocAuc } from '../src/greedy/tabular/metrics/roc.js'
import { MaskProgram } from '../src/greedy/tabular/model/mask-program.js'
import { trainingDataOf } from '../src/greedy/tabular/model/masking.js'
import { columnMeans, pathAttributions } from '../src/greedy/tabular/selectors/greedy-pig.js'
import { fitGroupLasso, type GroupedDesign, largestPenalty } from '../src/greedy/tabular/selectors/group-lasso.js'
import { designOf } from '../src/greedy/tabular/selectors/lasso.js'
import { binsOf, mutualInformation } from '../src/greedy/tabular/selectors/mutual-information.js'

const runtime = nodeRuntime({ threads: 1 })
const folder = await mkdtemp(join(tmpdir(), 'ascribe-tabular-'))
afterAll(async () => {
  await runtime.dispose()
  await rm(folder, { recursive: true, force: true })
})

const rowsOf = (values: readonly (readonly number[])[], labels: readonly number[]): Rows => ({
  count: labels.length,
  values: Float32Array.from(values.flat()),
  labels: Uint16Array.from(labels),
})

const numbers = (names: readonly string[], cues: readonly (string | undefined)[] = []) =>
  names.map((name, start) => ({ name, kind: 'number', start, width: 1, ...(cues[start] && { cue: cues[start] }) }) as const)

function tableOf(columns: TabularData['columns'], rows: Rows): TabularData {
  return tabularData({ name: 'by hand', classes: ['0', '1'], columns, train: rows, validation: rows, test: rows })
}

const optionsOf = (name: string, given: Readonly<Record<string, unknown>> = {}) =>
  resolveOptionSpecs(name, columnSelectorNamed(name).options, given)

async function select(name: string, data: TabularData, model: Graph, given: Readonly<Record<string, unknown>> = {}) {
  const programFor = (baseline: string) => new MaskProgram({ runtime, model, data, baseline: baselineOf(data, baseline) })
  const context = { data, program: programFor('zeros'), programFor, seed: 3 }
  return columnSelectorNamed(name).select(context, optionsOf(name, given))
}

describe('mask space', () => {
  // Two numbers and a category of three values; a hidden layer of four softplus units.
  const random = new Random(5)
  const draw = (count: number, scale = 1): number[] => Array.from({ length: count }, () => Math.fround(scale * random.normal()))
  const weights = { first: draw(20), bias: draw(4), second: draw(8), constants: draw(2) }
  const model = ((): Graph => {
    const builder = new GraphBuilder()
    const input = builder.input('input', 'float32', ['batch', 5])
    const float = (dims: number[], values: number[]) => builder.constant(Tensor.float32(dims, values))
    const first = builder.emit('Add', [builder.emit('MatMul', [input, float([5, 4], weights.first)]), float([4], weights.bias)])
    const hidden = builder.emit('Softplus', [first])
    const last = [builder.emit('MatMul', [hidden, float([4, 2], weights.second)]), float([2], weights.constants)]
    builder.output(builder.emit('Add', last), 'float32', ['batch', 2])
    return inferShapes(builder.build())
  })()
  const labels = Array.from({ length: 37 }, () => random.integer(2))
  const rows = rowsOf(
    labels.map(() => {
      const value = random.integer(3)
      return [...draw(2), ...[0, 1, 2].map(k => (k === value ? 1 : 0))]
    }),
    labels,
  )
  const columns = [...numbers(['x', 'y']), { name: 'k', kind: 'category', start: 2, width: 3 } as const]
  const data = tableOf(columns, rows)
  const baseline = baselineOf(data, 'mean')
  const owner = [0, 1, 2, 2, 2]

  /** -loss of one row at a mask, in double precision. */
  function score(row: number, mask: readonly number[]): number {
    const x = owner.map((column, f) => baseline[f]! + mask[column]! * (rows.values[row * 5 + f]! - baseline[f]!))
    const hidden = [0, 1, 2, 3].map(u =>
      Math.log1p(Math.exp(x.reduce((sum, value, f) => sum + value * weights.first[f * 4 + u]!, weights.bias[u]!))),
    )
    const logits = [0, 1].map(c =>
      hidden.reduce((sum, value, u) => sum + value * weights.second[u * 2 + c]!, weights.constants[c]!),
    )
    return logits[labels[row]!]! - Math.log(logits.reduce((sum, value) => sum + Math.exp(value), 0))
  }

  const start = [0, 1, 0]
  const path = { points: 5, rule: 'middle' }

  it('gives the path gradient of every row and column that finite differences give', async () => {
    const program = new MaskProgram({ runtime, model, data, baseline })
    const found = await pathAttributions(program, rows, start, path)
    for (let row = 0; row < rows.count; row++)
      for (let c = 0; c < 3; c++) {
        let sum = 0
        for (let k = 0; k < 5; k++) {
          const point = start.map(value => value + ((k + 0.5) / 5) * (1 - value))
          const moved = (by: number): number[] => point.map((value, i) => (i === c ? value + by : value))
          sum += (score(row, moved(1e-4)) - score(row, moved(-1e-4))) / 2e-4 / 5
        }
        expect(Math.abs(found[row * 3 + c]! - sum * (1 - start[c]!))).toBeLessThan(2e-6)
      }
    const [loss] = await program.losses(rows, [[0.3, 0.7, 1]])
    const slow = labels.reduce((sum, _, row) => sum - score(row, [0.3, 0.7, 1]), 0) / rows.count
    expect(loss).toBeCloseTo(slow, 6)
    await program.dispose()
  })

  it('adds up to the change of the loss, and does not depend on chunks', async () => {
    const program = new MaskProgram({ runtime, model, data, baseline })
    const smaller = new MaskProgram({ runtime, model, data, baseline, perRun: 64 })
    const options = { points: 24, rule: 'gauss-legendre' }
    const whole = columnMeans(await pathAttributions(program, rows, [0, 0, 0], options), 3)
    const [empty, full] = await program.losses(rows, [
      [0, 0, 0],
      [1, 1, 1],
    ])
    expect(whole.reduce((sum, value) => sum + value, 0)).toBeCloseTo(empty! - full!, 5)
    const chunked = columnMeans(await pathAttributions(smaller, rows, [0, 0, 0], options), 3)
    for (let c = 0; c < 3; c++) expect(chunked[c]).toBeCloseTo(whole[c]!, 6)
    expect(program.cost).toEqual({ forwards: 2 * 37, gradients: 24 * 37 })
    await program.dispose()
    await smaller.dispose()
  })
})

describe('selectors', () => {
  // The case of examples/greedy: a strong cue three times, a weak one once, here as log-odds of a label.
  const duplicated = ((): Graph => {
    const builder = new GraphBuilder()
    const input = builder.input('input', 'float32', ['batch', 5])
    const product = (values: number[]) => builder.emit('MatMul', [input, builder.constant(Tensor.float32([5, 1], values))])
    const strong = builder.emit('Clip', [product([1, 1, 1, 0, 0]), builder.float(-1), builder.float(1)])
    const odds = builder.emit('Add', [builder.emit('Mul', [strong, builder.float(3)]), product([0, 0, 0, 0.4, 0])])
    const none = builder.emit('Mul', [odds, builder.float(0)])
    builder.output(builder.emit('Concat', [none, odds], { axis: 1 }), 'float32', ['batch', 2])
    return inferShapes(builder.build())
  })()
  const random = new Random(9)
  const labels = Array.from({ length: 400 }, (_, i) => i % 2)
  const sign = (label: number, right: number): number => (random.uniform() < right ? 2 * label - 1 : 1 - 2 * label)
  const rows = rowsOf(
    labels.map(label => {
      const strong = sign(label, 0.95)
      return [strong, strong, strong, sign(label, 0.7), random.normal()]
    }),
    labels,
  )
  const data = tableOf(numbers(['a', 'a copy', 'a copy 2', 'b', 'noise'], ['a', 'a', 'a', 'b']), rows)

  it('finds the weak cue before copies of the strong one, greedy in rounds and not in one', async () => {
    const greedy = await select('greedy-pig', data, duplicated, { points: 48 })
    expect([...greedy.order.slice(0, 2)].sort()).toEqual([0, 3])
    expect(cuesFound(greedy.order, data.columns)).toBe(1)
    const once = await select('integrated-gradients', data, duplicated, { points: 48 })
    expect(cuesFound(once.order, data.columns)).toBe(0.5)
    expect(once).toEqual(await select('greedy-pig', data, duplicated, { points: 48, perRound: 5 }))
    expect(once.scores[0]).toBeCloseTo(once.scores[1]!, 5)
    expect((await select('forward-selection', data, duplicated)).order.slice(0, 2)).toEqual([0, 3])
    expect((await select('sequential-gradient', data, duplicated)).order[0]).toBe(0)
  })

  it('takes as many rounds as asked and leaves the rest to the last', async () => {
    const two = await select('greedy-pig', data, duplicated, { points: 16, rounds: 2 })
    expect([...two.order].sort()).toEqual([0, 1, 2, 3, 4])
    expect(new Set(two.order.slice(0, 2))).toEqual(new Set([0, 3]))
    for (const { name, cost } of columnSelectors) expect(cost(5, optionsOf(name)).forwards, name).toBeGreaterThanOrEqual(0)
    expect(columnSelectorNamed('greedy-pig').cost(7, optionsOf('greedy-pig', { perRound: 2, points: 3 })).gradients).toBe(12)
    expect(() => columnSelectorNamed('greedy')).toThrow(UsageError)
  })

  it('exchanges columns between rows, and repeats itself for a seed', async () => {
    const found = await select('permutation', data, duplicated)
    expect(found.scores[4]).toBe(0)
    expect(found.scores[3]).toBeGreaterThan(0)
    expect(await select('permutation', data, duplicated)).toEqual(found)
    const any = await select('random', data, duplicated)
    expect(any.order.every((column, place) => any.scores[column] === -place || place === 0)).toBe(true)
  })

  it('measures mutual information in bins', () => {
    const [bins, own] = [
      [0, 0, 0, 0, 1, 1, 1, 1],
      [0, 0, 0, 1, 1, 1, 1, 0],
    ]
    expect(mutualInformation(bins, own)).toBeCloseTo(0.75 * Math.log(1.5) + 0.25 * Math.log(0.5) - 1 / 16, 12)
    expect(mutualInformation(bins, bins)).toBeCloseTo(Math.log(2) - 1 / 16, 12)
    const column = numbers(['x'])[0]!
    const ten = rowsOf([[0], [1], [2], [3], [4], [5], [6], [7], [8], [9]], new Array(10).fill(0))
    expect([...binsOf(ten, 1, column, 2)]).toEqual([0, 0, 0, 0, 0, 1, 1, 1, 1, 1])
  })
})

describe('group lasso', () => {
  /** x is 1 or -1, and agrees with the label in 4 of 5 rows. */
  const design: GroupedDesign = {
    rows: 10,
    features: 1,
    values: Float64Array.from([1, 1, 1, 1, 1, -1, -1, -1, -1, -1]),
    at: new Int32Array(10),
    from: Int32Array.from({ length: 11 }, (_, i) => i),
    labels: [1, 1, 1, 1, 0, 0, 0, 0, 0, 1],
    classes: 2,
    groups: [{ start: 0, width: 1, weight: 1 }],
  }

  it('solves the case of one balanced feature', () => {
    // W = (-v, v): share - sigmoid(2 v) = penalty / sqrt 2.
    const { penalty: largest } = largestPenalty(design)
    expect(largest).toBeCloseTo(0.3 * Math.SQRT2, 9)
    for (const penalty of [0.05, 0.2, 0.35]) {
      const [minus, plus] = fitGroupLasso(design, penalty, { tolerance: 1e-10, iterations: 5000 })
      const inside = 0.8 - penalty / Math.SQRT2
      expect(plus).toBeCloseTo(Math.log(inside / (1 - inside)) / 2, 6)
      expect(minus).toBeCloseTo(-plus!, 6)
    }
    expect(fitGroupLasso(design, largest * 1.001).slice(0, 2)).toEqual(new Float64Array(2))
  })

  it('sees a category as one group of orthonormal indicators', () => {
    const values = [
      [1, 0, 0, 2],
      [1, 0, 0, 4],
      [0, 1, 0, 2],
      [0, 0, 1, 4],
    ]
    const columns = [
      { name: 'k', kind: 'category', start: 0, width: 3 } as const,
      { name: 'x', kind: 'number', start: 3, width: 1 } as const,
    ]
    const made = designOf(tableOf(columns, rowsOf(values, [0, 1, 0, 1])))
    expect(made.groups.map(({ weight }) => weight)).toEqual([Math.SQRT2, 1])
    expect([...made.values].map(value => value ** 2).map(Math.round)).toEqual([2, 4, 2, 16, 4, 4, 4, 16])
    expect([...made.at]).toEqual([0, 3, 0, 3, 1, 3, 2, 3])
  })
})

describe('metrics and data', () => {
  it('counts different cues among the first K columns', () => {
    const columns = numbers(['a', 'a2', 'b', 'n', 'c'], ['a', 'a', 'b', undefined, 'c'])
    expect(cuesFound([0, 2, 4, 1, 3], columns)).toBe(1)
    expect(cuesFound([1, 0, 2, 4, 3], columns)).toBeCloseTo(2 / 3, 12)
    expect(cuesFound([3, 1, 0, 2, 4], columns)).toBeCloseTo(1 / 3, 12)
  })

  it('areas and ROC AUC by hand', () => {
    expect(areaOverColumns([4, 2, 1])).toBeCloseTo((3 + 1.5) / 2, 12)
    expect(rocAuc([0.1, 0.4, 0.4, 0.8], row => row >= 2)).toBeCloseTo(3.5 / 4, 12)
    expect(classAuc([0.9, 0.1, 0.2, 0.8], [0, 1], 2)).toBe(1)
    expect(rocAuc([1, 2], () => true)).toBeNaN()
  })

  it('draws the same table for a seed, each row by itself', () => {
    for (const design of designs) {
      const sizes = { train: 30, validation: 5, test: 5 }
      const data = generate(design, 4, sizes)
      expect(data.digest).toBe(generate(design, 4, sizes).digest)
      expect(data.digest).not.toBe(generate(design, 5, sizes).digest)
      const longer = generate(design, 4, { ...sizes, train: 60 })
      expect(longer.train.values.subarray(0, data.train.values.length)).toEqual(data.train.values)
      expect(cuesOf(data)).toHaveLength(4)
    }
    const { columns, train } = generate(designNamed('copies'), 0, { train: 3, validation: 1, test: 1 })
    const [first, second] = columns.filter(({ cue }) => cue === 'a')
    for (let row = 0; row < 3; row++)
      expect(train.values[row * columns.length + first!.start]).toBe(train.values[row * columns.length + second!.start])
  })

  it('shows means, modes or zeros for what is off, and masks rows by seed', () => {
    const columns = [...numbers(['x']), { name: 'k', kind: 'category', start: 1, width: 2 } as const]
    const rows = rowsOf(
      [
        [1, 1, 0],
        [2, 0, 1],
        [6, 0, 1],
      ],
      [0, 1, 1],
    )
    const data = tableOf(columns, rows)
    expect([...baselineOf(data, 'mean')].map(value => Number(value.toFixed(6)))).toEqual([3, 0.333333, 0.666667])
    expect([...baselineOf(data, 'mode')]).toEqual([3, 0, 1])
    expect(() => baselineOf(data, 'median')).toThrow(UsageError)
    const subset = trainingDataOf(data, { training: 'plain', baseline: 'zeros', seed: 0, subset: [1] })
    expect(subset.training(0, 2)).toEqual({ values: Float32Array.from([0, 0, 1]), label: 1 })
    const masked = trainingDataOf(data, { training: 'masked', baseline: 'zeros', seed: 0 })
    expect(masked.training(7, 1)).toEqual(masked.training(7, 1))
    const seen = Array.from({ length: 200 }, (_, epoch) =>
      [...(masked.training(epoch, 2) as { values: Float32Array }).values].join(),
    )
    expect(new Set(seen)).toEqual(new Set(['6,0,1', '6,0,0', '0,0,1', '0,0,0']))
  })
})

const adult = '../shared/data/adult'

describe.skipIf(!existsSync(adult))('UCI Adult (skipped where it is not there)', () => {
  it('is read with its columns, and divided 60 to 20 to 20', async () => {
    const data = await openTabular(adult, 0)
    expect(data.columns).toHaveLength(14)
    expect(data.columns.filter(({ kind }) => kind === 'category')).toHaveLength(8)
    expect(data.classes).toEqual(['<=50K', '>50K'])
    const { train, validation, test } = data
    expect(train.count + validation.count + test.count).toBe(32561)
    expect(train.count / 32561).toBeCloseTo(0.6, 3)
    expect(Math.abs(validation.count - test.count)).toBeLessThanOrEqual(1)
  })
})

describe('a study of tables', () => {
  const smoke = tabularPresetNamed('smoke')
  const preset = { ...smoke, designs: ['copies'], rows: { train: 300, validation: 60, test: 120 } }

  it('runs, goes on from what is stored with the same numbers, and reports', async () => {
    const random = new Random(1)
    const lines = Array.from({ length: 200 }, () => {
      const [x, k] = [random.normal(), random.integer(3)]
      return `${x.toFixed(3)},${'abc'[k]},${random.normal().toFixed(3)},${x + k > 1 ? 'yes' : 'no'}`
    })
    const path = join(folder, 'own.csv')
    await writeFileAtomic(path, `x,k,n,answer\n${lines.join('\n')}\n`)
    const files = [await openTabular(path, 0)]
    const options = { preset, files, selectors: columnSelectors, folder: join(folder, 'study'), seed: 0, processes: 1 }
    await expect(runTabularStudy({ ...options, stored: true })).rejects.toThrow(
      /6 of 6 results of tables models are not there yet/,
    )
    const results = await runTabularStudy(options)
    expect(results.failed).toEqual([])
    const report = await assembleTabularReport({ results, facts: ['small'], seed: 0 })
    expect(report.scores).toHaveLength(4 * columnSelectors.length)
    const greedy = report.scores.find(
      ({ table, training, selector }) => table === 'copies' && training === 'plain' && selector === 'greedy-pig',
    )!
    expect(greedy.n).toBe(2)
    expect(greedy.gradients).toBe(13 * 16)
    const row = report.scores.find(({ table, selector }) => table === 'own' && selector === 'permutation')!
    expect(row.n).toBe(files[0]!.test.count)
    const curve = report.curves.find(
      ({ table, selector, training }) => table === 'own' && selector === 'permutation' && training === row.training,
    )!
    expect(curve.loss).toHaveLength(4)
    expect(row.area.value).toBeCloseTo(areaOverColumns(curve.loss), 5)
    const again = await runTabularStudy({ ...options, stored: true })
    expect(await assembleTabularReport({ results: again, facts: ['small'], seed: 0 })).toEqual(report)
    expect(again.digest).toBe(results.digest)
    const page = renderTabularReport(report)
    for (const text of ['copies, masked training', 'Networks trained anew', '<svg', 'perRound=2']) expect(page).toContain(text)
    await expect(runTabularStudy({ ...options, files: [...files, ...files] })).rejects.toThrow(/two tables are called "own"/)
  }, 60_000)
})
