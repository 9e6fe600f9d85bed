/** @file The study of tables, stage by stage: models, selections, models trained anew. Every stage goes on where it stopped. */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { InputError, type Runtime } from '@ascribe/core'
import { nodeRuntime } from '@ascribe/core/node'
import type { Graph } from '@ascribe/onnx'
import {
  type Cell,
  type CellFailure,
  type JsonValue,
  makePlan,
  type ProgressState,
  type RunResult,
  readCells,
  readMap,
  runPlan,
  type Work,
} from '../../../runner/index.js'
import type { TabularData } from '../data/tabular-data.js'
import type { Selector } from '../selectors/index.js'
import { type FitValue, fitWork, modelOf, type Run, runsOf } from './fit-stage.js'
import type { TabularPreset } from './presets.js'
import { Retrainings, type RetrainValue } from './retrain-stage.js'
import { type Asked, askedOf, type SelectValue, selectWork } from './select-stage.js'
import { sourcesOf, type TableSource } from './source.js'

export interface TabularStudyOptions {
  readonly preset: TabularPreset
  readonly files: readonly TabularData[]
  readonly selectors: readonly Selector[]
  /** Where results are kept, one folder per stage. */
  readonly folder: string
  readonly seed: number
  /** Cells in work at the same time, each with a process and one thread. */
  readonly processes: number
  /** Only read what is there: anything missing is an error. */
  readonly stored?: boolean
  readonly signal?: AbortSignal
  readonly log?: (line: string) => void
  readonly onProgress?: (state: ProgressState) => void
}

export interface TabularResults {
  readonly sources: readonly TableSource[]
  readonly runs: readonly Run[]
  readonly fits: ReadonlyMap<string, FitValue>
  readonly asked: readonly Asked[]
  readonly selections: ReadonlyMap<string, SelectValue>
  readonly retrainings: Retrainings
  readonly retrained: ReadonlyMap<string, RetrainValue>
  /** Of a file's selection: each test row's area below its loss. */
  readonly rowAreas: (asked: Asked) => Promise<Float32Array>
  /** Of a file: each test row's loss under the model of a cell that was trained anew. */
  readonly rowLosses: (key: string) => Promise<Float32Array>
  readonly failed: readonly CellFailure[]
  /** Digest of all plans. */
  readonly digest: string
}

/** @throws AbortedError, OutputError; failed cells are in the result */
export async function runTabularStudy(options: TabularStudyOptions): Promise<TabularResults> {
  const { preset, files, selectors, folder, seed, processes } = options
  const runtimes: Runtime[] = []
  const runtimeOf = (slot: number): Runtime => (runtimes[slot] ??= nodeRuntime({ threads: 1 }))
  const failed: CellFailure[] = []
  const digests: string[] = []
  const stage = async <Value>(name: string, cells: readonly Cell[], work: Work<Value>): Promise<RunResult<Value>> => {
    const plan = makePlan({ study: `tables ${name}`, version: '1', cells, protocol: protocolOf(options) })
    digests.push(plan.digest)
    if (options.stored) await refuseMissing(join(folder, name), cells, plan.study)
    const { signal, log, onProgress } = options
    const result = await runPlan(plan, work, {
      folder: join(folder, name),
      concurrency: processes,
      ...(signal && { signal }),
      ...(log && { log }),
      ...(onProgress && { onProgress }),
    })
    failed.push(...result.failed)
    return result
  }
  try {
    const sources = sourcesOf(preset, files, seed)
    const runs = runsOf(sources)
    const { values: fits } = await stage(
      'models',
      runs.map(({ cell }) => cell),
      fitWork(runs, runtimeOf),
    )
    const asked = askedOf(runs, fits, selectors)
    const models = remembering(run => modelOf(join(folder, 'models'), run))
    const { values: selections } = await stage(
      'selections',
      asked.map(({ cell }) => cell),
      selectWork(asked, runtimeOf, models),
    )
    const retrainings = new Retrainings(asked, selections)
    const { values: retrained } = await stage('retrained', retrainings.cells, retrainings.work(runtimeOf))
    return {
      sources,
      runs,
      fits,
      asked,
      selections,
      retrainings,
      retrained,
      rowAreas: async ({ cell }) => (await readMap(join(folder, 'selections'), cell.key, 'areas')).data as Float32Array,
      rowLosses: async key => (await readMap(join(folder, 'retrained'), key, 'losses')).data as Float32Array,
      failed,
      digest: createHash('sha256').update(digests.join()).digest('hex'),
    }
  } finally {
    await Promise.all(runtimes.map(runtime => runtime?.dispose()))
  }
}

/** What is fixed before anything is scored. */
const protocolOf = ({ preset, selectors, seed }: TabularStudyOptions): JsonValue => ({
  preset: JSON.parse(JSON.stringify(preset)),
  selectors: selectors.map(({ name }) => name),
  seed,
  primary: 'masked training; cues among the first K columns; area below the test loss over k/n',
})

async function refuseMissing(folder: string, cells: readonly Cell[], study: string): Promise<void> {
  const { done } = await readCells(folder)
  const missing = cells.filter(({ key }) => !done.has(key)).length
  if (missing > 0)
    throw new InputError(`${missing} of ${cells.length} results of ${study} are not there yet; run the study without --stored`)
}

/** The last few models, which cells of one group share. */
function remembering(open: (run: Run) => Promise<Graph>): (run: Run) => Promise<Graph> {
  const kept = new Map<string, Promise<Graph>>()
  return run => {
    const known = kept.get(run.cell.key)
    if (known) return known
    if (kept.size >= 4) kept.delete(kept.keys().next().value!)
    const opened = open(run)
    kept.set(run.cell.key, opened)
    return opened
  }
}
