/** @file Gradients of pooling operators. */
import type { RuleTable } from '../rule.js'

export const pooling: RuleTable = {}
