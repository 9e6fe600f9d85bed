/** @file Folders of labelled pictures as training data. */
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { InputError, UsageError } from '@ascribe/core'
import sharp from 'sharp'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openLabelledFolder } from '../src/data/folder/index.js'

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'labelled-'))
})
afterEach(() => rm(root, { recursive: true, force: true }))

/** Left half in one colour, right half in another. */
async function writePicture(path: string, [w, h]: [number, number], left: number, right: number): Promise<void> {
  const data = Uint8Array.from({ length: w * h * 3 }, (_, i) => (Math.floor(i / 3) % w < w / 2 ? left : right))
  await mkdir(dirname(join(root, path)), { recursive: true })
  await writeFile(
    join(root, path),
    await sharp(data, { raw: { width: w, height: h, channels: 3 } })
      .png()
      .toBuffer(),
  )
}

async function makeClasses(classes: Record<string, number>, below = ''): Promise<void> {
  for (const [name, count] of Object.entries(classes))
    for (let i = 0; i < count; i++) await writePicture(join(below, name, `${i}.png`), [6, 6], 10 * i, 10 * i)
}

const opened = (changes = {}) => openLabelledFolder(root, { size: 4, ...changes })

async function failing(changes: object, kind: new (...args: never[]) => Error, message: RegExp): Promise<void> {
  const error = await opened(changes).catch(cause => cause)
  expect(error).toBeInstanceOf(kind)
  expect(error.message).toMatch(message)
}

describe('a folder divided by seed', () => {
  it('gives every class its share, every picture once', async () => {
    await makeClasses({ cat: 10, ant: 20, bee: 3 })
    await writeFile(join(root, 'ant/notes.txt'), 'x')
    await writeFile(join(root, 'ant/.hidden.png'), 'x')
    const data = await opened({ validation: 0.2 })
    expect(data.classes).toEqual(['ant', 'bee', 'cat'])
    expect([data.count('train'), data.count('val')]).toEqual([16 + 2 + 8, 4 + 1 + 2])
    const all: string[] = []
    for (const split of ['train', 'val'] as const) {
      for (let i = 0; i < data.count(split); i++) {
        const path = data.path(split, i)
        all.push(path)
        expect(dirname(path)).toBe(join(root, data.classes[data.label(split, i)]!))
      }
    }
    expect(new Set(all).size).toBe(33)
  })

  it('is the same for the same seed, and another for another', async () => {
    await makeClasses({ ant: 30, bee: 30 })
    const held = async (seed: number) => {
      const data = await opened({ seed, validation: 0.5 })
      return Array.from({ length: data.count('val') }, (_, i) => data.path('val', i))
    }
    expect(await held(1)).toEqual(await held(1))
    const digests = await Promise.all([{}, {}, { seed: 1 }, { size: 5 }].map(async changes => (await opened(changes)).digest))
    expect(digests[0]).toBe(digests[1])
    expect(new Set(digests).size).toBe(3)
    await writePicture('ant/30.png', [6, 6], 0, 0)
    expect((await opened()).digest).not.toBe(digests[0])
    await rm(join(root, 'ant/30.png'))
    expect(await held(1)).not.toEqual(await held(2))
    // Classes are drawn from independently.
    const names = (await held(1)).map(path => path.slice(path.lastIndexOf('/')))
    expect(names.slice(0, 15)).not.toEqual(names.slice(15))
  })

  it('needs a picture to train on and one to hold', async () => {
    await makeClasses({ ant: 1, bee: 5 })
    await failing({}, InputError, /ant: has 1 pictures, of which 1 would be for validation/)
  })
})

