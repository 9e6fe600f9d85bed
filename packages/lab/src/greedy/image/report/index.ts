/** @file The report of an image study. */
export { assembleImageReport } from './assemble.js'
export type { ImageReport } from './data.js'
export { renderImageReport } from './html.js'
