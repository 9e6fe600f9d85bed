/** @file The shape of an architecture. */
import type { OptionSpecs, Options } from '@ascribe/core'
import type { Network } from './network.js'

/** What the network reads and answers. */
export interface Task {
  /** Dimensions of one row: [channels, height, width] of a picture, [columns] of a table. */
  readonly row: readonly number[]
  readonly classes: number
}

export interface Architecture {
  readonly name: string
  readonly summary: string
  readonly citation: string
  /** What it reads: pictures [N, C, H, W], tables [N, columns], or the nodes of one graph [nodes, columns] with its edges. */
  readonly reads: 'picture' | 'table' | 'graph'
  readonly options: OptionSpecs
  /**
   * Builds the layers on `inputs` (names of values) and gives the name of the logits [N, classes]. For graphs: inputs nodes [N, columns],
   * edges [2, E] int64 in both directions, weights [B, E] and, for a part of a graph, the degree from outside [N]; logits [B, N, classes].
   */
  readonly build: (net: Network, inputs: readonly string[], task: Task, options: Options) => string
  /** How it is usually trained. */
  readonly training: {
    readonly optimizer: string
    readonly learningRate: number
    readonly weightDecay: number
    readonly warmUp: number
  }
}
