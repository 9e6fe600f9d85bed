/** @file Running a plan: reuse, failures, damage on disk, full disks, two runs at once, other processes. */
import { spawn } from 'node:child_process'
import { appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { AbortedError, InputError, OutputError, UsageError } from '@ascribe/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { JsonValue } from '../src/runner/canonical.js'
import { FatalCellError } from '../src/runner/errors.js'
import { type CellIdentity, makeCell, makePlan, type Plan } from '../src/runner/plan.js'
import type { ProgressState } from '../src/runner/progress.js'
import { type RunOptions, type RunResult, runPlan } from '../src/runner/run.js'
import { createShard } from '../src/runner/shard.js'
import { readCells, readMap } from '../src/runner/store.js'
import type { Work } from '../src/runner/work.js'
import { type CreateWork, forkWorkers } from '../src/runner/workers.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ascribe-lab-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const cellOf = (sample: string, more: Partial<CellIdentity> = {}) =>
  makeCell(
    { kind: 'score', version: '1', sample, seed: Number.parseInt(sample, 10) || 0, ...more },
    { group: `g${sample.at(-1)}` },
  )

const samples = (length: number): string[] => Array.from({ length }, (_, index) => String(index))

const planOf = (names: readonly string[], version = '1'): Plan =>
  makePlan({ study: 'demo', version, cells: names.map(name => cellOf(name)) })

/** Doubles the seed, except where told otherwise, and counts. */
function counting(odd: Readonly<Record<string, (attempt: number) => unknown>> = {}) {
  const calls: string[] = []
  const work: Work = async ({ identity }, { attempt }) => {
    calls.push(identity.sample)
    await odd[identity.sample]?.(attempt)
    return { value: { twice: 2 * identity.seed } }
  }
  return { calls, work }
}

const run = (plan: Plan, work: Work, options: Partial<RunOptions> = {}): Promise<RunResult> =>
  runPlan(plan, work, { folder, ...options })

const valuesOf = ({ values }: Pick<RunResult, 'values'>): JsonValue[] => [...values.values()]
const doubled = (names: readonly string[]) => names.map(name => ({ twice: 2 * Number(name) }))

const shards = (): string[] => readdirSync(join(folder, 'cells')).sort()
const shard = (index = 0): string => join(folder, 'cells', shards()[index]!)
const linesOf = (path: string): string[] => readFileSync(path, 'utf8').trimEnd().split('\n')

describe('a run', () => {
  it('computes each cell once, keeps one line each, and reuses them', async () => {
    const plan = planOf(samples(20))
    const { calls, work } = counting()
    const lines: string[] = []
    const first = await run(plan, work, { concurrency: 3, log: line => lines.push(line) })
    expect(valuesOf(first)).toEqual(doubled(samples(20)))
    expect([...first.values.keys()]).toEqual(plan.cells.map(({ key }) => key))
    expect({ ...first, values: 0 }).toEqual({ values: 0, failed: [], reused: 0, computed: 20 })
    expect(lines).toEqual(['demo: 20 cells; to do: 20 cells, 3 at a time'])
    expect(JSON.parse(linesOf(shard())[0]!)).toEqual({ format: 'ascribe-cells-1', study: 'demo', plan: plan.digest })
    expect(linesOf(shard())).toHaveLength(21)
    expect(readdirSync(folder).sort()).toEqual(['cells', 'maps', 'plan.json'])

    const second = await run(plan, work, { log: line => lines.push(line) })
    expect(calls).toHaveLength(20)
    expect([...second.values]).toEqual([...first.values])
    expect({ reused: second.reused, computed: second.computed }).toEqual({ reused: 20, computed: 0 })
    expect(lines.at(-1)).toBe('demo: 20 cells, all done before')
    expect(shards()).toHaveLength(1)
  })

  it('writes the plan before the first cell, and says what another plan changes', async () => {
    const plan = planOf(samples(4))
    const { calls, work } = counting()
    const seen: unknown[] = []
    await run(plan, async (cell, context) => {
      seen.push(JSON.parse(readFileSync(join(folder, 'plan.json'), 'utf8')))
      return work(cell, context)
    })
    expect(seen[0]).toMatchObject({ study: 'demo', digest: plan.digest, count: 4, cost: { forwards: 0, gradients: 0 } })
    expect((seen[0] as { cells: unknown[] }).cells[2]).toEqual({ key: plan.cells[2]!.key, ...plan.cells[2]!.identity })

    const other = planOf(['2', '3', '4', '5', '6'], '2')
    const lines: string[] = []
    const result = await run(other, work, { log: line => lines.push(line) })
    expect(valuesOf(result)).toEqual(doubled(['2', '3', '4', '5', '6']))
    expect(calls).toEqual(['0', '1', '2', '3', '4', '5', '6'])
    expect(lines[0]).toBe(
      `the plan changed since the last run here (${plan.digest.slice(0, 8)} to ${other.digest.slice(0, 8)}): 2 cells as before, 3 new, ` +
        '2 no longer asked for; finished cells are used again',
    )
    expect(lines[1]).toMatch(/^demo: 5 cells, 2 done before; to do: 3 cells, 1 at a time, under 1 s at the pace of earlier runs$/)
    expect(JSON.parse(readFileSync(join(folder, 'plan.json'), 'utf8')).digest).toBe(other.digest)
  })

  it('returns after a restart exactly what it returned before, whatever the order', async () => {
    const values: JsonValue[] = [-0, 0.1 + 0.2, 1e-320, Number.MAX_SAFE_INTEGER, 'ä\u2028', [], {}, null, { b: 1, a: [-0] }]
    const plan = planOf(values.map((_, index) => String(index)))
    const work: Work = async ({ identity }) => ({ value: values[identity.seed]! })
    const first = await run(plan, work)
    const again = await run(plan, counting().work)
    const elsewhere = mkdtempSync(join(folder, 'other-'))
    const reversed = makePlan({ study: 'demo', version: '1', cells: [...plan.cells].reverse() })
    const other = await run(reversed, work, { folder: elsewhere, concurrency: 4 })
    expect(valuesOf(first)).toEqual([0, 0.1 + 0.2, 1e-320, Number.MAX_SAFE_INTEGER, 'ä\u2028', [], {}, null, { b: 1, a: [0] }])
    expect([...again.values]).toEqual([...first.values])
    expect([...other.values].reverse()).toEqual([...first.values])
  })

  it('tells progress by cost, ending with everything', async () => {
    const cells = [1, 3, 6].map(weight =>
      makeCell({ kind: 'k', version: '1', sample: `${weight}`, seed: 0 }, { cost: { forwards: weight, gradients: 0 } }),
    )
    const states: ProgressState[] = []
    const work: Work = async (_, { progress }) => {
      progress(0.5)
      return { value: 1 }
    }
    await run(makePlan({ study: 'demo', version: '1', cells }), work, { onProgress: state => states.push(state) })
    expect(states.map(({ share }) => share)).toEqual([0, 0.05, 0.1, 0.25, 0.4, 0.7, 1])
    expect(states.map(({ done }) => done)).toEqual([0, 0, 1, 1, 2, 2, 3])
    expect(states[1]!.running).toEqual(['k, 1, seed 0'])
    expect(states[0]!.left).toBeUndefined()
    expect(states.at(-1)).toMatchObject({ total: 3, done: 3, failed: 0, running: [], left: 0 })
  })

  it('says after the first few cells how long the rest takes', async () => {
    const cells = [1, 1, 1, 1000].map((gradients, index) =>
      makeCell({ kind: 'k', version: '1', sample: `${index}`, seed: 0 }, { cost: { forwards: 0, gradients } }),
    )
    const lines: string[] = []
    const work: Work = async ({ cost }) => {
      if (cost!.gradients === 1) await new Promise(resolve => setTimeout(resolve, 30))
      return { value: 1 }
    }
    await run(makePlan({ study: 'demo', version: '1', cells }), work, { log: line => lines.push(line) })
    expect(lines).toEqual([
      'demo: 4 cells; to do: 4 cells, about 1,003 gradients, 1 at a time',
      expect.stringMatching(/^demo: about (\d+ s|\d min) at the pace of the first cells$/),
    ])
  })

  it.each([
    [{ concurrency: 0 }, /concurrency must be a positive integer, not 0/],
    [{ retries: -1 }, /retries/],
  ])('refuses %o', async (options, message) => {
    await expect(run(planOf(['1']), counting().work, options)).rejects.toThrow(message)
  })

  it('of no cells is over at once', async () => {
    expect((await run(planOf([]), counting().work)).values.size).toBe(0)
  })
})

describe('failed cells', () => {
  const failing =
    (message: string, times = Number.POSITIVE_INFINITY) =>
    (attempt: number) => {
      if (attempt <= times) throw new Error(message)
    }

  it('are isolated, tried again after the others, kept with their message, and tried again by the next run', async () => {
    const plan = planOf(samples(6))
    const { calls, work } = counting({ '1': failing('no gradient here'), '3': failing('a bad moment', 1), '4': () => ({}) })
    const lines: string[] = []
    const result = await run(plan, work, { log: line => lines.push(line) })
    expect(calls).toEqual(['0', '1', '2', '3', '4', '5', '1', '3', '1'])
    expect(result.failed).toEqual([{ cell: plan.cells[1], attempts: 3, error: { name: 'Error', message: 'no gradient here' } }])
    expect(valuesOf(result)).toEqual(doubled(['0', '2', '3', '4', '5']))
    expect(lines.slice(1)).toEqual([
      'failed after 3 attempts: score, 1, seed 1: no gradient here',
      '1 cell failed (1 x no gradient here); the same command tries them again',
    ])
    const records = linesOf(shard()).map(line => JSON.parse(line))
    expect(records.filter(({ error }) => error).map(({ key, attempt, error }) => [key, attempt, error.message])).toEqual([
      [plan.cells[1]!.key, 1, 'no gradient here'],
      [plan.cells[3]!.key, 1, 'a bad moment'],
      [plan.cells[1]!.key, 2, 'no gradient here'],
      [plan.cells[1]!.key, 3, 'no gradient here'],
    ])
    const index = await readCells(folder)
    expect([...index.failed.keys()]).toEqual([plan.cells[1]!.key])

    lines.length = 0
    const mended = await run(plan, counting().work, { log: line => lines.push(line) })
    expect(valuesOf(mended)).toEqual(doubled(samples(6)))
    expect(lines[1]).toBe('demo: 1 cell of an earlier run failed and will be tried again')
    expect((await readCells(folder)).failed.size).toBe(0)
  })

  it('are those whose value JSON cannot hold', async () => {
    const work: Work = async ({ identity: { sample, seed } }) => ({ value: { mean: sample === '1' ? Number.NaN : seed } })
    const { failed, values } = await run(planOf(samples(3)), work, { retries: 0 })
    expect([...values.values()]).toEqual([{ mean: 0 }, { mean: 2 }])
    expect(failed.map(({ attempts, error }) => [attempts, error.message])).toEqual([
      [1, 'value.mean: NaN is no JSON value; use null for a value that does not exist'],
    ])
  })

  it('that are defects of the work say where', async () => {
    const lines: string[] = []
    const work: Work = async () => ({ value: (undefined as unknown as { x: number }).x })
    const { failed } = await run(planOf(['1']), work, { retries: 0, log: line => lines.push(line) })
    expect(failed[0]!.error).toMatchObject({ name: 'TypeError', at: expect.stringMatching(/^runner-run\.test\.ts:\d+$/) })
    expect(lines[1]).toMatch(/^failed after 1 attempt: score, 1, seed 1: TypeError at runner-run\.test\.ts:\d+: Cannot read/)
  })

  it('are told one by one at first, then summed up', async () => {
    const lines: string[] = []
    const odd = Object.fromEntries(samples(9).map(name => [name, failing(Number(name) < 2 ? 'rare' : 'frequent')]))
    await run(planOf(samples(10)), counting(odd).work, { retries: 0, log: line => lines.push(line) })
    expect(lines.filter(line => line.startsWith('failed after 1 attempt:'))).toHaveLength(5)
    expect(lines.at(-1)).toBe('9 cells failed (7 x frequent; 2 x rare); the same command tries them again')
  })
})

describe('the end before the end', () => {
  it.each([
    ['FatalCellError', FatalCellError, () => new FatalCellError('the model folder is gone')],
    ['OutputError', OutputError, () => new OutputError('the disk is full')],
    ['AbortedError', AbortedError, () => new AbortedError('stopped')],
  ])('comes with %s, and keeps what is finished', async (_, kind, make) => {
    const plan = planOf(samples(6))
    const { calls, work } = counting({
      '3': () => {
        throw make()
      },
    })
    const end = await run(plan, work).catch(error => error)
    expect(end).toBeInstanceOf(kind)
    expect(end.message).toBe(`${make().message}; 3 of 6 cells are saved, and the same command goes on from there`)
    expect(calls).toEqual(['0', '1', '2', '3'])
    const rest = counting()
    expect(valuesOf(await run(plan, rest.work))).toEqual(doubled(samples(6)))
    expect(rest.calls).toEqual(['3', '4', '5'])
  })

  it('comes at once when the signal fires, even where work does not listen', async () => {
    const controller = new AbortController()
    const { work } = counting({ '2': () => new Promise(() => {}) })
    const onProgress = ({ done }: ProgressState) => {
      if (done === 3) setTimeout(() => controller.abort(), 10)
    }
    const { signal } = controller
    const end = await run(planOf(samples(4)), work, { concurrency: 2, signal, onProgress }).catch(error => error)
    expect(end).toBeInstanceOf(AbortedError)
    expect(end.message).toBe('interrupted; 3 of 4 cells are saved, and the same command goes on from there')
    expect(existsSync(join(folder, 'run.lock'))).toBe(false)
    await expect(run(planOf(samples(4)), work, { signal })).rejects.toThrow(AbortedError)
  })

  it('comes when a callback throws, in all slots', async () => {
    const { calls, work } = counting({ '1': () => new Promise(resolve => setTimeout(resolve, 20)) })
    const onProgress = ({ done }: ProgressState) => {
      if (done === 1) throw new RangeError('a defect of the caller')
    }
    await expect(run(planOf(samples(6)), work, { concurrency: 2, onProgress })).rejects.toThrow(RangeError)
    await new Promise(resolve => setTimeout(resolve, 50))
    expect(calls).toEqual(['0', '1'])
    expect((await run(planOf(samples(6)), counting().work)).reused).toBe(1)
  })

  it('comes when the disk is full: an error that says what is saved, and nothing half counts', async () => {
    const plan = planOf(samples(9))
    let room = 1500
    const full: RunOptions['createShard'] = async path => {
      const file = await createShard(path)
      return {
        ...file,
        async write(bytes) {
          // As a file system does: what fits is written, then it fails.
          await file.write(bytes.subarray(0, room))
          room -= bytes.length
          if (room < 0) throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' })
        },
      }
    }
    const { work } = counting()
    const end = await run(plan, work, { createShard: full }).catch(error => error)
    expect(end).toBeInstanceOf(OutputError)
    const saved = Number(/: the disk is full; (\d) of 9 cells are saved/.exec(end.message)?.[1])
    expect(saved).toBeGreaterThan(2)
    expect(linesOf(shard())).toHaveLength(saved + 1)
    const { done, notices } = await readCells(folder)
    expect([done.size, notices]).toEqual([saved, []])
    const rest = counting()
    expect(valuesOf(await run(plan, rest.work))).toEqual(doubled(samples(9)))
    expect(rest.calls).toEqual(samples(9).slice(saved))
  })

  it('acknowledges no cell before it is on the disk', async () => {
    let [written, synced, flushes] = [0, 0, 0]
    const slow: RunOptions['createShard'] = async path => {
      const file = await createShard(path)
      return {
        ...file,
        async write(bytes) {
          await file.write(bytes)
          written += Buffer.from(bytes).toString().split('"value"').length - 1
        },
        async sync() {
          const before = written
          await new Promise(resolve => setTimeout(resolve, 20))
          await file.sync()
          synced = before
          flushes++
        },
      }
    }
    const seen: number[] = []
    const onProgress = ({ done }: ProgressState) => {
      expect(done).toBeLessThanOrEqual(synced)
      seen.push(done)
    }
    await run(planOf(samples(9)), counting().work, { createShard: slow, concurrency: 4, onProgress })
    expect(seen.at(-1)).toBe(9)
    // Cells that are finished together are flushed together.
    expect(flushes).toBeLessThan(9)
  })
})

describe('shards on disk', () => {
  const plan = planOf(samples(5))
  beforeEach(async () => void (await run(plan, counting().work)))

  it.each([
    ['half a record', (text: string) => text.slice(0, -30)],
    ['a record without its end of line', (text: string) => text.slice(0, -1)],
    ['zeros, as after a power cut', (text: string) => `${text}${'\0'.repeat(700)}`],
  ])('ending on %s lose that line only, and say so once', async (_, damage) => {
    writeFileSync(shard(), damage(readFileSync(shard(), 'utf8')))
    expect((await readCells(folder)).notices).toHaveLength(1)
    const lines: string[] = []
    const { calls, work } = counting()
    expect(valuesOf(await run(plan, work, { log: line => lines.push(line) }))).toEqual(doubled(samples(5)))
    expect(calls.length).toBeLessThanOrEqual(1)
    expect(lines[0]).toMatch(/cells\/00001-\w+\.jsonl: the last line was cut off \([\d,]+ bytes\) and is left out/)
    expect((await readCells(folder)).notices).toEqual([])
    expect((await readCells(folder)).done.size).toBe(5)
  })

  it.each([
    ['a changed character', (line: string) => line.replace('"value"', '"value'), /the line is damaged/],
    ['bytes that are no text', () => Buffer.from([0xff, 0xfe, 0x7b]), /the line is damaged/],
    ['another value', () => '17', /the line is no record of a cell/],
    ['a record without a value', (line: string) => line.replace('"value"', '"walue"'), /the line is no record of a cell/],
    ['nothing', () => '', /the line is damaged/],
  ])('with a damaged line inside (%s) are an error that names file and line', async (_, damage, why) => {
    const lines = linesOf(shard())
    const parts = lines.map((line, index) => Buffer.concat([Buffer.from(index === 2 ? damage(line) : line), Buffer.from('\n')]))
    writeFileSync(shard(), Buffer.concat(parts))
    for (const attempt of [() => run(plan, counting().work), () => readCells(folder)]) {
      const error = await attempt().catch(cause => cause)
      expect(error).toBeInstanceOf(InputError)
      expect(error.message).toMatch(/cells\/00001-\w+\.jsonl, line 3: .*delete this line and its cell is computed again$/)
      expect(error.message).toMatch(why)
    }
    expect(existsSync(join(folder, 'run.lock'))).toBe(false)
    // What the message says to do.
    writeFileSync(shard(), `${lines.toSpliced(2, 1).join('\n')}\n`)
    const { calls, work } = counting()
    expect(valuesOf(await run(plan, work))).toEqual(doubled(samples(5)))
    expect(calls).toEqual(['1'])
  })

  it('of another format are refused', async () => {
    writeFileSync(shard(), '{"format":"ascribe-cells-9"}\n')
    await expect(readCells(folder)).rejects.toThrow(/format "ascribe-cells-9" is unknown here/)
  })

  it('may hold a cell twice; two values are told, and the first is used', async () => {
    const [, line] = linesOf(shard()) as [string, string]
    appendFileSync(shard(), `${line}\n`)
    expect((await readCells(folder)).notices).toEqual([])
    appendFileSync(shard(), `${line.replace('"twice":0', '"twice":1')}\n`)
    const { done, notices } = await readCells(folder)
    expect(notices.map(notice => /: 1 cell with two different values/.test(notice))).toEqual([true])
    expect(done.get(JSON.parse(line).key)!.value).toEqual({ twice: 0 })
  })

  it('are read without a plan: each line says what its cell was', async () => {
    const { done } = await readCells(folder)
    expect([...done.values()].map(({ cell }) => cell)).toEqual(plan.cells.map(({ identity }) => identity))
  })
})

describe('two runs in one folder', () => {
  const lock = (owner: object | string) =>
    writeFileSync(join(folder, 'run.lock'), typeof owner === 'string' ? owner : JSON.stringify(owner))
  const hours = (path: string, ago: number) => utimesSync(path, Date.now() / 1000 - ago * 3600, Date.now() / 1000 - ago * 3600)
  const only = planOf(['1'])

  it('are refused: the second one says who is there', async () => {
    let inside: unknown
    const { work } = counting({ '1': async () => (inside = await run(only, counting().work).catch(error => error)) })
    await run(only, work)
    expect(inside).toBeInstanceOf(UsageError)
    expect((inside as Error).message).toContain(`is in use by process ${process.pid};`)
    expect((await run(only, work)).reused).toBe(1)
  })

  it('are allowed where the first one died', async () => {
    const child = spawn(process.execPath, ['-e', ''])
    await new Promise(resolve => child.on('close', resolve))
    lock({ token: 'x', pid: child.pid, host: hostname(), born: null })
    expect((await run(only, counting().work)).computed).toBe(1)
    expect(readdirSync(folder).sort()).toEqual(['cells', 'maps', 'plan.json'])
  })

  it.runIf(existsSync('/proc/self/stat'))('are allowed where another process has the number of the first', async () => {
    lock({ token: 'x', pid: process.pid, host: hostname(), born: '1' })
    expect((await run(only, counting().work)).computed).toBe(1)
  })

  it('are judged by the last sign of life where the first is on another machine', async () => {
    lock({ token: 'x', pid: 1, host: `not-${hostname()}`, born: null })
    await expect(run(only, counting().work)).rejects.toThrow(/in use by process 1 on not-/)
    hours(join(folder, 'run.lock'), 1)
    expect((await run(only, counting().work)).computed).toBe(1)
  })

  it('are refused while the lock is being written, and allowed where its writing was cut off', async () => {
    lock('{"tok')
    await expect(run(only, counting().work)).rejects.toThrow(/in use by another process/)
    hours(join(folder, 'run.lock'), 1)
    expect((await run(only, counting().work)).computed).toBe(1)
  })

  it('that start together are one run and refusals', async () => {
    lock({ token: 'x', pid: 1, host: `not-${hostname()}`, born: null })
    hours(join(folder, 'run.lock'), 1)
    const { work } = counting({ '1': () => new Promise(resolve => setTimeout(resolve, 100)) })
    const ends = await Promise.allSettled(Array.from({ length: 8 }, () => run(only, work)))
    expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const end of ends) if (end.status === 'rejected') expect(end.reason).toBeInstanceOf(UsageError)
  })
})

