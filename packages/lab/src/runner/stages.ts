/** @file The stages of a study: plans that are run one after another, what they found, and what failed. */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { JsonValue } from './canonical.js'
import type { CellFailure } from './failures.js'
import { type Cell, makePlan } from './plan.js'
import type { ProgressState } from './progress.js'
import { runPlan } from './run.js'
import type { Work } from './work.js'

export interface StageOptions {
  /** Where results are kept, one folder per stage. */
  readonly folder: string
  /** Worker processes with one thread each; 0: this process. */
  readonly processes: number
  readonly signal?: AbortSignal
  readonly log?: (line: string) => void
  readonly onProgress?: (state: ProgressState) => void
}

export class Stages {
  /** Cells that failed, for the report. */
  readonly failed: CellFailure[] = []
  readonly #digests: string[] = []
  readonly #known = new Map<string, unknown>()

  constructor(
    private readonly study: string,
    private readonly version: string,
    readonly options: StageOptions,
    private readonly work: Work,
  ) {}

  /** Values of all stages so far, by cell key. */
  get known(): ReadonlyMap<string, unknown> {
    return this.#known
  }

  /** Of all plans, in their order. */
  get digest(): string {
    return createHash('sha256').update(this.#digests.join()).digest('hex')
  }

  folderOf(stage: string): string {
    return join(this.options.folder, stage)
  }

  /** Runs what no stage has found yet; values of all stages by key. Failures are kept. */
  async run<Value>(stage: string, cells: readonly Cell[], protocol?: JsonValue): Promise<ReadonlyMap<string, Value>> {
    const { processes, signal, log, onProgress } = this.options
    const fresh = cells.filter(({ key }) => !this.#known.has(key))
    const { study, version } = this
    const plan = makePlan({ study: `${study} ${stage}`, version, cells: fresh, ...(protocol === undefined ? {} : { protocol }) })
    this.#digests.push(plan.digest)
    if (fresh.length > 0) {
      const { values, failed } = await runPlan(plan, this.work, {
        folder: this.folderOf(stage),
        concurrency: Math.max(1, processes),
        retries: 1,
        ...(signal && { signal }),
        ...(log && { log }),
        ...(onProgress && { onProgress }),
      })
      for (const [key, value] of values) this.#known.set(key, value)
      this.failed.push(...failed)
    }
    return this.#known as ReadonlyMap<string, Value>
  }
}
