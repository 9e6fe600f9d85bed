/** @file `ascribe ensemble`, `schemes` and `normalisers`, end to end. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { alignMaps, combine, normalisers, readNpy, schemes, writeNpz } from '@ascribe/core'
import { describe, expect, it } from 'vitest'
import { noise, pairModel, pictureModel, writeModel, writePicture } from './support/models.js'
import { expectError, run, scratch } from './support/run.js'

const folder = scratch()
const model = writeModel(folder, 'model.onnx', pictureModel())
writeFileSync(join(folder, 'preprocessor_config.json'), JSON.stringify({ do_resize: true, size: { height: 12, width: 12 } }))
const photo = writePicture(folder, 'photo.png', 1)
const members = ['-m', 'input-x-gradient', '-m', 'grad-cam', '-m', 'occlusion:window=4,stride=4']
const command = ['ensemble', model, photo, ...members]

const array = (path: string) => {
  const { data, dims } = readNpy(readFileSync(path))
  return { values: data as Float32Array, dims }
}

describe('ascribe ensemble', () => {
  it('writes members, consensus and spread as the library computes them', async () => {
    const out = join(folder, 'first')
    const { code, stderr } = await run([...command, '--normalize', 'l2', '--scheme', 'upper-confidence-bound:kappa=2', '-o', out])
    expect(code, stderr).toBe(0)
    expect(
      readdirSync(out)
        .filter(name => !name.endsWith('.png'))
        .sort(),
    ).toEqual([
      'explanation.json',
      'photo.consensus.npy',
      'photo.grad-cam.npy',
      'photo.input-x-gradient.npy',
      'photo.occlusion.npy',
      'photo.spread.npy',
      'report.html',
    ])
    expect(existsSync(join(out, 'photo.spread.png'))).toBe(true)
    const maps = ['input-x-gradient', 'grad-cam', 'occlusion'].map(name => array(join(out, `photo.${name}.npy`)))
    const { members: planes } = alignMaps(maps, { size: { height: 12, width: 12 } })
    const expected = combine(planes, { normaliser: 'l2', scheme: 'upper-confidence-bound', schemeOptions: { kappa: 2 } })
    const consensus = array(join(out, 'photo.consensus.npy'))
    expect(consensus.dims).toEqual([1, 12, 12])
    expect(consensus.values).toEqual(Float32Array.from(expected.values))
    expect(array(join(out, 'photo.spread.npy')).values).toEqual(Float32Array.from(expected.spread))
    const { settings, inputs } = JSON.parse(readFileSync(join(out, 'explanation.json'), 'utf8'))
    expect(settings).toMatchObject({ normalize: 'l2', scheme: 'upper-confidence-bound:kappa=2', reduce: 'signed' })
    expect(inputs[0].ensemble).toEqual({ members: ['input-x-gradient', 'grad-cam', 'occlusion'] })
    expect(inputs[0].results).toHaveLength(5)
    expect(readFileSync(join(out, 'report.html'), 'utf8')).toContain('consensus')
  }, 60_000)

  it('learns weights, and orders segments', async () => {
    const out = join(folder, 'learned')
    const learned = await run([...command, '--normalize', 'l2', '--weights', 'both', '-o', out, '--json'])
    expect(learned.code, learned.stderr).toBe(0)
    const { weights } = JSON.parse(learned.stdout).inputs[0].ensemble
    expect(weights).toHaveLength(3)
    expect(weights.reduce((a: number, b: number) => a + b, 0)).toBeCloseTo(1, 9)
    const kemeny = await run([...command, '--scheme', 'kemeny', '--segments', 'grid:3', '-o', out])
    expect(kemeny.code, kemeny.stderr).toBe(0)
    expect(new Set(array(join(out, 'photo.consensus.npy')).values).size).toBe(9)
  }, 60_000)

  it('combines rows of one tensor, and refuses several', async () => {
    const pair = writeModel(folder, 'pair.onnx', pairModel())
    const path = join(folder, 'rows.npz')
    writeFileSync(path, writeNpz({ left: noise(1, [1, 4]), right: noise(2, [1, 4]) }))
    const two = ['ensemble', pair, path, '-m', 'gradient', '-m', 'input-x-gradient', '-o', join(folder, 'rows')]
    expectError(await run(two), 2, /left, right are explained: name one with --at/)
    const { code, stderr } = await run([...two, '--at', 'left', '--normalize', 'max-abs'])
    expect(code, stderr).toBe(0)
    const [gradient, product] = ['gradient', 'input-x-gradient'].map(
      name => array(join(folder, 'rows', `rows.${name}.npy`)).values,
    )
    const { values, dims } = array(join(folder, 'rows', 'rows.consensus.npy'))
    expect(dims).toEqual([1, 4])
    expect(values).toEqual(Float32Array.from(combine([gradient!, product!], { normaliser: 'max-abs' }).values))
  }, 30_000)

  it('says what is wrong', async () => {
    expectError(await run(['ensemble', model, photo, '-m', 'gradient']), 2, /two methods or more/)
    expectError(await run(['ensemble', model, '--study']), 2, /--data DIR/)
    expectError(await run([...command, '--data', folder]), 2, /add --study/)
    expectError(await run([...command, '--twin', model]), 2, /add --study/)
    expectError(await run([...command, '--scheme', 'meen']), 2, /unknown scheme "meen".*mean/)
    expectError(await run([...command, '--normalize', 'l2:share=1']), 2, /l2 has no option "share"/)
    expectError(await run([...command, '--weights', 'both', '--scheme', 'max']), 2, /leave out --scheme/)
    expectError(await run([...command, '--robust', '0.2']), 2, /needs --weights both/)
    expectError(await run(['ensemble', model, ...members]), 2, /nothing to explain/)
  }, 60_000)
})

describe('ascribe schemes and normalisers', () => {
  it.each([
    ['schemes', schemes],
    ['normalisers', normalisers],
  ] as const)(
    '%s: a JSON array, one in full',
    async (name, all) => {
      const { stdout } = await run([name, '--json'])
      expect(JSON.parse(stdout).map((one: { name: string }) => one.name)).toEqual(all.map(one => one.name))
      const one = all.at(-1)!
      expect((await run([name, one.name])).stdout).toContain(one.formula)
      expectError(await run([name, 'none-such']), 2, /unknown/)
    },
    30_000,
  )
})
