/** @file The shortcut audit: can a label be told from colours, spectrum, mask, border or the other part of the picture? */

import { AbortedError, InputError, Random, UsageError } from '@ascribe/core'
import { sampled } from '../../order.js'
import type { BamSource, Split } from '../source.js'
import { classifiers } from './classifiers.js'
import type { AuditLabel, AuditPicture, FeatureFamily } from './family.js'
import { featureFamilies } from './features/index.js'
import type { Table } from './logistic.js'

export interface AuditOptions {
  /** Training pictures to learn from. Default 4,000, or all where there are fewer. */
  readonly pictures?: number
  /** Validation pictures to test on. Default 1,000, or all where there are fewer. */
  readonly test?: number
  /** Decides which pictures are taken. Default 0. */
  readonly seed?: number
  /** Default: all. */
  readonly families?: readonly FeatureFamily[]
  readonly onProgress?: (done: number, total: number, what: string) => void
  readonly signal?: AbortSignal
}

export interface AuditRow {
  readonly labels: AuditLabel
  readonly features: string
  readonly classifier: string
  /** Share of the test pictures whose label was told. */
  readonly accuracy: number
  /** 95% Wilson interval of the accuracy (Wilson, 1927). */
  readonly interval: readonly [low: number, high: number]
  /** What the accuracy must not exceed; for chance, the 99.9% bound on guessing among the classes with this many pictures. */
  readonly limit: number
  readonly passed: boolean
}

/** Wilson's score interval of a share, z = 1.96. */
function wilson(share: number, count: number): [number, number] {
  const z2 = 1.96 ** 2
  const middle = (share + z2 / (2 * count)) / (1 + z2 / count)
  const half = (1.96 * Math.sqrt((share * (1 - share)) / count + z2 / (4 * count * count))) / (1 + z2 / count)
  return [middle - half, middle + half]
}

/** The share that guessing among `classes` exceeds once in a thousand (normal approximation, z = 3.09). */
const chanceBound = (classes: number, count: number): number =>
  1 / classes + 3.09 * Math.sqrt(((1 / classes) * (1 - 1 / classes)) / count)

interface Features {
  readonly values: Float32Array[]
  readonly labels: Record<AuditLabel, Uint8Array>
}

/** Scales every column to mean 0 and deviation 1 on the known rows; columns that do not vary become 0. */
function standardised(known: Float32Array, asked: Float32Array, columns: number): void {
  const rows = known.length / columns
  for (let j = 0; j < columns; j++) {
    let mean = 0
    for (let i = j; i < known.length; i += columns) mean += known[i]! / rows
    let variance = 0
    for (let i = j; i < known.length; i += columns) variance += (known[i]! - mean) ** 2 / rows
    const scale = variance > 1e-12 ? 1 / Math.sqrt(variance) : 0
    for (const values of [known, asked]) for (let i = j; i < values.length; i += columns) values[i] = (values[i]! - mean) * scale
  }
}

/** Lets the caller's timers and abort signal have their turn. */
async function breathe(signal: AbortSignal | undefined): Promise<void> {
  await new Promise(resolve => setTimeout(resolve))
  if (signal?.aborted) throw new AbortedError('the shortcut audit was aborted')
}

/**
 * Learns each label from each feature family on training pictures of `obj` (the same pictures as `scene`) and tests on validation
 * pictures: the protocol's shortcut audit. One row per family, label and classifier. Throws InputError where a picture's scene alone
 * is missing, UsageError where there are no pictures.
 */
export async function auditSource(source: BamSource, options: AuditOptions = {}): Promise<AuditRow[]> {
  const { signal, onProgress, families = featureFamilies } = options
  const seed = options.seed ?? 0
  const chosen: Record<Split, number[]> = {
    train: sampled(source.count('obj', 'train'), options.pictures ?? 4000, new Random(seed, 1)),
    val: sampled(source.count('obj', 'val'), options.test ?? 1000, new Random(seed, 2)),
  }
  if (chosen.train.length === 0 || chosen.val.length === 0) {
    throw new UsageError('the shortcut audit needs training and validation pictures of obj; build both splits')
  }
  const runs = families.flatMap(family =>
    family.labels.flatMap(labels => family.classifiers.map(name => ({ family, labels, name }))),
  )
  const total = chosen.train.length + chosen.val.length + runs.length
  let done = 0

  const read = async (split: Split): Promise<Features> => {
    const indices = chosen[split]
    const labels = { object: new Uint8Array(indices.length), scene: new Uint8Array(indices.length) }
    const values: Float32Array[] = []
    for (const [row, index] of indices.entries()) {
      const entry = source.entry('obj', split, index)
      const alone = source.find('scene_only', split, { ...entry, object: null })
      if (alone === undefined)
        throw new InputError(`obj/${split} ${index}: scene_only/${split} lacks its scene; build scene_only first`)
      const sceneOnly = (await source.picture('scene_only', split, alone)).pixels
      const picture: AuditPicture = { ...(await source.picture('obj', split, index)), size: source.size, sceneOnly }
      for (const [f, family] of families.entries()) {
        const features = family.extract(picture)
        values[f] ??= new Float32Array(features.length * indices.length)
        values[f].set(features, row * features.length)
      }
      labels.object[row] = entry.object!
      labels.scene[row] = entry.scene
      done++
      if (row % 100 === 0) {
        await breathe(signal)
        onProgress?.(done, total, `${split} pictures`)
      }
    }
    return { values, labels }
  }
  const known = await read('train')
  const asked = await read('val')
  const columns = families.map((_, f) => known.values[f]!.length / chosen.train.length)
  for (const f of families.keys()) standardised(known.values[f]!, asked.values[f]!, columns[f]!)

  const rows: AuditRow[] = []
  for (const { family, labels, name } of runs) {
    await breathe(signal)
    onProgress?.(done++, total, `${labels} from ${family.name}`)
    const f = families.indexOf(family)
    const table = (from: Features): Table => ({
      rows: from.labels[labels].length,
      columns: columns[f]!,
      values: from.values[f]!,
      labels: from.labels[labels],
    })
    const test = table(asked)
    const classes = (labels === 'object' ? source.objects : source.scenes).length
    const predicted = classifiers[name].predict(table(known), test, classes)
    const accuracy = predicted.reduce((right, label, i) => right + (label === test.labels[i] ? 1 : 0), 0) / test.rows
    const limit = family.limit === 'chance' ? chanceBound(classes, test.rows) : family.limit
    const passed = accuracy <= limit
    rows.push({
      labels,
      features: family.name,
      classifier: classifiers[name].title,
      accuracy,
      interval: wilson(accuracy, test.rows),
      limit,
      passed,
    })
  }
  onProgress?.(total, total, 'done')
  return rows
}
