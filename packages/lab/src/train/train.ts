/** @file Training: epochs of steps on ONNX Runtime, validation after each, and a state that can go on where it stopped. */
import { AscribeError, InputError, Random, type Runtime, type Session, type TensorValue, type TensorValues } from '@ascribe/core'
import { encodeModel } from '@ascribe/onnx'
import { type Augmentation, augment } from './augment.js'
import { type Row, shuffled, type TrainingData } from './data.js'
import { exportGraph } from './export.js'
import { cosineRate } from './schedule.js'
import type { EpochRecord, TrainingState } from './state.js'
import { type StepOptions, type TrainingStep, trainingStep } from './step.js'

/** A run whose loss is not a number or far above that of guessing. */
export class DivergedError extends AscribeError {}

export interface TrainOptions extends Omit<StepOptions, 'task'> {
  readonly data: TrainingData
  readonly epochs: number
  readonly learningRate: number
  /** Share of all steps over which the rate rises. */
  readonly warmUp: number
  readonly augmentation: Augmentation
  readonly seed: number
  readonly runtime: Runtime
  /** Where to go on; a new run without it. */
  readonly from?: TrainingState
  readonly signal?: AbortSignal
  /** Called after each epoch with all it takes to go on. */
  readonly onEpoch?: (state: TrainingState) => void | Promise<void>
  readonly onStep?: (progress: StepProgress) => void
}

export interface StepProgress {
  readonly step: number
  readonly steps: number
  readonly loss: number
}

export interface Trained {
  readonly state: TrainingState
  readonly step: TrainingStep
}

/** Streams of the seed: one purpose each. Parameters use 0 and up. */
const streams = { order: 1_000_000_000, augmentation: 2_000_000_000, dropout: 1_000_000_000_000 } as const

/** Loss is called diverged where its running mean stays above this many times that of guessing. */
const divergence = 2
const watched = 25

export const taskOf = (data: TrainingData) => ({ row: data.row, classes: data.classes.length })

/** Steps in an epoch: rows that do not fill a batch are left out (they are others each epoch). */
const stepsPerEpoch = (data: TrainingData, rows: number): number => Math.max(1, Math.floor(data.count / rows))

/**
 * Trains. Every random choice comes from the seed and its place (epoch, row), so a run that goes on from a state ends with the same
 * weights as one that was never interrupted.
 * @throws DivergedError, AbortedError, RuntimeError, InputError where a batch is larger than the data
 */
export async function train(options: TrainOptions): Promise<Trained> {
  const { data, runtime, signal } = options
  if (data.count < options.rows)
    throw new InputError(
      `${data.name} has ${data.count} training rows, fewer than a batch of ${options.rows}; take smaller batches`,
    )
  const step = trainingStep({ ...options, task: taskOf(data) })
  const session = await runtime.open(encodeModel(step.graph))
  try {
    const first = options.from ?? initialState(options, step)
    return { state: await epochs(options, step, session, first), step }
  } finally {
    if (!signal?.aborted) await session.dispose()
  }
}

function initialState(options: TrainOptions, { layout }: TrainingStep): TrainingState {
  const { parameters, statistics } = layout.initialize(options.seed)
  const carried: Record<string, Float32Array> = { parameters }
  if (layout.statisticCount > 0) carried['statistics'] = statistics
  for (const slot of options.optimizer.slots) carried[`slot/${slot}`] = new Float32Array(layout.parameterCount)
  return { epoch: 0, step: 0, carried, history: [], losses: new Float32Array(0) }
}

async function epochs(options: TrainOptions, step: TrainingStep, session: Session, from: TrainingState): Promise<TrainingState> {
  let state = from
  for (let epoch = from.epoch; epoch < options.epochs; epoch++) {
    const started = performance.now()
    const ran = await oneEpoch(options, step, session, state)
    const validation = await validate(options, step, ran.carried)
    const record: EpochRecord = {
      epoch,
      loss: ran.loss,
      accuracy: ran.accuracy,
      validationLoss: validation.loss,
      validationAccuracy: validation.accuracy,
      learningRate: ran.learningRate,
      seconds: (performance.now() - started) / 1000,
    }
    state = {
      epoch: epoch + 1,
      step: state.step + ran.losses.length,
      carried: ran.carried,
      history: [...state.history, record],
      losses: Float32Array.from([...state.losses, ...ran.losses]),
    }
    await options.onEpoch?.(state)
  }
  return state
}

