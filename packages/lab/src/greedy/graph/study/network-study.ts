/** @file One network of the study: trained, its twin trained, nodes explained, the graph compressed. */
import { join } from 'node:path'
import { InputError, suggestion, UsageError } from '@ascribe/core'
import { type Cell, type CellFailure, makePlan, type RunResult, runPlan, type Work } from '../../../runner/index.js'
import type { NodeGraph } from '../data/node-graph.js'
import type { Explainer } from '../explainers/explainer.js'
import { explainers } from '../explainers/index.js'
import { pgExplainer } from '../explainers/pg-explainer.js'
import { answersOf, type GraphAnswers } from '../models/answers.js'
import { type NetworkPlan, networkName, networkPath, type OpenNetwork, openNetwork, trainOnGraph } from '../models/trained.js'
import {
  type CompressionValue,
  compressionCell,
  compressionWork,
  type Retraining,
  retrainCell,
  retrainWork,
} from './compression-stage.js'
import { noisyGraph } from './mask-only.js'
import { digestOf, explainedNodes, largeNodes, type NodeStage, type NodeValue, nodeCell, nodeWork } from './node-stage.js'
import { perceptronOf, pgCell, pgWork } from './pg-stage.js'
import { networkPlan } from './presets.js'
import type { GraphScores, GraphStudyOptions, Retrained } from './study.js'
import { Subjects } from './subjects.js'
import { type TwinValue, twinCell, twinOf, twinWork } from './twin-stage.js'

const pgName = 'pg-explainer'

/** The explainers of these names. @throws UsageError with a suggestion */
function named(names: readonly string[], pg: Explainer | undefined): Explainer[] {
  const all = pg ? [...explainers, pg] : explainers
  return names.map(name => {
    const found = all.find(explainer => explainer.name === name)
    if (!found)
      throw new UsageError(
        `unknown explainer "${name}"${suggestion(
          name,
          all.map(one => one.name),
        )}`,
      )
    return found
  })
}

export class NetworkStudy {
  readonly failed: CellFailure[] = []
  readonly digests: string[] = []
  readonly #plan: NetworkPlan

  constructor(
    private readonly options: GraphStudyOptions,
    private readonly graph: NodeGraph,
    private readonly architecture: string,
    private readonly repeat: number,
  ) {
    this.#plan = networkPlan(architecture, graph, options.preset.training)
  }

