/** @file One child process with sessions: a queue of work, one request in flight, a new process after a death. */
import { type ChildProcess, fork } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { closeExchange, openExchange, pack, unpack } from '../../../child/exchange.mjs'
import { AbortedError, RuntimeCrashed, RuntimeError } from '../../errors.js'
import type { TensorValues } from '../../tensor-value.js'
import { engineMessage } from '../engine-message.js'
import type { EngineOptions, PackedValues, Reply, Request } from '../protocol.js'
import type { RunOptions } from '../runtime.js'

/** What it takes to open a session, and to open it again in a new process. */
export interface SessionSource {
  readonly id: number
  readonly model: Uint8Array
  readonly options: EngineOptions
}

interface Job {
  start(): Promise<void>
  fail(error: Error): void
}

/** Models above this size reach the child through a file: a message would be copied several times. */
const fileFrom = 64 * 2 ** 20

const script = new URL('../../../child/session.mjs', import.meta.url)

export class EngineProcess {
  #child: ChildProcess | undefined
  readonly #opened = new Set<number>()
  readonly #queue: Job[] = []
  #current: Job | undefined
  /** Why the work in progress must not go on. */
  #failure: Error | undefined
  #pending: { resolve(reply: Reply): void; reject(error: Error): void } | undefined
  /** The file large arrays pass through. */
  #exchange: number | undefined
  #errors = ''
  #disposed = false

  /** Work waiting or in progress. */
  get load(): number {
    return this.#queue.length + (this.#current ? 1 : 0)
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  has(source: SessionSource): boolean {
    return this.#opened.has(source.id)
  }

  open(source: SessionSource): Promise<void> {
    return this.#submit(() => this.#open(source))
  }

  run(
    source: SessionSource,
    feeds: TensorValues,
    fetches?: readonly string[],
    { signal, keep }: RunOptions = {},
  ): Promise<TensorValues> {
    return this.#submit(async () => {
      await this.#open(source)
      const request = {
        kind: 'run',
        session: source.id,
        feeds: pack(feeds, this.#exchange),
        ...(fetches && { fetches }),
        ...(keep && { keep }),
      } as const
      const outputs = await this.#call(request)
      return unpack(outputs ?? {}, this.#exchange)
    }, signal)
  }

  close(source: SessionSource): Promise<void> {
    return this.#submit(async () => {
      if (this.#opened.delete(source.id)) await this.#call({ kind: 'close', session: source.id })
    })
  }

