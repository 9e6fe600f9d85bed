/** @file Harmony: which attributions carry over between models, and maps harmonised over several. */
export type { MethodSpec } from './identity.js'
export { type Family, families as modelFamilies } from './models.js'
export { type HarmonyPreset, harmonyPresetNamed, harmonyPresets } from './presets.js'
export { harmonyLines, harmonyMarkdown, renderHarmonyReport } from './report/index.js'
export { runHarmonyStudy } from './study.js'
export { trainHarmonyModels } from './training.js'
