/** @file BAM as its authors made it. */
export { OriginalSource, readOriginalBam } from './original.js'
