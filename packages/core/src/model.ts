/** @file A model ready to be explained: its graph, how it is batched, and the sessions that run it. */
import { elementCount, encodeModel, type Graph, isFloat } from '@ascribe/onnx'
import { type Batching, batchingOf, type RowDims } from './batching.js'
import { MemoryBudgetError, UsageError } from './errors.js'
import type { Labels } from './io/labels.js'
import type { Preprocessing } from './io/preprocessing.js'
import { chunkSize, defaultMemory, peakBytes } from './memory.js'
import type { Runtime, Session } from './runtime/runtime.js'
import { suggestion } from './suggest.js'

export interface ModelOptions {
  readonly runtime: Runtime
  /** For messages and records: usually the file's name. */
  readonly name?: string
  /** SHA-256 of the model file. */
  readonly digest?: string
  /** Folder of the model file, in which its weights stay (Node). */
  readonly folder?: string
  /** Bytes of the files the weights stay in, by location (browser). */
  readonly externalData?: Readonly<Record<string, Uint8Array>>
  readonly labels?: Labels
  readonly preprocessing?: Preprocessing
  /** Budget in bytes for the activations of one run, and for the weights that open sessions hold; default 1 GiB. */
  readonly memory?: number
  /** What reading had to change or guess. */
  readonly notices?: readonly string[]
}

/** Fewest and most sessions kept open per model. */
const openSessions = { fewest: 6, most: 48 } as const

/**
 * How many sessions of a graph are kept open: as many as hold its weights once each within the budget. Several methods in turn need
 * some ten of them, and opening one takes far longer than an explanation of a small model.
 */
function sessionsWithin(graph: Graph, memory: number): number {
  let bytes = 0
  for (const { byteLength } of graph.initializers.values()) bytes += byteLength
  return Math.max(openSessions.fewest, Math.min(openSessions.most, Math.floor(memory / Math.max(1, bytes))))
}

export class Model {
  readonly runtime: Runtime
  readonly name: string
  readonly digest: string
  readonly labels: Labels | undefined
  readonly preprocessing: Preprocessing | undefined
  readonly memory: number
  readonly notices: readonly string[]
  readonly #options: ModelOptions
  /** The least recently used is closed first. */
  readonly #sessions = new Map<string, Promise<Session>>()
  readonly #mostSessions: number
  readonly #batchings = new Map<string, Batching>()
  readonly #peaks = new Map<string, number>()

  /** @param graph in normal form, as `readModel` gives it */
  constructor(
    readonly graph: Graph,
    options: ModelOptions,
  ) {
    this.#options = options
    this.runtime = options.runtime
    this.name = options.name ?? graph.name
    this.digest = options.digest ?? ''
    this.labels = options.labels
    this.preprocessing = options.preprocessing
    this.memory = options.memory ?? defaultMemory
    this.#mostSessions = sessionsWithin(graph, this.memory)
    this.notices = options.notices ?? []
  }

  /** Inputs a gradient can be taken at. */
  get floatInputs(): readonly string[] {
    return this.graph.inputs.filter(({ type }) => isFloat(type.dtype)).map(({ name }) => name)
  }

  /**
   * The tensors to explain when the user names none: every float input.
   * @throws UsageError for a model without one, naming the embedding output to pass instead
   */
  defaultAt(): readonly string[] {
    const inputs = this.floatInputs
    if (inputs.length > 0) return inputs
    const { embedding } = this
    throw new UsageError(
      `the model has no float input to attribute to${embedding ? `; pass --at "${embedding}" to explain the output of its embedding` : '; pass --at TENSOR with a float tensor inside it'}`,
    )
  }

  /** Where a token model turns continuous: the output of its embedding, the tensor to pass as `at`; undefined where there is none. */
  get embedding(): string | undefined {
    return embeddingOutput(this.graph)
  }

  /** Checks that a value of this name exists and holds floats. */
  checkTensor(name: string): void {
    const type = this.graph.type(name)
    if (!type) throw new UsageError(`the model has no tensor "${name}"${suggestion(name, this.graph.names())}`)
    if (!isFloat(type.dtype))
      throw new UsageError(`tensor "${name}" holds ${type.dtype}, and only float tensors can be explained`)
  }

  /**
   * What the target is a number of: the named output or float tensor inside the graph (a layer, whose neurons are then what classes
   * are of an output), else the first float output.
   */
  outputName(name?: string): string {
    const names = this.graph.outputs.map(output => output.name)
    if (name !== undefined) {
      if (names.includes(name)) return name
      if (!this.graph.producer(name))
        throw new UsageError(
          `the model has no output "${name}"${suggestion(name, [...names, ...this.graph.names()])} (it has ${names.join(', ')}; a tensor inside it may be named too)`,
        )
      this.checkTensor(name)
      return name
    }
    const first = this.graph.outputs.find(output => isFloat(this.graph.type(output.name)?.dtype ?? 'float32'))
    if (!first) throw new UsageError('the model has no float output to explain')
    return first.name
  }

