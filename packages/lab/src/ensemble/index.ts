/** @file Ensembles on pictures: every member, normaliser and scheme by the same metrics, cross-fitted, and with worthless members added. */
export { defaultMembers, type MemberSpec } from './members.js'
export { type EnsemblePreset, ensemblePresetNamed, ensemblePresets } from './presets.js'
export { assembleEnsembleReport, type EnsembleReport, renderEnsembleReport } from './report/index.js'
export { runEnsembleStudy } from './study.js'
