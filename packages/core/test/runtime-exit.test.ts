import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { GraphBuilder } from '../../onnx/src/build.js'
import { encodeModel } from '../../onnx/src/proto/encode.js'
import { Tensor } from '../../onnx/src/tensor.js'

const built = existsSync(new URL('../dist/runtime/node.js', import.meta.url))
const script = fileURLToPath(new URL('fixtures/caller.mjs', import.meta.url))

const products = (rounds: number): Uint8Array => {
  const build = new GraphBuilder()
  let value = build.input('x', 'float32', [512, 512])
  const weight = build.constant(Tensor.float32([512, 512], new Float32Array(512 * 512).fill(1 / 512)))
  for (let i = 0; i < rounds; i++) value = build.emit('MatMul', [value, weight])
  build.output(value, 'float32', [512, 512])
  return encodeModel(build.build())
}

/** Not even a zombie counts: an orphan stays one until init reaps it. */
const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' && !existsSync('/proc')
  }
}

interface Caller {
  readonly process: ChildProcess
  /** Process id of its engine, once the run has been asked for. */
  readonly engine: Promise<number>
  readonly end: Promise<{ code: number | null; out: string; errors: string }>
}

function call(mode: string, model: string): Caller {
  const child = spawn(process.execPath, [script, mode, model], { stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  let out = ''
  let errors = ''
  const engine = new Promise<number>(resolve =>
    child.stdout.on('data', text => {
      out += text
      const found = /child (\d+)/.exec(out)
      if (found) resolve(Number(found[1]))
    }),
  )
  child.stderr.on('data', text => (errors += text))
  return { process: child, engine, end: new Promise(resolve => child.on('close', code => resolve({ code, out, errors }))) }
}

const gone = { timeout: 5000, interval: 50 }

describe.skipIf(!built)('the end of a program that uses the built runtime (npm run build first)', () => {
  let folder: string
  let short: string
  let long: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ascribe-test-'))
    await writeFile((short = join(folder, 'short.onnx')), products(5))
    await writeFile((long = join(folder, 'long.onnx')), products(5000))
  })
  afterAll(() => rm(folder, { recursive: true }))

  it.each(['dispose', 'forget'])('comes by itself: %s', async mode => {
    const caller = call(mode, short)
    const { code, out, errors } = await caller.end
    expect({ code, errors }).toEqual({ code: 0, errors: '' })
    expect(out).toMatch(/^child \d+\nfinished\n$/)
    const engine = await caller.engine
    await expect.poll(() => alive(engine), gone).toBe(false)
  })

  it('takes the engine along when it is killed during a run', async () => {
    const caller = call('forget', long)
    const engine = await caller.engine
    expect(alive(engine)).toBe(true)
    caller.process.kill('SIGKILL')
    await caller.end
    await expect.poll(() => alive(engine), gone).toBe(false)
  })

  it("is the caller's decision on Ctrl-C: the engine keeps silent", async () => {
    const caller = call('forget', long)
    const engine = await caller.engine
    process.kill(-caller.process.pid!, 'SIGINT')
    const { code, out, errors } = await caller.end
    expect({ code, errors }).toEqual({ code: 0, errors: '' })
    expect(out).toMatch(/^child \d+\nAbortedError\n$/)
    await expect.poll(() => alive(engine), gone).toBe(false)
  })
})
