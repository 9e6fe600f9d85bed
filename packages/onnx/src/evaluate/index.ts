/** @file Every operator the reference evaluator knows. */
import { activation } from './activation.js'
import type { OperatorEvaluations } from './array.js'
import { attentions } from './attention.js'
import { casts } from './cast.js'
import { contrib } from './contrib.js'
import { contribAttention } from './contrib-attention.js'
import { contribQuantization } from './contrib-quantization.js'
import { control } from './control.js'
import { convolutions } from './convolution.js'
import { creation } from './create.js'
import { elementwise } from './elementwise.js'
import { indexing } from './indexing.js'
import { losses } from './losses.js'
import { matrices } from './matrix.js'
import { movement } from './movement.js'
import { normalizations } from './normalization.js'
import { poolings } from './pooling.js'
import { quantization } from './quantization.js'
import { recurrences } from './recurrent.js'
import { reductions } from './reduce.js'
import { regions } from './regions.js'
import { resizing } from './resize.js'
import { sampling } from './sample.js'
import { signals } from './signal.js'
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
  ...resizing,
  ...sampling,
  ...regions,
  ...recurrences,
  ...attentions,
  ...losses,
  ...quantization,
  ...signals,
  ...contrib,
  ...contribAttention,
  ...contribQuantization,
}
