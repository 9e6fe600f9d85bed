/** @file BAM from photos, on tiny COCO and Places folders made here; masks decoded by hand. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { AbortedError, InputError, UsageError } from '@ascribe/core'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeBamFolder } from '../src/bam/layout/index.js'
import { ByteCache } from '../src/bam/natural/byte-cache.js'
import { cutOut, paste, placementOf, scaleCutOut } from '../src/bam/natural/compose.js'
import { type NaturalOptions, naturalObjects, naturalScenes, openNatural } from '../src/bam/natural/index.js'
import { polygonsToMask } from '../src/data/coco/polygon.js'
import { decompressRuns, runsToMask } from '../src/data/coco/rle.js'
import { segmentationToMask } from '../src/data/coco/segmentation.js'

type Colour = readonly [number, number, number]

const rows = (mask: Uint8Array, width: number): string[] =>
  Array.from({ length: mask.length / width }, (_, row) => [...mask.subarray(row * width, (row + 1) * width)].join(''))

describe('run-length masks', () => {
  it('run down the columns', () => {
    expect(rows(runsToMask([2, 3, 4], 3, 3), 3)).toEqual(['010', '010', '100'])
    expect(rows(runsToMask([0, 2, 4], 2, 3), 3)).toEqual(['100', '100'])
  })

  it('are decompressed', () => {
    // 2, 3, 4, then 3 - 3 = 0, then 100 - 4 = 96 = 3·32 + 0.
    expect(decompressRuns('2340P3')).toEqual([2, 3, 4, 3, 100])
    // 4 - 10 = -6, whose five bits are 11010.
    expect(decompressRuns('0:5J')).toEqual([0, 10, 5, 4])
    // 16 needs a second group, or its fifth bit would be taken for the sign.
    expect(decompressRuns('`0')).toEqual([16])
    // 4 - 104 = -100 = -4·32 + 28: 28 with more to come, then 28 (= -4 in five bits); 104 = 3·32 + 8.
    expect(decompressRuns('0X35lL')).toEqual([0, 104, 5, 4])
  })

  it('must fill the picture', () => {
    expect(() => runsToMask([2, 3], 3, 3)).toThrow(/has 5 pixels, the picture 9/)
    expect(() => runsToMask([2, 8], 3, 3)).toThrow(/run 2 \(8\)/)
    expect(() => runsToMask([2, -1, 8], 3, 3)).toThrow(InputError)
    expect(() => decompressRuns('P')).toThrow(/damaged/)
    expect(() => decompressRuns('2 3')).toThrow(/damaged/)
    expect(() => segmentationToMask({ counts: [9], size: [3, 3] }, 3, 4)).toThrow(/the mask is 3 x 3, its picture 4 x 3/)
  })
})

describe('polygons', () => {
  it('have the pixels whose centres they hold', () => {
    expect(rows(polygonsToMask([[1, 1, 4, 1, 4, 3, 1, 3]], 4, 6), 6)).toEqual(['000000', '011100', '011100', '000000'])
    expect(rows(polygonsToMask([[0, 0, 4, 0, 0, 4]], 4, 4), 4)).toEqual(['1110', '1100', '1000', '0000'])
    // 1.6 leaves out the centre at 1.5; 3.4 leaves out the one at 3.5.
    expect(rows(polygonsToMask([[1.6, 0, 3.4, 0, 3.4, 1, 1.6, 1]], 1, 5), 5)).toEqual(['00100'])
  })

  it('are joined, and cut at the edges', () => {
    const squares = [
      [0, 0, 2, 0, 2, 2, 0, 2],
      [1, 1, 3, 1, 3, 3, 1, 3],
    ]
    expect(rows(segmentationToMask(squares, 3, 3), 3)).toEqual(['110', '111', '011'])
    expect(rows(polygonsToMask([[-5, -5, 9, -5, 9, 1, -5, 1]], 2, 2), 2)).toEqual(['11', '00'])
  })

  it('need three corners', () => {
    expect(() => polygonsToMask([[0, 0, 1, 1]], 2, 2)).toThrow(/4 coordinates/)
    expect(() => polygonsToMask([[0, 0, 1, 1, 2, 2, 3]], 2, 2)).toThrow(InputError)
  })
})

describe('composing', () => {
  it("draws the longer side as the paper does, the same for all of an instance's pictures", () => {
    const sides = Array.from({ length: 2000 }, (_, i) => placementOf(3, i, 128).side)
    expect([Math.min(...sides), Math.max(...sides)]).toEqual([73, 89])
    expect(placementOf(3, 5, 128)).toEqual(placementOf(3, 5, 128))
    expect(placementOf(4, 5, 128)).not.toEqual(placementOf(3, 5, 128))
  })

  it('lets nothing from outside the mask bleed in', () => {
    // A red disc on white, pasted on blue: green stays 0 everywhere.
    const side = 40
    const disc = Uint8Array.from({ length: side * side }, (_, i) => {
      return Math.hypot((i % side) - 19.5, Math.floor(i / side) - 19.5) < 18 ? 1 : 0
    })
    const data = Uint8Array.from({ length: side * side * 3 }, (_, i) => (i % 3 === 0 ? 255 : disc[Math.floor(i / 3)] ? 0 : 255))
    const cut = cutOut({ width: side, height: side, channels: 3, data }, disc, {
      rowMin: 0,
      columnMin: 0,
      rowMax: side,
      columnMax: side,
    })
    const blue = Uint8Array.from({ length: 32 * 32 * 3 }, (_, i) => (i % 3 === 2 ? 255 : 0))
    const placement = placementOf(0, 0, 32)
    const { pixels, mask, box } = paste(blue, scaleCutOut(cut, placement), placement, 32)
    expect(box!.rowMax - box!.rowMin).toBe(placement.side)
    let soft = 0
    for (let i = 0; i < mask!.length; i++) {
      expect(pixels[i * 3 + 1]).toBe(0)
      expect(Math.abs(pixels[i * 3]! + pixels[i * 3 + 2]! - 255)).toBeLessThanOrEqual(1)
      expect(Math.abs(pixels[i * 3]! - mask![i]!)).toBeLessThanOrEqual(1)
      if (mask![i]! > 0 && mask![i]! < 255) soft++
    }
    expect(soft).toBeGreaterThan(20)
  })

  it('scales the other side in proportion, at least one pixel', () => {
    const strip = { width: 100, height: 1, channels: 4 as const, data: new Uint8Array(400) }
    const { width, height } = scaleCutOut(strip, { side: 20, down: 0, right: 0 })
    expect([width, height]).toEqual([20, 1])
    const tall = scaleCutOut({ width: 30, height: 60, channels: 4, data: new Uint8Array(7200) }, { side: 21, down: 0, right: 0 })
    expect([tall.width, tall.height]).toEqual([10, 21])
  })
})

describe('the cache of parts', () => {
  it('keeps the latest within its bound, shares loads and forgets failures', async () => {
    const cache = new ByteCache<string>(10, value => value.length)
    let loads = 0
    const load = (value: string) => async () => {
      loads++
      return value
    }
    await Promise.all([cache.get('a', load('aaaa')), cache.get('a', load('aaaa'))])
    expect(loads).toBe(1)
    await cache.get('b', load('bbbb'))
    await cache.get('a', load('aaaa'))
    await cache.get('c', load('cccc'))
    expect([loads, cache.bytes]).toEqual([3, 8])
    await cache.get('a', load('aaaa'))
    expect(loads).toBe(3)
    await cache.get('b', load('bbbb'))
    expect(loads).toBe(4)
    await expect(cache.get('d', () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(await cache.get('d', load('dd'))).toBe('dd')
  })
})

/** COCO pictures are 20 x 16, white, with an object at column 4, row 2, 10 wide and 8 high. */
const [width, height] = [20, 16]
const bbox = [4, 2, 10, 8]
const polygon = [4, 2, 14, 2, 14, 10, 4, 10]
const runs = [66, ...Array<number>(19).fill(8), 102]
// 66 = 2·32 + 2; 8; 8; seventeen differences of 0; 102 - 8 = 94 = 2·32 + 30.
const compressed = `R288${'0'.repeat(17)}n2`

