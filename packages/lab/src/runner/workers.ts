/** @file Work spread over processes, for work that keeps this one's event loop busy or may crash. */
import { UsageError } from '@ascribe/core'
import type { JsonValue } from './canonical.js'
import type { Work } from './work.js'
import { WorkerProcess } from './worker-process.js'

/** What a worker's module exports: called once in each process, with what `forkWorkers` was given. */
export type CreateWork = (settings: JsonValue) => Work | Promise<Work>

export interface WorkerPool {
  readonly processes: number
  /** Ids of the processes alive now. */
  readonly pids: readonly number[]
  /** For `runPlan`: computes a cell in the process of its slot. */
  readonly work: Work
  /** Ends the processes, after a second by force. */
  dispose(): Promise<void>
}

/**
 * Processes that are started when first needed. A process that dies fails only the cells it was at; a new one takes its place.
 *
 * @param module URL of a module that exports `createWork(settings)`
 * @param settings what work needs to know besides its cell: folders, paths of models; passed to each process
 * @throws UsageError for a number that is no positive integer
 */
export function forkWorkers(
  module: URL,
  { processes, settings = null }: { processes: number; settings?: JsonValue },
): WorkerPool {
  if (!Number.isInteger(processes) || processes < 1)
    throw new UsageError(`processes must be a positive integer, not ${processes}`)
  const pool = Array.from({ length: processes }, () => new WorkerProcess(module.href, settings))
  return {
    processes,
    get pids() {
      return pool.flatMap(({ pid }) => pid ?? [])
    },
    work: (cell, context) => pool[context.slot % processes]!.run(cell, context),
    async dispose() {
      await Promise.all(pool.map(one => one.dispose()))
    },
  }
}
