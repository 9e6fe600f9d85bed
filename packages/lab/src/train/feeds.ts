/** @file What a training step is fed: a batch of rows, dropout masks, scalars. */
import { Random, type TensorValue, type TensorValues } from '@ascribe/core'
import type { DropoutSpec } from '../architectures/network.js'
import { type Augmentation, augment } from './augment.js'
import type { GraphTraining, Row, TrainingData } from './data.js'

/** Streams of the seed: one purpose each. Parameters use 0 and up. */
export const streams = { order: 1_000_000_000, augmentation: 2_000_000_000, dropout: 1_000_000_000_000 } as const

export interface FeedOptions {
  readonly data: TrainingData
  readonly augmentation: Augmentation
  readonly seed: number
  /** Rows per step. */
  readonly rows: number
}

export const vectors = (carried: Readonly<Record<string, Float32Array>>): TensorValues =>
  Object.fromEntries(Object.entries(carried).map(([name, data]) => [name, { dtype: 'float32', dims: [data.length], data }]))

export const scalarValues = (scalars: Readonly<Record<string, number>>): TensorValues =>
  Object.fromEntries(
    Object.entries(scalars).map(([name, value]) => [name, { dtype: 'float32', dims: [], data: Float32Array.of(value) }]),
  )

/**
 * Masks of one step, 1 where kept: a stream of the seed for each step and place. Of a graph's own values only those that are not 0 are
 * drawn for: dropping the others changes nothing, and bags of words are nearly empty.
 */
export function masks(
  { seed, data: { graph, count, row } }: FeedOptions,
  dropouts: readonly DropoutSpec[],
  step: number,
): TensorValues {
  return Object.fromEntries(
    dropouts.map(({ input, dims, rate }, site) => {
      const random = new Random(seed, streams.dropout + step * dropouts.length + site)
      const size = dims.reduce((product, dim) => product * dim, 1)
      const draw = (): number => (random.uniform() < rate ? 0 : 1)
      if (site > 0 || !graph || size !== count * row[0]!)
        return [input, { dtype: 'uint8', dims, data: Uint8Array.from({ length: size }, draw) }]
      const data = new Uint8Array(size).fill(1)
      for (const at of graph.present) data[at] = draw()
      return [input, { dtype: 'uint8', dims, data }]
    }),
  )
}

/** The rows of these indices of an epoch, augmented by (seed, epoch, index). */
export async function batchOf(options: FeedOptions, epoch: number, indices: Uint32Array): Promise<TensorValues> {
  const { data, seed, augmentation, rows } = options
  const fill = (row: Row, index: number, into: Uint8Array, at: number): void =>
    augment(
      row.values as Uint8Array,
      data.row[1]!,
      augmentation,
      new Random(seed, streams.augmentation + epoch * data.count + index),
      into,
      at,
    )
  const made: Row[] = []
  for (const index of indices) made.push(await data.training(epoch, index))
  return packed(data, made, rows, (row, position, into, at) => fill(row, indices[position]!, into, at))
}

/** Everything that the steps on a graph read: its nodes, labels, weights and edges, the same in every step. */
export async function wholeGraph({ data, rows }: FeedOptions, { edges }: GraphTraining): Promise<TensorValues> {
  const made: Row[] = []
  for (let node = 0; node < rows; node++) made.push(await data.training(0, node))
  return {
    ...packed(data, made, rows, () => {}),
    edge_index: { dtype: 'int64', dims: [2, edges.length / 2], data: edges },
  }
}

/** Rows as the feeds of a step; missing rows weigh nothing. */
function packed(
  data: TrainingData,
  made: readonly Row[],
  rows: number,
  fill: (row: Row, position: number, into: Uint8Array, at: number) => void,
): TensorValues {
  const size = data.row.reduce((product, dim) => product * dim, 1)
  const picture = data.row.length === 3
  const values = picture ? new Uint8Array(rows * size) : new Float32Array(rows * size)
  const labels = new BigInt64Array(rows)
  const weights = new Float32Array(rows)
  const classes = data.classes.length
  const targets = data.soft && new Float32Array(rows * classes)
  made.forEach((row, position) => {
    if (values instanceof Uint8Array) fill(row, position, values, position * size)
    else values.set(row.values, position * size)
    labels[position] = BigInt(row.label)
    if (targets && row.target) targets.set(row.target, position * classes)
    weights[position] = row.weight ?? 1
  })
  const [channels, height, width] = data.row as [number, number, number]
  const value: TensorValue = picture
    ? { dtype: 'uint8', dims: [rows, height, width, channels], data: values }
    : { dtype: 'float32', dims: [rows, ...data.row], data: values }
  return {
    rows: value,
    labels: { dtype: 'int64', dims: [rows], data: labels },
    weights: { dtype: 'float32', dims: [rows], data: weights },
    ...(targets && { targets: { dtype: 'float32' as const, dims: [rows, classes], data: targets } }),
  }
}