const categories: Record<string, { id: number; colour: Colour; segmentation: unknown }> = {
  dog: { id: 18, colour: [200, 30, 30], segmentation: [polygon] },
  bird: { id: 16, colour: [0, 0, 0], segmentation: { counts: runs, size: [height, width] } },
  'stop sign': { id: 13, colour: [10, 200, 10], segmentation: { counts: compressed, size: [height, width] } },
}
const objects = ['dog', 'bird', 'stop sign']
const scenes = ['bedroom', 'bamboo_forest', 'track/outdoor']
const sceneColour = (scene: number, instance: number): Colour => [60 + scene * 60, 20 + instance * 10, 128]
const [size, count] = [16, 10]

/** A PNG whose pixel (row, column) has the colour that `at` gives. */
async function writePng(path: string, [w, h]: readonly [number, number], at: (row: number, column: number) => Colour) {
  const data = Uint8Array.from({ length: w * h * 3 }, (_, i) => at(Math.floor(i / 3 / w), Math.floor(i / 3) % w)[i % 3]!)
  await mkdir(dirname(path), { recursive: true })
  await writeFile(
    path,
    await sharp(data, { raw: { width: w, height: h, channels: 3 } })
      .png()
      .toBuffer(),
  )
}

interface Coco {
  info: unknown
  images: Record<string, unknown>[]
  annotations: Record<string, unknown>[]
  categories: Record<string, unknown>[]
}

