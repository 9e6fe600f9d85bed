/** @file Files on disk: pictures of every format, tensors, labels, output that appears only when whole. */
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  labelOf,
  labelsFromConfig,
  labelsFromMetadata,
  labelsFromText,
  type Pixels,
  parsePreprocessorConfig,
  UniqueNames,
  writeNpy,
  writeNpz,
} from '../src/io/index.js'
import {
  ensureFolder,
  outputProblem,
  readLabels,
  readModelPicture,
  readPicture,
  readPreprocessing,
  readTensorFile,
  removeTemporaryFiles,
  writeFileAtomic,
} from '../src/io/node.js'
import { encodePng } from '../src/render/index.js'
import { float32 } from '../src/tensor-value.js'

let folder = ''
const at = (name: string): string => join(folder, name)
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ascribe-io-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** A smooth picture, so that lossy formats stay close. */
const smooth: Pixels = {
  width: 32,
  height: 16,
  channels: 3,
  data: Uint8Array.from({ length: 32 * 16 * 3 }, (_, i) => [(Math.floor(i / 3) % 32) * 6, Math.floor(i / 96) * 12, 90][i % 3]!),
}
const raw = (picture: Pixels) =>
  sharp(picture.data, { raw: { width: picture.width, height: picture.height, channels: picture.channels } })
const largestDifference = (a: Pixels, b: Pixels): number => Math.max(...Array.from(a.data, (v, i) => Math.abs(v - b.data[i]!)))

const encodings = {
  png: {},
  tiff: { compression: 'lzw' },
  webp: { lossless: true },
  gif: {},
  jpeg: { quality: 95 },
  avif: { quality: 95 },
}

describe('readPicture', () => {
  it.each([
    ['png', 0],
    ['tiff', 0],
    ['webp', 0],
    ['gif', 40],
    ['jpeg', 8],
    ['avif', 12],
  ] as const)('decodes %s', async (format, tolerance) => {
    await raw(smooth)
      .toFormat(format, encodings[format])
      .toFile(at(`x.${format}`))
    const picture = await readPicture(at(`x.${format}`))
    expect([picture.width, picture.height, picture.channels]).toEqual([32, 16, 3])
    expect(largestDifference(picture, smooth)).toBeLessThanOrEqual(tolerance)
  })

  it('turns the picture as EXIF says', async () => {
    await raw(smooth).png().withMetadata({ orientation: 6 }).toFile(at('turned.png'))
    const picture = await readPicture(at('turned.png'))
    expect([picture.width, picture.height]).toEqual([16, 32])
    // Orientation 6 is shown turned right: the first pixel of the last row comes first.
    expect([...picture.data.subarray(0, 3)]).toEqual([...smooth.data.subarray(15 * 96, 15 * 96 + 3)])
  })

  it('lays alpha over white', async () => {
    await raw({ width: 2, height: 1, channels: 4, data: Uint8Array.of(200, 0, 10, 255, 200, 0, 10, 51) })
      .png()
      .toFile(at('alpha.png'))
    const { data, channels } = await readPicture(at('alpha.png'))
    expect(channels).toBe(3)
    expect([...data.subarray(0, 3)]).toEqual([200, 0, 10])
    for (const [i, v] of [244, 204, 206].entries()) expect(Math.abs(data[3 + i]! - v)).toBeLessThanOrEqual(1)
  })

  it('repeats grey and reduces 16 bits to the upper 8', async () => {
    const levels = Uint16Array.from({ length: 64 }, (_, i) => i * 1040)
    const grey = sharp(levels, { raw: { width: 64, height: 1, channels: 1, depth: 'ushort' } as never }).toColourspace('grey16')
    await grey.png().toFile(at('deep.png'))
    expect((await sharp(at('deep.png')).metadata()).depth).toBe('ushort')
    const { data, channels } = await readPicture(at('deep.png'))
    expect([channels, data.length]).toEqual([3, 192])
    for (let i = 0; i < 64; i++) expect([...data.subarray(i * 3, i * 3 + 3)]).toEqual(new Array(3).fill(levels[i]! >> 8))
  })

  it('converts colour profiles to sRGB', async () => {
    // Red of sRGB is (234, 51, 35) in Display P3.
    const red: Pixels = { width: 2, height: 1, channels: 3, data: Uint8Array.of(255, 0, 0, 255, 0, 0) }
    await raw(red).png().withIccProfile('p3').toFile(at('p3.png'))
    expect((await sharp(at('p3.png')).metadata()).icc).toBeDefined()
    expect(largestDifference(await readPicture(at('p3.png')), red)).toBeLessThanOrEqual(3)
  })

  it('takes the first frame of an animation', async () => {
    const frames = Uint8Array.from({ length: 2 * 4 * 4 * 3 }, (_, i) => (i < 48 ? 255 : 0))
    await sharp(frames, { raw: { width: 4, height: 8, channels: 3, pageHeight: 4 } })
      .gif()
      .toFile(at('moving.gif'))
    const picture = await readPicture(at('moving.gif'))
    expect([picture.height, picture.data[0]]).toEqual([4, 255])
  })

  it('names the file where it cannot be read, in one line', async () => {
    const whole = await raw({ ...smooth })
      .png()
      .toBuffer()
    await writeFile(at('half.png'), whole.subarray(0, Math.floor(whole.length * 0.6)))
    const jpeg = await raw(smooth).jpeg().toBuffer()
    await writeFile(at('half.jpg'), jpeg.subarray(0, jpeg.length - 60))
    await writeFile(at('text.jpg'), 'not a picture')
    await writeFile(at('empty.png'), '')
    await writeFile(at('drawing.svg'), '<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"/>')
    await mkdir(at('folder.png'))
    for (const [name, problem] of [
      ['half.png', 'the picture is damaged'],
      ['half.jpg', 'the picture is damaged'],
      ['text.jpg', 'not a JPEG, PNG, WebP, GIF, TIFF or AVIF picture'],
      ['empty.png', 'not a JPEG, PNG, WebP, GIF, TIFF or AVIF picture'],
      ['drawing.svg', 'svg pictures are not read'],
      ['folder.png', 'is a folder'],
      ['absent.png', 'there is no such file'],
    ] as const) {
      const error: Error = await readPicture(at(name)).then(
        () => expect.fail(`${name} was read`),
        e => e,
      )
      expect(error.name).toBe('InputError')
      expect(error.message).toContain(`${at(name)}: ${problem}`)
      expect(error.message).not.toContain('\n')
    }
  })

  it('reads back what encodePng writes, and fits it to the model', async () => {
    await writeFileAtomic(at('own.png'), encodePng(smooth))
    expect(largestDifference(await readPicture(at('own.png')), smooth)).toBe(0)
    const { picture, tensor } = await readModelPicture(
      at('own.png'),
      parsePreprocessorConfig({ size: { shortest_edge: 8 }, crop_size: 8 }),
    )
    expect([picture.width, picture.height, tensor.dims]).toEqual([8, 8, [1, 3, 8, 8]])
  })
})

