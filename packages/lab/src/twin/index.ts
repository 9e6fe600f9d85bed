/** @file Mask-adapted twins of picture models. */
export { adaptModel, UnfaithfulTwinError } from './adapt.js'
export { maskFills } from './fills.js'
export { measuredAreas } from './measure.js'
export type { AdaptOptions, TwinRecord } from './options.js'
export { twinSource } from './source.js'
