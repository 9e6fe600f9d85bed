/** @file Every shape rule, by operator. */
import { attentionRules } from './attention.js'
import { constantRules } from './constant.js'
import { controlRules } from './control.js'
import { elementwiseRules } from './elementwise.js'
import { imageRules } from './image.js'
import { indexingRules } from './indexing.js'
import { matrixRules } from './matrix.js'
import { microsoftRules } from './microsoft.js'
import { mlRules } from './ml.js'
import { movementRules } from './movement.js'
import { normalizationRules } from './normalization.js'
import { recurrentRules } from './recurrent.js'
import { reductionRules } from './reduction.js'
import { reshapeRules } from './reshape.js'
import type { ShapeRules } from './rule.js'
import { sequenceRules } from './sequence.js'
import { windowRules } from './window.js'

export const shapeRules: ShapeRules = {
  ...attentionRules,
  ...constantRules,
  ...controlRules,
  ...elementwiseRules,
  ...imageRules,
  ...indexingRules,
  ...matrixRules,
  ...microsoftRules,
  ...mlRules,
  ...movementRules,
  ...normalizationRules,
  ...recurrentRules,
  ...reductionRules,
  ...reshapeRules,
  ...sequenceRules,
  ...windowRules,
}