  get #name(): string {
    return networkName(this.graph.name, this.architecture, this.repeat)
  }

  async run(): Promise<GraphScores> {
    const { graph, options } = this
    const { seed, runtime, signal, preset } = options
    const output = networkPath(join(options.folder, 'models'), this.#name)
    options.log?.(
      `${this.#name}: ${graph.nodes} nodes, ${graph.edges} edges, ${graph.columns} columns, ${graph.classes.length} classes`,
    )
    const training = await trainOnGraph({
      graph,
      plan: this.#plan,
      seed: seed + this.repeat,
      output,
      runtime,
      ...(signal && { signal }),
      ...(options.log && { log: options.log }),
    })
    const network = await openNetwork(output, training, runtime)
    try {
      const answers = await answersOf(network, graph, signal)
      options.log?.(`${this.#name}: ${(100 * answers.accuracy).toFixed(1)}% of ${graph.splits.test.length} test nodes`)
      const subjects = new Subjects(network, graph, answers, runtime, seed)
      const pg = await this.#trainedPg(network.digest, subjects, answers)
      const twin = await this.#twin(network, answers)
      const adapted = twin && twinOf(network, twin)
      const nodes = await this.#nodes({
        graph,
        subjects,
        digest: network.digest,
        learned: pg.learned,
        explainers: named(preset.explainers, pg.explainer),
        nodes: explainedNodes(graph, subjects, preset.nodes, seed),
        seed,
        ...(adapted && { twin: { network: adapted, digest: digestOf(twin) } }),
        maskOnly: {
          explainers: preset.maskOnly,
          noisy: noisyGraph(graph, seed),
          donors: largeNodes(graph, subjects, seed),
          predicted: answers.predicted,
        },
      })
      const compression = await this.#compression(network.digest, subjects, answers)
      const retrained = this.repeat === 0 ? await this.#retrained(compression) : []
      return {
        graph,
        architecture: this.architecture,
        repeat: this.repeat,
        training,
        accuracy: answers.accuracy,
        agreement: twin?.agreement,
        nodes,
        compression,
        retrained,
      }
    } finally {
      if (!signal?.aborted) await network.whole.dispose()
    }
  }

  async #stage<Value>(name: string, cells: readonly Cell[], work: Work<Value>): Promise<RunResult<Value>> {
    const { folder, runtime, signal, log, onProgress } = this.options
    const plan = makePlan({ study: `${this.#name} ${name}`, version: '1', cells })
    this.digests.push(plan.digest)
    const result = await runPlan(plan, work, {
      folder: join(folder, 'scores', this.#name, name),
      concurrency: runtime.processes ?? 1,
      ...(signal && { signal }),
      ...(log && { log }),
      ...(onProgress && { onProgress }),
    })
    this.failed.push(...result.failed)
    return result
  }

  async #trainedPg(digest: string, subjects: Subjects, answers: GraphAnswers) {
    const { graph, options } = this
    const { preset, seed } = options
    if (!preset.explainers.includes(pgName)) return { learned: 'none', explainer: undefined }
    const cell = pgCell(graph, digest, preset, seed)
    const { values } = await this.#stage('pg-explainer', [cell], pgWork(graph, subjects, answers, preset, seed))
    const value = values.get(cell.key)
    if (!value) throw new InputError(`${this.#name}: PGExplainer could not be trained; see the failure above`)
    return { learned: digestOf(value), explainer: pgExplainer(perceptronOf(value), answers.embeddings) }
  }

  async #twin(network: OpenNetwork, answers: GraphAnswers): Promise<TwinValue | undefined> {
    const { graph, options } = this
    const { seed, runtime, preset, log } = options
    const { learningRate } = this.#plan
    const cell = twinCell(graph, network.digest, preset.twin, seed)
    const work = twinWork(graph, network, answers, { learningRate, plan: preset.twin, seed, runtime })
    const { values } = await this.#stage('twin', [cell], work)
    const value = values.get(cell.key)
    if (value) log?.(`${this.#name}: the mask-adapted twin agrees on ${(100 * value.agreement).toFixed(1)}% of the test nodes`)
    return value
  }

  async #nodes(stage: NodeStage): Promise<NodeValue[]> {
    const cells = stage.nodes.map(node => nodeCell(stage, node))
    const nodeOf = new Map(cells.map(({ key }, i) => [key, stage.nodes[i]!]))
    const { values } = await this.#stage('nodes', cells, nodeWork(stage, nodeOf))
    return [...values.values()]
  }

  async #compression(digest: string, subjects: Subjects, answers: GraphAnswers): Promise<Map<string, CompressionValue>> {
    const { graph, options } = this
    const { preset, seed } = options
    const list = named(preset.compression, undefined).filter(({ scope }) => scope === 'both')
    const cells = list.map(explainer => compressionCell(graph, digest, explainer, seed))
    const explainerOf = new Map(cells.map(({ key }, i) => [key, list[i]!]))
    const work = compressionWork(graph, subjects, answers, explainerOf, seed)
    const { values } = await this.#stage('compression', cells, work)
    return new Map([...values].map(([key, value]) => [explainerOf.get(key)!.name, value]))
  }

  async #retrained(compression: ReadonlyMap<string, CompressionValue>): Promise<Retrained[]> {
    const { graph, options } = this
    const { retrained, seed } = { ...options.preset, seed: options.seed }
    const seeds = Array.from({ length: retrained.seeds }, (_, i) => seed + i)
    const all = Array.from({ length: graph.edges }, (_, edge) => edge)
    const choices = retrained.explainers.flatMap(method => {
      const ranked = compression.get(method)?.ranked
      return ranked
        ? retrained.shares.map(share => ({ method, share, kept: ranked.slice(0, Math.round(share * ranked.length)) }))
        : []
    })
    const rows = [{ method: 'all edges', share: 1, kept: all }, ...choices].map(choice => ({
      ...choice,
      kept: [...choice.kept].sort((a, b) => a - b),
    }))
    const jobOf = new Map<string, Retraining>()
    const cellsOf = rows.map(row =>
      seeds.map(own => {
        const job = { ...row, seed: own }
        const cell = retrainCell(graph, this.#plan, job)
        jobOf.set(cell.key, job)
        return cell
      }),
    )
    const work = retrainWork(graph, this.#plan, jobOf, options.runtime)
    const { values } = await this.#stage('retrained', cellsOf.flat(), work)
    return rows.map(({ method, share }, i) => ({
      method,
      share,
      accuracies: cellsOf[i]!.flatMap(({ key }) => values.get(key) ?? []),
    }))
  }
}
