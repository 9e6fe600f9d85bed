/** @file Functionally insignificant patches. */
export type { DescentOptions, PatchTask } from './batch.js'
export { type DescentName, descents } from './descent.js'
export { type Acceptance, acceptance, type PatchMeasure, tolerances } from './judge.js'
export {
  type FunctionalPicture,
  type MeasuredPicture,
  optimisePatches,
  type Patch,
  type PatchOptions,
  type PatchResult,
} from './optimise.js'
export { type MeasureSummary, type PatchSummary, patchSummary } from './summary.js'
export { type ForestTask, forestTasks, withDog } from './tasks.js'
