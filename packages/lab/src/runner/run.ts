/** @file Runs a plan: what is finished is reused, what fails is isolated and tried again, nothing counts before it is on the disk. */
import { AbortedError, UsageError } from '@ascribe/core'
import { canonicalJson, type JsonValue } from './canonical.js'
import { errorRecord, extended, isFatal, messageOf } from './errors.js'
import { type CellFailure, failureSummary } from './failures.js'
import { costOf, describeCell, type Plan } from './plan.js'
import { recordPlan } from './plan-file.js'
import { formatStart, type ProgressState } from './progress.js'
import { Schedule, type Turn } from './schedule.js'
import type { ShardFile } from './shard.js'
import { CellStore } from './store.js'
import { Tracker } from './tracker.js'
import { count, roughly } from './words.js'
import type { CellOutcome, Work } from './work.js'

export interface RunOptions {
  /** Where plan.json, cells/ and maps/ lie; made where it is not there. */
  readonly folder: string
  /** Cells in work at the same time. Default 1; with a worker pool, its `processes`. */
  readonly concurrency?: number
  /** How often a failed cell is tried again in this run. Default 2. */
  readonly retries?: number
  readonly signal?: AbortSignal
  /** Called at every change and about once a second. */
  readonly onProgress?: (state: ProgressState) => void
  /** Lines for people: the cost before the start, notices, failures. */
  readonly log?: (line: string) => void
  /** How shards are created; default files. */
  readonly createShard?: (path: string) => Promise<ShardFile>
}

export interface RunResult<Value = JsonValue> {
  /** By key, in the plan's order: the same whatever was reused, and whatever order cells were finished in. */
  readonly values: ReadonlyMap<string, Value>
  /** In the plan's order; the next run tries them again. */
  readonly failed: readonly CellFailure[]
  /** Cells that earlier runs had finished, and cells that this one did. */
  readonly reused: number
  readonly computed: number
}

/** Failures told one by one; the summary has them all. */
const toldFailures = 5

/**
 * Runs what is not finished of a plan.
 *
 * @throws AbortedError where the signal fired, FatalCellError where work ended the run, OutputError where the disk is full or cannot be
 * written: each says how many cells are saved, and the same call goes on from there
 * @throws UsageError where another run holds the folder, InputError where a shard is damaged
 */
export async function runPlan<Value = JsonValue>(plan: Plan, work: Work<Value>, options: RunOptions): Promise<RunResult<Value>> {
  const { concurrency = 1, retries = 2, folder, createShard } = options
  if (!Number.isInteger(concurrency) || concurrency < 1)
    throw new UsageError(`concurrency must be a positive integer, not ${concurrency}`)
  if (!Number.isInteger(retries) || retries < 0) throw new UsageError(`retries must be a whole number from 0, not ${retries}`)
  if (options.signal?.aborted) throw new AbortedError('interrupted before the start', { cause: options.signal.reason })
  const store = await CellStore.open(folder, { study: plan.study, plan: plan.digest, ...(createShard ? { createShard } : {}) })
  try {
    return await new Run<Value>(plan, work, { ...options, concurrency, retries }, store).run()
  } finally {
    await store.close()
  }
}

type Settings = RunOptions & { readonly concurrency: number; readonly retries: number }

class Run<Value> {
  readonly #plan: Plan
  readonly #work: Work<Value>
  readonly #options: Settings
  readonly #store: CellStore
  readonly #schedule: Schedule
  readonly #tracker: Tracker
  readonly #computed = new Map<string, Value>()
  readonly #failures = new Map<string, CellFailure>()
  readonly #stop = new AbortController()
  /** Why the run ends early. */
  #reason: unknown

  constructor(plan: Plan, work: Work<Value>, options: Settings, store: CellStore) {
    this.#plan = plan
    this.#work = work
    this.#options = options
    this.#store = store
    this.#schedule = new Schedule(plan.cells.filter(({ key }) => !store.index.done.has(key)))
    this.#tracker = new Tracker(plan, store.index, options.concurrency)
  }