describe('tensor, preprocessing and label files', () => {
  it('reads .npy and .npz by content', async () => {
    const value = float32([2], [1, 2])
    await writeFile(at('a.npy'), writeNpy(value))
    await writeFile(at('b.npz'), writeNpz({ ids: value }))
    expect(await readTensorFile(at('a.npy'))).toEqual({ kind: 'tensor', value })
    const named = await readTensorFile(at('b.npz'))
    expect(named.kind === 'named' && { ...named.values }).toEqual({ ids: value })
    await expect(readTensorFile(at('text.jpg'))).rejects.toThrow(`${at('text.jpg')}: not a .npy file`)
  })

  it('reads preprocessing and labels, naming file and key', async () => {
    await writeFile(at('p.json'), '{"size": 8, "resample": 7}')
    await expect(readPreprocessing(at('p.json'))).rejects.toThrow(`${at('p.json')}: 'resample': 7`)
    await writeFile(at('bad.json'), '{')
    await expect(readPreprocessing(at('bad.json'))).rejects.toThrow(`${at('bad.json')}: not JSON`)
    await writeFile(at('config.json'), '{"id2label": {"1": "cat", "0": "dog"}}')
    expect(await readLabels(at('config.json'))).toEqual(['dog', 'cat'])
    await writeFile(at('list.json'), '["a", "b"]')
    expect(await readLabels(at('list.json'))).toEqual(['a', 'b'])
    await writeFile(at('labels.txt'), '\uFEFFtench, Tinca tinca\r\ngoldfish\r\n\r\n')
    expect(await readLabels(at('labels.txt'))).toEqual(['tench, Tinca tinca', 'goldfish'])
  })
})