interface Epoch {
  readonly carried: Record<string, Float32Array>
  readonly losses: number[]
  readonly loss: number
  readonly accuracy: number
  readonly learningRate: number
}

async function oneEpoch(options: TrainOptions, built: TrainingStep, session: Session, state: TrainingState): Promise<Epoch> {
  const { data, rows, epochs, signal } = options
  const { epoch } = state
  const perEpoch = stepsPerEpoch(data, rows)
  const order = shuffled(data.count, new Random(options.seed, streams.order + epoch))
  const losses: number[] = []
  let correct = 0
  let learningRate = 0
  let carried: Record<string, Float32Array> = {}
  let feeds: TensorValues = state.carried ? vectors(state.carried) : {}
  let batch = await batchOf(options, epoch, order.subarray(0, rows))
  for (let index = 0; index < perEpoch; index++) {
    learningRate = cosineRate(state.step + index, perEpoch * epochs, options.learningRate, options.warmUp)
    const scalars = {
      learning_rate: learningRate,
      ...options.optimizer.scalars(options.optimizerOptions, state.step + index + 1),
    }
    const last = index === perEpoch - 1
    const running = session.run(
      { ...feeds, ...batch, ...scalarValues(scalars), ...masks(options, built, state.step + index) },
      ['loss', 'correct', ...(last ? Object.keys(built.carried) : [])],
      { keep: built.carried, ...(signal && { signal }) },
    )
    // The next batch is made while this one is worked on. A failure there must not hide one of the run.
    const next = last ? undefined : batchOf(options, epoch, order.subarray((index + 1) * rows, (index + 2) * rows))
    next?.catch(() => {})
    const result = await running
    feeds = {}
    const loss = Number(result['loss']!.data[0])
    losses.push(loss)
    correct += Number(result['correct']!.data[0])
    refuseDivergence(losses, options, state.step + index, learningRate)
    options.onStep?.({ step: state.step + index + 1, steps: perEpoch * epochs, loss })
    if (last)
      carried = Object.fromEntries(
        Object.entries(built.carried).map(([output, input]) => [input, result[output]!.data as Float32Array]),
      )
    else batch = await next!
  }
  const loss = losses.reduce((sum, value) => sum + value, 0) / losses.length
  return { carried, losses, loss, accuracy: correct / (perEpoch * rows), learningRate }
}

const vectors = (carried: Readonly<Record<string, Float32Array>>): TensorValues =>
  Object.fromEntries(Object.entries(carried).map(([name, data]) => [name, { dtype: 'float32', dims: [data.length], data }]))

const scalarValues = (scalars: Readonly<Record<string, number>>): TensorValues =>
  Object.fromEntries(
    Object.entries(scalars).map(([name, value]) => [name, { dtype: 'float32', dims: [], data: Float32Array.of(value) }]),
  )

function masks({ seed }: TrainOptions, { dropouts }: TrainingStep, step: number): TensorValues {
  return Object.fromEntries(
    dropouts.map(({ input, dims, rate }, site) => {
      const random = new Random(seed, streams.dropout + step * dropouts.length + site)
      const size = dims.reduce((product, dim) => product * dim, 1)
      const data = Uint8Array.from({ length: size }, () => (random.uniform() < rate ? 0 : 1))
      return [input, { dtype: 'uint8', dims, data }]
    }),
  )
}

