import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { GraphBuilder } from '../../onnx/src/build.js'
import { encodeModel } from '../../onnx/src/proto/encode.js'
import { Tensor } from '../../onnx/src/tensor.js'
import { AbortedError, RuntimeCrashed, RuntimeError, UsageError } from '../src/errors.js'
import { engineMessage } from '../src/runtime/engine-message.js'
import { engineVersion, type NodeRuntime, nodeRuntime } from '../src/runtime/node.js'
import { float32, type TensorValue } from '../src/tensor-value.js'

/** y = 2 x + 1, z = x x. */
const affine = (): Uint8Array => {
  const build = new GraphBuilder()
  const x = build.input('x', 'float32', ['n'])
  build.append({ domain: '', operator: 'Mul', name: 'm', inputs: [x, build.float(2)], outputs: ['m'], attributes: {} })
  build.append({ domain: '', operator: 'Add', name: 'a', inputs: ['m', build.float(1)], outputs: ['y'], attributes: {} })
  build.append({ domain: '', operator: 'Mul', name: 's', inputs: [x, x], outputs: ['z'], attributes: {} })
  build.output('y', 'float32', ['n'])
  build.output('z', 'float32', ['n'])
  return encodeModel(build.build())
}

/** `rounds` products of 512 x 512 matrices, about 10 ms each on one core. */
const slow = (rounds: number): Uint8Array => {
  const build = new GraphBuilder()
  let value = build.input('x', 'float32', [512, 512])
  const weight = build.constant(
    Tensor.float32(
      [512, 512],
      Float32Array.from({ length: 512 * 512 }, (_, i) => ((i % 7) - 3) / 512),
    ),
  )
  for (let i = 0; i < rounds; i++) value = build.emit('MatMul', [value, weight])
  build.append({ domain: '', operator: 'Identity', name: 'end', inputs: [value], outputs: ['y'], attributes: {} })
  build.output('y', 'float32', [512, 512])
  return encodeModel(build.build())
}

const square = float32([512, 512], new Float32Array(512 * 512).fill(0.5))
const three = { x: float32([3], [1, 2, 3]) }
const list = (value: TensorValue | undefined) => Array.from(value!.data as ArrayLike<number>)
const delay = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

