/**
 * @file A process that computes cells. It imports the module it is told, calls its `createWork(settings)` once, and passes each cell to the
 * function that comes back. Messages: src/runner/worker-protocol.ts.
 */
import { Worker } from 'node:worker_threads'

/** @type {((cell: import('../src/runner/plan.ts').Cell, context: import('../src/runner/work.ts').CellContext) => Promise<unknown>) | undefined} */
let work
/** Cells in work. @type {Map<number, AbortController>} */
const running = new Map()

/** @param {import('../src/runner/worker-protocol.ts').FromWorker} message */
const tell = message => {
  if (process.connected) process.send(message, () => {})
}

/** The same as errorRecord in src/runner/errors.ts, which cannot be imported before it is built. */
function recordOf(error) {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) }
  const { name, message, stack } = error
  const defect = /^(Type|Range|Reference|Syntax)Error$/.test(name)
  return { name, message, at: defect ? /([^\s(/\\]+:\d+):\d+\)?$/m.exec(stack)?.[1] : undefined }
}

async function start({ module, settings }) {
  try {
    const { createWork } = await import(module)
    if (typeof createWork !== 'function') throw new Error('it exports no function createWork')
    work = await createWork(settings)
    tell({ kind: 'ready' })
  } catch (error) {
    tell({ kind: 'broken', message: recordOf(error).message })
  }
}

async function cell({ id, cell, attempt, slot }) {
  const controller = new AbortController()
  running.set(id, controller)
  try {
    const outcome = await work(cell, {
      signal: controller.signal,
      attempt,
      slot,
      progress: share => tell({ kind: 'progress', id, share }),
      log: line => tell({ kind: 'log', id, line }),
    })
    tell({ kind: 'done', id, outcome })
  } catch (error) {
    tell({ kind: 'failed', id, error: recordOf(error) })
  } finally {
    running.delete(id)
  }
}

const abort = ({ id }) => running.get(id)?.abort()

const handlers = { start, cell, abort }

process.on('message', message => handlers[message.kind](message))

// Ctrl-C reaches the whole process group; the parent decides what it means.
process.on('SIGINT', () => {})

process.on('disconnect', () => {
  for (const controller of running.values()) controller.abort()
  process.exit(0)
})

// Work may block the event loop, so a thread watches for the end of a parent that was killed.
const parent = process.ppid
new Worker(
  `setInterval(() => {
    let alive = process.ppid === ${parent}
    try { process.kill(${parent}, 0) } catch { alive = false }
    if (!alive) process.kill(process.pid, 'SIGKILL')
  }, 500)`,
  { eval: true },
).unref()
