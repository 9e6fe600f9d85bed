/** @file A whole BAM study: data, models, scores, report. */
export { type AssembleOptions, assembleReport } from './assemble.js'
export { type BuildOptions, buildStudy, openStudyData } from './build.js'
export { isNested, listedMethods, type StudyMethod, spellMethod } from './methods.js'
export { modelPath, type OwnModels } from './models.js'
export { type Preset, presetNamed, presets } from './presets.js'
export { type ScoreStudyOptions, type StudyScores, scoreStudy, UnfitModelsError } from './score.js'
export { auditTable } from './tables.js'
export { recipeOf, type StudyTraining, type TrainStudyOptions, trainStudy } from './train.js'
