/** @file What training reads. */
import type { Task } from '../architectures/architecture.js'

/** Values of one row, a picture as bytes [H, W, C] or a table's row, and the index of its class. */
export interface Row {
  readonly values: Uint8Array | Float32Array
  readonly label: number
  /** What it counts in the loss; default 1. */
  readonly weight?: number
  /** What it should be answered, as shares of the classes; only in data that say `soft`. */
  readonly target?: Float32Array
}

/** Data whose rows are the nodes of one graph: every step sees all of them, and those of weight 0 only as neighbours. */
export interface GraphTraining {
  /** [2, edges]: nodes that edges leave, then nodes that they enter; every edge in both directions. */
  readonly edges: BigInt64Array
  /** Nodes of weight 1. */
  readonly learned: number
  /** Nodes that the network is tested on after each epoch. */
  readonly validation: Int32Array
  /** Places of the nodes' values [nodes, columns] that are not 0: only they can be dropped. */
  readonly present: Uint32Array
  /** Steps called an epoch. */
  readonly steps: number
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
  readonly graph?: GraphTraining
  /** Training rows carry a `target`, which is learned in place of the label. */
  readonly soft?: true
}

/** What a network for these data reads and answers. */
export const taskOf = ({ row, classes }: TrainingData): Task => ({ row, classes: classes.length })
