/** @file What methods that follow a path in the input through one layer have in common: the layer, and points on the path. */
import { elementCount } from '@ascribe/onnx'
import { UsageError } from '../../errors.js'
import type { Evaluator, Points } from '../../evaluator.js'
import { targetLayer } from '../../layers.js'
import { rowDims } from '../../programs.js'
import type { OptionSpecs, Options } from '../method.js'
import { linePoints } from './line.js'

export const layerOption = {
  layer: {
    kind: 'text',
    default: '',
    describe: 'tensor name of the layer (default: the last one with places, before pooling)',
  },
} as const satisfies OptionSpecs

export const pathOptions = {
  points: { kind: 'number', default: 50, minimum: 1, maximum: 100_000, integer: true, describe: 'points on the path' },
  baseline: { kind: 'baseline', default: 'zeros', describe: 'zeros, constant:V, mean, blur:SIGMA, uniform, or an .npy file' },
} as const satisfies OptionSpecs

/**
 * The layer that `options` name, or the one that class activation maps read, and the dimensions of one row of it.
 * @throws UsageError for a tensor that the model does not have, is no float, or lies before what is explained
 */
export function hiddenLayer(evaluator: Evaluator, options: Options): { name: string; dims: readonly number[]; size: number } {
  const name: string = options['layer'] || targetLayer(evaluator)
  evaluator.model.checkTensor(name)
  const { rows } = evaluator
  const source = rows.source(rows.rows(1), [name])
  if (!source.graph.dims(name))
    throw new UsageError(
      `layer "${name}" is not computed from ${evaluator.at.map(at => `"${at}"`).join(', ')}, where the path runs; name a later tensor`,
    )
  const dims = rowDims(source, name)
  return { name, dims, size: elementCount(dims) }
}

/** Rows of points at these positions on the straight line from the baseline to the input. */
export const alongLine =
  (evaluator: Evaluator, baseline: Points, position: (row: number) => number) =>
  (start: number, used: number): Points =>
    linePoints(evaluator, used, row => ({ from: baseline, to: evaluator.point, position: position(start + row) }))
