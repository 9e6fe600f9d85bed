/** @file Which pairs of classes each set of the generated data holds, and in which order. */

import { Random } from '@ascribe/core'
import type { BamEntry, BamSet } from '../../bam/source.js'

/** An object class (null: none) on a scene class. */
type Pair = readonly [object: number | null, scene: number]

interface SetLayout {
  readonly pairs: readonly Pair[]
  /** Instances per pair, as a multiple of those of a pair of `obj`: every set with one picture per scene gets as many pictures. */
  readonly times: number
}

const classes = Array.from({ length: 10 }, (_, i) => i)

/** Instances that are mixed with one another: 1,000 neighbours in `obj` share 100 scene pictures and 100 cut-outs. */
const mixed = 10

/** All sets; the order of the pairs is seeded and the same in every block, so that any pairs.length neighbours hold each pair once. */
export function layoutsOf(
  seed: number,
  roles: { dog: number; bedroom: number; bambooForest: number },
): Record<BamSet, SetLayout> {
  const random = new Random(seed, 2 ** 50)
  const shuffled = (pairs: Pair[]): Pair[] => {
    for (let i = pairs.length - 1; i > 0; i--) {
      const j = random.integer(i + 1)
      const kept = pairs[i]!
      pairs[i] = pairs[j]!
      pairs[j] = kept
    }
    return pairs
  }
  const all: SetLayout = { pairs: shuffled(classes.flatMap(object => classes.map((scene): Pair => [object, scene]))), times: 1 }
  const dogInFirst = (k: number): SetLayout => ({
    pairs: shuffled(classes.map((scene): Pair => [scene < k ? roles.dog : null, scene])),
    times: 10,
  })
  const one = (object: number | null, scene: number): SetLayout => ({ pairs: [[object, scene]], times: 10 })
  return {
    obj: all,
    scene: all,
    scene_only: dogInFirst(0),
    scene1: dogInFirst(1),
    scene2: dogInFirst(2),
    scene3: dogInFirst(3),
    scene4: dogInFirst(4),
    scene5: dogInFirst(5),
    scene6: dogInFirst(6),
    scene7: dogInFirst(7),
    scene8: dogInFirst(8),
    scene9: dogInFirst(9),
    scene10: dogInFirst(10),
    dog_bedroom: one(roles.dog, roles.bedroom),
    bamboo_forest: one(null, roles.bambooForest),
    bamboo_forest_patch: { pairs: [], times: 0 },
  }
}

/** Neighbouring pairs show different instances: pair (o, s) is o + s instances ahead within its group of ten. */
const ahead = ([object, scene]: Pair): number => (object ?? 0) + scene

export function entryAt(layout: SetLayout, instances: number, index: number): BamEntry {
  const block = Math.floor(index / layout.pairs.length)
  const pair = layout.pairs[index % layout.pairs.length]!
  const first = block - (block % mixed)
  const group = Math.min(mixed, instances - first)
  return { object: pair[0], scene: pair[1], instance: first + ((block - first + ahead(pair)) % group) }
}

export function indexOf(layout: SetLayout, instances: number, entry: BamEntry): number | undefined {
  const at = layout.pairs.findIndex(([object, scene]) => object === entry.object && scene === entry.scene)
  if (at < 0 || !Number.isInteger(entry.instance) || entry.instance < 0 || entry.instance >= instances) return undefined
  const first = entry.instance - (entry.instance % mixed)
  const group = Math.min(mixed, instances - first)
  const turn = (((entry.instance - first - ahead(layout.pairs[at]!)) % group) + group) % group
  return (first + turn) * layout.pairs.length + at
}
