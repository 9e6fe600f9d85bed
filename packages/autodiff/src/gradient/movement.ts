/** @file Gradients of movement operators. */
import type { RuleTable } from '../rule.js'

export const movement: RuleTable = {}
