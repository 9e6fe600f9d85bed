/** @file Mask-adapted twins of models stopped at parity. */
import { join } from 'node:path'
import { nodeRuntime } from '@ascribe/core/node'
import type { TrainingData } from '../train/data.js'
import { adaptModel } from '../twin/adapt.js'
import type { TwinRecord } from '../twin/options.js'

/** Where the twin of a model lies. */
const twinPath = (folder: string, name: string): string => join(folder, 'twins', `${name}.onnx`)

export interface TwinJob {
  readonly name: string
  /** Where the models at parity lie. */
  readonly folder: string
  readonly data: TrainingData
  readonly seed: number
  /** Least share of whole validation pictures answered as the model does. */
  readonly agreement: number
  /** Validation pictures masked for the record. */
  readonly maskedPictures: number
  readonly signal: AbortSignal
  readonly log?: (line: string) => void
  readonly onStep?: (name: string, share: number, loss: number) => void
}

/**
 * Three epochs on masked pictures. The target is the model's own answer to the whole picture, not the label: a model stopped at parity would
 * go on learning its labels, and its twin would answer otherwise than it does. Nothing is learned from another model. A model that is unsure
 * of many pictures agrees seldom with any other, so the twin may go far back towards it; what it then gains on masked pictures is told.
 * @throws UnfaithfulTwinError, DivergedError, AbortedError
 */
export async function makeTwin({ name, folder, log, onStep, ...rest }: TwinJob): Promise<TwinRecord> {
  const runtime = nodeRuntime({ threads: 1 })
  const label = `${name}'s twin`
  try {
    const record = await adaptModel({
      model: join(folder, `${name}.onnx`),
      ...rest,
      output: twinPath(folder, name),
      runtime,
      epochs: 3,
      distil: 1,
      retreat: 0.1,
      onResume: epoch => log?.(`${label}: goes on after epoch ${epoch}`),
      ...(onStep && { onStep: ({ step, steps, loss }) => onStep(label, step / steps, loss) }),
    })
    const { twin } = record
    const masked = twin.masked.filter(({ area }) => area === 0.5)
    const mean = (key: 'before' | 'after'): string =>
      `${((100 * masked.reduce((sum, one) => sum + one[key], 0)) / masked.length).toFixed(0)}%`
    log?.(
      `${label}: answers ${(100 * twin.agreement).toFixed(1)}% of ${twin.pictures} whole pictures as the model does${twin.way < 1 ? `, ${(100 * twin.way).toFixed(0)}% of the way from its weights` : ''}; with half of the picture removed right on ${mean('after')} (the model on ${mean('before')})`,
    )
    return record
  } finally {
    if (!rest.signal.aborted) await runtime.dispose()
  }
}
