/** @file The patches of a BAM data set: a dog on each bamboo forest picture. */
import { UsageError } from '@ascribe/core'
import type { BamEntry, BamSet, BamSource, Split } from '../source.js'
import type { PatchTask } from './batch.js'

/** A task, and which picture of the set bamboo_forest it is about. */
export interface ForestTask {
  readonly index: number
  readonly entry: BamEntry
  readonly task: PatchTask
}

/** A picture of the same scene and instance with the dog on it: which set has it, and where; undefined where none has. */
export function withDog(source: BamSource, index: number, split: Split = 'val'): readonly [BamSet, number] | undefined {
  const entry = { ...source.entry('bamboo_forest', split, index), object: source.roles.dog }
  for (const set of ['obj', 'scene10'] as const) {
    const at = source.find(set, split, entry)
    if (at !== undefined) return [set, at]
  }
  return undefined
}

/**
 * The bamboo forest pictures and the same with the dog. Pictures whose partner with the dog the source does not have are left out.
 * @param indices which pictures; default all
 * @throws UsageError where the source has no such pictures
 */
export async function forestTasks(
  source: BamSource,
  indices: readonly number[] = Array.from({ length: source.count('bamboo_forest', 'val') }, (_, i) => i),
  split: Split = 'val',
): Promise<ForestTask[]> {
  const tasks: ForestTask[] = []
  for (const index of indices) {
    const entry = source.entry('bamboo_forest', split, index)
    const partner = withDog(source, index, split)
    if (partner === undefined) continue
    const [scene, object] = [source.picture('bamboo_forest', split, index), source.picture(partner[0], split, partner[1])]
    tasks.push({ index, entry, task: { scene: await scene, object: await object } })
  }
  if (tasks.length === 0)
    throw new UsageError(`the ${source.kind} data has no ${split} pictures of a bamboo forest with and without the dog`)
  return tasks
}
