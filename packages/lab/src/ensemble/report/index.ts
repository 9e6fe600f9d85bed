/** @file The report of an ensemble study. */
export { assembleEnsembleReport } from './assemble.js'
export type { EnsembleReport } from './data.js'
export { renderEnsembleReport } from './html.js'
