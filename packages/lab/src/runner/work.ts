/** @file What a study gives the runner: a function from a cell to its value. */
import type { TensorValue } from '@ascribe/core'
import type { JsonValue } from './canonical.js'
import type { Cell } from './plan.js'

export interface CellContext {
  /** Fires when the run is over before its end. */
  readonly signal: AbortSignal
  /** From 1. */
  readonly attempt: number
  /** Which of the places that work at the same time; cells of one group stay in one as far as possible. */
  readonly slot: number
  /** How much of this cell is done, 0 to 1; for cells that take long. */
  progress(share: number): void
  /** A line for people. */
  log(line: string): void
}

export interface CellOutcome<Value = JsonValue> {
  /** Plain JSON. Null stands for a value that does not exist; NaN is refused. -0 becomes 0. */
  readonly value: Value
  /** Tensors to keep beside the value, each as `maps/<key>.<name>.npy`. */
  readonly maps?: Readonly<Record<string, TensorValue>>
}

/**
 * Computes a cell. It may depend on nothing but the cell's identity and what its digests name; randomness comes from the cell's seed. What
 * it throws is kept as this cell's failure, except FatalCellError, AbortedError and OutputError, which end the run.
 */
export type Work<Value = JsonValue> = (cell: Cell, context: CellContext) => Promise<CellOutcome<Value>>
