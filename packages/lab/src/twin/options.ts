/** @file What adapting is asked, and what it leaves. */
import type { TrainingData } from '../train/data.js'
import type { TrainingRecord, TrainModelOptions } from '../train/files.js'
import type { MaskedAccuracy } from './measure.js'

export interface AdaptOptions extends Pick<TrainModelOptions, 'runtime' | 'signal' | 'onStep' | 'onEpoch' | 'onResume'> {
  /** The trained model. */
  readonly model: string
  /** Whole pictures of the kind that it was trained on. */
  readonly data: TrainingData
  /** The twin to write; its records beside it. */
  readonly output: string
  /** Default 3. */
  readonly epochs?: number
  /** Default 32. */
  readonly batch?: number
  /** Of AdamW, at its highest. Default 0.0005. */
  readonly learningRate?: number
  /** Default 0: the twin stays near its original. */
  readonly weightDecay?: number
  /** Default 0.1. */
  readonly warmUp?: number
  /** Default 1. */
  readonly clip?: number
  /** Names of fills; default all: black, mean, blur, road. */
  readonly fills?: readonly string[]
  /** Share of pictures left whole. Default 0.25. */
  readonly clean?: number
  /** Share of the target that is the original's own answer to the whole picture, the label being the rest. Default 0. */
  readonly distil?: number
  /** Least share of whole validation pictures answered as the original does. Default 0.98. */
  readonly agreement?: number
  /**
   * Where the fine-tuned weights do not agree enough, the twin goes back towards the original in steps of 5% of the way until it does, but
   * not below this share of the way. Default 0.5; 1 never goes back.
   */
  readonly retreat?: number
  /** Validation pictures masked for the record. Default 200. */
  readonly maskedPictures?: number
  readonly seed?: number
  readonly onMeasure?: (share: number) => void
}

/** What a twin leaves beside it: a training record that says how it compares with its original. */
export interface TwinRecord extends TrainingRecord {
  readonly twin: {
    /** File and SHA-256 of the original. */
    readonly of: string
    readonly digest: string
    readonly fills: readonly string[]
    readonly clean: number
    readonly distil: number
    /** Share of the way from the original's weights to the fine-tuned ones. */
    readonly way: number
    /** Share of whole validation pictures to which both models give the same class, of `pictures`; these pictures also chose `way`. */
    readonly agreement: number
    readonly pictures: number
    /** Accuracy on whole pictures, of the original and of the twin. */
    readonly before: number
    readonly after: number
    readonly masked: readonly MaskedAccuracy[]
    readonly maskedPictures: number
  }
}
