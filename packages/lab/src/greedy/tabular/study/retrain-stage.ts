/** @file Networks trained anew on the first k columns of an order, each set of columns once however many selectors chose it. */
import type { Runtime } from '@ascribe/core'
import { type Cell, makeCell, type Work } from '../../../runner/index.js'
import { baselineOf } from '../data/baseline.js'
import { classAuc } from '../metrics/roc.js'
import { fit } from '../model/fit.js'
import { MaskProgram } from '../model/mask-program.js'
import { studyBaseline } from './fit-stage.js'
import type { Asked, SelectValue } from './select-stage.js'
import type { TableSource } from './source.js'

const version = '1'

export interface RetrainValue {
  /** On the test rows. */
  readonly loss: number
  readonly auc: number | null
}

interface Job {
  readonly source: TableSource
  readonly seed: number
  readonly subset: readonly number[]
  readonly cell: Cell
}

function jobOf(source: TableSource, seed: number, subset: readonly number[]): Job {
  const cell = makeCell(
    { kind: 'retrain', version, sample: source.sample(seed), seed, options: { subset, baseline: studyBaseline, ...source.fit } },
    { group: source.sample(seed), cost: { forwards: 0, gradients: source.outline(seed).rows.train * source.fit.epochs } },
  )
  return { source, seed, subset, cell }
}

const subsetOf = ({ order }: SelectValue, count: number): number[] => order.slice(0, count).sort((a, b) => a - b)

/** Numbers of columns that fit a table. */
export const countsOf = ({ retrainCounts }: TableSource, columns: number): number[] =>
  retrainCounts.filter(count => count < columns)

export class Retrainings {
  readonly #jobs = new Map<string, Job>()

  constructor(asked: readonly Asked[], selections: ReadonlyMap<string, SelectValue>) {
    for (const { run, ablation, cell } of asked) {
      const value = selections.get(cell.key)
      if (!value || ablation || !run.source.retrainSeeds.includes(run.seed)) continue
      for (const count of countsOf(run.source, value.order.length)) {
        const job = jobOf(run.source, run.seed, subsetOf(value, count))
        this.#jobs.set(job.cell.key, job)
      }
    }
  }

  get cells(): Cell[] {
    return [...this.#jobs.values()].map(({ cell }) => cell)
  }

  work(runtimeOf: (slot: number) => Runtime): Work<RetrainValue> {
    return async ({ key }, { slot, signal }) => {
      const { source, seed, subset } = this.#jobs.get(key)!
      const data = source.data(seed)
      const runtime = runtimeOf(slot)
      const options = { training: 'plain', baseline: studyBaseline, seed, subset, runtime, signal } as const
      const { graph } = await fit(data, source.fit, options)
      const program = new MaskProgram({ runtime, model: graph, data, baseline: baselineOf(data, studyBaseline), signal })
      const mask = data.columns.map((_, column) => (subset.includes(column) ? 1 : 0))
      const scores = await program.logProbabilities(data.test, [mask])
      await program.dispose()
      const { labels } = data.test
      const classes = data.classes.length
      const losses = Float32Array.from(labels, (label, row) => -scores[row * classes + label]!)
      const auc = classAuc(scores, labels, classes)
      const value = { loss: losses.reduce((sum, loss) => sum + loss, 0) / losses.length, auc: Number.isNaN(auc) ? null : auc }
      if (source.design) return { value }
      return { value, maps: { losses: { dtype: 'float32', dims: [losses.length], data: losses } } }
    }
  }

  /** Of the cell that trained on the first `count` columns of a selection. */
  key({ run }: Asked, selection: SelectValue, count: number): string {
    return jobOf(run.source, run.seed, subsetOf(selection, count)).cell.key
  }
}
