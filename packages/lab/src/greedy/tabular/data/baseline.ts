/** @file What an unselected column shows: a row made from the training rows. */
import { suggestion, UsageError } from '@ascribe/core'
import type { TabularData } from './tabular-data.js'

/** [features], from the training rows alone. */
type Baseline = (data: TabularData) => Float32Array

/** Mean of every number of a row: the mean of a number, the shares of a category's values. */
function means({ train, features }: TabularData): Float32Array {
  const sums = new Float64Array(features)
  for (let row = 0; row < train.count; row++) for (let f = 0; f < features; f++) sums[f]! += train.values[row * features + f]!
  return Float32Array.from(sums, sum => sum / train.count)
}

/** The mean of a number, and of a category its most frequent value (the first of equally frequent ones). */
function modes(data: TabularData): Float32Array {
  const mean = means(data)
  for (const { kind, start, width } of data.columns) {
    if (kind === 'number') continue
    const shares = mean.subarray(start, start + width)
    const most = shares.indexOf(Math.max(...shares))
    shares.fill(0)
    shares[most] = 1
  }
  return mean
}

/** The paper does not say what its masked columns show: `mean` as the default is our choice. */
export const baselines: Readonly<Record<string, Baseline>> = {
  mean: means,
  mode: modes,
  zeros: ({ features }) => new Float32Array(features),
}

/** @throws UsageError with a suggestion where there is none */
export function baselineOf(data: TabularData, name: string): Float32Array {
  const found = Object.hasOwn(baselines, name) ? baselines[name] : undefined
  const names = Object.keys(baselines)
  if (!found) throw new UsageError(`unknown baseline "${name}"${suggestion(name, names)} (there are ${names.join(', ')})`)
  return found(data)
}
