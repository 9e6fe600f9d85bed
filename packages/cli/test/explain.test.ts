/** @file `ascribe explain`, end to end: which files, which values, which record. */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { explain, readNpy, writeNpz } from '@ascribe/core'
import { load, readModelPicture } from '@ascribe/core/node'
import { describe, expect, it } from 'vitest'
import { noise, pairModel, pictureModel, tokenModel, writeModel, writePicture, writeTensor } from './support/models.js'
import { run, scratch } from './support/run.js'

const folder = scratch()
const model = writeModel(folder, 'model.onnx', pictureModel())
const preprocessor = {
  do_resize: true,
  size: { height: 12, width: 12 },
  do_normalize: true,
  image_mean: [0.5, 0.5, 0.5],
  image_std: [0.5, 0.5, 0.5],
}
writeFileSync(join(folder, 'preprocessor_config.json'), JSON.stringify(preprocessor))
writeFileSync(join(folder, 'config.json'), JSON.stringify({ id2label: { 0: 'ant', 1: 'bee', 2: 'cat', 3: 'dog' } }))
const photo = writePicture(folder, 'photo.png', 1)

const record = (out: string) => JSON.parse(readFileSync(join(out, 'explanation.json'), 'utf8'))
const array = (path: string) => readNpy(readFileSync(path))

