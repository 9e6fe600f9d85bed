/** @file One small network per architecture, with a task that it can learn, for tests of architectures and training. */
import { type Options, Random, type TensorValue, type TensorValues } from '@ascribe/core'
import { elementCount, type NdArray, ndarray } from '@ascribe/onnx'
import type { Architecture, Task } from '../../src/architectures/architecture.js'
import { architectureNamed } from '../../src/architectures/index.js'
import { adamw } from '../../src/train/optimizers/adamw.js'
import type { Optimizer } from '../../src/train/optimizers/optimizer.js'
import { sgd } from '../../src/train/optimizers/sgd.js'
import { type TrainingStep, trainingStep } from '../../src/train/step.js'

type Specs = Architecture['options']

export const withDefaults = (specs: Specs, given: Options = {}): Options => ({
  ...Object.fromEntries(Object.entries(specs).map(([name, spec]) => [name, spec.default])),
  ...given,
})

export interface Small {
  readonly label: string
  readonly architecture: Architecture
  readonly options: Options
  readonly task: Task
  /** Trainable numbers, counted by hand. */
  readonly parameters: number
}

const small = (name: string, given: Options, row: readonly number[], parameters: number): Small => {
  const architecture = architectureNamed(name)
  const label = [name, ...Object.entries(given).map(([key, value]) => `${key}=${value}`)].join(' ')
  return { label, architecture, options: withDefaults(architecture.options, given), task: { row, classes: 3 }, parameters }
}

const picture = [3, 8, 8]

/** weights + scale and bias of batch norm */
const normed = (weights: number, channels: number): number => weights + 2 * channels
const linear = (inputs: number, outputs: number): number => (inputs + 1) * outputs

export const smallNetworks: readonly Small[] = [
  small(
    'cnn',
    { width: 4, stages: 2, blocks: 2 },
    picture,
    normed(3 * 4 * 9, 4) + normed(4 * 4 * 9, 4) + normed(4 * 8 * 9, 8) + normed(8 * 8 * 9, 8) + linear(8, 3),
  ),
  small(
    'resnet',
    { width: 4, stages: 2 },
    picture,
    normed(3 * 4 * 9, 4) +
      2 * normed(4 * 4 * 9, 4) +
      normed(4 * 8 * 9, 8) +
      normed(8 * 8 * 9, 8) +
      normed(4 * 8, 8) +
      linear(8, 3),
  ),
  small(
    'mobilenet',
    { width: 4, stages: 2, blocks: 1, expansion: 2 },
    picture,
    normed(3 * 4 * 9, 4) +
      (normed(4 * 8, 8) + normed(8 * 9, 8) + normed(8 * 4, 4)) +
      (normed(4 * 8, 8) + normed(8 * 9, 8) + normed(8 * 8, 8)) +
      normed(8 * 16, 16) +
      linear(16, 3),
  ),
  small(
    'convnext',
    { width: 4, stages: 2, blocks: 1, patch: 2, expansion: 2 },
    picture,
    3 * 4 * 9 +
      4 +
      8 +
      (4 * 49 + 4 + 8 + linear(4, 8) + linear(8, 4) + 4) +
      (8 + 4 * 8 * 4 + 8) +
      (8 * 49 + 8 + 16 + linear(8, 16) + linear(16, 8) + 8) +
      (16 + linear(8, 3)),
  ),
  small(
    'vit',
    { width: 8, depth: 1, heads: 2, patch: 4, dropout: 0.2 },
    picture,
    normed(3 * 4 * 9, 4) + 4 * 8 * 9 + 4 * 8 + 16 + 4 * linear(8, 8) + 16 + linear(8, 16) + linear(16, 8) + 16 + linear(8, 3),
  ),
  small(
    'vit',
    { width: 8, depth: 1, heads: 2, patch: 4, stem: 'patch' },
    picture,
    3 * 8 * 16 + 4 * 8 + 16 + 4 * linear(8, 8) + 16 + linear(8, 16) + linear(16, 8) + 16 + linear(8, 3),
  ),
  small(
    'mixer',
    { width: 8, depth: 1, patch: 4, tokens: 5, expansion: 2, dropout: 0.2 },
    picture,
    normed(3 * 4 * 9, 4) +
      (4 * 8 * 9 + 8) +
      (16 + linear(4, 5) + linear(5, 4)) +
      (16 + linear(8, 16) + linear(16, 8)) +
      (16 + linear(8, 3)),
  ),
  small('mlp', { width: 6, dropout: 0.2 }, [5], linear(5, 6) + linear(6, 6) + linear(6, 3)),
  small('mlp', { width: 6, depth: 1, activation: 'softplus' }, [5], linear(5, 6) + linear(6, 3)),
  small('gcn', { width: 6, dropout: 0.2 }, [5], linear(5, 6) + linear(6, 3)),
  small('gcn', { width: 6, depth: 1, dropout: 0, degrees: true }, [5], linear(6, 3)),
  small('gat', { width: 4, heads: 3, dropout: 0.1 }, [5], (5 + 3) * 12 + (12 + 3) * 3),
  small('sage', { width: 6, dropout: 0.2 }, [5], 5 * 6 + linear(5, 6) + 6 * 3 + linear(6, 3)),
]

