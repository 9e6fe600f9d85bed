/** @file The layout on disk: what is written is read back exactly; nothing half-written has the final name. */
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AbortedError, InputError, OutputError, Random, UsageError } from '@ascribe/core'
import sharp from 'sharp'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  bamSets,
  EntryList,
  type EntryLists,
  ListedSource,
  paperSets,
  readBamFolder,
  writeBamFolder,
} from '../src/bam/layout/index.js'
import type { BamPicture, BamSet, BamSource, Split } from '../src/bam/source.js'

const size = 8

const header = {
  kind: 'generated',
  size,
  objects: ['dog', 'stop sign'],
  scenes: ['bedroom', 'bamboo forest', 'track/outdoor'],
  roles: { dog: 0, bedroom: 0, bambooForest: 1 },
  digest: 'd1',
}

/** Noise by entry; the object is a box of noise with a soft mask. */
class NoiseSource extends ListedSource {
  pictures = 0
  onPicture: (count: number) => void | Promise<void> = () => {}

  constructor(digest = 'd1', lists: EntryLists = paperSets(header, { train: [0, 4], val: [4, 6] })) {
    super({ ...header, digest }, lists)
  }

  async picture(set: BamSet, split: Split, index: number): Promise<BamPicture> {
    await this.onPicture(++this.pictures)
    const { object, scene, instance } = this.entry(set, split, index)
    const random = new Random(scene, instance)
    const pixels = Uint8Array.from({ length: size * size * 3 }, () => random.integer(256))
    if (object === null) return { pixels, mask: null, box: null }
    const noise = new Random(100 + object, instance)
    const box = { rowMin: instance % 4, columnMin: 1, rowMax: (instance % 4) + 3, columnMax: 5 }
    const mask = Uint8Array.from({ length: size * size }, (_, i) => {
      const [row, column] = [Math.floor(i / size), i % size]
      return row >= box.rowMin && row < box.rowMax && column >= 1 && column < 5 ? noise.integer(256) : 0
    })
    for (const [i, alpha] of mask.entries()) if (alpha > 0) pixels[i * 3] = (object * 77 + alpha) % 256
    return { pixels, mask, box }
  }
}

async function expectSame(a: BamSource, b: BamSource, sets: readonly BamSet[] = bamSets): Promise<void> {
  for (const set of sets) {
    for (const split of ['train', 'val'] as const) {
      expect(b.count(set, split)).toBe(a.count(set, split))
      for (let i = 0; i < a.count(set, split); i++) {
        expect(b.entry(set, split, i)).toEqual(a.entry(set, split, i))
        expect(b.find(set, split, a.entry(set, split, i))).toBe(i)
        expect(await b.picture(set, split, i)).toEqual(await a.picture(set, split, i))
      }
    }
  }
}

let root: string
let folder: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'bam-layout-'))
  folder = join(root, 'bam')
})
afterEach(() => rm(root, { recursive: true, force: true }))

describe('paperSets', () => {
  const lists = paperSets(header, { train: [0, 90], val: [90, 100] })
  const count = (set: BamSet, split: Split) => lists.get(set)?.[split]?.entries.length ?? 0

  it('has the counts of the paper, scaled', () => {
    expect([count('obj', 'train'), count('obj', 'val')]).toEqual([540, 60])
    expect([count('scene', 'train'), count('scene_only', 'train'), count('scene_only', 'val')]).toEqual([540, 270, 30])
    expect([count('dog_bedroom', 'train'), count('dog_bedroom', 'val'), count('bamboo_forest', 'val')]).toEqual([0, 10, 10])
    expect([count('bamboo_forest_patch', 'val'), count('scene4', 'val')]).toEqual([0, 0])
  })

  it('puts the dog into the first k scene classes', () => {
    for (const k of [1, 2, 3] as const) {
      const { entries } = lists.get(`scene${k}`)!.train!
      expect(entries.filter(({ object }) => object === 0).length).toBe(90 * k)
      expect(entries.every(({ object, scene }) => (object === 0) === scene < k)).toBe(true)
    }
  })
})

