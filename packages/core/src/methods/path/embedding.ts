/** @file The embedding of a token model: vectors of the explained tensor, and the table they were looked up in. */
import { UsageError } from '../../errors.js'
import type { Evaluator, Points } from '../../evaluator.js'

/** Rows of an embedding table. */
export interface EmbeddingTable {
  readonly rows: number
  readonly width: number
  /** Row after row. */
  readonly values: Float32Array
}

/** The only explained tensor as `count` vectors of `width`. */
export function explainedVectors(evaluator: Evaluator, method: string) {
  const [name, another] = evaluator.at
  const { dims, data } = evaluator.inputs[name!]!
  const width = dims.at(-1) ?? 0
  if (another !== undefined || dims.length < 2 || data.length === 0)
    throw new UsageError(
      `${method} explains one tensor of vectors, one per token: name the embedding's output with at (--at TENSOR)`,
    )
  return { name: name!, dims, data, width, count: data.length / width }
}

/**
 * The table that the tensor's vectors come from: the constant a Gather picks rows of.
 * @throws UsageError for a tensor that is no such lookup
 */
export function embeddingTable(evaluator: Evaluator, method: string, name: string): EmbeddingTable {
  const { graph, embedding } = evaluator.model
  const node = graph.producer(name)
  const table = node?.operator === 'Gather' ? graph.initializers.get(node.inputs[0]!) : undefined
  const axis = (node?.attributes['axis']?.value as number | undefined) ?? 0
  if (table?.dims.length !== 2 || axis !== 0)
    throw new UsageError(
      `${method} needs the table that vectors are looked up in, and "${name}" is not the output of such a Gather${embedding && embedding !== name ? `; try at "${embedding}"` : ''}`,
    )
  return { rows: table.dims[0]!, width: table.dims[1]!, values: Float32Array.from(table.numbers()) }
}

/**
 * The embedding of one token in every place of the explained vectors.
 * @throws UsageError for a token that the table does not have, or vectors of no table
 */
export function tokenPoints(evaluator: Evaluator, token: number): Points {
  const owner = `baseline "token:${token}"`
  const { name, data } = explainedVectors(evaluator, owner)
  const { rows, width, values } = embeddingTable(evaluator, owner, name)
  if (token >= rows)
    throw new UsageError(`baseline: token ${token} is out of range, the embedding has ${rows} rows (0 to ${rows - 1})`)
  return { [name]: Float32Array.from(data, (_, i) => values[token * width + (i % width)]!) }
}