const instancesPath = (coco: string) => join(coco, 'annotations/instances_train2017.json')

async function makeCoco(coco: string): Promise<void> {
  const json: Coco = { info: { about: 'a "test" {[, \\' }, images: [], annotations: [], categories: [{ id: 1, name: 'person' }] }
  for (const [k, name] of objects.entries()) {
    const { id, colour, segmentation } = categories[name]!
    json.categories.push({ supercategory: 'thing', id, name })
    // File names fall while ids rise: the first pictures are those with the first names.
    for (let i = 0; i < count + 1; i++) {
      const image = 100 * k + i
      const file = `${String(100 * k + count - i).padStart(12, '0')}.png`
      json.images.push({ id: image, file_name: file, width, height })
      json.annotations.push({
        id: 3 * image,
        image_id: image,
        category_id: 1,
        area: 300,
        bbox: [0, 0, 20, 16],
        segmentation: [polygon],
        iscrowd: 0,
      })
      json.annotations.push({ id: 3 * image + 1, image_id: image, category_id: id, area: 80, bbox, segmentation, iscrowd: 0 })
      const small = [16, 12, 19, 12, 19, 15, 16, 15]
      json.annotations.push({
        id: 3 * image + 2,
        image_id: image,
        category_id: id,
        area: 9,
        bbox: [16, 12, 3, 3],
        segmentation: [small],
      })
      await writePng(join(coco, 'images/train2017', file), [width, height], (row, column) =>
        row >= 2 && row < 10 && column >= 4 && column < 14 ? colour : [255, 255, 255],
      )
    }
  }
  await mkdir(join(coco, 'annotations'), { recursive: true })
  await writeFile(instancesPath(coco), JSON.stringify(json))
}

async function makePlaces(places: string): Promise<void> {
  for (const [k, name] of scenes.entries()) {
    for (let i = 0; i < count; i++)
      await writePng(join(places, 'images/train', name[0]!, name, `${String(i).padStart(8, '0')}.png`), [24, 16], () =>
        sceneColour(k, i),
      )
  }
}

let root: string
let options: NaturalOptions
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'bam-natural-'))
  options = { coco: join(root, 'coco'), places: join(root, 'places'), size, count, objects, scenes, seed: 5 }
  await makeCoco(options.coco)
  await makePlaces(options.places)
})
afterAll(() => rm(root, { recursive: true, force: true }))

