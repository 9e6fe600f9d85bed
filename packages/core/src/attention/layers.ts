/** @file The attention layers of a model under explanation, where all of its tokens attend to each other in every one. */
import { axesByShape, isPlaces } from '../axes.js'
import { UsageError } from '../errors.js'
import type { Evaluator } from '../evaluator.js'
import { layerAxes, viewOf } from '../layers.js'
import { type Attention, findAttention } from './find.js'

/** Attention from the explained tensors to the target, in order from the input to the output. */
export interface AttentionLayers {
  /** At least one, all of `tokens` queries and as many keys. */
  readonly layers: readonly Attention[]
  readonly tokens: number
  /** Dimensions of the places, [height, width] of a picture's grid, [tokens] of a sequence. */
  readonly space: readonly number[]
  /** The token at each place. */
  readonly places: Int32Array
}

/** Rows of the evaluator's graph: as many as a fixed batch has. */
const graphRows = ({ rows }: Evaluator): number => (rows.source(rows.rows(1)).batched ? rows.rows(1) : 1)

/** Attention between the explained tensors and the target; empty where there is none. */
export const attentionOf = (evaluator: Evaluator): Attention[] =>
  findAttention(evaluator.graph, { at: evaluator.at, output: evaluator.target.output, rows: graphRows(evaluator) })

/** Whether anything attends between the explained tensors and the target. */
export const hasAttention = (evaluator: Evaluator): boolean => attentionOf(evaluator).length > 0

/**
 * The attention layers, and where their tokens lie.
 * @throws UsageError where there are none, or tokens are not the same in all: windows, cross attention, merged tokens, attention over channels
 */
export function attentionLayers(evaluator: Evaluator, method: string): AttentionLayers {
  const layers = attentionOf(evaluator)
  const [first] = layers
  if (!first)
    throw new UsageError(
      `${method} needs attention (a softmax over tokens times their values), and there is none between ${evaluator.at.join(', ')} and ${evaluator.target.output}; use a gradient method or grad-cam`,
    )
  const { keys: tokens } = first
  const axes = layerAxes(evaluator)
  for (const { windows, queries, keys, weights, values } of layers) {
    const refused = (why: string): UsageError =>
      new UsageError(
        `${method} needs every token to attend to every other, and ${why} at "${weights}"; use a gradient method or grad-cam`,
      )
    if (windows > 1) throw refused(`tokens attend within ${windows} windows each`)
    if (isPlaces(axes.get(values)?.at(-1))) throw refused('channels, not tokens, attend')
    if (queries !== keys) throw refused(`${queries} queries attend to ${keys} keys (cross attention or reduced keys)`)
    if (keys !== tokens) throw refused(`the number of tokens changes from ${tokens} to ${keys}`)
  }
  return { layers, tokens, ...keyPlaces(evaluator, first) }
}

/** Where the tokens that an attention looks at lie. */
export function keyPlaces(evaluator: Evaluator, { keys, values }: Attention): Pick<AttentionLayers, 'space' | 'places'> {
  const followed = layerAxes(evaluator).get(values)?.at(-2)
  const readsPictures = evaluator.model.graph.inputs.some(({ type }) => (type.shape?.length ?? 0) > 3)
  const byShape = axesByShape([1, keys, 1], readsPictures)[1]!
  const { space, places } = viewOf(['row', isPlaces(followed) ? followed : byShape, 'channel'], [1, keys, 1])
  return { space, places }
}
