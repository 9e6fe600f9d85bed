/** @file A BAM set as data to train on. */
import type { TrainingData } from '../train/data.js'
import { type BamSet, type BamSource, labelOf } from './source.js'

export interface BamTrainingOptions {
  /** Pictures in an epoch. Default: all the set has. With fewer, epochs go on through the set: a stream of fresh pictures. */
  readonly perEpoch?: number
  /** At most so many validation pictures, spread evenly over the split. Default: all. */
  readonly validationLimit?: number
}

export function bamTrainingData(
  source: BamSource,
  set: BamSet,
  { perEpoch, validationLimit }: BamTrainingOptions = {},
): TrainingData {
  const total = source.count(set, 'train')
  const count = Math.min(perEpoch ?? total, total)
  const validation = source.count(set, 'val')
  const validationCount = Math.min(validationLimit ?? validation, validation)
  const row = async (split: 'train' | 'val', index: number) => {
    const { pixels } = await source.picture(set, split, index)
    return { values: pixels, label: labelOf(set, source.entry(set, split, index)) }
  }
  return {
    name: `${source.kind} ${set}`,
    classes: set === 'obj' ? source.objects : source.scenes,
    row: [3, source.size, source.size],
    count,
    validationCount,
    digest: `${source.digest}/${set}/${count}`,
    training: (epoch, index) => row('train', (epoch * count + index) % total),
    validation: index => row('val', Math.floor((index * validation) / validationCount)),
  }
}