describe('NaturalSource', () => {
  it("has the paper's classes, sets and split", async () => {
    expect([naturalObjects.length, naturalScenes.length, naturalObjects[6], naturalScenes[9]]).toEqual([
      10,
      10,
      'stop sign',
      'track/outdoor',
    ])
    const source = await openNatural(options)
    expect([source.kind, source.size, source.roles]).toEqual(['natural', 16, { dog: 0, bedroom: 0, bambooForest: 1 }])
    expect([source.count('obj', 'train'), source.count('obj', 'val'), source.count('scene_only', 'train')]).toEqual([81, 9, 27])
    expect([
      source.count('dog_bedroom', 'val'),
      source.count('bamboo_forest', 'val'),
      source.count('bamboo_forest_patch', 'val'),
    ]).toEqual([1, 1, 0])
    expect(source.entry('obj', 'val', 0)).toEqual({ object: 0, scene: 0, instance: 9 })
  })

  it('pastes the largest annotation, whatever its mask is written as, black objects too', async () => {
    const source = await openNatural(options)
    for (let i = 0; i < source.count('obj', 'train'); i++) {
      const { object, scene, instance } = source.entry('obj', 'train', i)
      const { pixels, mask, box } = await source.picture('obj', 'train', i)
      const { side } = placementOf(5, instance, size)
      expect([box!.columnMax - box!.columnMin, box!.rowMax - box!.rowMin]).toEqual([side, Math.floor((side * 8) / 10)])
      for (let p = 0; p < size * size; p++) {
        const [row, column] = [Math.floor(p / size), p % size]
        const inside = row >= box!.rowMin && row < box!.rowMax && column >= box!.columnMin && column < box!.columnMax
        expect(mask![p]).toBe(inside ? 255 : 0)
        expect([...pixels.subarray(p * 3, p * 3 + 3)]).toEqual(
          inside ? [...categories[objects[object!]!]!.colour] : [...sceneColour(scene, instance)],
        )
      }
    }
  })

  it('changes only the part that is swapped', async () => {
    const source = await openNatural(options)
    const at = (entry: { object: number | null; scene: number; instance: number }, set: 'obj' | 'scene_only' = 'obj') =>
      source.picture(set, 'train', source.find(set, 'train', entry)!)
    const dog = await at({ object: 0, scene: 0, instance: 3 })
    const bird = await at({ object: 1, scene: 0, instance: 3 })
    const elsewhere = await at({ object: 0, scene: 2, instance: 3 })
    const alone = await at({ object: null, scene: 0, instance: 3 }, 'scene_only')
    expect(bird.box).toEqual(dog.box)
    expect(elsewhere.mask).toEqual(dog.mask)
    expect([alone.mask, alone.box]).toEqual([null, null])
    for (let p = 0; p < size * size; p++) {
      const part = (pixels: Uint8Array) => [...pixels.subarray(p * 3, p * 3 + 3)]
      if (dog.mask![p] === 0) expect(part(alone.pixels)).toEqual(part(dog.pixels))
      else expect(part(elsewhere.pixels)).toEqual(part(dog.pixels))
    }
  })

  it('gives the same pictures in any order and with no memory; another seed gives others', async () => {
    const [a, b, c] = [
      await openNatural(options),
      await openNatural({ ...options, memory: 0 }),
      await openNatural({ ...options, seed: 6 }),
    ]
    expect([a.digest === b.digest, a.digest === c.digest]).toEqual([true, false])
    const total = a.count('scene', 'train')
    let moved = 0
    for (let i = 0; i < total; i++) {
      const picture = await a.picture('scene', 'train', i)
      const late = await b.picture('scene', 'train', total - 1 - i)
      expect(late).toEqual(await a.picture('scene', 'train', total - 1 - i))
      if (JSON.stringify((await c.picture('scene', 'train', i)).box) !== JSON.stringify(picture.box)) moved++
    }
    expect(moved).toBeGreaterThan(total / 2)
    expect(a.digest).toMatch(/^[0-9a-f]{64}$/)
  })

  it('is written and read back exactly', async () => {
    const source = await openNatural(options)
    const read = await writeBamFolder(source, join(root, 'out'), { seed: 5 })
    expect(await readdir(join(root, 'out/obj/train'))).toEqual(['bird', 'dog', 'stop_sign'])
    for (const set of ['scene', 'scene2', 'bamboo_forest'] as const) {
      expect(read.count(set, 'val')).toBe(source.count(set, 'val'))
      for (let i = 0; i < read.count(set, 'val'); i++)
        expect(await read.picture(set, 'val', i)).toEqual(await source.picture(set, 'val', i))
    }
    expect([read.kind, read.digest]).toEqual(['natural', source.digest])
  })

  it('reads a long instances file in pieces', async () => {
    const coco = join(root, 'long')
    await makeCoco(coco)
    const text = await readFile(instancesPath(coco), 'utf8')
    // Spaces push lists, keys and elements over the border between two reads (2^20 bytes) one byte at a time.
    const border = text.indexOf('"annotations"')
    const plain = await openNatural({ ...options, coco })
    for (let shift = -3; shift < 18; shift += 4) {
      await writeFile(instancesPath(coco), text.slice(0, 1) + ' '.repeat(2 ** 20 - border - shift) + text.slice(1))
      const source = await openNatural({ ...options, coco })
      expect(source.digest).toBe(plain.digest)
    }
  })
})