describe('writing and reading', () => {
  it('gives back every entry, pixel, mask and box', async () => {
    const source = new NoiseSource()
    const seen: number[] = []
    const read = await writeBamFolder(source, folder, { seed: 7, onProgress: ({ done, total }) => seen.push(done / total) })
    await expectSame(source, read)
    expect(read.manifest.seed).toBe(7)
    expect({ kind: read.kind, size: read.size, roles: read.roles, digest: read.digest }).toEqual({
      kind: 'generated',
      size,
      roles: header.roles,
      digest: 'd1',
    })
    expect([read.objects, read.scenes]).toEqual([header.objects, header.scenes])
    expect(seen.at(-1)).toBe(1)
    expect(seen).toEqual([...seen].sort((a, b) => a - b))
    expect(await readdir(root)).toEqual(['bam'])
  })

  it("has the paper's names, labels and locations", async () => {
    await writeBamFolder(new NoiseSource(), folder)
    expect((await readdir(folder)).sort()).toEqual(
      ['bam.json', 'bamboo_forest', 'dog_bedroom', 'obj', 'scene', 'scene1', 'scene2', 'scene3', 'scene_only'].sort(),
    )
    expect(await readdir(join(folder, 'obj/train'))).toEqual(['dog', 'stop_sign'])
    expect((await readdir(join(folder, 'scene/train'))).sort()).toEqual(['bamboo_forest', 'bedroom', 'track_outdoor'])
    expect(existsSync(join(folder, 'obj/train/stop_sign/stop_sign-track_outdoor-0003.png'))).toBe(true)
    const lines = (await readFile(join(folder, 'obj/val.txt'), 'utf8')).split('\n')
    expect(lines[0]).toBe('dog-bedroom-0004.png 0')
    expect(lines[11]).toBe('stop_sign-track_outdoor-0005.png 1')
    expect((await readFile(join(folder, 'scene/val_loc.txt'), 'utf8')).split('\n')[1]).toBe('dog-bedroom-0005.png 1,1,4,5')
    expect(await readFile(join(folder, 'scene_only/val.txt'), 'utf8')).toContain('bamboo_forest-0005.png 1\n')
    expect(existsSync(join(folder, 'scene_only/val_mask'))).toBe(false)
  })

  it('stores a picture of several sets once', async () => {
    const source = new NoiseSource()
    await writeBamFolder(source, folder)
    // 2 objects x 3 scenes x 6 instances, and 3 scenes x 6 instances without object.
    expect(source.pictures).toBe(36 + 18)
    const inode = async (place: string) => (await stat(join(folder, place))).ino
    expect(await inode('obj/val/dog-bedroom-0004.png')).toBe(await inode('dog_bedroom/val/dog-bedroom-0004.png'))
    expect(await inode('obj/val_mask/dog-bedroom-0004.png')).toBe(await inode('scene3/val_mask/dog-bedroom-0004.png'))
  })

  it('writes only the sets and splits asked for', async () => {
    const read = await writeBamFolder(new NoiseSource(), folder, { sets: ['scene_only', 'obj'], splits: ['val'] })
    expect([read.count('obj', 'train'), read.count('obj', 'val'), read.count('scene', 'val')]).toEqual([0, 12, 0])
    await expectSame(
      { ...new NoiseSource(), count: () => 0 } as unknown as BamSource,
      read,
      bamSets.filter(set => !['scene_only', 'obj'].includes(set)),
    )
    await expect(readBamFolder(folder, { sets: ['scene3'] })).rejects.toThrow(/scene3 is missing/)
    expect(() => read.entry('obj', 'train', 0)).toThrow(/there is no number 0/)
  })

  it('keeps patched pictures apart from the clean ones', async () => {
    const patched = new EntryList([4, 5].map(instance => ({ object: 0, scene: 1, instance })))
    const lists = new Map(paperSets(header, { train: [0, 4], val: [4, 6] })).set('bamboo_forest_patch', { val: patched })
    const source = new NoiseSource('d1', lists)
    const read = await writeBamFolder(source, folder)
    expect(source.pictures).toBe(36 + 18 + 2)
    await expectSame(source, read, ['bamboo_forest_patch'])
  })
})

