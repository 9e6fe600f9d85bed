/** @file The study on graphs: networks trained, nodes explained, graphs compressed; every stage goes on where it stopped. */
import { createHash } from 'node:crypto'
import type { Runtime } from '@ascribe/core'
import type { CellFailure, ProgressState } from '../../../runner/index.js'
import type { TrainingRecord } from '../../../train/files.js'
import type { NodeGraph } from '../data/node-graph.js'
import type { CompressionValue } from './compression-stage.js'
import { NetworkStudy } from './network-study.js'
import type { NodeValue } from './node-stage.js'
import type { GraphPreset } from './presets.js'

export interface GraphStudyOptions {
  readonly preset: GraphPreset
  readonly graphs: readonly NodeGraph[]
  readonly architectures: readonly string[]
  /** Models and results go here. */
  readonly folder: string
  readonly seed: number
  readonly runtime: Runtime
  readonly signal?: AbortSignal
  readonly log?: (line: string) => void
  readonly onProgress?: (state: ProgressState) => void
}

/** A share of the edges, and the accuracy of networks trained on it, by seed. */
export interface Retrained {
  readonly method: string
  readonly share: number
  readonly accuracies: readonly number[]
}

/** What was found on one graph with one architecture. */
export interface GraphScores {
  readonly graph: NodeGraph
  readonly architecture: string
  /** The network is the first, second, ... of its architecture. */
  readonly repeat: number
  readonly training: TrainingRecord
  /** On the test nodes. */
  readonly accuracy: number
  /** Share of the test nodes that the mask-adapted twin answers as the network does; undefined where it could not be trained. */
  readonly agreement: number | undefined
  readonly nodes: readonly NodeValue[]
  /** By explainer. */
  readonly compression: ReadonlyMap<string, CompressionValue>
  readonly retrained: readonly Retrained[]
}

export interface GraphStudy {
  readonly scores: readonly GraphScores[]
  readonly failed: readonly CellFailure[]
  /** Of all plans. */
  readonly digest: string
}

/** @throws AbortedError, DivergedError, OutputError, UsageError; cells that failed are in the result */
export async function runGraphStudy(options: GraphStudyOptions): Promise<GraphStudy> {
  const scores: GraphScores[] = []
  const failed: CellFailure[] = []
  const digests: string[] = []
  for (const graph of options.graphs)
    for (const architecture of options.architectures)
      for (let repeat = 0; repeat < options.preset.seeds; repeat++) {
        const study = new NetworkStudy(options, graph, architecture, repeat)
        scores.push(await study.run())
        failed.push(...study.failed)
        digests.push(...study.digests)
      }
  return { scores, failed, digest: createHash('sha256').update(digests.join()).digest('hex') }
}
