/** @file Greedy PIG on graphs: data, networks, explainers and the study. */
export { openGraph } from './data/open.js'
export { renderGraphPage } from './report/page.js'
export { type GraphPreset, graphPresetNamed, graphPresets, networkPlan } from './study/presets.js'
export { type GraphReport, graphReport } from './study/report.js'
export { type GraphStudyOptions, runGraphStudy } from './study/study.js'
