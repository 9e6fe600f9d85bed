/** @file Tables as training data. */
export type { TableColumn } from './columns.js'
export { openTable } from './file.js'
export { readTable, type Table, type TableOptions } from './table.js'
