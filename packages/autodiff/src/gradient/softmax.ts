/** @file Gradients of softmax operators. */
import type { RuleTable } from '../rule.js'

export const softmax: RuleTable = {}
