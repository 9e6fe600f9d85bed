/** @file Training. */
export { type Augmentation, noAugmentation } from './augment.js'
export type { GraphTraining, Row, TrainingData } from './data.js'
export { type ExportOptions, exportGraph } from './export.js'
export { finishedRun, type Recipe, readRecord, type TrainingRecord, type TrainModelOptions, trainModel } from './files.js'
export { optimizerNamed, optimizers } from './optimizers/index.js'
export type { EpochRecord, TrainingState } from './state.js'
export { type StepOptions, type TrainingStep, trainingStep } from './step.js'
export { DivergedError, type StepProgress, type TrainOptions, train } from './train.js'
