/** @file The runtime for Node: onnxruntime-node in child processes, so that the caller's event loop stays free. */
import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import { RuntimeError, UsageError } from '../errors.js'
import type { TensorValues } from '../tensor-value.js'
import { EngineProcess, type SessionSource } from './process/node.js'
import type { Device, RunOptions, Runtime, Session, SessionOptions } from './runtime.js'

export interface NodeRuntimeOptions {
  /** Threads inside one operator, per process. Default: the machine's cores, at most 8, shared among the processes. */
  readonly threads?: number
  /** Where graphs run. Default 'cpu'. */
  readonly device?: Device
  /** Child processes that runs are spread over. Default 1. */
  readonly processes?: number
}

export interface NodeRuntime extends Runtime {
  /** Process ids of the children alive now. */
  readonly pids: readonly number[]
}

/**
 * A runtime whose sessions live in child processes, started when first needed. It does not keep the caller's process alive.
 * Runs in one process are queued in order. After a crash or an abort during a run the next call starts a new process and
 * opens its sessions again.
 * @throws UsageError for numbers that are not positive integers
 * @throws RuntimeError where onnxruntime-node is not installed
 */
export function nodeRuntime(options: NodeRuntimeOptions = {}): NodeRuntime {
  const { device = 'cpu', processes = 1 } = options
  const threads = options.threads ?? Math.max(1, Math.floor(Math.min(availableParallelism(), 8) / processes))
  for (const [name, value] of Object.entries({ threads, processes }))
    if (!Number.isInteger(value) || value < 1) throw new UsageError(`${name} must be a positive integer, not ${value}`)
  const version = `onnxruntime-node ${engineVersion()}`
  const pool = Array.from({ length: processes }, () => new EngineProcess())
  let sessions = 0

  /** The process with the least work; among equals one that has the session open. */
  const pick = (source: SessionSource): EngineProcess =>
    pool.reduce((best, one) =>
      one.load < best.load || (one.load === best.load && one.has(source) && !best.has(source)) ? one : best,
    )

  const session = (source: SessionSource): Session => {
    let open = true
    /** The process that holds what runs of this session keep: the next run finds it there and nowhere else. */
    let home: EngineProcess | undefined
    return {
      async run(feeds: TensorValues, fetches?: readonly string[], options: RunOptions = {}) {
        if (!open) throw new RuntimeError('the session was disposed')
        const one = home ?? pick(source)
        if (options.keep) home = one
        return one.run(source, feeds, fetches, options)
      },
      async dispose() {
        if (!open) return
        open = false
        await Promise.all(pool.map(one => one.close(source)))
      },
    }
  }

  return {
    device,
    version,
    processes,
    get pids() {
      return pool.flatMap(one => one.pid ?? [])
    },
    async open(model: Uint8Array, { folder, threads: own, profile }: SessionOptions = {}) {
      const source: SessionSource = {
        id: ++sessions,
        model,
        options: {
          device,
          threads: own ?? threads,
          spinning: processes === 1,
          ...(folder !== undefined && { folder: resolve(folder) }),
          ...(profile !== undefined && { profile: resolve(profile) }),
        },
      }
      await pick(source).open(source)
      return session(source)
    },
    async dispose() {
      await Promise.all(pool.map(one => one.dispose()))
    },
  }
}

/** @throws RuntimeError where the package is not installed */
export function engineVersion(name = 'onnxruntime-node'): string {
  try {
    return createRequire(import.meta.url)(`${name}/package.json`).version
  } catch (error) {
    throw new RuntimeError(
      `the package ${name} is not installed: put the line "onnxruntime-node-install=skip" into .npmrc, then run npm install ${name}@1.30.0`,
      { cause: error },
    )
  }
}
