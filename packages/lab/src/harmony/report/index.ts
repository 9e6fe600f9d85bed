/** @file The report of a harmony study. */
export { harmonyLines, renderHarmonyReport } from './html.js'
export { harmonyMarkdown } from './markdown.js'