  async run(): Promise<RunResult<Value>> {
    const { signal, onProgress, concurrency } = this.#options
    const { cells } = this.#plan
    await this.#announce()
    const abort = (): void => this.#end(new AbortedError('interrupted', { cause: signal?.reason }))
    signal?.addEventListener('abort', abort, { once: true })
    if (signal?.aborted) abort()
    const timer = onProgress && setInterval(() => this.#report(), 1000)
    try {
      this.#report()
      const slots = Math.min(concurrency, cells.length - this.#tracker.reused)
      await Promise.all(Array.from({ length: slots }, (_, slot) => this.#fill(slot)))
    } catch (error) {
      // Not a cell's failure, which #attempt keeps: a callback threw. The other slots must not go on.
      this.#end(error)
    } finally {
      clearInterval(timer)
      signal?.removeEventListener('abort', abort)
    }
    const { reused, computed } = this.#tracker
    if (this.#stop.signal.aborted)
      throw extended(
        this.#reason,
        `${count(reused + computed)} of ${count(cells.length, 'cell')} are saved, and the same command goes on from there`,
      )
    const result = this.#result()
    if (result.failed.length > 0) this.#log(failureSummary(result.failed))
    return result
  }

  #result(): RunResult<Value> {
    const { done } = this.#store.index
    const values = new Map<string, Value>()
    for (const { key } of this.#plan.cells) {
      if (this.#computed.has(key)) values.set(key, this.#computed.get(key)!)
      else if (done.has(key)) values.set(key, done.get(key)!.value as Value)
    }
    const failed = this.#plan.cells.flatMap(({ key }) => this.#failures.get(key) ?? [])
    return { values, failed, reused: this.#tracker.reused, computed: this.#tracker.computed }
  }

  async #announce(): Promise<void> {
    const { cells, study } = this.#plan
    const { folder, concurrency } = this.#options
    const { done, failed, notices } = this.#store.index
    for (const notice of notices) this.#log(notice)
    const change = await recordPlan(folder, this.#plan)
    if (change) this.#log(change)
    const todo = cells.filter(({ key }) => !done.has(key))
    const expected = this.#tracker.left()
    this.#log(
      formatStart({
        study,
        total: cells.length,
        reused: this.#tracker.reused,
        cost: costOf(todo),
        concurrency,
        ...(expected === undefined ? {} : { expected }),
      }),
    )
    const again = todo.filter(({ key }) => failed.has(key)).length
    if (again > 0) this.#log(`${study}: ${count(again, 'cell')} of an earlier run failed and will be tried again`)
  }

  /** Works in one slot until nothing is left. */
  async #fill(slot: number): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const turn = this.#schedule.next(slot)
      if (!turn) return
      this.#tracker.begin(turn.cell)
      await this.#attempt(turn, slot)
      this.#tracker.end(turn.cell)
      this.#report()
    }
  }

  async #attempt(turn: Turn, slot: number): Promise<void> {
    const { cell, attempt } = turn
    const { key, identity } = cell
    const begun = performance.now()
    const record = () => ({ key, cell: identity, attempt, milliseconds: Math.round(performance.now() - begun) })
    try {
      const { value: given, maps = {} } = await this.#outcome(turn, slot)
      // What is stored is what is returned, so that a resumed run gives the very same values.
      const value = JSON.parse(canonicalJson(given))
      const done = record()
      await this.#store.writeMaps(key, maps)
      const names = Object.keys(maps).sort()
      await this.#store.append({ ...done, value, ...(names.length > 0 ? { maps: names } : {}) })
      this.#computed.set(key, value)
      this.#tracker.finish(cell, done.milliseconds / 1000, slot)
      this.#tellPace()
    } catch (error) {
      if (isFatal(error) || this.#stop.signal.aborted) return this.#end(error)
      await this.#store.append({ ...record(), error: errorRecord(error) }).catch(cause => this.#end(cause))
      this.#fail(turn, error)
    }
  }

  /** The work's outcome, or the end of the run, whichever comes first. */
  #outcome({ cell, attempt }: Turn, slot: number): Promise<CellOutcome<Value>> {
    const { signal } = this.#stop
    // Work that does not listen to the signal goes on for a while, but says nothing any more.
    const progress = (share: number): void => {
      if (signal.aborted) return
      this.#tracker.share(cell, share)
      this.#report()
    }
    const log = (line: string): void => {
      if (!signal.aborted) this.#log(line)
    }
    return new Promise((resolve, reject) => {
      const abort = (): void => reject(this.#reason)
      signal.addEventListener('abort', abort, { once: true })
      // An async function: work that throws before its first await fails like any other.
      const settled = (async () => this.#work(cell, { signal, attempt, slot, progress, log }))()
      void settled.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
    })
  }

  #fail({ cell, attempt }: Turn, error: unknown): void {
    if (attempt <= this.#options.retries) {
      this.#schedule.add({ cell, attempt: attempt + 1 })
      return
    }
    this.#failures.set(cell.key, { cell, attempts: attempt, error: errorRecord(error) })
    this.#tracker.giveUp(cell)
    if (this.#failures.size > toldFailures) return
    this.#log(`failed after ${count(attempt, 'attempt')}: ${describeCell(cell.identity)}: ${messageOf(errorRecord(error))}`)
    if (this.#failures.size === toldFailures) this.#log('further failures are summed up at the end')
  }

  /** Ends the run; the first reason counts. */
  #end(reason: unknown): void {
    if (this.#stop.signal.aborted) return
    this.#reason = reason
    this.#stop.abort(reason)
  }

  /** Once, when the first few cells tell how long the rest takes; an earlier run has told already. */
  #tellPace(): void {
    const { computed, reused } = this.#tracker
    if (reused > 0 || computed !== Math.max(3, 2 * this.#options.concurrency)) return
    const left = this.#tracker.left()
    if (left !== undefined && left >= 10) this.#log(`${this.#plan.study}: ${roughly(left)} at the pace of the first cells`)
  }

  #report(): void {
    this.#options.onProgress?.(this.#tracker.state())
  }

  #log(line: string): void {
    this.#options.log?.(line)
  }
}
