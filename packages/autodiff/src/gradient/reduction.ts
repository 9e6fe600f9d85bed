/** @file Gradients of reduction operators. */
import type { RuleTable } from '../rule.js'

export const reduction: RuleTable = {}
