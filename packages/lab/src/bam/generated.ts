/** @file The generated BAM data: ten scene classes and ten object classes drawn from a seed, any size, nothing stored. */

import { createHash } from 'node:crypto'
import { Random, UsageError } from '@ascribe/core'
import { RecentlyUsed } from '../data/generated/cache.js'
import { type CutOut, drawObject } from '../data/generated/draw-object.js'
import { drawScene } from '../data/generated/draw-scene.js'
import { Draws } from '../data/generated/draws.js'
import { objectClasses } from '../data/generated/objects/index.js'
import { drawPlace, type Place } from '../data/generated/place.js'
import { sceneClasses } from '../data/generated/scenes/index.js'
import { entryAt, indexOf, layoutsOf } from '../data/generated/sets.js'
import type { BamEntry, BamPicture, BamSet, BamSource, Split } from './source.js'

/** Raised whenever a picture changes: part of the digest. */
const version = 4

/** Parts kept at hand: the pictures of one validation instance share ten scene pictures, ten cut-outs and one place. */
const kept = 32

const kinds = { scene: 0, object: 1, place: 2 } as const

export interface GeneratedOptions {
  /** Pixels along each side, a power of two from 32 to 1,024. Default 64. */
  readonly size?: number
  /** Default 0. */
  readonly seed?: number
  /** Training instances per object and scene pair. Default 500: 50,000 pictures in `obj`. */
  readonly train?: number
  /** Validation instances per object and scene pair. Default 10: 1,000 pictures in `obj`. */
  readonly validation?: number
}

function wholeNumber(name: string, value: number, from: number, to: number): number {
  if (Number.isInteger(value) && value >= from && value <= to) return value
  throw new UsageError(`generated BAM data: ${name} is ${value}; give a whole number from ${from} to ${to}`)
}

/**
 * Pictures are pure functions of (seed, size, split, entry): any order of asking gives the same bytes. Validation holds every instance
 * on every pair (`find` has all swapped partners); training uses every scene picture and every cut-out once, so that a stream of
 * pictures is a stream of fresh parts (`find` has no swapped partner there).
 */
export class GeneratedSource implements BamSource {
  readonly kind = 'generated'
  readonly size: number
  readonly seed: number
  readonly objects = objectClasses.map(one => one.name)
  readonly scenes = sceneClasses.map(one => one.name)
  /** The bedroom's part goes to the first scene class: scene1 already has the dog there. */
  readonly roles = {
    dog: this.objects.indexOf('fish'),
    bedroom: this.scenes.indexOf('tiled floor'),
    bambooForest: this.scenes.indexOf('bamboo grove'),
  }
  readonly digest: string
  readonly #instances: Readonly<Record<Split, number>>
  readonly #layouts: ReturnType<typeof layoutsOf>
  readonly #scenes = new RecentlyUsed<Uint8Array>(kept)
  readonly #cutOuts = new RecentlyUsed<CutOut>(kept)
  readonly #places = new RecentlyUsed<Place>(kept)

  constructor(options: GeneratedOptions = {}) {
    this.size = wholeNumber('size', options.size ?? 64, 32, 1024)
    if (!Number.isInteger(Math.log2(this.size)))
      throw new UsageError(`generated BAM data: size is ${this.size}; give a power of two`)
    this.seed = wholeNumber('seed', options.seed ?? 0, 0, Number.MAX_SAFE_INTEGER)
    this.#instances = {
      train: wholeNumber('train', options.train ?? 500, 0, 1e8),
      val: wholeNumber('validation', options.validation ?? 10, 0, 1e8),
    }
    this.#layouts = layoutsOf(this.seed, this.roles)
    const decides = ['generated', version, this.seed, this.size, this.#instances.train, this.#instances.val]
    this.digest = createHash('sha256').update(JSON.stringify(decides)).digest('hex')
  }

  count(set: BamSet, split: Split): number {
    const layout = this.#layouts[set]
    return layout.pairs.length * layout.times * this.#instances[split]
  }

  entry(set: BamSet, split: Split, index: number): BamEntry {
    const count = this.count(set, split)
    if (!Number.isInteger(index) || index < 0 || index >= count) {
      throw new UsageError(`generated BAM data: ${set}/${split} has no picture ${index}; it has ${count}`)
    }
    const layout = this.#layouts[set]
    return entryAt(layout, split, index)
  }

  find(set: BamSet, split: Split, entry: BamEntry): number | undefined {
    const layout = this.#layouts[set]
    return indexOf(layout, split, layout.times * this.#instances[split], entry)
  }

  picture(set: BamSet, split: Split, index: number): BamPicture {
    const { object, scene, instance } = this.entry(set, split, index)
    const background = this.#scenes.get(this.#stream('scene', split, scene, instance), () =>
      drawScene(sceneClasses[scene]!, this.#draws('scene', split, scene, instance), this.size),
    )
    if (object === null) return { pixels: background.slice(), mask: null, box: null }
    const place = this.#places.get(this.#stream('place', split, 0, instance), () =>
      drawPlace(this.#draws('place', split, 0, instance), this.size),
    )
    const cutOut = this.#cutOuts.get(this.#stream('object', split, object, instance), () =>
      drawObject(objectClasses[object]!, this.#draws('object', split, object, instance), place, this.size),
    )
    return this.#pasted(background, cutOut, place)
  }

  #pasted(background: Uint8Array, cutOut: CutOut, place: Place): BamPicture {
    const { size } = this
    const pixels = background.slice()
    const mask = new Uint8Array(size * size)
    for (let row = 0; row < place.height; row++) {
      for (let column = 0; column < place.width; column++) {
        const from = row * place.width + column
        const cover = cutOut.mask[from]!
        if (cover === 0) continue
        const to = (place.row + row) * size + place.column + column
        mask[to] = cover
        for (let channel = 0; channel < 3; channel++) {
          const below = pixels[3 * to + channel]!
          pixels[3 * to + channel] = below + ((cutOut.pixels[3 * from + channel]! - below) * cover) / 255 + 0.5
        }
      }
    }
    const { row, column, width, height } = place
    return { pixels, mask, box: { rowMin: row, columnMin: column, rowMax: row + height, columnMax: column + width } }
  }

  /** One random stream per part: kind, split and class above the instance's 32 bits. */
  #stream(kind: keyof typeof kinds, split: Split, index: number, instance: number): number {
    return ((kinds[kind] * 2 + (split === 'val' ? 1 : 0)) * 16 + index) * 2 ** 32 + instance
  }

  #draws(kind: keyof typeof kinds, split: Split, index: number, instance: number): Draws {
    return new Draws(new Random(this.seed, this.#stream(kind, split, index, instance)), split)
  }
}
