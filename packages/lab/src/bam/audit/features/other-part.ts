/** @file What must say nothing at all: the scene's own pixels about the object, the cut-out alone about the scene. */

import type { AuditPicture, FeatureFamily } from '../family.js'
import { channelMoments } from './channel-moments.js'
import { colourHistogram } from './colour-histogram.js'
import { radialSpectrum } from './radial-spectrum.js'
import { shrunk } from './shrunk.js'

const described = (picture: AuditPicture, thumbnail: Float64Array): Float64Array =>
  Float64Array.from([
    ...thumbnail,
    ...colourHistogram.extract(picture),
    ...channelMoments.extract(picture),
    ...radialSpectrum.extract(picture),
  ])

/** Thumbnail, histogram, moments and spectrum of the scene without the object. */
export const sceneAlone: FeatureFamily = {
  name: 'scene alone',
  labels: ['object'],
  classifiers: ['logistic', 'nearest'],
  limit: 'chance',
  extract: picture => described({ ...picture, pixels: picture.sceneOnly }, shrunk(picture.sceneOnly, picture.size)),
}

/** The same of the object on black. */
export const cutOutAlone: FeatureFamily = {
  name: 'cut-out alone',
  labels: ['scene'],
  classifiers: ['logistic', 'nearest'],
  limit: 'chance',
  extract(picture) {
    const pixels = new Uint8Array(picture.pixels.length)
    const { mask } = picture
    // Whole pixels only: a half-covered one shows the scene too.
    if (mask)
      for (let i = 0; i < mask.length; i++) if (mask[i] === 255) pixels.set(picture.pixels.subarray(3 * i, 3 * i + 3), 3 * i)
    return described({ ...picture, pixels }, shrunk(pixels, picture.size))
  },
}
