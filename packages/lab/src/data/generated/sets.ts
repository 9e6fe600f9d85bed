/** @file Which pairs of classes each set of the generated data holds, and in which order. */

import { Random } from '@ascribe/core'
import type { BamEntry, BamSet, Split } from '../../bam/source.js'

/** An object class (null: none) on a scene class. */
type Pair = readonly [object: number | null, scene: number]

interface SetLayout {
  readonly pairs: readonly Pair[]
  /** Instances of a pair, as a multiple of those of a pair of `obj`: every set with one picture per scene gets as many pictures. */
  readonly times: number
}

const classes = Array.from({ length: 10 }, (_, i) => i)

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

/** Pairs of `obj` that get an instance number of their own in training: no scene picture and no cut-out is used twice. */
const apart = 10
const turnOf = ([object, scene]: Pair): number => ((object ?? 0) + scene) % apart

/** In validation, and where a set has one object at most, every pair has every instance; in training an instance is used once per class. */
const crossed = (layout: SetLayout, split: Split): boolean => split === 'val' || layout.times > 1

export function entryAt(layout: SetLayout, split: Split, index: number): BamEntry {
  const block = Math.floor(index / layout.pairs.length)
  const pair = layout.pairs[index % layout.pairs.length]!
  const instance = crossed(layout, split) ? block : block * apart + turnOf(pair)
  return { object: pair[0], scene: pair[1], instance }
}

/** `blocks` is how often every pair occurs. */
export function indexOf(layout: SetLayout, split: Split, blocks: number, entry: BamEntry): number | undefined {
  const at = layout.pairs.findIndex(([object, scene]) => object === entry.object && scene === entry.scene)
  const { instance } = entry
  if (at < 0 || !Number.isInteger(instance) || instance < 0) return undefined
  const whole = crossed(layout, split)
  if (!whole && instance % apart !== turnOf(layout.pairs[at]!)) return undefined
  const block = whole ? instance : Math.floor(instance / apart)
  return block < blocks ? block * layout.pairs.length + at : undefined
}
