/** @file The sets of BAM: their names, and which combinations of object, scene and instance each is made of. */
import type { BamEntry, BamSet, BamSource, Split } from '../source.js'
import { EntryList, type EntryLists } from './listed-source.js'

export const splits: readonly Split[] = ['train', 'val']

/** scene1..scene10. */
const ladderSets = ([1, 2, 3, 4, 5, 6, 7, 8, 9, 10] as const).map(k => `scene${k}` as const)

/** Every set, those first whose pictures the later ones repeat. */
export const bamSets: readonly BamSet[] = [
  'obj',
  'scene',
  'scene_only',
  ...ladderSets,
  'dog_bedroom',
  'bamboo_forest',
  'bamboo_forest_patch',
]

/** First instance, and the one after the last. */
export type InstanceRange = readonly [from: number, to: number]

/** Every combination of the lists, the last one running fastest. */
function combine(objects: readonly (number | null)[], scenes: readonly number[], [from, to]: InstanceRange): BamEntry[] {
  const out: BamEntry[] = []
  for (const object of objects) {
    for (const scene of scenes) for (let instance = from; instance < to; instance++) out.push({ object, scene, instance })
  }
  return out
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

/**
 * The paper's sets (papers.md D.2) over numbered parts, where object i goes on scene picture i: obj and scene hold every pair,
 * scene_only every scene picture once, scene k the dog in the first k scene classes and no object in the others; dog_bedroom and
 * bamboo_forest are validation only. bamboo_forest_patch is made with a model and is not among them.
 */
export function paperSets(
  { objects, scenes, roles }: Pick<BamSource, 'objects' | 'scenes' | 'roles'>,
  instances: Readonly<Record<Split, InstanceRange>>,
): EntryLists {
  const allScenes = upTo(scenes.length)
  const both = (list: (range: InstanceRange) => BamEntry[]): Record<Split, EntryList> => ({
    train: new EntryList(list(instances.train)),
    val: new EntryList(list(instances.val)),
  })
  const pairs = both(range => combine(upTo(objects.length), allScenes, range))
  const lists = new Map<BamSet, Partial<Record<Split, EntryList>>>([
    ['obj', pairs],
    ['scene', pairs],
    ['scene_only', both(range => combine([null], allScenes, range))],
  ])
  for (const [step, set] of ladderSets.slice(0, scenes.length).entries())
    lists.set(
      set,
      both(range => allScenes.flatMap(scene => combine([scene <= step ? roles.dog : null], [scene], range))),
    )
  lists.set('dog_bedroom', { val: new EntryList(combine([roles.dog], [roles.bedroom], instances.val)) })
  lists.set('bamboo_forest', { val: new EntryList(combine([null], [roles.bambooForest], instances.val)) })
  return lists
}
