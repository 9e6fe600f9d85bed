/** @file Public surface of @ascribe/lab. */

export type { BamEntry, BamPicture, BamSet, BamSource, Box, Split } from './bam/source.js'
export { labelOf } from './bam/source.js'