describe('tensors beside the values', () => {
  it('are whole before their line, and read back', async () => {
    const plan = planOf(['7'])
    const [{ key }] = plan.cells as [Plan['cells'][number]]
    const data = Float32Array.of(1, -2.5, 3e-40, 0, 5, 6)
    await run(plan, async () => ({ value: 1, maps: { map: { dtype: 'float32', dims: [2, 3], data } } }))
    expect(await readMap(folder, key, 'map')).toEqual({ dtype: 'float32', dims: [2, 3], data })
    expect((await readCells(folder)).done.get(key)!.maps).toEqual(['map'])
    expect(readdirSync(join(folder, 'maps'))).toEqual([`${key}.map.npy`])
    await expect(readMap(folder, key, 'mask')).rejects.toThrow(/mask\.npy: there is no such file/)
  })

  it('need a name that can be a file', async () => {
    const data = Float32Array.of(1)
    const { failed } = await run(planOf(['7']), async () => ({
      value: 1,
      maps: { '../x': { dtype: 'float32', dims: [1], data } },
    }))
    expect(failed[0]!.error.message).toBe('map "../x": use letters, digits, - and _ only')
  })
})

describe('worker processes', () => {
  const module = new URL('./fixtures/runner-work.mjs', import.meta.url)
  const optionsOf = (options: Readonly<Record<string, Record<string, JsonValue>>>, length: number): Plan =>
    makePlan({
      study: 'demo',
      version: '1',
      cells: samples(length).map(name => cellOf(name, options[name] ? { options: options[name] } : {})),
    })
  const pooled = async (plan: Plan, options: Partial<RunOptions> = {}, url = module) => {
    const pool = forkWorkers(url, { processes: 2, settings: { folder } })
    try {
      return await run(plan, pool.work, { concurrency: pool.processes, ...options })
    } finally {
      await pool.dispose()
      expect(pool.pids).toEqual([])
    }
  }

  it('give the same values, maps, progress and lines as this one', async () => {
    const plan = optionsOf({}, 12)
    const { createWork } = (await import(module.href)) as { createWork: CreateWork }
    const other = mkdtempSync(join(folder, 'other-'))
    const [here, there]: [string[], string[]] = [[], []]
    const inProcess = await run(plan, await createWork(null), { folder: other, log: line => here.push(line) })
    const shares: number[] = []
    const inOthers = await pooled(plan, { log: line => there.push(line), onProgress: ({ share }) => shares.push(share) })
    expect([...inOthers.values]).toEqual([...inProcess.values])
    expect(there.slice(1).sort()).toEqual(here.slice(1).sort())
    expect(shares.some(share => (share * 24) % 2 === 1)).toBe(true)
    for (const { key } of plan.cells) expect(await readMap(folder, key, 'map')).toEqual(await readMap(other, key, 'map'))
  })

  it('that die fail only their cell, which is tried again in a new one', async () => {
    const plan = optionsOf({ '2': { die: 'once' }, '5': { die: 'always' }, '6': { fail: 'wrong type' } }, 10)
    const { failed, values } = await pooled(plan)
    expect(values.size).toBe(8)
    expect(failed[1]!.error.at).toMatch(/^runner-work\.mjs:\d+$/)
    expect(failed.map(({ cell, attempts, error }) => [cell.identity.sample, attempts, error.name, error.message])).toEqual([
      [
        '5',
        3,
        'Error',
        'the worker process was killed (SIGKILL) at work; if nobody killed it, memory ran out: use fewer processes',
      ],
      ['6', 3, 'TypeError', 'wrong type'],
    ])
    const calls = readFileSync(join(folder, 'calls.txt'), 'utf8').trim().split('\n')
    expect(calls).toHaveLength(10 + 1 + 2 + 2)
  })

  it('end the run where they say so, or where their module cannot be used', async () => {
    const end = await pooled(optionsOf({ '0': { fatal: true } }, 3)).catch(error => error)
    expect(end).toBeInstanceOf(FatalCellError)
    expect(end.message).toMatch(/^no model; \d of 3 cells are saved/)
    for (const [name, why] of [
      ['./fixtures/not-there.mjs', /cannot be used: Cannot find module/],
      ['../src/runner/nothing.json', /cannot be used/],
      ['../child/runner-worker.mjs', /cannot be used: it exports no function createWork/],
    ] as const) {
      const error = await pooled(optionsOf({}, 3), {}, new URL(name, import.meta.url)).catch(cause => cause)
      expect(error).toBeInstanceOf(FatalCellError)
      expect(error.message).toMatch(why)
    }
  })

  it('are ended with an interrupted run, even where work listens to nothing', async () => {
    const controller = new AbortController()
    const plan = optionsOf({ '0': { busy: true }, '1': { forever: true } }, 4)
    const begun = performance.now()
    const onProgress = ({ running }: ProgressState) => {
      if (running.length === 2) setTimeout(() => controller.abort(), 500)
    }
    await expect(pooled(plan, { signal: controller.signal, onProgress })).rejects.toThrow(AbortedError)
    expect(performance.now() - begun).toBeLessThan(8000)
  })

  it('must be a positive number', () => {
    expect(() => forkWorkers(module, { processes: 0 })).toThrow(/processes must be a positive integer, not 0/)
  })
})
