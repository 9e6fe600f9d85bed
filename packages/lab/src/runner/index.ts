/**
 * @file The runner, on which every study stands: a plan of cells, results that survive whatever ends the run, progress with time left.
 *
 * A study is a plan and a function:
 *
 * ```ts
 * const cells = models.flatMap(model => samples.map(sample =>
 *   makeCell(
 *     { kind: 'score', version: '1', model: model.digest, method: 'gradient', options: resolveOptions(gradient, {}), sample, seed: 0 },
 *     { cost: { forwards: 0, gradients: 1 } },
 *   )))
 * const plan = makePlan({ study: 'bam', version: '1', cells, protocol: { threshold: 0.02 } })
 *
 * const work: Work<{ score: number }> = async ({ identity }, { signal }) => {
 *   const attribution = await explain(modelOf(identity.model), picture(identity.sample), gradient, { seed: identity.seed, signal })
 *   const map: TensorValue = { dtype: 'float32', dims: attribution.dims, data: attribution.values }
 *   return { value: { score: scoreOf(attribution) }, maps: { map } }
 * }
 *
 * const { values, failed } = await runPlan(plan, work, {
 *   folder, signal, concurrency: 2, log: line => terminal.note(line), onProgress: progressPrinter(terminal),
 * })
 * ```
 *
 * Where work is heavy JavaScript, put it into a module that exports `createWork(settings)`, and let `forkWorkers(moduleUrl, { processes,
 * settings })` run it: `runPlan(plan, pool.work, { concurrency: pool.processes, ... })`. The values are the same.
 *
 * A cell need not be one picture: where many are computed faster together, or one value takes less time than a flush (about a
 * millisecond), let a cell be a block of them (`sample: 'obj/val/0-63'`) and its value a list.
 *
 * In the folder: `plan.json` (written before the first cell), `cells/*.jsonl` (one line per finished or failed cell, the truth),
 * `maps/<key>.<name>.npy`, and `run.lock` while a run holds it. Reports read it with `readCells` and `readMap`.
 */
export { canonicalJson, type JsonValue } from './canonical.js'
export { FatalCellError } from './errors.js'
export { type CellFailure, failureSummary } from './failures.js'
export {
  type Cell,
  type CellCost,
  type CellHints,
  type CellIdentity,
  cellKey,
  costOf,
  describeCell,
  makeCell,
  makePlan,
  type Plan,
} from './plan.js'
export { formatProgress, formatStart, type ProgressState, type ProgressTarget, progressPrinter } from './progress.js'
export { type RunOptions, type RunResult, runPlan } from './run.js'
export type { CellIndex, CellRecord, DoneRecord, FailedRecord } from './shard.js'
export { type StageOptions, Stages } from './stages.js'
export { readCells, readMap } from './store.js'
export type { CellContext, CellOutcome, Work } from './work.js'
export { type CreateWork, forkWorkers, type WorkerPool } from './workers.js'