describe('a folder that is divided already', () => {
  it('is taken as it is', async () => {
    await makeClasses({ ant: 2, bee: 3 }, 'train')
    await makeClasses({ ant: 1, bee: 2 }, 'valid')
    const data = await opened()
    expect([data.classes, data.count('train'), data.count('val')]).toEqual([['ant', 'bee'], 5, 3])
    expect([0, 1, 2].map(i => data.label('val', i))).toEqual([0, 1, 1])
    expect(data.path('val', 2)).toBe(join(root, 'valid/bee/1.png'))
  })

  it('needs one part for validation', async () => {
    await makeClasses({ ant: 2, bee: 3 }, 'train')
    await failing({}, InputError, /beside train, there is no val; one is needed/)
    await makeClasses({ ant: 2, bee: 3 }, 'val')
    await makeClasses({ ant: 2, bee: 3 }, 'validation')
    await failing({}, InputError, /beside train, there are val and validation; one is needed/)
  })

  it('is not one where train is a class', async () => {
    await makeClasses({ train: 2, tram: 3 })
    expect((await opened()).classes).toEqual(['train', 'tram'])
  })

  it('must have the same classes in both parts', async () => {
    await makeClasses({ ant: 2, bee: 3 }, 'train')
    await makeClasses({ ant: 1, bee: 2, cow: 1 }, 'val')
    await failing({}, InputError, /val: has a class 'cow' that train has not/)
    await cp(join(root, 'train/ant'), join(root, 'train/dog'), { recursive: true })
    await failing({}, InputError, /val: has no class 'dog', which train has/)
  })
})

describe('pictures', () => {
  it('have their shorter side resized and the middle taken', async () => {
    await makeClasses({ bee: 2 })
    // 16 x 8 becomes 8 x 4; columns 2 to 5 remain, the halves meeting in their middle.
    await writePicture('ant/a.png', [16, 8], 40, 200)
    await writePicture('ant/b.png', [8, 16], 40, 200)
    const data = await opened({ validation: 0.5 })
    for (const split of ['train', 'val'] as const) {
      const pixels = await data.picture(split, 0)
      expect(pixels.length).toBe(48)
      for (let row = 0; row < 4; row++) {
        const columns = [0, 1, 2, 3].map(column => pixels[(row * 4 + column) * 3]!)
        expect([columns[0], columns[3]]).toEqual([40, 200])
        expect(columns[1]! + columns[2]!).toBe(240)
        expect(columns[1]).toBeLessThan(80)
      }
    }
  })

  it('may be grey or have alpha, which is laid over white', async () => {
    await makeClasses({ bee: 2 })
    await mkdir(join(root, 'ant'))
    const grey = sharp(new Uint8Array(64).fill(77), { raw: { width: 8, height: 8, channels: 1 } }).toColourspace('b-w')
    await writeFile(join(root, 'ant/a.png'), await grey.png().toBuffer())
    const clear = sharp(new Uint8Array(256), { raw: { width: 8, height: 8, channels: 4 } })
    await writeFile(join(root, 'ant/b.png'), await clear.png().toBuffer())
    const data = await opened({ validation: 0.5 })
    const values = await Promise.all((['train', 'val'] as const).map(async split => [...new Set(await data.picture(split, 0))]))
    expect(values.sort((a, b) => a[0]! - b[0]!)).toEqual([[77], [255]])
  })

  it('that are damaged are named', async () => {
    await makeClasses({ ant: 2, bee: 2 })
    const png = await readFile(join(root, 'ant/0.png'))
    for (const name of ['0.png', '1.png']) await writeFile(join(root, 'ant', name), png.subarray(0, png.length - 30))
    const data = await opened({ validation: 0.5 })
    await expect(data.picture('train', 0)).rejects.toThrow(/ant.[01]\.png: the picture is damaged/)
    await expect(data.picture('train', 99)).rejects.toThrow(/train has 2 pictures, there is no number 99/)
  })
})

describe('errors', () => {
  it('name what the folder lacks', async () => {
    await failing({}, InputError, /has 0 class folders, at least 2 are needed/)
    await makeClasses({ ant: 2 })
    await failing({}, InputError, /has 1 class folders/)
    await mkdir(join(root, 'bee'))
    await failing({}, InputError, /bee: has no pictures/)
    await expect(openLabelledFolder(join(root, 'nowhere'), { size: 4 })).rejects.toThrow(/nowhere: there is no such folder/)
    await expect(openLabelledFolder(join(root, 'ant/0.png'), { size: 4 })).rejects.toThrow(/is a file, not a folder/)
  })

  it('name options out of range', async () => {
    await failing({ size: 0 }, UsageError, /size is 0/)
    await failing({ validation: 1 }, UsageError, /validation is 1/)
  })
})
