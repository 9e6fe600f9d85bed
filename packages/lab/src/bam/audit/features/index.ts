/** @file All feature families of the shortcut audit. */

import type { FeatureFamily } from '../family.js'
import { border } from './border.js'
import { channelMoments } from './channel-moments.js'
import { colourHistogram } from './colour-histogram.js'
import { maskGeometry } from './mask-geometry.js'
import { cutOutAlone, sceneAlone } from './other-part.js'
import { radialSpectrum } from './radial-spectrum.js'
import { rawPixels } from './raw-pixels.js'

export const featureFamilies: readonly FeatureFamily[] = [
  colourHistogram,
  channelMoments,
  radialSpectrum,
  maskGeometry,
  border,
  sceneAlone,
  cutOutAlone,
  rawPixels,
]
