/** @file What training reads. */
import type { Task } from '../architectures/architecture.js'

/** Values of one row, a picture as bytes [H, W, C] or a table's row, and the index of its class. */
export interface Row {
  readonly values: Uint8Array | Float32Array
  readonly label: number
}

export interface TrainingData {
  readonly name: string
  readonly classes: readonly string[]
  /** Dimensions of one row as the model sees it: [channels, height, width] or [columns]. */
  readonly row: readonly number[]
  /** Rows in an epoch. */
  readonly count: number
  readonly validationCount: number
  /** SHA-256 of everything that decides the rows. */
  readonly digest: string
  /** Row `index` of an epoch; a stream gives other rows each epoch. */
  readonly training: (epoch: number, index: number) => Row | Promise<Row>
  readonly validation: (index: number) => Row | Promise<Row>
}

/** What a network for these data reads and answers. */
export const taskOf = ({ row, classes }: TrainingData): Task => ({ row, classes: classes.length })
