/** @file BAM as its authors' program makes it, on a small imitation; pickled masks as NumPy 1.26 wrote them. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InputError, UsageError, writeNpy } from '@ascribe/core'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeBamFolder } from '../src/bam/layout/index.js'
import { readOriginalBam } from '../src/bam/original/index.js'
import { readMasks } from '../src/bam/original/masks.js'
import type { BamSet, Split } from '../src/bam/source.js'

const base64 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'))

/**
 * np.array of objects: [[0,1,1],[1,0,0]], [[1,0],[1,1],[0,1]] by columns, a slice [[1,0,0],[0,1,0]] of an array by columns, all uint8,
 * and [[True,False]].
 */
const golden = {
  /** The whole file of np.save. */
  3: [
    'k05VTVBZAQB2AHsnZGVzY3InOiAnfE8nLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoNCwpLCB9ICAgICAgICAgICAgICAgIC',
    'AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAqAA2NudW1weS5jb3JlLm11bHRpYXJyYXkKX3JlY29uc3RydWN0',
    'CnEAY251bXB5Cm5kYXJyYXkKcQFLAIVxAkMBYnEDh3EEUnEFKEsBSwSFcQZjbnVtcHkKZHR5cGUKcQdYAgAAAE84cQiJiIdxCVJxCihLA1gBAA',
    'AAfHELTk5OSv////9K/////0s/dHEMYoldcQ0oaABoAUsAhXEOaAOHcQ9ScRAoSwFLAksDhnERaAdYAgAAAHUxcRKJiIdxE1JxFChLA2gLTk5O',
    'Sv////9K/////0sAdHEVYolDBgABAQEAAHEWdHEXYmgAaAFLAIVxGGgDh3EZUnEaKEsBSwNLAoZxG2gUiEMGAQEAAAEBcRx0cR1iaABoAUsAhX',
    'EeaAOHcR9ScSAoSwFLAksDhnEhaBSJQwYBAAAAAQBxInRxI2JoAGgBSwCFcSRoA4dxJVJxJihLAUsBSwKGcSdoB1gCAAAAYjFxKImIh3EpUnEq',
    'KEsDaAtOTk5K/////0r/////SwB0cStiiUMCAQBxLHRxLWJldHEuYi4=',
  ].join(''),
  /** pickle.dumps alone. */
  2: [
    'gAJjbnVtcHkuY29yZS5tdWx0aWFycmF5Cl9yZWNvbnN0cnVjdApxAGNudW1weQpuZGFycmF5CnEBSwCFcQJjX2NvZGVjcwplbmNvZGUKcQNYAQ',
    'AAAGJxBFgGAAAAbGF0aW4xcQWGcQZScQeHcQhScQkoSwFLBIVxCmNudW1weQpkdHlwZQpxC1gCAAAATzhxDImIh3ENUnEOKEsDWAEAAAB8cQ9O',
    'Tk5K/////0r/////Sz90cRBiiV1xEShoAGgBSwCFcRJoB4dxE1JxFChLAUsCSwOGcRVoC1gCAAAAdTFxFomIh3EXUnEYKEsDaA9OTk5K/////0',
    'r/////SwB0cRliiWgDWAYAAAAAAQEBAABxGmgFhnEbUnEcdHEdYmgAaAFLAIVxHmgHh3EfUnEgKEsBSwNLAoZxIWgYiGgDWAYAAAABAQAAAQFx',
    'ImgFhnEjUnEkdHElYmgAaAFLAIVxJmgHh3EnUnEoKEsBSwJLA4ZxKWgYiWgDWAYAAAABAAAAAQBxKmgFhnErUnEsdHEtYmgAaAFLAIVxLmgHh3',
    'EvUnEwKEsBSwFLAoZxMWgLWAIAAABiMXEyiYiHcTNScTQoSwNoD05OTkr/////Sv////9LAHRxNWKJaANYAgAAAAEAcTZoBYZxN1JxOHRxOWJl',
    'dHE6Yi4=',
  ].join(''),
  4: [
    'gASVYQEAAAAAAACMFW51bXB5LmNvcmUubXVsdGlhcnJheZSMDF9yZWNvbnN0cnVjdJSTlIwFbnVtcHmUjAduZGFycmF5lJOUSwCFlEMBYpSHlF',
    'KUKEsBSwSFlGgDjAVkdHlwZZSTlIwCTziUiYiHlFKUKEsDjAF8lE5OTkr/////Sv////9LP3SUYoldlChoAmgFSwCFlGgHh5RSlChLAUsCSwOG',
    'lGgMjAJ1MZSJiIeUUpQoSwNoEE5OTkr/////Sv////9LAHSUYolDBgABAQEAAJR0lGJoAmgFSwCFlGgHh5RSlChLAUsDSwKGlGgZiEMGAQEAAA',
    'EBlHSUYmgCaAVLAIWUaAeHlFKUKEsBSwJLA4aUaBmJQwYBAAAAAQCUdJRiaAJoBUsAhZRoB4eUUpQoSwFLAUsChpRoDIwCYjGUiYiHlFKUKEsD',
    'aBBOTk5K/////0r/////SwB0lGKJQwIBAJR0lGJldJRiLg==',
  ].join(''),
}