/** Rows per step. */
export const rows = 6

export const plainSgd = { momentum: 0, decay: 0, nesterov: false }

export function stepOf(
  { architecture, options, task }: Small,
  optimizer: Optimizer = sgd,
  optimizerOptions: Options = plainSgd,
  more: { readonly clip?: number; readonly labelSmoothing?: number } = {},
): TrainingStep {
  return trainingStep({
    architecture,
    architectureOptions: options,
    task,
    optimizer,
    optimizerOptions,
    rows,
    edges: links()[0]!.length,
    labelSmoothing: 0,
    clip: 0,
    ...more,
  })
}

export const optimizerOptions = { sgd: withDefaults(sgd.options), adamw: withDefaults(adamw.options) }

/** Pairs of one class (0-3, 1-4, 2-5) in a chain, both directions: nodes left, nodes entered. */
export function links(): number[][] {
  const pairs = [...Array.from({ length: 3 }, (_, i) => [i, i + 3]), [0, 1], [1, 2]]
  return [0, 1].map(end => [...pairs.map(pair => pair[end]!), ...pairs.map(pair => pair[1 - end]!)])
}

/** The same as a tensor [2, edges]. */
export function edgeIndex(): TensorValue {
  const both = links()
  return { dtype: 'int64', dims: [2, both[0]!.length], data: BigInt64Array.from(both.flat(), BigInt) }
}

/** Feeds of one step beside parameters, slots and rates: rows whose class shows in their values, and masks where dropout is. */
export function batch({ architecture, task }: Small, { dropouts }: TrainingStep, seed = 1): TensorValues {
  const random = new Random(seed)
  const labels = Array.from({ length: rows }, (_, row) => row % task.classes)
  const size = elementCount(task.row)
  const [channels, side] = task.row as [number, number]
  const pixels = (): Uint8Array =>
    Uint8Array.from({ length: rows * size }, (_, i) => {
      const own = i % channels === labels[Math.floor(i / size)]!
      return (own ? 150 : 60) + random.integer(80)
    })
  const columns = (): Float32Array =>
    Float32Array.from(
      { length: rows * size },
      (_, i) => (i % size === labels[Math.floor(i / size)]! ? 3 : 0) + 0.3 * random.normal(),
    )
  return {
    rows:
      architecture.reads === 'picture'
        ? { dtype: 'uint8', dims: [rows, side, side, channels], data: pixels() }
        : { dtype: 'float32', dims: [rows, size], data: columns() },
    ...(architecture.reads === 'graph' && {
      edge_index: edgeIndex(),
    }),
    labels: { dtype: 'int64', dims: [rows], data: BigInt64Array.from(labels, BigInt) },
    weights: { dtype: 'float32', dims: [rows], data: Float32Array.from({ length: rows }, (_, row) => 1 + row / 10) },
    ...Object.fromEntries(
      dropouts.map(({ input, dims, rate }) => [
        input,
        { dtype: 'uint8', dims, data: Uint8Array.from({ length: elementCount(dims) }, () => (random.uniform() < rate ? 0 : 1)) },
      ]),
    ),
  }
}

/** Values of a runtime as the reference evaluator reads them. */
export const arrays = (values: TensorValues): Record<string, NdArray> =>
  Object.fromEntries(
    Object.entries(values).map(([name, { dtype, dims, data }]) => [
      name,
      ndarray(dims, Float64Array.from(Array.from(data as ArrayLike<number | bigint>, Number)), dtype),
    ]),
  )

/** Starting parameters moved a little, so that nothing is exactly zero. */
export function movedParameters({ layout }: TrainingStep, seed = 3): { parameters: Float64Array; statistics: Float64Array } {
  const { parameters, statistics } = layout.initialize(seed)
  const random = new Random(seed, 7)
  return {
    parameters: Float64Array.from(parameters, value => value + 0.2 * random.normal()),
    statistics: Float64Array.from(statistics, value => value + 0.2 * random.uniform()),
  }
}

/** Feeds of what is carried, learning rate 1 and slots that are not zero. */
export function carriedFeeds(step: TrainingStep, slots: readonly string[], rate = 1): Record<string, NdArray> {
  const { parameters, statistics } = movedParameters(step)
  const count = step.layout.parameterCount
  const slot = (index: number): Float64Array => {
    const random = new Random(5, index)
    return Float64Array.from({ length: count }, () => 0.01 * random.uniform())
  }
  return {
    parameters: ndarray([count], parameters),
    ...(statistics.length > 0 && { statistics: ndarray([statistics.length], statistics) }),
    ...Object.fromEntries(slots.map((name, index) => [`slot/${name}`, ndarray([count], slot(index))])),
    learning_rate: ndarray([], [rate]),
  }
}
