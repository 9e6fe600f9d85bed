/** @file One worker process: cells in work, the death of the process, and a new one after it. */
import { type ChildProcess, fork } from 'node:child_process'
import { AbortedError } from '@ascribe/core'
import type { JsonValue } from './canonical.js'
import { FatalCellError, revive } from './errors.js'
import type { Cell } from './plan.js'
import type { CellContext, CellOutcome } from './work.js'
import type { FromWorker, ToWorker } from './worker-protocol.js'

const script = new URL('../../child/runner-worker.mjs', import.meta.url)

/** Milliseconds a process has to end by itself. */
const patience = 1000

interface Pending {
  readonly context: CellContext
  resolve(outcome: CellOutcome): void
  reject(error: Error): void
}

interface Started {
  readonly child: ChildProcess
  readonly ready: Promise<void>
  readonly pending: Map<number, Pending>
}

export class WorkerProcess {
  readonly #module: string
  readonly #settings: JsonValue
  #started: Started | undefined
  #ids = 0
  #disposed = false

  constructor(module: string, settings: JsonValue) {
    this.#module = module
    this.#settings = settings
  }

  get pid(): number | undefined {
    return this.#started?.child.pid
  }

  /**
   * Computes a cell in the process.
   *
   * @throws FatalCellError where the module cannot be loaded, else what the work threw, or an error that says how the process died
   */
  async run(cell: Cell, context: CellContext): Promise<CellOutcome> {
    if (this.#disposed) throw new FatalCellError('the worker processes were ended')
    const started = (this.#started ??= this.#start())
    await started.ready
    const { child, pending } = started
    const id = ++this.#ids
    const abort = (): void => send(child, { kind: 'abort', id })
    try {
      return await new Promise<CellOutcome>((resolve, reject) => {
        if (this.#started !== started) return reject(new Error('the worker process died before it got the cell'))
        pending.set(id, { context, resolve, reject })
        hold(child, true)
        context.signal.addEventListener('abort', abort, { once: true })
        send(child, { kind: 'cell', id, cell, attempt: context.attempt, slot: context.slot })
      })
    } finally {
      context.signal.removeEventListener('abort', abort)
      pending.delete(id)
      if (pending.size === 0) hold(child, false)
    }
  }

  /** Ends the process; cells in work are rejected. */
  async dispose(): Promise<void> {
    this.#disposed = true
    const { child, pending } = this.#started ?? {}
    this.#started = undefined
    for (const { reject } of pending?.values() ?? []) reject(new AbortedError('the worker processes were ended'))
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const ended = new Promise<void>(resolve => child.once('exit', () => resolve()))
    hold(child, true)
    if (child.connected) child.disconnect()
    const timer = setTimeout(() => child.kill('SIGKILL'), patience)
    await ended
    clearTimeout(timer)
  }

  #start(): Started {
    const child = fork(script, { serialization: 'advanced', execArgv: [], stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
    const pending = new Map<number, Pending>()
    let words = ''
    child.stderr?.setEncoding('utf8').on('data', text => (words = (words + text).slice(-2000)))
    const ready = new Promise<void>((resolve, reject) => {
      child.on('message', (message: FromWorker) => {
        if (message.kind === 'ready') return resolve()
        if (message.kind === 'broken') {
          const what = `the worker's module ${this.#module} cannot be used: ${message.message.split('\n')[0]}`
          return reject(new FatalCellError(what))
        }
        const one = pending.get(message.id)
        if (message.kind === 'done') one?.resolve(message.outcome)
        else if (message.kind === 'failed') one?.reject(revive(message.error))
        else if (message.kind === 'progress') one?.context.progress(message.share)
        else one?.context.log(message.line)
      })
      const lose = (how: string): void => {
        if (this.#started?.child === child) this.#started = undefined
        reject(new FatalCellError(`a worker process ${how} before it was ready`))
        for (const one of pending.values()) one.reject(new Error(`the worker process ${how}`))
      }
      child.on('error', error => lose(`failed (${error.message})`))
      child.on('close', (code, signal) => lose(deathOf(code, signal, words)))
    })
    // Those who wait for it see the failure; nobody may be waiting any more.
    ready.catch(() => {})
    send(child, { kind: 'start', module: this.#module, settings: this.#settings })
    return { child, ready, pending }
  }
}

/** A failure to send means that the process is gone; its close event says so. */
function send(child: ChildProcess, message: ToWorker): void {
  if (child.connected) child.send(message, () => {})
}

/** Whether the process keeps this one alive. */
function hold(child: ChildProcess, held: boolean): void {
  const action = held ? 'ref' : 'unref'
  child[action]()
  child.channel?.[action]()
  const pipe = child.stderr as { ref?(): void; unref?(): void } | null
  pipe?.[action]?.()
}

function deathOf(code: number | null, signal: NodeJS.Signals | null, words: string): string {
  const how = signal ? `was killed (${signal})` : `ended (exit code ${code})`
  const hint = signal === 'SIGKILL' ? '; if nobody killed it, memory ran out: use fewer processes' : ''
  const last = words.trim().split('\n').slice(-3).join(' | ')
  return `${how} at work${hint}${last ? `; its last words: ${last}` : ''}`
}
