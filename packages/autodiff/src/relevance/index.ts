/** @file Rule sets for the reverse walk, by name. */
import { gradientRules } from '../gradient/index.js'
import type { RuleSet } from '../rule.js'
import { deconvnetRules, guidedRules } from './guided.js'

/** Every rule set there is. */
export const ruleSets = {
  gradient: gradientRules,
  'guided-backprop': guidedRules,
  deconvnet: deconvnetRules,
} as const satisfies Readonly<Record<string, RuleSet>>

/** Name of a rule set. */
export type RuleSetName = keyof typeof ruleSets
