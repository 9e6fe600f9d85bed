/** @file `ascribe greedy image`: a study in small on one of the bundled models, in worker processes; what is wrong is said in one line. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { expectError, run, scratch } from './support/run.js'

const folder = scratch()
const model = fileURLToPath(new URL('../../../examples/models/resnet-obj.onnx', import.meta.url))
const command = ['greedy', 'image', model, '--preset', 'smoke', '--folder', join(folder, 'study')]

describe('ascribe greedy image', () => {
  it('says what is missing', async () => {
    expectError(await run(command), 2, /--data DIR/)
    expectError(await run([...command, '--data', join(folder, 'none')]), 1, /there is no such folder/)
    expectError(await run([...command, '--data', 'generated', '--fill', 'white']), 2, /--fill must be one of black, blur, mean/)
  })

  it('writes a report', async () => {
    const { code, stdout, stderr } = await run([...command, '--data', 'generated', '--processes', '1', '--json'])
    expect(code, stderr).toBe(0)
    const { statements, means } = JSON.parse(stdout)
    // Right minus wrong class over two fills, then the bar: two metrics over two fills, insertion and deletion.
    expect(statements).toHaveLength(8)
    expect(means.length).toBeGreaterThan(100)
    expect(readFileSync(join(folder, 'study', 'report.html'), 'utf8')).toContain('Greedy PIG on pictures')
    expect(readFileSync(join(folder, 'study', 'curves', 'softmax-black-fill.svg'), 'utf8')).toMatch(/^<svg /)
  }, 120_000)
})
