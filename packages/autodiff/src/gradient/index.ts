/** @file The gradient of every operator, merged from the families. */
import { operatorKey } from '@ascribe/onnx'
import type { RuleSet, RuleTable } from '../rule.js'
import { activation } from './activation.js'
import { arithmetic } from './arithmetic.js'
import { composite } from './composite.js'
import { control } from './control.js'
import { convolution } from './convolution.js'
import { indexing } from './indexing.js'
import { losses } from './losses.js'
import { matrix } from './matrix.js'
import { ml } from './ml.js'
import { movement } from './movement.js'
import { normalization } from './normalization.js'
import { pooling } from './pooling.js'
import { quantization } from './quantization.js'
import { random } from './random.js'
import { recurrence } from './recurrent.js'
import { reduction } from './reduction.js'
import { regions } from './regions.js'
import { resize } from './resize.js'
import { sampling } from './sampling.js'
import { scatter } from './scatter.js'
import { softmax } from './softmax.js'
import { spectral } from './spectral.js'
import { strings } from './strings.js'

/** Gradient entries by operator key. */
export const gradientTable: RuleTable = {
  ...activation,
  ...arithmetic,
  ...composite,
  ...control,
  ...convolution,
  ...indexing,
  ...losses,
  ...matrix,
  ...ml,
  ...movement,
  ...normalization,
  ...pooling,
  ...quantization,
  ...random,
  ...recurrence,
  ...reduction,
  ...regions,
  ...resize,
  ...sampling,
  ...scatter,
  ...softmax,
  ...spectral,
  ...strings,
}

/** The gradient as a rule set. */
export const gradientRules: RuleSet = node => gradientTable[operatorKey(node)]
