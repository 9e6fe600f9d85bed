/** @file The report of an ensemble study. */
export { assembleEnsembleReport, type EnsembleReport } from './assemble.js'
export { renderEnsembleReport } from './html.js'
