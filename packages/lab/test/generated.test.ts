import { createHash } from 'node:crypto'
import { Random, UsageError } from '@ascribe/core'
import { describe, expect, it } from 'vitest'
import { GeneratedSource } from '../src/bam/generated.js'
import type { BamPicture, BamSet, Split } from '../src/bam/source.js'
import { bandParts, Draws } from '../src/data/generated/draws.js'

const sets: BamSet[] = ['obj', 'scene', 'scene_only', 'scene1', 'scene7', 'scene10', 'dog_bedroom', 'bamboo_forest']
const splits: Split[] = ['train', 'val']
const source = new GeneratedSource({ size: 32, train: 20, validation: 4 })
const hash = (picture: BamPicture) =>
  createHash('sha256')
    .update(picture.pixels)
    .update(picture.mask ?? '')
    .digest('hex')

describe('the generated source', () => {
  it('gives the same bytes from a new source, asked in another order', () => {
    const indices = [3, 250, 17, 1999, 4]
    const first = indices.map(i => hash(source.picture('obj', 'train', i)))
    const again = new GeneratedSource({ size: 32, train: 20, validation: 4 })
    expect(indices.toReversed().map(i => hash(again.picture('obj', 'train', i)))).toEqual(first.toReversed())
    const longer = new GeneratedSource({ size: 32, train: 30, validation: 5 })
    expect(indices.map(i => hash(longer.picture('obj', 'train', i)))).toEqual(first)
    const other = new GeneratedSource({ size: 32, train: 20, validation: 4, seed: 1 })
    expect(hash(other.picture('obj', 'train', other.find('obj', 'train', source.entry('obj', 'train', 3))!))).not.toBe(first[0])
  })

  it('has a digest of everything that decides the pictures', () => {
    const options = [{}, { size: 128 }, { seed: 1 }, { train: 4 }, { validation: 4 }]
    expect(new Set(options.map(one => new GeneratedSource(one).digest)).size).toBe(5)
    expect(new GeneratedSource({ seed: 0 }).digest).toBe(new GeneratedSource().digest)
    expect(new GeneratedSource().digest).toMatch(/^[0-9a-f]{64}$/)
  })

  it('counts as the paper does', () => {
    const full = new GeneratedSource()
    expect(splits.map(split => full.count('obj', split))).toEqual([50_000, 1000])
    expect(splits.map(split => full.count('scene_only', split))).toEqual([50_000, 1000])
    expect(splits.map(split => full.count('scene3', split))).toEqual([50_000, 1000])
    expect(full.count('dog_bedroom', 'val')).toBe(100)
    expect(full.count('bamboo_forest', 'val')).toBe(100)
    expect(full.count('bamboo_forest_patch', 'val')).toBe(0)
    expect(full.objects).toHaveLength(10)
    expect(full.scenes).toHaveLength(10)
    expect(full.roles.bedroom).toBe(0)
  })

  it('holds every pair once in any 100 neighbours', () => {
    for (const split of splits) {
      for (const start of [0, 37, 123]) {
        const pairs = Array.from({ length: 100 }, (_, i) => source.entry('obj', split, start + i))
        expect(new Set(pairs.map(({ object, scene }) => `${object}/${scene}`)).size).toBe(100)
      }
    }
    const scenes = Array.from({ length: 10 }, (_, i) => source.entry('scene_only', 'train', 13 + i).scene)
    expect(new Set(scenes).size).toBe(10)
  })

  it('finds every entry at its index', () => {
    for (const set of sets) {
      for (const split of splits) {
        for (let i = 0; i < source.count(set, split); i += 7) expect(source.find(set, split, source.entry(set, split, i))).toBe(i)
      }
    }
    expect(source.find('obj', 'val', { object: 0, scene: 0, instance: 4 })).toBeUndefined()
    expect(source.find('obj', 'val', { object: null, scene: 0, instance: 0 })).toBeUndefined()
    expect(source.find('scene1', 'val', { object: source.roles.dog, scene: 1, instance: 0 })).toBeUndefined()
    expect(source.find('scene1', 'val', { object: source.roles.dog, scene: 0, instance: 0 })).toBeDefined()
  })

  it('puts other objects in the same place on the same scene, and the same object on other scenes', () => {
    const entry = source.entry('obj', 'val', 42)
    const picture = source.picture('obj', 'val', 42)
    const of = (set: BamSet, change: object) => source.picture(set, 'val', source.find(set, 'val', { ...entry, ...change })!)
    const alone = of('scene_only', { object: null })
    expect(alone.mask).toBeNull()
    let inside = 0
    for (const object of [0, 5, 9]) {
      const swapped = of('obj', { object })
      expect(swapped.box).toEqual(picture.box)
      const outside = (pixels: Uint8Array) => pixels.filter((_, i) => swapped.mask![Math.floor(i / 3)] === 0)
      expect(outside(swapped.pixels)).toEqual(outside(alone.pixels))
      inside += swapped.mask!.filter(cover => cover > 0).length
    }
    expect(inside).toBeGreaterThan(100)
    const covered = (pixels: Uint8Array) => pixels.filter((_, i) => picture.mask![Math.floor(i / 3)] === 255)
    for (const scene of [0, 5, 9]) {
      const swapped = of('scene', { scene })
      expect(swapped.mask).toEqual(picture.mask)
      expect(covered(swapped.pixels)).toEqual(covered(picture.pixels))
    }
  })

  it('shows the same pictures in obj and scene, and the dog in the first k scenes only', () => {
    expect(hash(source.picture('scene', 'train', 77))).toBe(hash(source.picture('obj', 'train', 77)))
    for (let i = 0; i < 20; i++) {
      const { object, scene } = source.entry('scene7', 'val', i)
      expect(object).toBe(scene < 7 ? source.roles.dog : null)
    }
  })

  it('uses no part and no picture twice in training', () => {
    const entries = Array.from({ length: source.count('obj', 'train') }, (_, i) => source.entry('obj', 'train', i))
    expect(new Set(entries.map(({ scene, instance }) => `${scene} ${instance}`)).size).toBe(2000)
    expect(new Set(entries.map(({ object, instance }) => `${object} ${instance}`)).size).toBe(2000)
    const hashes = new Set<string>()
    for (let i = 0; i < 300; i++) {
      hashes.add(hash(source.picture('obj', 'train', i)))
      hashes.add(hash(source.picture('obj', 'val', i)))
      hashes.add(hash(source.picture('scene_only', 'train', i)))
    }
    for (let i = 0; i < 40; i++) hashes.add(hash(source.picture('scene_only', 'val', i)))
    expect(hashes.size).toBe(940)
  })

  it('draws parameters from bands that the splits do not share', () => {
    const places = (split: Split) => {
      const draws = new Draws(new Random(5), split)
      return Array.from({ length: 2000 }, () => (24 * (draws.between(3, 5) - 3)) / 2)
    }
    for (const split of splits) {
      const [from, to] = bandParts[split]
      const values = places(split)
      expect(new Set(values.map(Math.floor)).size).toBe(24)
      for (const value of values) {
        expect(value % 1).toBeGreaterThan(from - 1e-9)
        expect(value % 1).toBeLessThan(to + 1e-9)
      }
    }
    expect(bandParts.train[1]).toBeLessThan(bandParts.val[0])
    expect(bandParts.val[1]).toBeLessThan(1)
  })

  it.each([64, 128])(
    'keeps the object between a third and a half of a %i px square, inside the picture, as full for every class',
    size => {
      const large = new GeneratedSource({ size, train: 2, validation: 2 })
      const shares: number[][] = Array.from({ length: 10 }, () => [])
      for (let i = 0; i < 100; i++) {
        const { mask, box } = large.picture('obj', 'val', i)
        const height = box!.rowMax - box!.rowMin
        const width = box!.columnMax - box!.columnMin
        expect(Math.max(height, width)).toBeGreaterThanOrEqual(size / Math.sqrt(3))
        expect(Math.max(height, width)).toBeLessThan(size / Math.sqrt(2))
        let area = 0
        let outside = 0
        for (let at = 0; at < mask!.length; at++) {
          const row = Math.floor(at / size)
          const column = at % size
          const within = row >= box!.rowMin && row < box!.rowMax && column >= box!.columnMin && column < box!.columnMax
          if (!within) outside += mask![at]!
          area += mask![at]! / 255
        }
        expect(outside).toBe(0)
        shares[large.entry('obj', 'val', i).object!]!.push(area / (height * width))
      }
      for (const share of shares.flat()) {
        expect(share).toBeGreaterThan(0.35)
        expect(share).toBeLessThan(0.68)
      }
    },
  )

  it('says what is wrong with a request', () => {
    expect(() => new GeneratedSource({ size: 48 })).toThrow(/size is 48; give a power of two/)
    expect(() => new GeneratedSource({ train: 0.5 })).toThrow(UsageError)
    expect(() => source.picture('obj', 'val', 400)).toThrow(/obj\/val has no picture 400; it has 400/)
    expect(() => source.picture('bamboo_forest_patch', 'val', 0)).toThrow(/has no picture 0; it has 0/)
  })
})
