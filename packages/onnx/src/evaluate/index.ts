/** @file Every operator the reference evaluator knows. */
import type { OperatorEvaluations } from './array.js'

export const evaluations: OperatorEvaluations = {}