describe('interruption', () => {
  it('leaves no folder under the final name, and goes on', async () => {
    const lists = paperSets(header, { train: [0, 100], val: [100, 102] })
    const control = new AbortController()
    const first = new NoiseSource('d1', lists)
    // The first 600 pictures are obj/train: two whole pieces of 256 and some more.
    first.onPicture = count => void (count === 560 && control.abort())
    await expect(writeBamFolder(first, folder, { signal: control.signal })).rejects.toThrow(AbortedError)
    expect(await readdir(root)).toEqual(['.bam.part'])
    const second = new NoiseSource('d1', lists)
    const read = await writeBamFolder(second, folder)
    // 600 + 12 composites and 306 scenes, of which 512 were there.
    expect(second.pictures).toBe(918 - 512)
    expect(await readdir(root)).toEqual(['bam'])
    await expectSame(second, read, ['obj', 'dog_bedroom'])
  })

  it('ignores a journal line cut off in the middle, and another plan', async () => {
    const control = new AbortController()
    const first = new NoiseSource()
    first.onPicture = count => void (count === 40 && control.abort())
    await expect(writeBamFolder(first, folder, { signal: control.signal })).rejects.toThrow(AbortedError)
    const journal = join(root, '.bam.part/journal.jsonl')
    const text = await readFile(journal, 'utf8')
    await truncate(journal, text.length - 5)
    // A killed process leaves its lock.
    await writeFile(join(root, '.bam.part/lock'), '999999999')
    const second = new NoiseSource()
    await expectSame(second, await writeBamFolder(second, folder))

    await rm(folder, { recursive: true })
    await mkdir(join(root, '.bam.part/obj'), { recursive: true })
    await writeFile(join(root, '.bam.part/obj/stranger'), 'x')
    await writeBamFolder(new NoiseSource(), folder)
    expect(existsSync(join(folder, 'obj/stranger'))).toBe(false)
  })

  it('leaves nothing after a failed write', async () => {
    const source = new NoiseSource()
    source.onPicture = async count => {
      if (count === 10) await rm(join(root, '.bam.part/obj/train'), { recursive: true })
    }
    const error = await writeBamFolder(source, folder).catch(cause => cause)
    expect(error).toBeInstanceOf(OutputError)
    expect(error.message).toMatch(/bam could not be written/)
    expect(await readdir(root)).toEqual([])
  })

  it('refuses a second build of the same target in this process', async () => {
    const source = new NoiseSource()
    let begun = (): void => {}
    let go = (): void => {}
    const building = new Promise<void>(resolve => (begun = resolve))
    const gate = new Promise<void>(resolve => (go = resolve))
    source.onPicture = () => {
      begun()
      return gate
    }
    const first = writeBamFolder(source, folder)
    await building
    const outcome = await writeBamFolder(new NoiseSource(), folder).catch(cause => cause)
    go()
    await first
    expect(outcome).toBeInstanceOf(UsageError)
    expect(outcome.message).toMatch(/is building/)
    await writeBamFolder(new NoiseSource(), join(root, 'other'))
  })

  it('refuses a target that another living process is building', async () => {
    await mkdir(join(root, '.bam.part'))
    await writeFile(join(root, '.bam.part/lock'), String(process.ppid))
    await expect(writeBamFolder(new NoiseSource(), folder)).rejects.toThrow(`process ${process.ppid} is building`)
  })
})

describe('a folder that is already there', () => {
  it('is taken as it is when it holds these pictures', async () => {
    await writeBamFolder(new NoiseSource(), folder)
    const again = new NoiseSource()
    const read = await writeBamFolder(again, folder, { sets: ['obj'] })
    expect(again.pictures).toBe(0)
    expect(read.count('scene', 'val')).toBe(12)
  })

  it('is not overwritten when it holds something else', async () => {
    await writeBamFolder(new NoiseSource(), folder, { sets: ['obj'] })
    await expect(writeBamFolder(new NoiseSource('d2'), folder)).rejects.toThrow(UsageError)
    await expect(writeBamFolder(new NoiseSource(), folder)).rejects.toThrow(/holds other data/)
    await mkdir(join(root, 'mine'))
    await writeFile(join(root, 'mine/thesis.txt'), 'x')
    await expect(writeBamFolder(new NoiseSource(), join(root, 'mine'))).rejects.toThrow(/holds other data/)
    await expect(writeBamFolder(new NoiseSource(), join(root, 'mine/thesis.txt'))).rejects.toThrow(/it is a file/)
    await expect(writeBamFolder(new NoiseSource(), join(root, 'mine/thesis.txt/below'))).rejects.toThrow(OutputError)
  })

  it('may be empty', async () => {
    await mkdir(folder)
    const read = await writeBamFolder(new NoiseSource(), folder, { sets: ['bamboo_forest'] })
    expect(read.count('bamboo_forest', 'val')).toBe(2)
  })
})

