/** @file Rule sets for the reverse walk, by name. */
import { gradientRules } from '../gradient/index.js'
import type { RuleSet } from '../rule.js'
import { deepliftRules, revealCancelRules } from './deeplift/index.js'
import { deconvnetRules, guidedRules } from './guided.js'
import { type LrpOptions, lrpRules } from './lrp/index.js'

/** Every rule set there is. */
export const ruleSets = {
  gradient: gradientRules,
  'guided-backprop': guidedRules,
  deconvnet: deconvnetRules,
  deeplift: deepliftRules,
  'deeplift-reveal-cancel': revealCancelRules,
} as const satisfies Readonly<Record<string, RuleSet>>

/** Name of a rule set. */
export type RuleSetName = keyof typeof ruleSets

/**
 * The rule set of these options under a name of its own, by which `ruleSets` finds it from then on: a rule set with parameters is
 * made when it is first asked for. Equal options have equal names.
 */
export function lrpRuleSet(options: LrpOptions): RuleSetName {
  const named: Record<string, RuleSet> = ruleSets
  const name = `lrp:${JSON.stringify(options)}`
  named[name] ??= lrpRules(options)
  return name as RuleSetName
}
