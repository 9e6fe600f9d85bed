/** @file The patches of a BAM data set: a dog on each bamboo forest picture. */
import { UsageError } from '@ascribe/core'
import type { BamEntry, BamSource, Split } from '../source.js'
import type { PatchTask } from './batch.js'

/** A task, and which picture of the set bamboo_forest it is about. */
export interface ForestTask {
  readonly index: number
  readonly entry: BamEntry
  readonly task: PatchTask
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
    const partner = source.find('obj', split, { ...entry, object: source.roles.dog })
    if (partner === undefined) continue
    const [scene, object] = [source.picture('bamboo_forest', split, index), source.picture('obj', split, partner)]
    tasks.push({ index, entry, task: { scene: await scene, object: await object } })
  }
  if (tasks.length === 0)
    throw new UsageError(`the ${source.kind} data has no ${split} pictures of a bamboo forest with and without the dog`)
  return tasks
}
