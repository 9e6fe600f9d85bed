/** @file The gradient of every operator, merged from the families. */
import { operatorKey } from '@ascribe/onnx'
import type { RuleSet, RuleTable } from '../rule.js'
import { activation } from './activation.js'
import { arithmetic } from './arithmetic.js'
import { convolution } from './convolution.js'
import { indexing } from './indexing.js'
import { matrix } from './matrix.js'
import { movement } from './movement.js'
import { normalization } from './normalization.js'
import { pooling } from './pooling.js'
import { reduction } from './reduction.js'
import { resize } from './resize.js'
import { softmax } from './softmax.js'

/** Gradient entries by operator key. */
export const gradientTable: RuleTable = {
  ...activation,
  ...arithmetic,
  ...convolution,
  ...indexing,
  ...matrix,
  ...movement,
  ...normalization,
  ...pooling,
  ...reduction,
  ...resize,
  ...softmax,
}

/** The gradient as a rule set. */
export const gradientRules: RuleSet = node => gradientTable[operatorKey(node)]
