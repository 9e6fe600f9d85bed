/** @file Ensembles of explanations: normalisers, schemes, and the two together. */
export { combine, type Ensemble, type EnsembleOptions } from './combine.js'
export { normalise, normaliserNamed, normalisers } from './normalise/index.js'
export type { Normaliser } from './normaliser.js'
export type { Scheme } from './scheme.js'
export { schemeNamed, schemes } from './schemes/index.js'
export { convexWeights } from './simplex.js'
