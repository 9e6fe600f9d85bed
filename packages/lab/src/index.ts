/** @file Public surface of @ascribe/lab: data, architectures, training, the runner, and the studies that stand on them. */
export type { Architecture } from './architectures/architecture.js'
export { architectureNamed, architectures } from './architectures/index.js'
export * from './bam/index.js'
export { type LabelledFolder, openLabelledFolder } from './data/folder/index.js'
export { openTable, type Table } from './data/table/index.js'
export * from './runner/index.js'
export * from './statistics/index.js'
export * from './train/index.js'
