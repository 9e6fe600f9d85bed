/** @file The shape of a BAM metric, and of the readings it is made from. */
import type { Source } from '../../statistics/index.js'
import type { BamSet } from '../source.js'

/** Which trained model: named after the set it was trained on. */
export type ModelRole = Exclude<BamSet, 'dog_bedroom' | 'bamboo_forest' | 'bamboo_forest_patch'>

/**
 * Which form of the picture: a set's own, or one made from it. `placebo`: the object's silhouette filled with the scene's texture.
 * `functional_patch`: a patch in the object's place, of the accepted patch's RMS, that does change the model's output.
 */
export type PictureForm = BamSet | 'placebo' | 'functional_patch'

/** One attribution that a metric needs of each image. The region is that of the first view, for all views. */
export interface MetricView {
  readonly model: ModelRole
  readonly picture: PictureForm
  /** Whether the image counts only if the model classifies this picture correctly, by the model's own label. */
  readonly correct: boolean
}

/** What was read off one attribution: the explained output is the predicted class's score. */
export interface Reading {
  /** Mean of the map inside the object's mask (`attributionInside`). */
  readonly g: number
  /** Whether the model's prediction is its own label of the picture. */
  readonly correct: boolean
  /** The map was constant and became zeros. */
  readonly constant?: boolean
}

/** Why an image does not count, where it is known before any attribution. */
export type Exclusion = 'pair not admitted' | 'patch not accepted' | 'patch not functional' | 'no partner'

export interface MetricRecord {
  /** What the image was made from; images with equal sources are resampled together. A BAM entry's `instance`. */
  readonly source: Source
  /** One per view, in the views' order. */
  readonly readings: readonly Reading[]
  readonly excluded?: Exclusion
}

export interface MetricOption {
  readonly default: number
  readonly describe: string
  /** Values that a report goes through. */
  readonly values: readonly number[]
}

export type MetricOptions = Readonly<Record<string, number>>

export interface Metric {
  readonly name: string
  readonly summary: string
  readonly formula: string
  readonly citation: string
  /** `mean` of real scores, or `share` of images for which a condition holds (scores 0 and 1). */
  readonly kind: 'mean' | 'share'
  readonly direction: 'higher is better' | 'lower is better'
  /** Value of a method that does not tell the two views apart, null where there is none but the controls' own score. */
  readonly reference: number | null
  readonly options: Readonly<Record<string, MetricOption>>
  /** Attributions needed of each image. */
  readonly views: (options: MetricOptions) => readonly MetricView[]
  /** Reasons for which images are left out before scoring. */
  readonly exclusions: readonly Exclusion[]
  /** Score of one valid image from its views' g. */
  readonly score: (g: readonly number[], options: MetricOptions) => number
}
