/** @file `ascribe greedy tabular`: a table of one's own, its report, and what is wrong in one line. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { expectError, run, scratch } from './support/run.js'

const folder = scratch()

describe('ascribe greedy tabular', () => {
  it('selects the columns of a table and writes the report', async () => {
    const table = join(folder, 'own.csv')
    const lines = Array.from({ length: 200 }, (_, i) => `${(i * 37) % 101},${'abc'[i % 3]},${(i * 37) % 101 > 50 ? 'yes' : 'no'}`)
    writeFileSync(table, `x,k,answer\n${lines.join('\n')}\n`)
    const home = join(folder, 'out')
    const args = ['greedy', 'tabular', table, '--no-generated', '--preset', 'smoke', '--folder', home, '--processes', '1']
    expectError(await run([...args, '--stored']), 1, /2 of 2 results of tables models are not there yet/)
    expectError(await run([...args, '--label', 'anwser']), 2, /no column "anwser".*answer/)
    expectError(await run([...args, '-s', 'greedy']), 2, /unknown selector "greedy"/)
    const done = await run([...args, '--json'])
    expect(done.code, done.stderr).toBe(0)
    expect(done.stderr).toMatch(/tables selections: 18 cells; to do/)
    const report = JSON.parse(done.stdout)
    expect(report.scores).toHaveLength(18)
    expect(JSON.parse(readFileSync(join(home, 'report.json'), 'utf8'))).toEqual(report)
    expect(existsSync(join(home, 'report.html'))).toBe(true)
    const again = await run([...args, '--stored'])
    expect(again.code, again.stderr).toBe(0)
    expect(again.stdout).toMatch(/own, masked training: area below the loss/)
  }, 60_000)
})
