/** @file Ensembles of explanations: normalisers, schemes, the two together, and weights that are learned. */
export { type AlignedMaps, type AlignOptions, alignMaps, type ChannelReduction, channelReductions } from './align.js'
export { combine, type Ensemble, type EnsembleOptions } from './combine.js'
export { normalise, normaliserNamed, normalisers } from './normalise/index.js'
export type { Normaliser } from './normaliser.js'
export { type OrderStep, type OrderSweep, sweepOrders } from './order-sweep.js'
export { measureRemovals, predictedChanges, type RemovalOptions, type Removals } from './removals.js'
export type { Scheme } from './scheme.js'
export { schemeNamed, schemes } from './schemes/index.js'
export { combineOverSegments, type PlaceSegments, placeSegments, segmentSums } from './segmentwise.js'
export { convexWeights } from './simplex.js'
export {
  faithfulnessForm,
  formOf,
  formValue,
  optimalWeights,
  type QuadraticForm,
  robustnessForm,
  scaledForm,
  tradeOff,
  unitFactors,
  type WeightAim,
  weightAims,
} from './weights.js'
