/** @file The paper's layout on disk: writing any BAM source, reading it back. */
export { EntryList, type EntryLists, ListedSource, type SourceHeader } from './listed-source.js'
export type { Manifest } from './manifest.js'
export { FolderSource, type ReadBamOptions, readBamFolder } from './read.js'
export { bamSets, type InstanceRange, paperSets } from './sets.js'
export { type WriteBamOptions, writeBamFolder } from './write.js'
