/** @file The state of a training run, and how it is kept in a file. */
import { InputError, readNpz, type TensorValue, writeNpz } from '@ascribe/core'

/** Numbers of one finished epoch. */
export interface EpochRecord {
  readonly epoch: number
  /** Mean training loss over the epoch, and share of its rows answered correctly while training. */
  readonly loss: number
  readonly accuracy: number
  readonly validationLoss: number
  readonly validationAccuracy: number
  readonly learningRate: number
  readonly seconds: number
}

export interface TrainingState {
  /** Epochs finished. */
  readonly epoch: number
  /** Steps taken. */
  readonly step: number
  /** What is carried from step to step, by input name. */
  readonly carried: Readonly<Record<string, Float32Array>>
  readonly history: readonly EpochRecord[]
  /** Loss of every step. */
  readonly losses: Float32Array
}

/** Version of the file; another one is refused. */
const format = 1

/** @param identity hash of everything that decides the run: a checkpoint of another run is refused */
export function writeCheckpoint(state: TrainingState, identity: string): Uint8Array {
  const meta = { format, identity, epoch: state.epoch, step: state.step, history: state.history }
  const bytes = new TextEncoder().encode(JSON.stringify(meta))
  const arrays: Record<string, TensorValue> = { meta: { dtype: 'uint8', dims: [bytes.length], data: bytes } }
  const vector = (data: Float32Array): TensorValue => ({ dtype: 'float32', dims: [data.length], data })
  arrays['losses'] = vector(state.losses)
  for (const [name, data] of Object.entries(state.carried)) arrays[`carried/${name}`] = vector(data)
  return writeNpz(arrays)
}

/** @throws InputError where the file is damaged or belongs to another run */
export function readCheckpoint(bytes: Uint8Array, identity: string, name: string): TrainingState {
  const arrays = readNpz(bytes, name)
  const meta = parse(arrays['meta'], name)
  if (meta.format !== format) throw new InputError(`${name}: a checkpoint of format ${meta.format}; delete it to start anew`)
  if (meta.identity !== identity)
    throw new InputError(`${name}: a checkpoint of another run (other data, architecture or options); delete it to start anew`)
  const carried = Object.fromEntries(
    Object.entries(arrays).flatMap(([key, { data }]) =>
      key.startsWith('carried/') && data instanceof Float32Array ? [[key.slice('carried/'.length), data]] : [],
    ),
  )
  const losses = arrays['losses']?.data
  if (!(losses instanceof Float32Array)) throw new InputError(`${name}: the checkpoint has no losses; delete it to start anew`)
  return { epoch: meta.epoch, step: meta.step, history: meta.history, losses, carried }
}

interface Meta {
  readonly format: number
  readonly identity: string
  readonly epoch: number
  readonly step: number
  readonly history: readonly EpochRecord[]
}

function parse(value: TensorValue | undefined, name: string): Meta {
  try {
    return JSON.parse(new TextDecoder().decode(value?.data as Uint8Array)) as Meta
  } catch (cause) {
    throw new InputError(`${name}: not a checkpoint of ascribe; delete it to start anew`, { cause })
  }
}
