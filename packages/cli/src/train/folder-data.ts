/** @file A folder of pictures as data to train on. */
import type { LabelledFolder, TrainingData } from '@ascribe/lab'

/** Decoded pictures are kept while all of them take no more bytes than this: decoding takes longer than a step on small pictures. */
const keptBytes = 2 ** 29

export function folderTrainingData(folder: LabelledFolder, name: string): TrainingData {
  const { size } = folder
  const kept = new Map<string, Uint8Array>()
  const keeps = (folder.count('train') + folder.count('val')) * size * size * 3 <= keptBytes
  const row = async (split: 'train' | 'val', index: number) => {
    const key = `${split} ${index}`
    const values = kept.get(key) ?? (await folder.picture(split, index))
    if (keeps) kept.set(key, values)
    return { values, label: folder.label(split, index) }
  }
  return {
    name,
    classes: folder.classes,
    row: [3, size, size],
    count: folder.count('train'),
    validationCount: folder.count('val'),
    digest: folder.digest,
    training: (_, index) => row('train', index),
    validation: index => row('val', index),
  }
}
