/** @file Training: epochs of steps on ONNX Runtime, validation after each, and a state that can go on where it stopped. */
import { AscribeError, InputError, Random, type Runtime, type Session, type TensorValues } from '@ascribe/core'
import { bindInputs, encodeModel, type Graph, Tensor } from '@ascribe/onnx'
import { shuffled } from '../order.js'
import { type TrainingData, taskOf } from './data.js'
import { batchOf, type FeedOptions, masks, scalarValues, streams, vectors, wholeGraph } from './feeds.js'
import { cosineRate } from './schedule.js'
import type { EpochRecord, TrainingState } from './state.js'
import { type StepOptions, type TrainingStep, trainingStep } from './step.js'
import { validate } from './validation.js'

/** A run whose loss is not a number or far above that of guessing. */
export class DivergedError extends AscribeError {}

export interface TrainOptions extends Omit<StepOptions, 'task'>, FeedOptions {
  readonly epochs: number
  readonly learningRate: number
  /** Share of all steps over which the rate rises. */
  readonly warmUp: number
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

/** Loss is called diverged where its running mean stays above this many times that of guessing. */
const divergence = 2
const watched = 25

/** Steps in an epoch: rows that do not fill a batch are left out (they are others each epoch). */
const stepsPerEpoch = (data: TrainingData, rows: number): number =>
  data.graph?.steps ?? Math.max(1, Math.floor(data.count / rows))

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
  const edges = data.graph && data.graph.edges.length / 2
  const step = trainingStep({
    ...options,
    task: taskOf(data),
    ...(edges === undefined ? {} : { edges }),
    ...(data.soft && { soft: data.soft }),
  })
  const session = await runtime.open(encodeModel(await graphOf(options, step)))
  try {
    const first = options.from ?? initialState(options, step)
    return { state: await epochs(options, step, session, first), step }
  } finally {
    if (!signal?.aborted) await session.dispose()
  }
}

/** The step's graph. Where the data are one graph, its nodes and edges are constants of it: they are the same in every step. */
async function graphOf(options: TrainOptions, { graph }: TrainingStep): Promise<Graph> {
  const { data, rows } = options
  if (!data.graph) return graph
  if (rows !== data.count)
    throw new InputError(`${data.name} is one graph: a step takes all of its ${data.count} nodes, not ${rows}`)
  const constants = Object.entries(await wholeGraph(options, data.graph)).map(([name, { dtype, dims, data: values }]) => {
    const { buffer, byteOffset, byteLength } = values
    return [name, new Tensor(dtype, dims, new Uint8Array(buffer, byteOffset, byteLength))] as const
  })
  return bindInputs(graph, new Map(constants))
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
    const network = {
      ...options,
      task: taskOf(options.data),
      layout: step.layout,
      parameters: ran.carried['parameters']!,
      statistics: ran.carried['statistics'] ?? new Float32Array(0),
      classes: options.data.classes,
    }
    const validation = await validate(network, options.data, options.runtime, options.signal)
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
  const batchAt = async (index: number): Promise<TensorValues> =>
    data.graph ? {} : batchOf(options, epoch, order.subarray(index * rows, (index + 1) * rows))
  const losses: number[] = []
  let correct = 0
  let learningRate = 0
  let carried: Record<string, Float32Array> = {}
  let feeds: TensorValues = state.carried ? vectors(state.carried) : {}
  let batch = await batchAt(0)
  for (let index = 0; index < perEpoch; index++) {
    learningRate = cosineRate(state.step + index, perEpoch * epochs, options.learningRate, options.warmUp)
    const scalars = {
      learning_rate: learningRate,
      ...options.optimizer.scalars(options.optimizerOptions, state.step + index + 1),
    }
    const last = index === perEpoch - 1
    const running = session.run(
      { ...feeds, ...batch, ...scalarValues(scalars), ...masks(options, built.dropouts, state.step + index) },
      ['loss', 'correct', ...(last ? Object.keys(built.carried) : [])],
      { keep: built.carried, ...(signal && { signal }) },
    )
    // The next batch is made while this one is worked on. A failure there must not hide one of the run.
    const next = last ? undefined : batchAt(index + 1)
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
  return { carried, losses, loss, accuracy: correct / (perEpoch * (data.graph?.learned ?? rows)), learningRate }
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