describe('errors', () => {
  const failing = async (changes: Partial<NaturalOptions>, kind: new (...args: never[]) => Error, message: RegExp) => {
    const error = await openNatural({ ...options, ...changes }).catch(cause => cause)
    expect(error).toBeInstanceOf(kind)
    expect(error.message).toMatch(message)
  }

  it('name missing folders, classes and options out of range', async () => {
    await failing({ coco: join(root, 'nowhere') }, InputError, /nowhere: there is no such folder/)
    await failing({ places: join(root, 'nowhere') }, InputError, /nowhere: there is no such folder/)
    await failing({ coco: options.places }, InputError, /has no instances_\*\.json/)
    await failing({ scenes: [...scenes, 'cockpit'] }, InputError, /has no pictures of the scene 'cockpit'/)
    await failing({ objects: ['dog', 'stop_sign'] }, InputError, /no category 'stop_sign'; did you mean "stop sign"/)
    await failing({ objects: ['bird'] }, UsageError, /'dog' is not among the objects/)
    await failing({ count: 9 }, UsageError, /count is 9/)
    await failing({ size: 0 }, UsageError, /size is 0/)
    await failing({ signal: AbortSignal.abort() }, AbortedError, /interrupted/)
  })

  it('say how many pictures there are and how many are needed', async () => {
    await failing({ count: 11 }, InputError, /has 10 usable pictures of 'bedroom', 11 are needed/)
  })

  it('name what is wrong with the instances file', async () => {
    const coco = join(root, 'broken')
    await makeCoco(coco)
    const path = instancesPath(coco)
    const text = await readFile(path, 'utf8')
    const json = JSON.parse(text) as Coco
    const broken = async (content: string, message: RegExp) => {
      await writeFile(path, content)
      await failing({ coco }, InputError, message)
    }
    await broken('hello', /not a COCO instances file, not a JSON object/)
    await broken('', /not a JSON object/)
    await broken('[]', /not a JSON object/)
    await broken('{}', /has no list 'categories'/)
    await broken(text.slice(0, -200), /cut short/)
    await broken(JSON.stringify({ ...json, images: [{ id: 1 }] }), /an entry of 'images' lacks/)
    const strangers = json.annotations.map(annotation => ({ ...annotation, image_id: 99999 }))
    await broken(JSON.stringify({ ...json, annotations: strangers }), /an annotation is of picture 99999, which is not listed/)
    await broken(JSON.stringify({ ...json, annotations: [{ image_id: 0, category_id: 18 }] }), /an entry of 'annotations' lacks/)
    await broken(text.replaceAll('n2"', 'n3"'), /annotation of 0+2\d\d\.png: .*mask/)
    await broken(text.replace('{"id":', '{id:'), /not JSON/)
  })

  it('name a damaged picture, or pass over it and count it', async () => {
    const [coco, places] = [join(root, 'damaged-coco'), join(root, 'damaged-places')]
    await makeCoco(coco)
    await makePlaces(places)
    await writeFile(join(coco, 'images/train2017/000000000002.png'), 'broken')
    const source = await openNatural({ ...options, coco, places })
    const second = source.find('obj', 'train', { object: 0, scene: 0, instance: 2 })!
    await expect(source.picture('obj', 'train', second)).rejects.toThrow(/000000000002.png: the picture is damaged/)
    const without = await openNatural({ ...options, coco, places, skipCorrupt: true })
    expect(without.skipped).toEqual({ dog: 1 })
    expect((await without.picture('obj', 'train', second)).box).not.toBeNull()
    await writePng(join(coco, 'images/train2017/000000000003.png'), [10, 10], () => [1, 2, 3])
    await failing(
      { coco, skipCorrupt: true },
      InputError,
      /has 9 usable pictures of 'dog' \(2 damaged ones passed over\), 10 are needed/,
    )
    const third = source.find('obj', 'train', { object: 0, scene: 0, instance: 3 })!
    await expect(source.picture('obj', 'train', third)).rejects.toThrow(/10 x 10 pixels, its annotations are for 20 x 16/)
  })
})
