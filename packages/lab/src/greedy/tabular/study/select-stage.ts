/** @file Selections: the order that each selector gives, and what the frozen model is worth with the first k columns of it. */
import { type Options, type Runtime, resolveOptionSpecs } from '@ascribe/core'
import type { Graph } from '@ascribe/onnx'
import { type Cell, type JsonValue, makeCell, type Work } from '../../../runner/index.js'
import { baselineOf } from '../data/baseline.js'
import type { Rows } from '../data/tabular-data.js'
import { areaOverColumns } from '../metrics/area.js'
import { classAuc } from '../metrics/roc.js'
import { MaskProgram } from '../model/mask-program.js'
import { type Selector, selectorNamed } from '../selectors/index.js'
import type { Selection, SelectorContext } from '../selectors/selector.js'
import { type FitValue, type Run, studyBaseline } from './fit-stage.js'

const version = '1'

export interface Asked {
  readonly run: Run
  readonly selector: Selector
  readonly options: Options
  /** Part of the ablation. */
  readonly ablation: boolean
  readonly cell: Cell
}

export interface SelectValue {
  readonly order: readonly number[]
  readonly scores: readonly number[]
  /** On the test rows, with the first k columns of the order, k = 0, 1, ..., n. */
  readonly loss: readonly number[]
  readonly auc: readonly (number | null)[]
  /** Rows passed forward, and forward and backward, while selecting. */
  readonly forwards: number
  readonly gradients: number
}

/** Settings of greedy-pig beside its defaults, one changed at a time. */
const ablations: readonly Readonly<Record<string, JsonValue>>[] = [
  { perRound: 2 },
  { perRound: 4 },
  { rounds: 2 },
  { rounds: 4 },
  { points: 1 },
  { points: 4 },
  { points: 64 },
  { baseline: 'mode' },
  { baseline: 'zeros' },
]

export function askedOf(runs: readonly Run[], fits: ReadonlyMap<string, FitValue>, selectors: readonly Selector[]): Asked[] {
  return runs.flatMap(run => {
    const fitted = fits.get(run.cell.key)
    if (!fitted) return []
    const ask = (selector: Selector, given: Readonly<Record<string, unknown>>, ablation: boolean): Asked => {
      const options = resolveOptionSpecs(selector.name, selector.options, given)
      const { columns, rows } = run.source.outline(run.seed)
      const cost = selector.cost(columns.length, options)
      const cell = makeCell(
        {
          kind: 'select',
          version,
          sample: run.source.sample(run.seed),
          seed: run.seed,
          model: fitted.digest,
          method: selector.name,
          options: { ...(options as Record<string, JsonValue>), studyBaseline },
        },
        {
          group: run.cell.key,
          cost: {
            forwards: cost.forwards * rows.train + (columns.length + 1) * rows.test,
            gradients: cost.gradients * rows.train,
          },
        },
      )
      return { run, selector, options, ablation, cell }
    }
    const extra = run.source.ablationSeeds.includes(run.seed)
      ? ablations.map(given => ask(selectorNamed('greedy-pig'), given, true))
      : []
    return [...selectors.map(selector => ask(selector, {}, false)), ...extra]
  })
}

export function selectWork(
  asked: readonly Asked[],
  runtimeOf: (slot: number) => Runtime,
  model: (run: Run) => Promise<Graph>,
): Work<SelectValue> {
  const byKey = new Map(asked.map(one => [one.cell.key, one]))
  /** Orders that do not depend on the model, by what they depend on. */
  const known = new Map<string, Promise<Selection>>()
  const selectionOf = (context: SelectorContext, { run, selector, options }: Asked): Promise<Selection> => {
    if (selector.model) return selector.select(context, options)
    const name = JSON.stringify([run.source.sample(run.seed), selector.name, options, selector.draws ? run.seed : null])
    const order = known.get(name) ?? selector.select(context, options)
    known.set(name, order)
    return order
  }
  return async ({ key }, { slot, signal }) => {
    const one = byKey.get(key)!
    const { run } = one
    const data = run.source.data(run.seed)
    const graph = await model(run)
    const programs = new Map<string, MaskProgram>()
    const programFor = (baseline: string): MaskProgram => {
      const known = programs.get(baseline)
      if (known) return known
      const made = new MaskProgram({ runtime: runtimeOf(slot), model: graph, data, baseline: baselineOf(data, baseline), signal })
      programs.set(baseline, made)
      return made
    }
    try {
      const program = programFor(studyBaseline)
      const { order, scores } = await selectionOf({ data, program, programFor, seed: run.seed, signal }, one)
      const spent = [...programs.values()].map(({ cost }) => cost)
      const { areas, ...curves } = await curvesOf(program, data.test, order, data.classes.length)
      const value: SelectValue = {
        order,
        scores,
        ...curves,
        forwards: spent.reduce((sum, { forwards }) => sum + forwards, 0),
        gradients: spent.reduce((sum, { gradients }) => sum + gradients, 0),
      }
      if (run.source.design) return { value }
      return { value, maps: { areas: { dtype: 'float32', dims: [areas.length], data: areas } } }
    } finally {
      // After an interruption the runtime ends, and its sessions with it.
      if (!signal.aborted) for (const opened of programs.values()) await opened.dispose()
    }
  }
}

/** Loss and AUC of the test rows over k, and each row's own area below its loss. */
async function curvesOf(program: MaskProgram, rows: Rows, order: readonly number[], classes: number) {
  const masks = Array.from({ length: order.length + 1 }, (_, k) => {
    const mask = new Float64Array(order.length)
    for (const column of order.slice(0, k)) mask[column] = 1
    return mask
  })
  const scores = await program.logProbabilities(rows, masks)
  const size = rows.count * classes
  const lossAt = (k: number, row: number): number => -scores[k * size + row * classes + rows.labels[row]!]!
  const loss = masks.map((_, k) => {
    let sum = 0
    for (let row = 0; row < rows.count; row++) sum += lossAt(k, row)
    return sum / rows.count
  })
  const auc = masks.map((_, k) => finite(classAuc(scores.subarray(k * size, (k + 1) * size), rows.labels, classes)))
  const areas = Float32Array.from({ length: rows.count }, (_, row) => areaOverColumns(masks.map((_mask, k) => lossAt(k, row))))
  return { loss, auc, areas }
}

const finite = (value: number): number | null => (Number.isNaN(value) ? null : value)