/** An object array of an instance of a class. */
const stranger = [
  'gANjbnVtcHkuY29yZS5tdWx0aWFycmF5Cl9yZWNvbnN0cnVjdApxAGNudW1weQpuZGFycmF5CnEBSwCFcQJDAWJxA4dxBFJxBShLAUsBhXEGY2',
  '51bXB5CmR0eXBlCnEHWAIAAABPOHEIiYiHcQlScQooSwNYAQAAAHxxC05OTkr/////Sv////9LP3RxDGKJXXENY19fbWFpbl9fClgKcQ4pgXEP',
  'YXRxEGIu',
].join('')

const header = base64(golden[3]).subarray(0, 128)
const npyOf = (pickle: Uint8Array): Uint8Array => new Uint8Array(Buffer.concat([header, pickle]))

describe('pickled masks', () => {
  const expected = [
    { height: 2, width: 3, data: Uint8Array.of(0, 1, 1, 1, 0, 0) },
    { height: 3, width: 2, data: Uint8Array.of(1, 0, 1, 1, 0, 1) },
    { height: 2, width: 3, data: Uint8Array.of(1, 0, 0, 0, 1, 0) },
    { height: 1, width: 2, data: Uint8Array.of(1, 0) },
  ]

  it('are read from every protocol that NumPy wrote them with', () => {
    expect(readMasks(base64(golden[3]), 'val_mask')).toEqual(expected)
    expect(readMasks(npyOf(base64(golden[2])), 'val_mask')).toEqual(expected)
    expect(readMasks(npyOf(base64(golden[4])), 'val_mask')).toEqual(expected)
  })

  it('may be one array where all are of one size', () => {
    const data = Uint8Array.of(0, 1, 1, 0, 1, 1, 1, 0)
    expect(readMasks(writeNpy({ dtype: 'uint8', dims: [2, 2, 2], data }), 'val_mask')).toEqual([
      { height: 2, width: 2, data: data.subarray(0, 4) },
      { height: 2, width: 2, data: data.subarray(4) },
    ])
  })

  it('that are damaged or something else are refused by name', () => {
    const whole = base64(golden[3])
    expect(() => readMasks(npyOf(base64(stranger)), 'val_mask')).toThrow(/val_mask: holds .*masks do not have/)
    for (const length of [0, 5, 11, 130, 300, whole.length - 1])
      expect(() => readMasks(whole.subarray(0, length), 'val_mask')).toThrow(InputError)
    expect(() => readMasks(new TextEncoder().encode('not a NumPy file at all'), 'val_mask')).toThrow(/val_mask: not a NumPy file/)
    const grey = writeNpy({ dtype: 'uint8', dims: [1, 1, 2], data: Uint8Array.of(0, 255) })
    expect(() => readMasks(grey, 'val_mask')).toThrow(/mask 0: has values other than 0 and 1/)
    const flat = writeNpy({ dtype: 'uint8', dims: [4], data: new Uint8Array(4) })
    expect(() => readMasks(flat, 'val_mask')).toThrow(/does not hold masks/)
  })
})

const objects = ['backpack', 'bird', 'dog', 'elephant', 'kite', 'pizza', 'stop_sign', 'toilet', 'truck', 'zebra']
const scenes = ['bamboo_forest', 'bedroom', 'bowling_alley', 'bus_interior', 'cockpit'].concat([
  'corn_field',
  'laundromat',
  'runway',
  'ski_slope',
  'track',
])

let root: string
let data: string

