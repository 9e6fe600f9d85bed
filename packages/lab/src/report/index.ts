/** @file Reports of studies: what they show as plain data, and the page that shows it. */
export type { ExampleRow, Figure, ReportCell, ReportTable, Statement } from './data.js'
export { type ExampleMap, type ExampleOptions, exampleRow, squareExamples } from './examples.js'
export { reportPage } from './page.js'
export { contents, exampleGrid, exampleSection, partStyle, statementsSection, tableSection, warningList } from './parts.js'
export { type Cell, renderTable, type Table, textCell } from './table.js'
