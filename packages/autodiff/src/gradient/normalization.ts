/** @file Gradients of normalization operators. */
import type { RuleTable } from '../rule.js'

export const normalization: RuleTable = {}
