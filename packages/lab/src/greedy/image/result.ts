/** @file What an image study found. */
import type { Pixels } from '@ascribe/core'
import type { CellFailure } from '../../runner/index.js'
import type { Entry } from './entry.js'
import type { InformationValue, MaskOnlyValue, MosaicValue, SelectValue } from './identity.js'
import type { ImageItem } from './images.js'
import type { ImagePreset } from './presets.js'

/** A picture that counts, with the class that is explained. */
export interface Scored {
  readonly item: ImageItem
  readonly class: number
  readonly probability: number
}

/** Values by picture. */
export type ByPicture<Value> = ReadonlyMap<string, Value>

export interface ImageExample {
  readonly title: string
  readonly picture: Pixels
  readonly maps: readonly { readonly label: string; readonly values: Float32Array; readonly dims: readonly number[] }[]
}

interface MosaicResult extends MosaicValue {
  readonly side: number
  readonly sample: string
}

export interface ImageStudy {
  readonly preset: ImagePreset
  readonly model: { readonly name: string; readonly digest: string; readonly classes: number; readonly side: number }
  /** Name of the mask-adapted twin, and how often it answers as the model does. */
  readonly twin?: { readonly name: string; readonly agreement: number }
  readonly data: { readonly kind: 'photos' | 'generated'; readonly description: string; readonly count: number }
  readonly labelled: number
  readonly correct: number
  /** Median number of features. */
  readonly features: number
  readonly scored: readonly Scored[]
  readonly runs: readonly { readonly entry: Entry; readonly purpose: string; readonly values: ByPicture<SelectValue> }[]
  readonly maskOnly: readonly { readonly entry: Entry; readonly values: ByPicture<MaskOnlyValue> }[]
  readonly information: readonly { readonly entry: Entry; readonly values: ByPicture<InformationValue> }[]
  /** Why there is no AIC and SIC. */
  readonly noInformation?: string
  readonly mosaics: readonly { readonly entry: Entry; readonly values: readonly MosaicResult[] }[]
  readonly examples: readonly ImageExample[]
  readonly failed: readonly CellFailure[]
  readonly seed: number
  /** Digest of all plans. */
  readonly digest: string
}
