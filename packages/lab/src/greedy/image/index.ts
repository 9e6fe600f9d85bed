/** @file Greedy PIG on pictures: the method and its rivals over a folder of pictures, with every metric, control and ablation. */
export { fillNames as imageFills } from './entry.js'
export { type ImagePreset, imagePresetNamed, imagePresets } from './presets.js'
export { assembleImageReport, type ImageReport, renderImageReport } from './report/index.js'
export { runImageStudy } from './study.js'
