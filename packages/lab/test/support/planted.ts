/** @file A BAM source that small networks learn in seconds: the object is a square's colour, the scene the direction of grey stripes. */
import { Random } from '@ascribe/core'
import type { BamEntry, BamPicture, BamSet, BamSource, Split } from '../../src/index.js'

const size = 32
const objects = ['red', 'green', 'blue']
const scenes = ['lying', 'standing', 'checked']
const roles = { dog: 0, bedroom: 0, bambooForest: 1 }

const sizes: Readonly<Record<Split, number>> = { train: 40, val: 8 }

function entries(set: BamSet, split: Split): BamEntry[] {
  const all = (chosen: readonly (number | null)[], places: readonly number[]): BamEntry[] =>
    Array.from({ length: sizes[split] }, (_, instance) =>
      chosen.flatMap(object => places.map(scene => ({ object, scene, instance }))),
    ).flat()
  const lists: Partial<Record<BamSet, () => BamEntry[]>> = {
    obj: () => all([0, 1, 2], [0, 1, 2]),
    scene: () => all([0, 1, 2], [0, 1, 2]),
    scene_only: () => all([null], [0, 1, 2]),
    dog_bedroom: () => all([roles.dog], [roles.bedroom]),
    bamboo_forest: () => all([null], [roles.bambooForest]),
  }
  return lists[set]?.() ?? []
}

function draw({ object, scene, instance }: BamEntry, split: Split): BamPicture {
  const offset = split === 'val' ? 1000 : 0
  const ground = new Random(1 + scene, offset + instance)
  const phase = ground.integer(6)
  const pixels = new Uint8Array(size * size * 3)
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++) {
      const [lying, standing] = [Math.floor((y + phase) / 3) % 2, Math.floor((x + phase) / 3) % 2]
      const light = 70 + 90 * [lying, standing, lying ^ standing][scene]! + ground.integer(20)
      pixels.fill(light, 3 * (y * size + x), 3 * (y * size + x) + 3)
    }
  if (object === null) return { pixels, mask: null, box: null }
  const place = new Random(99, offset + instance)
  const side = 18 + place.integer(4)
  const [top, left] = [place.integer(size - side), place.integer(size - side)]
  const mask = new Uint8Array(size * size)
  for (let y = top; y < top + side; y++)
    for (let x = left; x < left + side; x++) {
      mask[y * size + x] = 255
      for (let c = 0; c < 3; c++) pixels[3 * (y * size + x) + c] = c === object ? 230 : 40 + place.integer(30)
    }
  return { pixels, mask, box: { rowMin: top, columnMin: left, rowMax: top + side, columnMax: left + side } }
}

export const planted: BamSource = {
  kind: 'planted',
  size,
  objects,
  scenes,
  roles,
  digest: 'planted-1'.padEnd(64, '0'),
  count: (set, split) => entries(set, split).length,
  entry: (set, split, index) => entries(set, split)[index]!,
  find: (set, split, entry) => {
    const at = entries(set, split).findIndex(one => JSON.stringify(one) === JSON.stringify(entry))
    return at < 0 ? undefined : at
  },
  picture: (set, split, index) => draw(entries(set, split)[index]!, split),
}
