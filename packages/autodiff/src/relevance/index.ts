/** @file Rule sets for the reverse walk, by name. */
import { gradientRules } from '../gradient/index.js'
import type { RuleSet } from '../rule.js'
import { betaSmoothRules } from './beta-smooth.js'
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

/** A rule set with parameters, made when it is first asked for, under a name by which `ruleSets` finds it from then on. */
function named(name: string, make: () => RuleSet): RuleSetName {
  const all: Record<string, RuleSet> = ruleSets
  all[name] ??= make()
  return name as RuleSetName
}

/** Layer-wise relevance propagation with these options. Equal options have equal names. */
export const lrpRuleSet = (options: LrpOptions): RuleSetName => named(`lrp:${JSON.stringify(options)}`, () => lrpRules(options))

/** The gradient with rectifiers smoothed by this beta. */
export const betaSmoothRuleSet = (beta: number): RuleSetName => named(`beta-smooth:${beta}`, () => betaSmoothRules(beta))
