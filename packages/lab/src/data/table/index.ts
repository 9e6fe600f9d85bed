/** @file Tables as training data. */
export { openTable } from './file.js'
export { readTable, type Table, type TableOptions } from './table.js'
