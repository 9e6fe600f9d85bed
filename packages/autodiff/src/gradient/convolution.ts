/** @file Gradients of convolution operators. */
import type { RuleTable } from '../rule.js'

export const convolution: RuleTable = {}
