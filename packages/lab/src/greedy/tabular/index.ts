/** @file Greedy PIG on tables: columns in the order of their worth to a model. */
export { openTabular } from './data/table-data.js'
export type { TabularData } from './data/tabular-data.js'
export type { TabularReport } from './report/data.js'
export { renderTabularReport } from './report/html.js'
export {
  type Selector as ColumnSelector,
  selectorNamed as columnSelectorNamed,
  selectors as columnSelectors,
} from './selectors/index.js'
export { type AssembleTabularOptions, assembleTabularReport } from './study/assemble.js'
export { type TabularPreset, tabularPresetNamed, tabularPresets } from './study/presets.js'
export { runTabularStudy, type TabularResults, type TabularStudyOptions } from './study/study.js'
