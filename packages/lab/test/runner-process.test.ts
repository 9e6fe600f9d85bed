/** @file The built runner in a program of its own: killed, interrupted, started twice. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readNpy } from '@ascribe/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readCells } from '../src/runner/store.js'

const built = existsSync(new URL('../dist/runner/index.js', import.meta.url))
const script = fileURLToPath(new URL('fixtures/runner-study.mjs', import.meta.url))

let folder: string
const started: ChildProcess[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ascribe-lab-'))
})
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

const cellCount = 60

interface Study {
  readonly child: ChildProcess
  readonly end: Promise<{
    code: number | null
    errors: string
    result: { values: [string, unknown][]; computed: number; reused: number }
  }>
}

/** A process group of its own, as a shell makes one for a command. */
function study(processes: number): Study {
  const child = spawn(process.execPath, [script, folder, String(cellCount), String(processes)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  started.push(child)
  let [out, errors] = ['', '']
  child.stdout.on('data', text => (out += text))
  child.stderr.on('data', text => (errors += text))
  const end = new Promise<Awaited<Study['end']>>(resolve =>
    child.on('close', code => resolve({ code, errors, result: out ? JSON.parse(out) : undefined })),
  )
  return { child, end }
}

/** Lets the cells go on that wait. */
const go = (): void => writeFileSync(join(folder, 'go'), '')

const linesIn = (path: string): string[] => (existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter(Boolean) : [])
/** Samples, each as often as work on it began. */
const calls = (): string[] => linesIn(join(folder, 'calls.txt'))

/** Lines of all shards, headers left out; the last may be torn. */
function records(): number {
  const cells = join(folder, 'cells')
  if (!existsSync(cells)) return 0
  return readdirSync(cells).reduce((sum, name) => sum + Math.max(0, linesIn(join(cells, name)).length - 1), 0)
}

/** Waits until so many cells are saved. */
async function reaches(count: number, { end }: Study): Promise<void> {
  let early: string | undefined
  void end.then(({ errors }) => (early = `it ended before that: ${errors}`))
  await expect.poll(() => early ?? records() >= count, { timeout: 20_000, interval: 5 }).not.toBe(false)
  expect(early).toBeUndefined()
}

/** Processes of a study that are alive, itself left out. */
const childrenOf = (pid: number): number[] =>
  readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(Number)
    .filter(other => {
      try {
        const fields = readFileSync(`/proc/${other}/stat`, 'utf8').split(') ').at(-1)!.split(' ')
        return fields[0] !== 'Z' && Number(fields[2]) === pid && other !== pid
      } catch {
        return false
      }
    })

describe.skipIf(!built)('a program that uses the built runner (npm run build first)', () => {
  it.each([0, 2])(
    'that is killed ends with the same values, and does nothing twice that was saved (%i processes)',
    async processes => {
      let saved = 0
      for (const count of processes > 0 ? [10] : [10, 30]) {
        const running = study(processes)
        const { child, end } = running
        await reaches(count, running)
        const atWork = existsSync('/proc') ? childrenOf(child.pid!) : []
        expect(atWork.length).toBeGreaterThanOrEqual(existsSync('/proc') ? processes : 0)
        child.kill('SIGKILL')
        expect((await end).code).toBeNull()
        if (existsSync('/proc')) await expect.poll(() => childrenOf(child.pid!), { timeout: 5000 }).toEqual([])
        saved = (await readCells(folder)).done.size
        expect(saved).toBeGreaterThanOrEqual(count)
        expect(saved).toBeLessThan(cellCount)
      }
      go()
      const { code, errors, result } = await study(processes).end
      expect(code).toBe(0)
      expect(errors).toContain(`demo: 60 cells, ${saved} done before; to do: ${cellCount - saved} cells, `)
      expect({ reused: result.reused, computed: result.computed }).toEqual({ reused: saved, computed: cellCount - saved })
      const expected = Array.from({ length: cellCount }, (_, index) => ({ sample: `s${index}`, third: index / 3, zero: 0 }))
      expect(result.values.map(([, value]) => value)).toMatchObject(expected)
      expect(records()).toBe(cellCount)
      // Only cells that were in work when it was killed, at most three at a time, begin twice.
      expect(calls().length - cellCount).toBeLessThanOrEqual(2 * 3)
      expect(new Set(calls()).size).toBe(cellCount)
      const maps = readdirSync(join(folder, 'maps'))
      expect(maps.filter(name => !name.endsWith('.npy'))).toEqual([])
      expect(maps).toHaveLength(cellCount)
      for (const name of maps) expect(readNpy(readFileSync(join(folder, 'maps', name))).dims).toEqual([2, 3])
    },
  )

  it.each([0, 2])(
    'that gets Ctrl-C saves what is finished, ends its children, and says how to go on (%i processes)',
    async processes => {
      const running = study(processes)
      const { child, end } = running
      await reaches(10, running)
      process.kill(-child.pid!, 'SIGINT')
      const { code, errors } = await end
      const { done, notices } = await readCells(folder)
      expect(code).toBe(130)
      expect(errors.trimEnd().split('\n').at(-1)).toBe(
        `interrupted; ${done.size} of 60 cells are saved, and the same command goes on from there`,
      )
      expect(notices).toEqual([])
      expect(existsSync(join(folder, 'run.lock'))).toBe(false)
      if (existsSync('/proc')) expect(childrenOf(child.pid!)).toEqual([])
      go()
      expect((await study(processes).end).result).toMatchObject({ reused: done.size, computed: cellCount - done.size })
    },
  )

  it('that is started a second time says who is at it, and changes nothing', async () => {
    const first = study(0)
    await reaches(1, first)
    const second = await study(0).end
    expect(second.code).toBe(1)
    expect(second.errors).toBe(
      `${folder} is in use by process ${first.child.pid}; wait for it, stop it, or use another folder (${join(folder, 'run.lock')} is its lock)\n`,
    )
    go()
    expect((await first.end).code).toBe(0)
    expect(calls()).toHaveLength(cellCount)
  })
})