async function batchOf(options: TrainOptions, epoch: number, indices: Uint32Array): Promise<TensorValues> {
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
  made.forEach((row, position) => {
    if (values instanceof Uint8Array) fill(row, position, values, position * size)
    else values.set(row.values, position * size)
    labels[position] = BigInt(row.label)
    weights[position] = 1
  })
  const [channels, height, width] = data.row as [number, number, number]
  const value: TensorValue = picture
    ? { dtype: 'uint8', dims: [rows, height, width, channels], data: values }
    : { dtype: 'float32', dims: [rows, ...data.row], data: values }
  return {
    rows: value,
    labels: { dtype: 'int64', dims: [rows], data: labels },
    weights: { dtype: 'float32', dims: [rows], data: weights },
  }
}

/** Loss and accuracy of the exported model on the validation rows. */
async function validate(options: TrainOptions, { layout }: TrainingStep, carried: Readonly<Record<string, Float32Array>>) {
  const { data, runtime, signal } = options
  const task = taskOf(data)
  const graph = exportGraph({
    ...options,
    task,
    layout,
    parameters: carried['parameters']!,
    statistics: carried['statistics'] ?? new Float32Array(0),
    classes: data.classes,
  })
  const session = await runtime.open(encodeModel(graph))
  try {
    return await measure(session, data, signal)
  } finally {
    if (!signal?.aborted) await session.dispose()
  }
}

/** Rows per validation run. */
const validationRows = 64

/** Mean cross entropy (nats) and accuracy of a model (`input` -> `logits`) on the validation rows. */
async function measure(session: Session, data: TrainingData, signal?: AbortSignal): Promise<{ loss: number; accuracy: number }> {
  let [loss, correct] = [0, 0]
  for (let start = 0; start < data.validationCount; start += validationRows) {
    const count = Math.min(validationRows, data.validationCount - start)
    const made: Row[] = []
    for (let i = 0; i < count; i++) made.push(await data.validation(start + i))
    const { logits } = await session.run({ input: modelInput(data, made) }, ['logits'], signal ? { signal } : {})
    const classes = data.classes.length
    made.forEach(({ label }, row) => {
      const scores = (logits!.data as Float32Array).subarray(row * classes, (row + 1) * classes)
      const top = scores.reduce((best, score) => Math.max(best, score), -Infinity)
      loss += Math.log(scores.reduce((sum, score) => sum + Math.exp(score - top), 0)) + top - scores[label]!
      if (scores.indexOf(top) === label) correct++
    })
  }
  return { loss: loss / data.validationCount, accuracy: correct / data.validationCount }
}

/** Rows as an exported model reads them: pictures [N, C, H, W] in [-1, 1]. */
function modelInput(data: { readonly row: readonly number[] }, made: readonly Row[]): TensorValue {
  const size = data.row.reduce((product, dim) => product * dim, 1)
  const values = new Float32Array(made.length * size)
  const [channels, height, width] = data.row as [number, number, number]
  made.forEach(({ values: row }, n) => {
    if (data.row.length !== 3) {
      values.set(row, n * size)
      return
    }
    const area = height * width
    for (let c = 0; c < channels; c++)
      for (let i = 0; i < area; i++) values[n * size + c * area + i] = row[i * channels + c]! / 127.5 - 1
  })
  return { dtype: 'float32', dims: [made.length, ...data.row], data: values }
}

function refuseDivergence(losses: readonly number[], options: TrainOptions, step: number, rate: number): void {
  const loss = losses.at(-1)!
  const advice = `lower the learning rate (now ${rate.toPrecision(2)}) or warm up for longer`
  if (!Number.isFinite(loss)) throw new DivergedError(`the loss is ${loss} at step ${step + 1}; ${advice}`)
  if (losses.length < watched) return
  const recent = losses.slice(-watched).reduce((sum, value) => sum + value, 0) / watched
  const guessing = Math.log(options.data.classes.length)
  if (recent > divergence * guessing)
    throw new DivergedError(
      `the loss is ${recent.toFixed(2)} over the last ${watched} steps at step ${step + 1}, guessing gives ${guessing.toFixed(2)}; ${advice}`,
    )
}