  /** `names`, and the explained output where it lies inside the graph: what a graph of this model must keep. */
  kept(output: string, names: readonly string[]): readonly string[] {
    return this.graph.outputs.some(({ name }) => name === output) ? names : [...names, output]
  }

  /** How the model is batched for rows of these dimensions. */
  batching(row: RowDims): Batching {
    const key = JSON.stringify(row)
    const known = this.#batchings.get(key)
    if (known) return known
    const batching = batchingOf(this.graph, row)
    this.#batchings.set(key, batching)
    return batching
  }

  /**
   * Rows per run for `count` rows of a program.
   * @param make the program for one row, made where `key` is new
   * @param small most rows of a run where rows take next to nothing
   * @throws MemoryBudgetError where even one row does not fit
   */
  rowsPerRun(key: string, make: () => Graph, count: number, small?: number): number {
    const bytes = this.#peaks.get(key) ?? peakBytes(make())
    this.#peaks.set(key, bytes)
    if (bytes > this.memory)
      throw new MemoryBudgetError(
        `one row needs about ${mebibytes(bytes)} MiB of activations, over the budget of ${mebibytes(this.memory)} MiB; raise --memory`,
      )
    return chunkSize(count, bytes, this.memory, small)
  }

  /** A session for a graph made from this model; `key` says which graph it is. */
  session(key: string, make: () => Graph): Promise<Session> {
    const known = this.#sessions.get(key)
    if (known) {
      this.#sessions.delete(key)
      this.#sessions.set(key, known)
      return known
    }
    const opening = this.#open(make)
    this.#sessions.set(key, opening)
    opening.catch(() => this.#sessions.delete(key))
    for (const [old, session] of this.#sessions) {
      if (this.#sessions.size <= this.#mostSessions) break
      this.#sessions.delete(old)
      session.then(open => open.dispose()).catch(() => {})
    }
    return opening
  }

  async #open(make: () => Graph): Promise<Session> {
    const graph = make()
    const { folder, externalData } = this.#options
    const refer = folder !== undefined || externalData !== undefined
    const bytes = encodeModel(graph, { weights: refer ? 'reference' : 'embed' })
    return this.runtime.open(bytes, {
      ...(folder === undefined ? {} : { folder }),
      ...(externalData === undefined ? {} : { externalData }),
      ...(racing(graph) || tiny(graph) ? { threads: 1 } : {}),
    })
  }

  /** Closes the model's sessions. The runtime is the caller's. */
  async dispose(): Promise<void> {
    const sessions = [...this.#sessions.values()]
    this.#sessions.clear()
    await Promise.all(sessions.map(session => session.then(open => open.dispose()).catch(() => {})))
  }
}

const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(bytes < 2 ** 20 ? 2 : 0)

/** ONNX Runtime's CPU ScatterND with reduction=add loses updates when it runs on several threads. */
const racing = (graph: Graph): boolean =>
  graph.nodes.some(node => node.operator === 'ScatterND' && node.attributes['reduction']?.value === 'add')

/** Weights, in numbers, below which a network of dense layers is too small for two threads: they wait for each other longer than they work. */
const tinyWeights = 2 ** 16
const parallel: ReadonlySet<string> = new Set([
  'Conv',
  'ConvTranspose',
  'TreeEnsemble',
  'TreeEnsembleClassifier',
  'TreeEnsembleRegressor',
])

const tiny = (graph: Graph): boolean =>
  graph.nodes.every(node => !parallel.has(node.operator)) &&
  [...graph.initializers.values()].reduce((sum, { dims }) => sum + elementCount(dims), 0) < tinyWeights

/** The output of the first lookup of float rows by an integer model input: where a token model turns continuous. */
function embeddingOutput(graph: Graph): string | undefined {
  const reached = new Set(graph.inputs.flatMap(({ name, type }) => (isFloat(type.dtype) ? [] : [name])))
  for (const node of graph.nodes) {
    if (!node.inputs.some(input => reached.has(input))) continue
    for (const output of node.outputs) {
      const type = graph.type(output)
      if (type && isFloat(type.dtype) && node.inputs.some(input => isFloat(graph.initializers.get(input)?.dtype ?? 'int64')))
        return output
      reached.add(output)
    }
  }
  return undefined
}