describe('labels', () => {
  it('leaves gaps open and names them by index', () => {
    const labels = labelsFromConfig({ id2label: { 0: 'a', 3: 'd' } })
    expect(labels).toEqual(['a', undefined, undefined, 'd'])
    expect([labelOf(labels, 3), labelOf(labels, 1), labelOf(undefined, 9)]).toEqual(['d', 'class 1', 'class 9'])
    expect(labelsFromConfig({ id2label: null })).toBeUndefined()
    expect(labelsFromText('a\n\nc\n')).toEqual(['a', undefined, 'c'])
  })

  it.each<[string, Record<string, string>, unknown]>([
    ['JSON', { id2label: '{"0": "a", "1": "b"}' }, ['a', 'b']],
    ['a JSON list', { labels: '["a", "b"]' }, ['a', 'b']],
    ['a Python dictionary', { names: `{0: 'person', 1: "driver's cab", 2: 'it\\'s'}` }, ['person', "driver's cab", "it's"]],
    ['a Python list', { names: "['a', 'b']" }, ['a', 'b']],
    ['commas', { classes: 'a, b' }, ['a', 'b']],
    ['nothing', { author: 'x', names: ' ' }, undefined],
  ])('reads metadata in %s', (_, metadata, labels) => {
    expect(labelsFromMetadata(metadata)).toEqual(labels)
  })

  it('refuses what is no list of labels', () => {
    expect(() => labelsFromConfig({ id2label: 'x' })).toThrow("config.json: 'id2label': neither a list")
    expect(() => labelsFromConfig({ id2label: { 1e9: 'x' } })).toThrow('"1000000000" is not a class index')
    expect(() => labelsFromConfig({ id2label: { 0: {} } })).toThrow('the label of class 0 is not text')
    expect(() => labelsFromMetadata({ names: '{}' })).toThrow("model metadata: 'names': holds no labels")
    expect(() => labelsFromText('\n')).toThrow('the file of labels is empty')
  })
})

it('numbers names that are equal, also but for case', () => {
  const names = new UniqueNames()
  expect(['photo', 'photo', 'photo-2', 'Photo', 'other'].map(name => names.take(name))).toEqual([
    'photo',
    'photo-2',
    'photo-2-2',
    'Photo-3',
    'other',
  ])
})

describe('writeFileAtomic', () => {
  it('writes, replaces, and leaves nothing else behind', async () => {
    await mkdir(at('out'))
    await writeFileAtomic(at('out/a.txt'), 'one')
    await writeFileAtomic(at('out/a.txt'), Uint8Array.of(50))
    expect(await readFile(at('out/a.txt'), 'utf8')).toBe('2')
    expect(await readdir(at('out'))).toEqual(['a.txt'])
  })

  it('leaves the old file and no temporary one where it fails', async () => {
    await mkdir(at('taken/b.txt'), { recursive: true })
    await expect(writeFileAtomic(at('taken/b.txt'), 'x')).rejects.toThrow(expect.objectContaining({ name: 'OutputError' }))
    expect(await readdir(at('taken'))).toEqual(['b.txt'])
    await expect(writeFileAtomic(at('nowhere/c.txt'), 'x')).rejects.toThrow(
      `${at('nowhere/c.txt')} could not be written: its folder does not exist`,
    )
    await writeFile(at('file'), '')
    await expect(writeFileAtomic(at('file/c.txt'), 'x')).rejects.toThrow('its folder is a file')
  })

  it('says that the disk is full', async ({ skip }) => {
    const full = await symlink('/dev/full', at('full'))
      .then(() => writeFile(at('full'), 'x'))
      .then(
        () => undefined,
        (error: NodeJS.ErrnoException) => error.code,
      )
    if (full !== 'ENOSPC') skip('there is no /dev/full here')
    expect(outputProblem(Object.assign(new Error('x'), { code: full }))).toBe('the disk is full')
  })

  it('an interruption leaves nothing, neither whole nor half', async () => {
    await mkdir(at('cut'))
    const written = writeFileAtomic(at('cut/big.bin'), new Uint8Array(64 * 2 ** 20)).then(
      () => 'written',
      () => 'stopped',
    )
    while ((await readdir(at('cut'))).length === 0) await new Promise(resolve => setImmediate(resolve))
    expect((await readdir(at('cut')))[0]).toMatch(/^\.big\.bin\.[0-9a-f]{8}\.part$/)
    removeTemporaryFiles()
    expect(await written).toBe('stopped')
    expect(await readdir(at('cut'))).toEqual([])
  })
})

it('makes folders, and refuses one that cannot be written to before any work', async () => {
  await ensureFolder(at('deep/er'))
  expect(await readdir(at('deep/er'))).toEqual([])
  await writeFile(at('plain'), '')
  await expect(ensureFolder(at('plain'))).rejects.toThrow(
    `the folder ${at('plain')} cannot be written to: a file of that name is in the way`,
  )
  await expect(ensureFolder(at('plain/er'))).rejects.toThrow('its folder is a file')
})

it.runIf(process.platform === 'linux')('a folder that no system call can make is an error, not a hang', async () => {
  await expect(ensureFolder('/proc/ascribe/deeper')).rejects.toThrow(/cannot be written to/)
})
