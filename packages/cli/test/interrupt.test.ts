/** @file Ctrl-C: one line, exit code 130, nothing half-written, no process left. */
import { spawn } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readNpy } from '@ascribe/core'
import { describe, expect, it } from 'vitest'
import { noise, pictureModel, writeModel, writeTensor } from './support/models.js'
import { expectError, run, scratch } from './support/run.js'

const folder = scratch()
const model = writeModel(folder, 'model.onnx', pictureModel())
const batch = writeTensor(folder, 'batch.npy', noise(1, [40, 3, 12, 12]))

/** Resolves when the folder holds a file of this ending. */
async function appears(out: string, ending: string): Promise<void> {
  for (;;) {
    const names = (() => {
      try {
        return readdirSync(out)
      } catch {
        return []
      }
    })()
    if (names.some(name => !name.startsWith('.') && name.endsWith(ending))) return
    await new Promise(resolve => setTimeout(resolve, 10))
  }
}

describe('interruption', () => {
  it('keeps finished maps whole and leaves nothing else', async () => {
    const out = join(folder, 'out')
    mkdirSync(out)
    writeFileSync(join(out, 'explanation.json'), 'of an earlier run')
    const result = await run(['explain', model, batch, '-m', 'gradient', '-m', 'rise:masks=20000', '-o', out], {
      onStart: child => void appears(out, '.npy').then(() => setTimeout(() => child.kill('SIGINT'), 50)),
    })
    expectError(result, 130, /^ascribe: interrupted; files that were finished stay$/)
    const names = readdirSync(out)
    expect(names.filter(name => name.startsWith('.') || name.endsWith('.part'))).toEqual([])
    expect(names).not.toContain('explanation.json')
    expect(names).not.toContain('report.html')
    const maps = names.filter(name => name.endsWith('.npy'))
    expect(maps.length).toBeGreaterThan(0)
    for (const name of maps) expect(readNpy(readFileSync(join(out, name))).data.length).toBeGreaterThan(0)
  })

  it('stops a long computation at once', async () => {
    const out = join(folder, 'long')
    let sent = 0
    const result = await run(['explain', model, batch, '-m', 'rise:masks=5000000', '-o', out], {
      onStart: child =>
        child.stderr!.once('data', () =>
          setTimeout(() => {
            sent = performance.now()
            child.kill('SIGINT')
          }, 1500),
        ),
    })
    expect(performance.now() - sent).toBeLessThan(5000)
    expectError(result, 130, /interrupted/)
    expect(readdirSync(out)).toEqual([])
  })
})

describe('a reader that goes away', () => {
  it('is no error', async () => {
    const launcher = fileURLToPath(new URL('../bin/ascribe.js', import.meta.url))
    const child = spawn(process.execPath, [launcher, 'methods', '--json'], { stdio: ['ignore', 'pipe', 'pipe'] })
    let stderr = ''
    child.stderr.on('data', chunk => (stderr += chunk))
    child.stdout.destroy()
    const code = await new Promise(resolve => child.on('close', resolve))
    expect(stderr).toBe('')
    expect(code).toBe(0)
  })
})
