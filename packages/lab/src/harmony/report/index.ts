/** @file The report of a harmony study. */
export { harmonyLines, renderHarmonyReport } from './html.js'
