/** @file Mask-adapted twins of picture models. */
export { type AdaptOptions, adaptModel, type TwinRecord, UnfaithfulTwinError } from './adapt.js'
export { maskFills } from './fills.js'
export { measuredAreas } from './measure.js'
export { twinSource } from './source.js'
