/** @file `ascribe harmonize`: a study in small over the bundled models, in worker processes; what is wrong is said in one line. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { expectError, run, scratch } from './support/run.js'

const folder = scratch()
const model = (name: string): string[] => [
  '--model',
  fileURLToPath(new URL(`../../../examples/models/${name}.onnx`, import.meta.url)),
]
const command = ['harmonize', '--preset', 'smoke', '--folder', join(folder, 'study')]

describe('ascribe harmonize', () => {
  it('says what is missing, and which models do not go together', async () => {
    expectError(await run([...command, ...model('resnet-obj')]), 2, /two models or more/)
    const both = [...command, ...model('resnet-obj'), ...model('vit-obj')]
    expectError(await run(both), 2, /--data DIR/)
    expectError(await run([...both, '--data', 'generated', '--family', 'vit-obj=tree']), 2, /cnn\|transformer\|mixer/)
    expectError(await run([...both, '--data', 'generated', '--twin', 'vit-obj']), 2, /NAME=FILE/)
    expectError(await run([...both, '--data', 'generated', '--twin', 'vit=twin.onnx']), 2, /--twin: there is no model "vit"/)
    expectError(
      await run([...command, ...model('resnet-obj'), ...model('vit-scene'), '--data', 'generated']),
      1,
      /has no class "\w+", which is class 0 of .*resnet-obj.onnx/,
    )
  }, 60_000)

  it('trains models for a study', async () => {
    expectError(await run([...command, 'trian']), 2, /unknown step "trian"/)
    const { code, stdout, stderr } = await run([...command, 'train', '--processes', '1'])
    expect(code, stderr).toBe(0)
    expect(stdout).toMatch(/^resnet-seed2 .* after epoch \d/m)
  }, 120_000)

  it('writes a report', async () => {
    const models = [...model('resnet-obj'), ...model('vit-obj')]
    const rest = ['--data', 'generated', '-m', 'gradient', '--limit', '4', '--processes', '1', '--json']
    const { code, stdout, stderr } = await run([...command, ...models, ...rest])
    expect(code, stderr).toBe(0)
    const { transfer, harmonised, pictures } = JSON.parse(stdout)
    expect(pictures).toHaveLength(4)
    // One method, two readings, two fills.
    expect(transfer.tables).toHaveLength(4)
    expect(harmonised.refused).toMatch(/three models or more/)
    expect(stderr).toMatch(/forward passes and .* gradients/)
    expect(readFileSync(join(folder, 'study', 'report.html'), 'utf8')).toContain('Harmony across models')
  }, 120_000)
})