/** Masks of 2 x 2 where number k has one pixel, at k modulo 4. */
const masks = (count: number) => {
  const bytes = Uint8Array.from({ length: count * 4 }, (_, i) => (i % 4 === Math.floor(i / 4) % 4 ? 1 : 0))
  return writeNpy({ dtype: 'uint8', dims: [count, 2, 2], data: bytes })
}

const number = (instance: number) => String(instance).padStart(4, '0')
const box = (object: number, instance: number) => [10 + object, instance % 100, 14 + object, (instance % 100) + 8]

async function writeSet(set: BamSet, pairs: (readonly [object: number, scene: number])[], parts: Split[]): Promise<void> {
  const labels = set === 'obj' ? objects : scenes
  const byLabel = ([object, scene]: readonly [number, number]) => (set === 'obj' ? object : scene)
  const lines: Record<Split, string[]> = { train: [], val: [] }
  const valLabels: string[] = []
  await mkdir(join(data, set, 'val'), { recursive: true })
  if (parts.includes('train')) for (const label of labels) await mkdir(join(data, set, 'train', label), { recursive: true })
  for (const pair of pairs) {
    const [object, scene] = pair
    for (const split of parts) {
      for (const instance of split === 'train' ? [0, 1] : [900, 901]) {
        const name = `${objects[object]}-${scenes[scene]}-${number(instance)}.jpg`
        const grey = set === 'scene_only' || set === 'bamboo_forest' ? 10 * scene : 100 + 10 * object
        const pixels = sharp({ create: { width: 128, height: 128, channels: 3, background: { r: grey, g: grey, b: grey } } })
        const place = split === 'train' ? join('train', labels[byLabel(pair)]!) : 'val'
        await writeFile(join(data, set, place, name), await pixels.jpeg({ quality: 100 }).toBuffer())
        lines[split].push(`${name} ${box(object, instance).join(',')}`)
        if (split === 'val') valLabels.push(`${name} ${byLabel(pair)}`)
      }
    }
  }
  await writeFile(join(data, set, 'val.txt'), valLabels.sort().join('\n'))
  await writeFile(join(data, set, 'val_loc.txt'), `${lines.val.sort().join('\n')}\n`)
  await writeFile(join(data, set, 'loc.txt'), [...lines.train, ...lines.val].sort().join('\n'))
  await writeFile(join(data, set, 'val_mask'), masks(parts.includes('train') ? 1000 : 100))
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'bam-original-'))
  data = join(root, 'data')
  const pairs = [2, 9].flatMap(object => [0, 1].map(scene => [object, scene] as const))
  for (const set of ['obj', 'scene', 'scene_only'] as const) await writeSet(set, pairs, ['train', 'val'])
  await writeSet('dog_bedroom', [[2, 1]], ['val'])
  await writeSet('bamboo_forest', [[2, 0]], ['val'])
})
afterAll(() => rm(root, { recursive: true, force: true }))

