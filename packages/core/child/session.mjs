/**
 * @file The process that holds ONNX Runtime sessions. A native run blocks its event loop and can only be ended by ending the process,
 * which is why it is not the caller's. Requests and replies: src/runtime/protocol.ts.
 */
import { readFile } from 'node:fs/promises'
import { Worker } from 'node:worker_threads'
import { pack, unpack } from './exchange.mjs'

/** The file for large arrays, where the caller passed one. */
const exchange = process.argv[2] === undefined ? undefined : Number(process.argv[2])

/** @type {Map<number, { session: import('onnxruntime-common').InferenceSession, profiled: boolean, kept: Record<string, import('onnxruntime-common').Tensor> }>} */
const sessions = new Map()
/** @type {Promise<typeof import('onnxruntime-common') & { listSupportedBackends(): { name: string }[] }> | undefined} */
let engine

/** Element types that go back to the caller. */
const passed = new Set('float32 float64 int8 uint8 int16 uint16 int32 uint32 int64 uint64 bool'.split(' '))

/** An error whose message is meant for the user as it stands. */
class Advice extends Error {}

const loadEngine = () =>
  (engine ??= import('onnxruntime-node').then(
    ({ default: ort }) => {
      ort.env.logLevel = 'error'
      return ort
    },
    error => {
      engine = undefined
      throw new Advice(
        error.code === 'ERR_MODULE_NOT_FOUND' && /onnxruntime-node/.test(error.message)
          ? 'the package onnxruntime-node is not installed: put the line "onnxruntime-node-install=skip" into .npmrc, then npm install onnxruntime-node@1.30.0'
          : `onnxruntime-node does not load on ${process.platform}-${process.arch}: ${error.message.split('\n')[0]}`,
      )
    },
  ))

/** @param {import('../src/runtime/protocol.ts').Request & { kind: 'open' }} request */
async function open({ session: id, model, options }) {
  const ort = await loadEngine()
  const offered = ort.listSupportedBackends().map(({ name }) => name)
  if (!offered.includes(options.device))
    throw new Advice(`device "${options.device}" is unknown to onnxruntime-node here; it knows ${offered.join(', ')}`)
  const extra = { session: {} }
  if (options.folder !== undefined) extra.session.model_external_initializers_file_folder_path = options.folder
  if (!options.spinning) extra.session.intra_op = { allow_spinning: '0' }
  const settings = {
    executionProviders: [options.device],
    graphOptimizationLevel: 'all',
    intraOpNumThreads: options.threads,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
    extra,
    ...(options.profile === undefined ? {} : { enableProfiling: true, profileFilePrefix: options.profile }),
  }
  // By path, the engine would look for external data beside the temporary file.
  const source = typeof model === 'string' && options.folder !== undefined ? await readFile(model) : model
  try {
    sessions.set(id, {
      session: await ort.InferenceSession.create(source, settings),
      profiled: options.profile !== undefined,
      kept: {},
    })
  } catch (error) {
    if (options.device !== 'cpu')
      error.remark = ` (device "${options.device}"; this onnxruntime-node knows ${offered.join(', ')}, and all but cpu need their own drivers or libraries)`
    throw error
  }
}

/** @param {import('../src/runtime/protocol.ts').Request & { kind: 'run' }} request */
async function run({ session: id, feeds, fetches, keep = {} }) {
  const { Tensor } = await loadEngine()
  const { session, kept } = sessions.get(id)
  const tensors = { ...kept }
  for (const [name, { dtype, dims, data }] of Object.entries(unpack(feeds, exchange)))
    tensors[name] = new Tensor(dtype, data, dims)
  const wanted = new Set(fetches ?? session.outputNames)
  const results = await session.run(tensors, [...new Set([...wanted, ...Object.keys(keep)])])
  for (const [output, input] of Object.entries(keep)) kept[input] = results[output]
  const outputs = {}
  for (const [name, { type, dims, data }] of Object.entries(results)) {
    if (!wanted.has(name)) continue
    if (!passed.has(type)) throw new Advice(`output "${name}" is of type ${type}, which is not a numeric type of the normal form`)
    outputs[name] = { dtype: type, dims, data }
  }
  return pack(outputs, exchange)
}

async function close({ session: id }) {
  const held = sessions.get(id)
  sessions.delete(id)
  if (held?.profiled) held.session.endProfiling()
  await held?.session.release()
}

const handlers = { open, run, close }

process.on('message', async request => {
  let reply
  try {
    reply = { ok: true, outputs: await handlers[request.kind](request) }
  } catch (error) {
    const message = String(error?.message ?? error)
    reply = { ok: false, message, advice: error instanceof Advice ? message : undefined, remark: error?.remark }
  }
  if (process.connected) process.send(reply, () => {})
})

// Ctrl-C reaches the whole process group; the caller decides what it means.
process.on('SIGINT', () => {})

process.on('disconnect', () => {
  for (const { session, profiled } of sessions.values()) if (profiled) session.endProfiling()
  process.exit(0)
})

// During a run no event arrives, so a thread watches for the end of a caller that was killed.
const caller = process.ppid
new Worker(
  `setInterval(() => {
    let alive = process.ppid === ${caller}
    try { process.kill(${caller}, 0) } catch { alive = false }
    if (!alive) process.kill(process.pid, 'SIGKILL')
  }, 500)`,
  { eval: true },
).unref()
