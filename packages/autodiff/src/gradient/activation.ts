/** @file Gradients of activation operators. */
import type { RuleTable } from '../rule.js'

export const activation: RuleTable = {}