describe('OriginalSource', () => {
  it('lists pictures by their names', async () => {
    const source = await readOriginalBam(data)
    const count = (set: BamSet) => [source.count(set, 'train'), source.count(set, 'val')]
    expect([source.kind, source.size, source.roles]).toEqual(['original', 128, { dog: 2, bedroom: 1, bambooForest: 0 }])
    expect([source.objects, source.scenes]).toEqual([objects, scenes])
    expect([count('obj'), count('scene'), count('dog_bedroom'), count('bamboo_forest')]).toEqual([
      [8, 8],
      [8, 8],
      [0, 2],
      [0, 2],
    ])
    // Two object names over the same two scene pictures of two scenes.
    expect(count('scene_only')).toEqual([4, 4])
    expect([count('scene1'), count('bamboo_forest_patch')]).toEqual([
      [0, 0],
      [0, 0],
    ])
    const index = source.find('obj', 'val', { object: 9, scene: 1, instance: 901 })!
    expect(source.entry('obj', 'val', index)).toEqual({ object: 9, scene: 1, instance: 901 })
    expect(source.find('scene_only', 'val', { object: null, scene: 1, instance: 900 })).toBe(2)
    expect(source.defects.length).toBe(4)
  })

  it("finds a picture's mask by object and number, and fits it into the box", async () => {
    const source = await readOriginalBam(data)
    for (const [object, instance] of [
      [2, 900],
      [9, 901],
    ] as const) {
      const index = source.find('scene', 'val', { object, scene: 1, instance })!
      const { pixels, mask, box: found } = await source.picture('scene', 'val', index)
      expect(Math.abs(pixels[0]! - (100 + 10 * object))).toBeLessThanOrEqual(1)
      const [rowMin, columnMin, rowMax, columnMax] = box(object, instance) as [number, number, number, number]
      expect(found).toEqual({ rowMin, columnMin, rowMax, columnMax })
      // One of the four quarters of a 2 x 2 mask; bilinear weights of at least half reach the middle and no further.
      const quarter = (100 * object + (instance % 100)) % 4
      const [down, right] = [Math.floor(quarter / 2), quarter % 2]
      const inside = (row: number, column: number) =>
        Math.floor((row - rowMin) / 2) === down && Math.floor((column - columnMin) / 4) === right
      let area = 0
      for (let p = 0; p < 128 * 128; p++) {
        if (mask![p] === 0) continue
        expect(mask![p]).toBe(255)
        expect(inside(Math.floor(p / 128), p % 128)).toBe(true)
        area++
      }
      expect(area).toBeGreaterThanOrEqual(4)
    }
    const { mask } = await source.picture('dog_bedroom', 'val', 1)
    const set = [...mask!.keys()].filter(p => mask![p]! > 0)
    expect(set.every(p => p % 128 >= 1 + 4 && Math.floor(p / 128) < 12 + 2)).toBe(true)
  })

  it('has boxes but no masks for training, neither without object', async () => {
    const source = await readOriginalBam(data)
    const train = await source.picture('obj', 'train', 0)
    expect([train.mask, train.box]).toEqual([null, { rowMin: 12, columnMin: 0, rowMax: 16, columnMax: 8 }])
    const alone = await source.picture('scene_only', 'val', 2)
    expect([alone.mask, alone.box]).toEqual([null, null])
    expect(Math.abs(alone.pixels[0]! - 10)).toBeLessThanOrEqual(1)
  })

  it('can be written in our layout where it is complete', async () => {
    const source = await readOriginalBam(data)
    const read = await writeBamFolder(source, join(root, 'ours'), { sets: ['scene', 'scene_only'], splits: ['val'] })
    for (let i = 0; i < 8; i++) expect(await read.picture('scene', 'val', i)).toEqual(await source.picture('scene', 'val', i))
    await expect(writeBamFolder(source, join(root, 'train'), { sets: ['obj'] })).rejects.toThrow(
      /obj.train number \d: a picture needs a mask/,
    )
  })

  it('names what is missing or does not fit', async () => {
    await expect(readOriginalBam(join(root, 'nowhere'))).rejects.toThrow(/there is no such folder/)
    await expect(readOriginalBam(root)).rejects.toThrow(/has none of obj, scene/)
    await expect(readOriginalBam(data, { sets: ['scene3'] })).rejects.toThrow(UsageError)
    await expect(readOriginalBam(data, { sets: ['bamboo_forest_patch'] })).rejects.toThrow(/224 x 224/)
    const changed = async (place: string, change: (text: string) => string | Uint8Array, message: RegExp) => {
      const path = join(data, place)
      const before = await readFile(path)
      await writeFile(path, change(before.toString('latin1')))
      await expect(readOriginalBam(data)).rejects.toThrow(message)
      await writeFile(path, before)
    }
    await changed(
      'obj/val.txt',
      text => text.replace('0900.jpg 2', '0900.jpg 3'),
      /line 1: dog-bamboo_forest-0900.jpg has class 3/,
    )
    await changed('obj/val.txt', text => text.replace('dog', 'cat'), /line 1: 'cat-bamboo_forest-0900' is not named after/)
    await changed('obj/val.txt', text => text.replace('0900', '0905'), /has no box for dog-bamboo_forest-0905.jpg/)
    await changed('scene/val_loc.txt', text => text.replace(',8', ',800'), /is no box within 128 x 128/)
    await changed('obj/val_mask', () => masks(999), /holds 999 masks instead of 1000/)
    await changed('scene_only/val.txt', text => text.replace('0900', '0905'), /0905.jpg: there is no such file/)
    await rm(join(data, 'obj/train/kite'), { recursive: true })
    await expect(readOriginalBam(data)).rejects.toThrow(/kite: the folder of this class is missing/)
  })
})
