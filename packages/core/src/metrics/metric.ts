/** @file The shape of a metric: the command, the docs and the tests read these. */
import type { AttributionMap } from '../attribution.js'
import type { Evaluator } from '../evaluator.js'
import type { Pixels } from '../io/pixels.js'
import type { OptionSpecs, Options } from '../methods/method.js'
import type { TensorValue } from '../tensor-value.js'

/** The maps of one explanation, by name. */
export type Maps = Readonly<Record<string, AttributionMap>>

/** What a metric reads beside the maps. */
export type MetricNeed = 'model' | 'explainer' | 'mask' | 'other maps' | 'picture'

/** The picture that a model saw, for metrics that count its bytes. */
export interface PictureAccess {
  readonly picture: Pixels
  /** What the model takes, of any picture of the same size. */
  readonly toInput: (picture: Pixels) => TensorValue<'float32'>
  /** Bytes of each picture as a lossless file: the same encoder for all. */
  readonly encodedBytes: (pictures: readonly Pixels[]) => Promise<readonly number[]>
}

/** One explanation, and what is known around it. A metric's `needs` say which parts must be there. */
export interface MetricSubject {
  readonly maps: Maps
  /** `model`: the input that was explained, and its target. */
  readonly evaluator?: Evaluator
  /** `explainer`: explains the same target at another point with the same method, options and seed. */
  readonly explain?: (evaluator: Evaluator) => Promise<Maps>
  /** `mask`: where the evidence lies. Values other than zero are inside. */
  readonly mask?: TensorValue
  /** `other maps`: an explanation to compare with. */
  readonly other?: Maps
  /** `picture`: the picture before preprocessing. */
  readonly picture?: PictureAccess
}

/** Points of a curve, in order of x. */
export interface MetricCurve {
  readonly x: Float64Array
  readonly y: Float64Array
}

export interface MetricResult {
  /** NaN where the metric is not defined for this subject: `reason` says why. */
  readonly value: number
  readonly reason?: string
  readonly curve?: MetricCurve
  /** More numbers of the same run. */
  readonly more?: Readonly<Record<string, number>>
}

export interface Metric {
  readonly name: string
  readonly aliases?: readonly string[]
  /** One line for lists. */
  readonly summary: string
  /** The exact formula, in words and ASCII. */
  readonly formula: string
  /** Author, year, venue. */
  readonly citation: string
  readonly options: OptionSpecs
  readonly needs: readonly MetricNeed[]
  readonly higherIsBetter: boolean
  /** @param subject holds what `needs` names */
  readonly run: (subject: MetricSubject, options: Options, seed: number) => Promise<MetricResult> | MetricResult
}