  /** Ends the process; work not finished is rejected. */
  async dispose(): Promise<void> {
    if (this.#disposed) return
    this.#disposed = true
    const error = new RuntimeError('the runtime was disposed')
    for (const job of this.#queue.splice(0)) job.fail(error)
    const child = this.#child
    // Not 'close', which Node never emits where the parent disconnected.
    const ended = new Promise<void>(resolve => child?.once('exit', () => resolve()))
    if (this.#current) {
      this.#current.fail(error)
      this.#kill(error)
    }
    this.#forget()
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    hold(child, true)
    if (child.connected) child.disconnect()
    const timer = setTimeout(() => child.kill('SIGKILL'), 3000)
    await ended
    clearTimeout(timer)
  }

  /** Queues work. An abort takes it from the queue, or ends the process under it. */
  #submit<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#disposed) return reject(new RuntimeError('the runtime was disposed'))
      if (signal?.aborted) return reject(aborted(signal))
      const abort = () => {
        const error = aborted(signal)
        const waiting = this.#queue.indexOf(job)
        if (waiting >= 0) this.#queue.splice(waiting, 1)
        else if (this.#current === job) this.#kill(error)
        job.fail(error)
      }
      const job: Job = {
        start: async () => {
          try {
            resolve(await work())
          } catch (error) {
            reject(error)
          } finally {
            signal?.removeEventListener('abort', abort)
          }
        },
        fail: error => {
          signal?.removeEventListener('abort', abort)
          reject(error)
        },
      }
      signal?.addEventListener('abort', abort, { once: true })
      this.#queue.push(job)
      if (!this.#current) void this.#work()
    })
  }

  async #work(): Promise<void> {
    while ((this.#current = this.#queue.shift())) {
      this.#failure = undefined
      this.#errors = ''
      if (this.#child) hold(this.#child, true)
      await this.#current.start()
    }
    if (this.#child) hold(this.#child, false)
  }

  async #open({ id, model, options }: SessionSource): Promise<void> {
    if (this.#opened.has(id)) return
    const folder = model.byteLength > fileFrom ? await mkdtemp(join(tmpdir(), 'ascribe-')) : undefined
    try {
      let source: Uint8Array | string = model
      if (folder !== undefined) await writeFile((source = join(folder, 'model.onnx')), model)
      await this.#call({ kind: 'open', session: id, model: source, options })
      this.#opened.add(id)
    } finally {
      if (folder !== undefined) await rm(folder, { recursive: true, force: true })
    }
  }

  async #call(request: Request): Promise<PackedValues | undefined> {
    if (this.#failure) throw this.#failure
    const child = (this.#child ??= this.#start())
    const reply = await new Promise<Reply>((resolve, reject) => {
      this.#pending = { resolve, reject }
      try {
        // A failure to send means that the process is gone; its close event says so.
        child.send(request, () => {})
      } catch (error) {
        this.#pending = undefined
        reject(new RuntimeError(`a value cannot be passed to the engine: ${(error as Error).message}`, { cause: error }))
      }
    })
    if (reply.ok) return reply.outputs
    throw new RuntimeError((reply.advice ?? engineMessage(reply.message)) + (reply.remark ?? ''))
  }

  #start(): ChildProcess {
    this.#exchange = openExchange()
    const shared = this.#exchange !== undefined
    const child = fork(script, shared ? ['4'] : [], {
      serialization: 'advanced',
      execArgv: [],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc', ...(shared ? [this.#exchange] : [])],
    })
    child.stderr?.setEncoding('utf8').on('data', text => {
      if (child === this.#child) this.#errors = (this.#errors + text).slice(-4000)
    })
    child.on('message', reply => {
      if (child !== this.#child) return
      const pending = this.#pending
      this.#pending = undefined
      pending?.resolve(reply as Reply)
    })
    child.on('error', error => {
      if (child === this.#child) this.#kill(new RuntimeCrashed(`the engine's process failed: ${error.message}`, { cause: error }))
    })
    child.on('disconnect', () => {
      if (child === this.#child) child.kill('SIGKILL')
    })
    child.on('close', (code, signal) => {
      if (child === this.#child) this.#lose(new RuntimeCrashed(deathMessage(code, signal, this.#errors)))
    })
    return child
  }

  #kill(error: Error): void {
    const child = this.#child
    this.#lose(error)
    child?.kill('SIGKILL')
    if (child) hold(child, false)
  }

  /** Forgets the process; the next call starts another and opens its sessions again. */
  #lose(error: Error): void {
    this.#forget()
    this.#failure = error
    const pending = this.#pending
    this.#pending = undefined
    pending?.reject(error)
  }
  #forget(): void {
    this.#child = undefined
    this.#opened.clear()
    closeExchange(this.#exchange)
    this.#exchange = undefined
  }
}

const aborted = (signal?: AbortSignal): AbortedError => new AbortedError('the run was aborted', { cause: signal?.reason })

/** Whether the process keeps the caller's alive. */
function hold(child: ChildProcess, held: boolean): void {
  const action = held ? 'ref' : 'unref'
  child[action]()
  child.channel?.[action]()
  const pipe = child.stderr as { ref?(): void; unref?(): void } | null
  pipe?.[action]?.()
}

function deathMessage(code: number | null, signal: NodeJS.Signals | null, errors: string): string {
  const how = signal ? `was killed (${signal})` : `ended (exit code ${code})`
  const hint = signal === 'SIGKILL' ? '; if nobody killed it, memory ran out: lower the memory budget' : ''
  const last = errors.trim().split('\n').slice(-3).join(' | ')
  return `the engine's process ${how} at work${hint}${last ? `; its last words: ${last}` : ''}`
}
