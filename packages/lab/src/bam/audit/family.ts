/** @file The fixed shape of a feature family of the shortcut audit: numbers from a picture that must not give its label away. */

import type { BamPicture } from '../source.js'

export type AuditLabel = 'object' | 'scene'

/** A picture with its scene alone, as the audit reads them. */
export interface AuditPicture extends BamPicture {
  readonly size: number
  /** [size, size, 3] of the same scene without the object. */
  readonly sceneOnly: Uint8Array
}

export interface FeatureFamily {
  readonly name: string
  /** Labels it is tried on. */
  readonly labels: readonly AuditLabel[]
  /** Which classifiers read it. */
  readonly classifiers: readonly ('logistic' | 'nearest')[]
  /** A bar on accuracy, or 'chance': what guessing exceeds once in a thousand with as many pictures. */
  readonly limit: number | 'chance'
  extract(picture: AuditPicture): Float64Array
}
