/** @file Several models trained at the same time, each with one thread. */
import { nodeRuntime } from '@ascribe/core/node'
import type { TrainingData } from './data.js'
import { finishedRun, type Recipe, type TrainingRecord, trainModel } from './files.js'
import type { EpochRecord } from './state.js'

/** In order, so many at a time; the first error stops the others. */
export async function sideBySide<Job>(
  jobs: readonly Job[],
  { processes, signal }: { readonly processes: number; readonly signal?: AbortSignal | undefined },
  work: (job: Job, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const waiting = [...jobs]
  const stop = new AbortController()
  const abort = (): void => stop.abort(signal?.reason)
  signal?.addEventListener('abort', abort, { once: true })
  if (signal?.aborted) abort()
  const worker = async (): Promise<void> => {
    for (let job = waiting.shift(); job && !stop.signal.aborted; job = waiting.shift()) await work(job, stop.signal)
  }
  const workers = Array.from({ length: Math.max(1, Math.min(processes, jobs.length)) }, worker)
  try {
    await Promise.all(workers)
  } catch (error) {
    stop.abort(error)
    await Promise.allSettled(workers)
    throw error
  } finally {
    signal?.removeEventListener('abort', abort)
  }
}

export interface NamedTraining {
  /** What it is called in messages. */
  readonly name: string
  readonly recipe: Recipe
  readonly data: TrainingData
  readonly output: string
}

export interface NamedTrainingOptions {
  readonly signal: AbortSignal
  /** The checkpoint of this epoch is whole by then, and the next one replaces it. */
  readonly onEpoch?: (record: EpochRecord, epochs: number) => void
  readonly onStep?: ((name: string, share: number, loss: number) => void) | undefined
  /** Told of models that are already there or go on from a checkpoint. */
  readonly log?: ((line: string) => void) | undefined
}

/** Trains what is not there yet, in a process of its own. */
export async function trainNamed(training: NamedTraining, options: NamedTrainingOptions): Promise<TrainingRecord> {
  const { name, recipe, data, output } = training
  const { signal, onEpoch, onStep, log } = options
  const finished = await finishedRun(recipe, data, output)
  if (finished) {
    log?.(`${name}: already trained (${(100 * finished.accuracy).toFixed(1)}%)`)
    return finished
  }
  const runtime = nodeRuntime({ threads: 1 })
  try {
    return await trainModel({
      recipe,
      data,
      output,
      runtime,
      signal,
      ...(onEpoch && { onEpoch }),
      ...(onStep && { onStep: ({ step, steps, loss }) => onStep(name, step / steps, loss) }),
      onResume: epoch => log?.(`${name}: goes on after epoch ${epoch}`),
    })
  } finally {
    await runtime.dispose()
  }
}