describe('node runtime', () => {
  let runtime: NodeRuntime
  beforeAll(() => {
    runtime = nodeRuntime({ threads: 1 })
  })
  afterAll(() => runtime.dispose())

  it('runs a graph and fetches what is asked for', async () => {
    expect(runtime.version).toBe('onnxruntime-node 1.30.0')
    const session = await runtime.open(affine())
    const all = await session.run(three)
    expect(Object.keys(all).sort()).toEqual(['y', 'z'])
    expect(list(all['y'])).toEqual([3, 5, 7])
    expect(all['y']).toMatchObject({ dtype: 'float32', dims: [3] })
    expect(all['y']!.data).toBeInstanceOf(Float32Array)
    expect(Object.keys(await session.run(three, ['z']))).toEqual(['z'])
    await session.dispose()
    await expect(session.run(three)).rejects.toThrow(/disposed/)
  })

  it('passes only the bytes of a view, and every element type', async () => {
    const types = [
      'float32',
      'float64',
      'int8',
      'uint8',
      'int16',
      'uint16',
      'int32',
      'uint32',
      'int64',
      'uint64',
      'bool',
    ] as const
    const build = new GraphBuilder()
    for (const type of types) {
      build.input(`in ${type}`, type, [3])
      build.append({
        domain: '',
        operator: 'Identity',
        name: type,
        inputs: [`in ${type}`],
        outputs: [`out ${type}`],
        attributes: {},
      })
      build.output(`out ${type}`, type, [3])
    }
    const session = await runtime.open(encodeModel(build.build()))
    const feeds: Record<string, TensorValue> = {}
    for (const type of types) {
      const whole = {
        float32: Float32Array,
        float64: Float64Array,
        int8: Int8Array,
        uint8: Uint8Array,
        int16: Int16Array,
        uint16: Uint16Array,
        int32: Int32Array,
        uint32: Uint32Array,
        int64: BigInt64Array,
        uint64: BigUint64Array,
        bool: Uint8Array,
      }[type]
      const data = type === 'int64' || type === 'uint64' ? [9n, 1n, 0n, 2n, 9n] : [9, 1, 0, type === 'bool' ? 1 : 2, 9]
      feeds[`in ${type}`] = { dtype: type, dims: [3], data: (whole.from as (list: unknown) => Float32Array)(data).subarray(1, 4) }
    }
    const outputs = await session.run(feeds)
    for (const type of types) expect(outputs[`out ${type}`], type).toEqual(feeds[`in ${type}`])
    await session.dispose()
  })

  it('passes large values unchanged', async () => {
    const session = await runtime.open(affine())
    const x = Float32Array.from({ length: 1_500_000 }, (_, i) => i % 1000)
    const [first, second] = await Promise.all([
      session.run({ x: float32([x.length], x) }),
      session.run({ x: float32([x.length - 5], x.subarray(5)) }, ['y']),
    ])
    const differences = (value: TensorValue | undefined, expected: (i: number) => number) =>
      value!.data.length - x.length + list(value).filter((item, i) => item !== expected(i)).length
    expect(differences(first['y'], i => 2 * x[i]! + 1)).toBe(0)
    expect(differences(first['z'], i => x[i]! ** 2)).toBe(0)
    expect(differences(second['y'], i => 2 * x[i + 5]! + 1)).toBe(-5)
    await session.dispose()
  })

  it('queues runs in order and leaves the event loop free', async () => {
    const session = await runtime.open(slow(60))
    let ticks = 0
    const timer = setInterval(() => ticks++, 5)
    const order: number[] = []
    const start = performance.now()
    await Promise.all([0, 1, 2].map(i => session.run({ x: square }).then(() => order.push(i))))
    const elapsed = performance.now() - start
    clearInterval(timer)
    expect(order).toEqual([0, 1, 2])
    expect(elapsed).toBeGreaterThan(50)
    expect(ticks).toBeGreaterThan(elapsed / 5 / 4)
    await session.dispose()
  })

  it('aborts a run at once, keeps other sessions usable, and takes waiting runs from the queue', async () => {
    const quick = await runtime.open(affine())
    const session = await runtime.open(slow(3000))
    const pid = runtime.pids[0]!
    const running = new AbortController()
    const waiting = new AbortController()
    const first = session.run({ x: square }, undefined, { signal: running.signal })
    const second = session.run({ x: square }, undefined, { signal: waiting.signal })
    const third = quick.run(three)
    await delay(50)
    waiting.abort()
    await expect(second).rejects.toThrow(AbortedError)
    expect(alive(pid)).toBe(true)
    const start = performance.now()
    running.abort(new Error('enough'))
    await expect(first).rejects.toThrow(AbortedError)
    expect(performance.now() - start).toBeLessThan(100)
    expect(list((await third)['y'])).toEqual([3, 5, 7])
    await expect(quick.run(three, undefined, { signal: running.signal })).rejects.toThrow(AbortedError)
    expect(runtime.pids[0]).not.toBe(pid)
    await expect.poll(() => alive(pid)).toBe(false)
    const again = runtime.pids[0]
    expect(list((await quick.run(three))['y'])).toEqual([3, 5, 7])
    expect(runtime.pids[0]).toBe(again)
    await session.dispose()
    await quick.dispose()
  })

  it('reports a process that died and starts another', async () => {
    const session = await runtime.open(slow(3000))
    const quick = await runtime.open(affine())
    const running = session.run({ x: square })
    await delay(50)
    process.kill(runtime.pids[0]!, 'SIGKILL')
    await expect(running).rejects.toThrow(RuntimeCrashed)
    await expect(running).rejects.toThrow(/SIGKILL.*memory/)
    expect(list((await quick.run(three))['y'])).toEqual([3, 5, 7])
    process.kill(runtime.pids[0]!, 'SIGKILL')
    await expect.poll(() => runtime.pids.length).toBe(0)
    expect(list((await quick.run(three))['y'])).toEqual([3, 5, 7])
    await session.dispose()
    await quick.dispose()
  })

  it('says in one line what the engine refused', async () => {
    const bad = runtime.open(new Uint8Array([1, 2, 3]))
    await expect(bad).rejects.toThrow(RuntimeError)
    await expect(bad).rejects.toThrow(/protobuf parsing failed/)
    const session = await runtime.open(affine())
    await expect(session.run({})).rejects.toThrow(/'x' is missing/)
    const wrong = session.run({ x: float32([1, 2], [1, 2]) })
    await expect(wrong).rejects.toThrow(/^ONNX Runtime: Invalid rank for input: x Got: 2 Expected: 1/)
    await expect(session.run(three, ['nothing'])).rejects.toThrow(/nothing/)
    const odd = session.run({ x: { dtype: 'float32', dims: [1], data: (() => 1) as never } })
    await expect(odd).rejects.toThrow(/cannot be passed/)
    const missing = new GraphBuilder()
    missing.output(missing.emit('NoSuchOperator', [missing.input('x', 'float32', [1])]))
    const unknown = runtime.open(encodeModel(missing.build()))
    await expect(unknown).rejects.toThrow(/NoSuchOperator/)
    await expect(unknown).rejects.not.toThrow(/\n|\.cc:/)
    expect(list((await session.run(three))['y'])).toEqual([3, 5, 7])
    await session.dispose()
  })

  it('names what is missing: package, device, sensible numbers', async () => {
    expect(() => engineVersion('no-such-engine')).toThrow(/no-such-engine is not installed.*\.npmrc/)
    expect(() => nodeRuntime({ threads: 0 })).toThrow(UsageError)
    expect(() => nodeRuntime({ processes: 1.5 })).toThrow(UsageError)
    const elsewhere = nodeRuntime({ device: 'abacus' as never })
    await expect(elsewhere.open(affine())).rejects.toThrow(/device "abacus".*cpu/)
    await elsewhere.dispose()
    if (existsSync('/dev/nvidia0')) return
    const cuda = nodeRuntime({ device: 'cuda' })
    await expect(cuda.open(affine())).rejects.toThrow(/"cuda".*cpu/)
    await cuda.dispose()
  })

  it('finds external data in the folder given, small graph or large', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ascribe-test-'))
    try {
      const values = Float32Array.from({ length: 600 }, (_, i) => i / 10)
      await writeFile(join(folder, 'weights.bin'), Buffer.concat([Buffer.alloc(64), new Uint8Array(values.buffer)]))
      const origin = { location: 'weights.bin', offset: 64, length: 2400 }
      for (const ballast of [0, 65 * 2 ** 20]) {
        const build = new GraphBuilder()
        const x = build.input('x', 'float32', [600])
        const weight = build.constant(new Tensor('float32', [600], new Uint8Array(values.buffer), origin), 'weight')
        if (ballast) build.constant(new Tensor('uint8', [ballast], new Uint8Array(ballast)), 'ballast')
        build.append({ domain: '', operator: 'Mul', name: 'm', inputs: [x, weight], outputs: ['y'], attributes: {} })
        build.output('y', 'float32', [600])
        const bytes = encodeModel(build.build(), { weights: 'reference' })
        const session = await runtime.open(bytes, { folder })
        const outputs = await session.run({ x: float32([600], new Float32Array(600).fill(2)) })
        expect(outputs['y']!.data).toEqual(values.map(value => 2 * value))
        await session.dispose()
        await expect(runtime.open(bytes, { folder: join(folder, 'elsewhere') })).rejects.toThrow(RuntimeError)
      }
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('removes the temporary file of a large model', async () => {
    const before = new Set((await readdir(tmpdir())).filter(name => name.startsWith('ascribe-')))
    const build = new GraphBuilder()
    const x = build.input('x', 'float32', [1])
    build.constant(new Tensor('uint8', [65 * 2 ** 20], new Uint8Array(65 * 2 ** 20)), 'ballast')
    build.append({ domain: '', operator: 'Neg', name: 'n', inputs: [x], outputs: ['y'], attributes: {} })
    build.output('y', 'float32', [1])
    const session = await runtime.open(encodeModel(build.build()))
    expect((await readdir(tmpdir())).filter(name => name.startsWith('ascribe-') && !before.has(name))).toEqual([])
    expect(list((await session.run({ x: float32([1], [4]) }))['y'])).toEqual([-4])
    await session.dispose()
  })

  it('leaves no listener behind over 200 runs with one signal', async () => {
    const session = await runtime.open(affine())
    const { signal } = new AbortController()
    let listeners = 0
    const { addEventListener, removeEventListener } = signal
    signal.addEventListener = (...given: Parameters<typeof addEventListener>) => {
      listeners++
      addEventListener.apply(signal, given)
    }
    signal.removeEventListener = (...given: Parameters<typeof removeEventListener>) => {
      listeners--
      removeEventListener.apply(signal, given)
    }
    const before = process.listenerCount('exit')
    let most = 0
    for (let i = 0; i < 200; i++) {
      const run = session.run(three, ['y'], { signal })
      most = Math.max(most, listeners)
      await run
    }
    expect(most).toBe(1)
    expect(listeners).toBe(0)
    expect(process.listenerCount('exit')).toBe(before)
    await session.dispose()
  })

  it.skipIf(!existsSync('/proc/self/fd'))('holds no memory and no files after many runs and aborts', async () => {
    const session = await runtime.open(affine())
    const rest = { x: float32([1_200_000], new Float32Array(1_200_000)) }
    const memory = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${runtime.pids[0]}/status`, 'utf8'))![1]) / 1024
    for (let i = 0; i < 60; i++) await session.run(rest)
    const before = memory()
    for (let i = 0; i < 200; i++) await session.run(rest)
    // 200 runs pass 2.9 GB.
    expect(memory() - before).toBeLessThan(200)

    const endless = await runtime.open(slow(3000))
    const files = readdirSync('/proc/self/fd').length
    for (let i = 0; i < 5; i++) {
      const controller = new AbortController()
      const run = endless.run({ x: square }, undefined, { signal: controller.signal })
      setTimeout(() => controller.abort(), 20)
      await expect(run).rejects.toThrow(AbortedError)
    }
    await session.run(three)
    await expect.poll(() => readdirSync('/proc/self/fd').length).toBeLessThanOrEqual(files)
    await session.dispose()
    await endless.dispose()
  })

  it('writes a profile when asked', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ascribe-test-'))
    try {
      const session = await runtime.open(affine(), { profile: join(folder, 'profile') })
      await session.run(three)
      await session.dispose()
      expect((await readdir(folder)).filter(name => name.startsWith('profile'))).toHaveLength(1)
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})

it('gives the same from two processes as from one, and uses both', async () => {
  const one = nodeRuntime({ threads: 1 })
  const two = nodeRuntime({ threads: 1, processes: 2 })
  try {
    const inputs = [1, 2, 3, 4].map(scale =>
      float32(
        [512, 512],
        square.data.map((_, i) => (scale * (i % 11)) / 11),
      ),
    )
    const results = []
    for (const runtime of [one, two]) {
      const session = await runtime.open(slow(20))
      results.push(await Promise.all(inputs.map(async x => (await session.run({ x }))['y'])))
    }
    expect(two.pids).toHaveLength(2)
    expect(one.pids).toHaveLength(1)
    expect(results[1]!.map(list)).toEqual(results[0]!.map(list))
  } finally {
    await Promise.all([one.dispose(), two.dispose()])
  }
})

it('adds up in ScatterND with one thread, whatever the runtime has', async () => {
  const runtime = nodeRuntime({ threads: 2 })
  const count = 100_000
  const build = new GraphBuilder()
  const updates = build.input('x', 'float32', [count])
  const zero = build.constant(Tensor.float32([1], [0]))
  const indices = build.constant(Tensor.from('int64', [count, 1], new Float64Array(count)))
  build.append({
    domain: '',
    operator: 'ScatterND',
    name: 's',
    inputs: [zero, indices, updates],
    outputs: ['y'],
    attributes: { reduction: { kind: 'string', value: 'add' } },
  })
  build.output('y', 'float32', [1])
  const session = await runtime.open(encodeModel(build.build()), { threads: 1 })
  const { y } = await session.run({ x: float32([count], new Float32Array(count).fill(1)) })
  expect(list(y)).toEqual([count])
  await runtime.dispose()
})

it('ends its process and rejects what is left when it is disposed', async () => {
  const runtime = nodeRuntime({ threads: 1 })
  const session = await runtime.open(slow(3000))
  const pid = runtime.pids[0]!
  const runs = [session.run({ x: square }), session.run({ x: square })].map(run => run.catch(error => error))
  await delay(30)
  await runtime.dispose()
  for (const error of await Promise.all(runs)) expect(String(error)).toMatch(/RuntimeError: the runtime was disposed/)
  expect(alive(pid)).toBe(false)
  await expect(session.run({ x: square })).rejects.toThrow(/disposed/)
  await session.dispose().catch(error => expect(error).toBeInstanceOf(RuntimeError))
  await runtime.dispose()
})

describe('engine messages', () => {
  it.each([
    [
      "Non-zero status code returned while running Add node. Name:'/a/Add' Status Message: /onnxruntime_src/onnxruntime/core/providers/cpu/math/element_wise_ops.h:540 void onnxruntime::BroadcastIterator::Init(ptrdiff_t, ptrdiff_t) axis == 1 || axis == largest was false. Attempting to broadcast an axis by a dimension other than 1. 3 by 4\n",
      'ONNX Runtime: Add "/a/Add": axis == 1 || axis == largest was false. Attempting to broadcast an axis by a dimension other than 1. 3 by 4',
    ],
    [
      'Got invalid dimensions for input: x for the following indices\n index: 0 Got: 3 Expected: 2\n Please fix either the inputs/outputs or the model.',
      'ONNX Runtime: Got invalid dimensions for input: x for the following indices index: 0 Got: 3 Expected: 2',
    ],
    ['x'.repeat(400), `ONNX Runtime: ${'x'.repeat(299)}…`],
  ])('%#', (message, expected) => expect(engineMessage(message)).toBe(expected))
})

it('finds what a session keeps, whichever of two processes has less to do', async () => {
  const two = nodeRuntime({ threads: 1, processes: 2 })
  try {
    const sessions = await Promise.all([0, 1, 2].map(() => two.open(affine())))
    const other = await two.open(slow(3))
    const others: Promise<unknown>[] = []
    const keep = { y: 'x' }
    // x -> 2 x + 1, four times from what was kept: 16 x + 15.
    const through = async (x: number): Promise<number[]> => {
      const session = sessions[x]!
      await session.run({ x: float32([1], [x]) }, ['z'], { keep })
      for (let i = 0; i < 2; i++) {
        others.push(other.run({ x: square }))
        await session.run({}, ['z'], { keep })
      }
      return list((await session.run({}, ['y'], { keep }))['y'])
    }
    expect(await Promise.all([0, 1, 2].map(through))).toEqual([[15], [31], [47]])
    await Promise.all(others)
  } finally {
    await two.dispose()
  }
})
