/** @file BAM rebuilt from COCO and Places photos. */
export { type NaturalOptions, NaturalSource, naturalObjects, naturalScenes, openNatural } from './natural.js'
