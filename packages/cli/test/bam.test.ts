/** @file `ascribe bam`: data, models, scores and report; interrupted and gone on with; what is wrong is said in one line. */
import { cpSync, existsSync, readdirSync, readFileSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { expectError, run, scratch } from './support/run.js'

const folder = scratch()
const home = join(folder, 'bam')
const smoke = ['--preset', 'smoke', '--folder', home, '--processes', '1']
/** Without the commonality ladder, which takes ten more models. */
const trio = ['--set', 'obj', '--set', 'scene', '--set', 'scene_only']
const few = [...trio, '-m', 'gradient', '-m', 'grad-cam', '-m', 'random', '--no-audit']

describe('ascribe bam', () => {
  it('asks for data before models, and for models before scores', async () => {
    expectError(await run(['bam', 'train', ...smoke, ...trio]), 1, /data: there is no such folder/)
    const built = await run(['bam', 'build', '--preset', 'smoke', '--folder', home, '--json'])
    expect(built.code, built.stderr).toBe(0)
    const { sets, kind } = JSON.parse(built.stdout)
    expect(kind).toBe('generated')
    expect(sets).toContainEqual({ set: 'obj', train: 0, validation: 300 })
    expect(readdirSync(join(home, 'data', 'obj', 'val')).filter(name => name.endsWith('.png'))).toHaveLength(300)
    expectError(await run(['bam', 'score', ...smoke, ...few]), 1, /resnet-obj\.onnx: there is no such model; ascribe bam train/)
  })

  it('refuses what the study does not have', async () => {
    expectError(await run(['bam', 'train', ...smoke, '-a', 'vgg']), 2, /preset smoke trains resnet, not "vgg"/)
    expectError(await run(['bam', 'train', ...smoke, '--set', 'objects']), 2, /--set must be one of obj, scene/)
    expectError(await run(['bam', 'build', '--folder', home, '--source', 'natural']), 2, /--coco DIR/)
    expectError(await run(['bam', 'score', ...smoke, '-m', 'gradints']), 2, /unknown method "gradints"/)
    expectError(await run(['bam', 'score', ...smoke, '--model', 'x.onnx']), 2, /ARCHITECTURE\/SET=FILE/)
    expectError(await run(['bam', 'build', '--preset', 'quick', '--folder', home]), 2, /holds other data/)
  })

  it('trains on after an interruption, scores, and reports the same from what is stored', async () => {
    let sent = false
    const stopped = await run(['bam', 'train', ...smoke, ...trio], {
      onStart: child =>
        child.stderr!.on('data', text => {
          if (!sent && /resnet-\w+: epoch 1 of 2/.test(String(text))) {
            sent = true
            child.kill('SIGINT')
          }
        }),
    })
    expect(stopped.code, stopped.stderr).toBe(130)
    expect(readdirSync(join(home, 'models')).filter(name => name.endsWith('.checkpoint'))).toHaveLength(1)
    const trained = await run(['bam', 'train', ...smoke, ...trio])
    expect(trained.code, trained.stderr).toBe(0)
    expect(trained.stderr).toMatch(/goes on after epoch 1/)
    for (const set of ['obj', 'scene', 'scene_only']) {
      const names = readdirSync(join(home, 'models')).filter(name => name.startsWith(`resnet-${set}.`))
      expect(names.sort()).toEqual(['onnx', 'training.json', 'training.svg'].map(ending => `resnet-${set}.${ending}`))
    }
    const scored = await run(['bam', 'score', ...smoke, ...few, '--json'])
    expect(scored.code, scored.stderr).toBe(0)
    expect(scored.stderr).toMatch(/resnet readings: .*cells/)
    const report = JSON.parse(scored.stdout)
    expect(report.models).toHaveLength(3)
    expect(new Set(report.scores.map((row: { method: string }) => row.method))).toEqual(
      new Set(['gradient', 'grad-cam', 'random']),
    )
    const page = readFileSync(join(home, 'report.html'), 'utf8')
    expect(page).toContain('grad-cam')
    const again = await run(['bam', 'report', ...smoke, ...few, '--json'])
    expect(again.code, again.stderr).toBe(0)
    expect(JSON.parse(again.stdout)).toEqual(report)
    expectError(
      await run(['bam', 'report', ...smoke, ...trio, '-m', 'occlusion', '--no-audit']),
      1,
      /not there yet; ascribe bam score/,
    )
  }, 180_000)

  it('names a damaged picture and a model of other data', async () => {
    const data = join(folder, 'damaged')
    cpSync(join(home, 'data'), data, { recursive: true })
    const [name] = readdirSync(join(data, 'scene_only', 'val')).filter(one => one.endsWith('.png'))
    for (const set of ['scene_only', 'bamboo_forest', 'obj']) {
      const path = join(data, set, 'val', name!)
      if (existsSync(path)) truncateSync(path, 60)
    }
    const fresh = ['--data', data, '--scores', join(folder, 'scores-2')]
    const damaged = await run(['bam', 'score', ...smoke, ...few, ...fresh])
    expect(damaged.code).toBe(1)
    expect(damaged.stderr).toContain(name!)
    const swapped = ['--model', `resnet/obj=${join(home, 'models', 'resnet-scene.onnx')}`]
    const other = await run(['bam', 'score', ...smoke, ...few, ...swapped, '--scores', join(folder, 'scores-3')])
    expectError(other, 1, /class 0 is "tiled floor", that of the data is "arrow"/)
  }, 120_000)
})
