/** @file How many rows a model takes at a time, and the static graph for that many. */
import { type Graph, rebatch, ShapeError, specialise } from '@ascribe/onnx'
import { UsageError } from './errors.js'
import { type Operators, runtimeOperators } from './tune.js'
import { TunedGraphs } from './tuned-graphs.js'

/** Dimensions of one row of each model input (leading dimension 1 where the model is batched). */
export type RowDims = Readonly<Record<string, readonly number[]>>

export interface Batching {
  /** False where the whole input is one example (graphs, unbatched models): one row at a time, no leading batch dimension. */
  readonly batched: boolean
  /** The only batch size the model takes, where it cannot be changed. */
  readonly fixed?: number
  /** Tells apart graphs of equal dimensions that hold values of different inputs. */
  readonly key?: string
  /**
   * Static graph for this many rows, tuned for its gradient.
   * @param keep values that must be in it; others may have been folded away
   * @throws UsageError for a value that cannot be kept
   */
  readonly graph: (rows: number, keep?: readonly string[]) => Graph
}

/**
 * Finds out how a model is batched for inputs of these dimensions.
 * @throws ShapeError where the model rejects the dimensions
 */
export function batchingOf(model: Graph, row: RowDims, operators: Operators = runtimeOperators): Batching {
  const leading = model.inputs.map(({ type }) => type.shape?.[0])
  const withRows = (rows: number): Record<string, number[]> =>
    Object.fromEntries(model.inputs.map(({ name }) => [name, [rows, ...row[name]!.slice(1)]]))
  const tuned = new TunedGraphs(model, operators)
  const whole = (): Batching => {
    const inputs = Object.fromEntries(Object.entries(row).map(([name, dims]) => [name, [...dims]]))
    return { batched: false, fixed: 1, graph: (_, keep) => tuned.get(1, keep, graph => specialise(graph, { inputs })) }
  }
  const oneEach = model.inputs.every(({ name }) => row[name]!.length > 0 && row[name]![0] === 1)
  const dynamic = leading.every(dim => typeof dim !== 'number')
  const same = new Set(leading.map(dim => dim ?? '')).size <= 1
  if (dynamic && same && oneEach) {
    // Two sizes no axis is likely to have by chance: the outputs must follow the batch.
    const probe = specialise(model, { inputs: withRows(3) })
    if (probe.outputs.every(({ name }) => probe.dims(name)?.[0] === 3))
      return {
        batched: true,
        graph: (rows, keep) => tuned.get(rows, keep, graph => specialise(graph, { inputs: withRows(rows) })),
      }
    return whole()
  }
  const size = leading[0]
  if (typeof size === 'number' && leading.every(dim => dim === size)) {
    const free = rebatch(model, 2) !== undefined
    if (free && oneEach) {
      return {
        batched: true,
        graph: (rows, keep) =>
          tuned.get(rows, keep, graph => {
            const changed = rows === size ? graph : rebatch(graph, rows)
            if (!changed)
              throw new UsageError(`the rows of ${keep!.join(', ')} cannot be told apart in a batch; name another tensor`)
            return specialise(changed, { inputs: withRows(rows) })
          }),
      }
    }
    if (oneEach && (size === 1 || model.outputs.every(({ type }) => type.shape?.[0] === size)))
      return {
        batched: true,
        fixed: size,
        graph: (_, keep) => tuned.get(size, keep, graph => specialise(graph, { inputs: withRows(size) })),
      }
  }
  if (model.inputs.some(({ name, type }) => typeof type.shape?.[0] === 'number' && type.shape[0] !== row[name]![0]))
    throw new ShapeError(
      `the model takes ${model.inputs.map(({ name, type }) => `${name} [${type.shape}]`).join(', ')}; given ${Object.entries(row)
        .map(([name, dims]) => `${name} [${dims}]`)
        .join(', ')}`,
    )
  return whole()
}
