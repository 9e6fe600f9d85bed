/** @file Every operator the reference evaluator knows. */
import { activation } from './activation.js'
import type { OperatorEvaluations } from './array.js'
import { casts } from './cast.js'
import { control } from './control.js'
import { convolutions } from './convolution.js'
import { creation } from './create.js'
import { elementwise } from './elementwise.js'
import { indexing } from './indexing.js'
import { matrices } from './matrix.js'
import { movement } from './movement.js'
import { normalizations } from './normalization.js'
import { poolings } from './pooling.js'
import { reductions } from './reduce.js'
import { softmaxes } from './softmax.js'

export const evaluations: OperatorEvaluations = {
  ...elementwise,
  ...activation,
  ...casts,
  ...reductions,
  ...movement,
  ...creation,
  ...matrices,
  ...convolutions,
  ...poolings,
  ...normalizations,
  ...softmaxes,
  ...indexing,
  ...control,
}