describe('ascribe explain', () => {
  it('writes when features were selected beside their values', async () => {
    const out = join(folder, 'order')
    const method = 'greedy-pig:segments=grid:2,perRound=1,of.points=5'
    expect((await run(['explain', model, photo, '-m', method, '-t', '2', '-o', out])).code).toBe(0)
    const order = array(join(out, 'photo.greedy-pig.order.npy'))
    expect(order.dtype).toBe('int32')
    expect(order.dims).toEqual([1, 3, 12, 12])
    // Four quarters, each selected at a time of its own.
    const quarters = [0, 6, 72, 78].map(start => Number(order.data[start]))
    expect(quarters.sort()).toEqual([0, 1, 2, 3])
    expect(record(out).inputs[0].results[0].maps[0].order).toBe('photo.greedy-pig.order.npy')
  })

  it('writes exactly the maps, the pictures, the record and the report, with the values of the library', async () => {
    const out = join(folder, 'first')
    const methods = ['-m', 'integrated-gradients:points=20,baseline=constant:0.25', '-m', 'grad-cam']
    const { code, stdout, stderr } = await run(['explain', model, photo, ...methods, '-t', 'label:cat', '-o', out])
    expect(stderr).not.toMatch(/warning|ascribe:/)
    expect(stderr.split('\n').slice(0, 2)).toEqual([
      'integrated-gradients: 2 forwards, 20 gradients',
      'grad-cam: 1 forward, 1 gradient',
    ])
    expect(code).toBe(0)
    expect(stdout).toMatch(/explained: logit of 2 \(cat\)/)
    expect(readdirSync(out).sort()).toEqual([
      'explanation.json',
      'photo.grad-cam.npy',
      'photo.grad-cam.png',
      'photo.integrated-gradients.npy',
      'photo.integrated-gradients.png',
      'report.html',
    ])
    const library = await load(model)
    const { tensor } = await readModelPicture(photo, library.preprocessing!)
    const expected = await explain(library, { image: tensor }, 'integrated-gradients', {
      target: 2,
      options: { points: 20, baseline: 'constant:0.25' },
    })
    await library.dispose()
    const found = array(join(out, 'photo.integrated-gradients.npy'))
    expect(found.dtype).toBe('float32')
    expect(found.dims).toEqual([1, 3, 12, 12])
    expect(found.data).toEqual(expected.values)
    expect(array(join(out, 'photo.grad-cam.npy')).dims).toEqual([1, 12, 12])
    const [input] = record(out).inputs
    expect(input.results[0]).toMatchObject({
      value: expected.value,
      baselineValue: expected.baselineValue,
      residual: expected.residual,
      seed: 0,
    })
    expect(input.results[0].options).toMatchObject({ points: 20, baseline: 'constant:0.25', rule: 'gauss-legendre' })
    expect(input.prediction).toHaveLength(4)
    expect(input.prediction.reduce((sum: number, one: { probability: number }) => sum + one.probability, 0)).toBeCloseTo(1, 12)
    const { versions, model: facts } = record(out)
    expect(versions).toEqual({ ascribe: '0.1.0', 'onnxruntime-node': '1.30.0' })
    expect(facts.sha256).toMatch(/^[0-9a-f]{64}$/)
    expect(JSON.stringify(record(out))).not.toContain(folder)
    expect(readFileSync(join(out, 'report.html'), 'utf8')).not.toContain(folder)
  })

  it('prints the record, and nothing else, under --json', async () => {
    const out = join(folder, 'json')
    const { code, stdout } = await run(['explain', model, photo, '-m', 'gradient', '-o', out, '--json', '-q'])
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toEqual(record(out))
  })

  it('gives the same values twice, and other ones for another seed', async () => {
    const values = async (seed: string) => {
      const out = join(folder, `seed${seed}`)
      await run(['explain', model, photo, '-m', 'smooth-grad:samples=3', '--seed', seed, '-o', out])
      return array(join(out, 'photo.smooth-grad.npy')).data
    }
    const first = await values('7')
    expect(await values('7')).toEqual(first)
    expect(await values('8')).not.toEqual(first)
  })

  it('explains a folder, and keeps equal names and repeated methods apart', async () => {
    const [a, b] = [join(folder, 'a'), join(folder, 'b')]
    for (const one of [a, b]) mkdirSync(one)
    writePicture(a, 'cat.png', 1)
    writePicture(b, 'cat.png', 2)
    writeFileSync(join(b, 'notes.txt'), 'not a picture')
    const out = join(folder, 'names')
    const { code } = await run(['explain', model, a, b, '-m', 'gradient', '-m', 'gradient:absolute=true', '-o', out, '-q'])
    expect(code).toBe(0)
    expect(
      readdirSync(out)
        .filter(name => name.endsWith('.npy'))
        .sort(),
    ).toEqual(['cat-2.gradient-2.npy', 'cat-2.gradient.npy', 'cat.gradient-2.npy', 'cat.gradient.npy'])
    expect(array(join(out, 'cat.gradient.npy')).data).not.toEqual(array(join(out, 'cat-2.gradient.npy')).data)
  })

  it('explains a batch row by row, as one by one', async () => {
    const [rows, size] = [3, 3 * 12 * 12]
    const batch = noise(3, [rows, 3, 12, 12])
    writeTensor(folder, 'batch.npy', batch)
    writeTensor(folder, 'single.npy', { ...batch, dims: [1, 3, 12, 12], data: batch.data.slice(size, 2 * size) })
    const out = join(folder, 'batch-out')
    const paths = [join(folder, 'batch.npy'), join(folder, 'single.npy')]
    const { code } = await run(['explain', model, ...paths, '-m', 'gradient', '-t', '1', '-o', out, '-q'])
    expect(code).toBe(0)
    expect(
      readdirSync(out)
        .filter(name => name.endsWith('.npy'))
        .sort(),
    ).toEqual(['batch-0.gradient.npy', 'batch-1.gradient.npy', 'batch-2.gradient.npy', 'single.gradient.npy'])
    expect(array(join(out, 'batch-1.gradient.npy')).data).toEqual(array(join(out, 'single.gradient.npy')).data)
    expect(record(out).inputs.map((input: { row?: number }) => input.row)).toEqual([0, 1, 2, undefined])
    await run(['explain', model, ...paths, '-m', 'gradient', '--limit', '2', '-o', join(folder, 'limited'), '-q'])
    expect(record(join(folder, 'limited')).inputs).toHaveLength(2)
  })

  it('writes one map per explained tensor of a model with two inputs, and bars', async () => {
    const pair = writeModel(folder, 'pair.onnx', pairModel())
    const row = { left: noise(4, [1, 4]), right: noise(5, [1, 4]) }
    writeFileSync(join(folder, 'row.npz'), writeNpz(row))
    const out = join(folder, 'pair-out')
    const { code } = await run(['explain', pair, join(folder, 'row.npz'), '-m', 'input-x-gradient', '-o', out, '-q'])
    expect(code).toBe(0)
    expect(readdirSync(out).sort()).toEqual([
      'explanation.json',
      'report.html',
      'row.input-x-gradient.left.npy',
      'row.input-x-gradient.left.svg',
      'row.input-x-gradient.right.npy',
      'row.input-x-gradient.right.svg',
    ])
    // f is linear in `left`, so input x gradient at `left` adds up to f(x).
    const [result] = record(out).inputs[0].results
    expect(result.maps[0].sum).toBeCloseTo(result.value, 5)
  })

  it('explains tokens at the embedding', async () => {
    const tokens = writeModel(folder, 'tokens.onnx', tokenModel())
    writeTensor(folder, 'ids.npy', { dtype: 'int64', dims: [1, 6], data: BigInt64Array.of(1n, 2n, 3n, 5n, 8n, 13n) })
    const out = join(folder, 'tokens-out')
    const { code, stderr } = await run(['explain', tokens, join(folder, 'ids.npy'), '-o', out, '--at', 'Gather_out', '-q'])
    expect(stderr).toBe('')
    expect(code).toBe(0)
    expect(array(join(out, 'ids.integrated-gradients.npy')).dims).toEqual([1, 6, 5])
    expect(readFileSync(join(out, 'ids.integrated-gradients.svg'), 'utf8')).toContain('3: id 5')
    expect(record(out).inputs[0].results[0].relativeResidual).toBeLessThan(1e-4)
  })

  it('takes a baseline from a file', async () => {
    writeTensor(folder, 'base.npy', { ...noise(6, [1, 3, 12, 12]), data: new Float32Array(432).fill(0.25) })
    const out = join(folder, 'baseline')
    const methods = [
      '-m',
      `integrated-gradients:baseline=${join(folder, 'base.npy')}`,
      '-m',
      'integrated-gradients:baseline=constant:0.25',
    ]
    const { code } = await run(['explain', model, photo, ...methods, '-o', out, '-q'])
    expect(code).toBe(0)
    expect(array(join(out, 'photo.integrated-gradients.npy')).data).toEqual(
      array(join(out, 'photo.integrated-gradients-2.npy')).data,
    )
    expect(record(out).inputs[0].results[0].options.baseline).toBe('base.npy')
  })

  it('follows the flags of preprocessing, and warns where no normalisation is known', async () => {
    const bare = join(folder, 'bare')
    mkdirSync(bare)
    const plain = writeModel(bare, 'plain.onnx', pictureModel())
    const out = join(folder, 'flags')
    const flags = ['--mean', '0.5,0.5,0.5', '--std', '0.5,0.5,0.5', '--labels', join(folder, 'config.json')]
    const silent = await run(['explain', plain, photo, '-m', 'gradient', '-o', out, '-q', ...flags])
    expect(silent.stderr).toBe('')
    await run(['explain', model, photo, '-m', 'gradient', '-o', join(folder, 'own'), '-q'])
    expect(array(join(out, 'photo.gradient.npy')).data).toEqual(array(join(folder, 'own', 'photo.gradient.npy')).data)
    expect(record(out).inputs[0].prediction[0].label).toMatch(/ant|bee|cat|dog/)
    const warned = await run(['explain', plain, photo, '-m', 'gradient', '-o', join(folder, 'warned'), '-q'])
    expect(warned.code).toBe(0)
    expect(warned.stderr.trim().split('\n')).toHaveLength(1)
    expect(warned.stderr).toMatch(/^warning: no preprocessor_config.json .* --mean and --std/)
    expect(record(join(folder, 'warned')).warnings[0]).toMatch(/no preprocessor_config.json/)
  })

  it('explains the good inputs beside a bad one, names the bad one everywhere, and ends with 1', async () => {
    writeFileSync(join(folder, 'broken.png'), 'no picture at all')
    copyFileSync(photo, join(folder, 'good.png'))
    const out = join(folder, 'mixed')
    const { code, stderr, stdout } = await run([
      'explain',
      model,
      join(folder, 'broken.png'),
      join(folder, 'good.png'),
      '-m',
      'gradient',
      '-o',
      out,
      '--json',
      '-q',
    ])
    expect(code).toBe(1)
    expect(stderr.trim()).toMatch(/^ascribe: .*broken\.png: not a JPEG, PNG/)
    expect(stderr.trim().split('\n')).toHaveLength(1)
    const result = JSON.parse(stdout)
    expect(result.inputs.map((input: { file: string }) => input.file)).toEqual(['good.png'])
    expect(result.failures).toEqual([
      { name: 'broken', file: 'broken.png', message: expect.stringMatching(/^broken\.png: not a JPEG/) },
    ])
    expect(readFileSync(join(out, 'report.html'), 'utf8')).toContain('broken was not explained')
  })

  it('gives the same values from two processes', async () => {
    const out = join(folder, 'processes')
    await run(['explain', model, join(folder, 'batch.npy'), '-m', 'gradient', '-t', '1', '--processes', '2', '-o', out, '-q'])
    for (const row of [0, 1, 2])
      expect(array(join(out, `batch-${row}.gradient.npy`)).data).toEqual(
        array(join(folder, 'batch-out', `batch-${row}.gradient.npy`)).data,
      )
  })
})