describe('errors', () => {
  it('names what the source lacks', async () => {
    await expect(writeBamFolder(new NoiseSource(), folder, { sets: ['scene9'] })).rejects.toThrow(UsageError)
    expect(await readdir(root)).toEqual([])
  })

  it('names classes that share a name on disk', async () => {
    const source = Object.assign(new NoiseSource(), { objects: ['stop sign', 'stop_sign'] })
    await expect(writeBamFolder(source, folder)).rejects.toThrow(/'stop sign' and 'stop_sign' have the same name/)
  })

  it('names missing folders, pictures and damaged files when reading', async () => {
    await expect(readBamFolder(folder)).rejects.toThrow(InputError)
    await expect(readBamFolder(root)).rejects.toThrow(/has no bam.json/)
    await writeBamFolder(new NoiseSource(), folder, { sets: ['obj', 'scene_only'] })
    const picture = join(folder, 'obj/val/dog-bedroom-0004.png')
    const mask = join(folder, 'obj/val_mask/dog-bedroom-0005.png')
    const png = await readFile(picture)

    const source = await readBamFolder(folder)
    await writeFile(picture, png.subarray(0, png.length >> 1))
    await expect(source.picture('obj', 'val', 0)).rejects.toThrow(/dog-bedroom-0004.png: the picture is damaged/)
    await writeFile(picture, 'not a picture')
    await expect(source.picture('obj', 'val', 0)).rejects.toThrow(/dog-bedroom-0004.png: not a JPEG/)
    await writeFile(picture, await sharp(png).resize(16, 16).png().toBuffer())
    await expect(source.picture('obj', 'val', 0)).rejects.toThrow(/16 x 16 pixels where the data set has 8 x 8/)
    await writeFile(mask, 'not a picture')
    await expect(source.picture('obj', 'val', 1)).rejects.toThrow(/dog-bedroom-0005.png: the mask is damaged/)
    await rm(mask)
    await expect(source.picture('obj', 'val', 1)).rejects.toThrow(/dog-bedroom-0005.png: there is no such file/)
    await rm(picture)
    await expect(readBamFolder(folder)).rejects.toThrow(/dog-bedroom-0004.png: missing, as are 0 others/)
  })

  it('names lines and classes that do not fit', async () => {
    const read = await writeBamFolder(new NoiseSource(), folder, { sets: ['obj'] })
    const list = join(folder, 'obj/val.txt')
    const locations = join(folder, 'obj/val_loc.txt')
    const [labels, boxes] = [await readFile(list, 'utf8'), await readFile(locations, 'utf8')]
    const failing = async (path: string, text: string, message: RegExp) => {
      await writeFile(path, text)
      await expect(readBamFolder(folder)).rejects.toThrow(message)
      await writeFile(list, labels)
      await writeFile(locations, boxes)
    }
    await failing(list, labels.replace('0004.png 0', '0004.png 1'), /line 1: dog-bedroom-0004.png has class 1, its name says 0/)
    await failing(list, labels.replace('dog-', 'cat-'), /line 1: 'cat-bedroom-0004' is not named after/)
    await failing(list, labels.slice(0, labels.indexOf('\n') + 1), /lists 1 pictures, bam.json says 12/)
    await failing(locations, boxes.replace('0,1,3,5', '0,1,3,9'), /line 1: '0,1,3,9' is no box within 8 x 8/)
    await failing(locations, boxes.slice(boxes.indexOf('\n') + 1), /has no box for dog-bedroom-0004.png/)
    await failing(list, labels.replace(' 0', ''), /line 1: 'dog-bedroom-0004.png' is not a name and a value/)

    const manifest = join(folder, 'bam.json')
    const json = await readFile(manifest, 'utf8')
    for (const [from, to, message] of [
      ['"size": 8', '"size": "8"', /'size' is missing or damaged/],
      ['"dog": 0', '"dog": 2', /'roles.dog'/],
      ['"version": 1', '"version": 2', /layout version 2/],
      ['"obj"', '"objects2"', /'counts.objects2'/],
      ['ascribe-bam', 'other', /not the description of a BAM folder/],
      ['}', '', /not JSON/],
    ] as const) {
      await writeFile(manifest, json.replace(from, to))
      await expect(readBamFolder(folder)).rejects.toThrow(message)
    }
    expect(read.count('obj', 'val')).toBe(12)
  })
})
