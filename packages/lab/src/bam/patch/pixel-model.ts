/** @file A model run on pictures as bytes: logits, and the patch loss with its gradient. */
import {
  AbortedError,
  chunkSize,
  float32,
  type Model,
  NotFiniteError,
  type Preprocessing,
  peakBytes,
  type TensorValues,
  UsageError,
} from '@ascribe/core'
import { foldConstants, type Graph, inferShapes, prune } from '@ascribe/onnx'
import { channelRange, type LossWeights, lossGraph, lossPort, type PixelRange } from './loss.js'
import { fromPixels, rowDims, withOutputs } from './pixel-graph.js'
import { writePlanes } from './pixels.js'

export interface PixelModelOptions {
  /** From pixels to the model's input; default the model's own. */
  readonly preprocessing?: Preprocessing
  /** The logits; default the model's first float output. */
  readonly output?: string
  /**
   * Pictures per run; default at most 8, fewer where the memory budget asks for it. The number does not follow from how many
   * pictures there are, so that a picture's result does not either.
   */
  readonly rows?: number
  readonly signal?: AbortSignal
}

/** Per row: the three terms, and the loss's gradient. */
export interface LossValues {
  readonly distance: Float32Array
  readonly norm: Float32Array
  readonly excess: Float32Array
  /** [rows, 3, size, size]. */
  readonly gradient: Float32Array
}

export type LossFunction = (pictures: Float32Array, delta: Float32Array, logits: Float32Array) => Promise<LossValues>

const usualRows = 8

const pixelPort = 'patch/pixels'
const logitPort = 'patch/logits'

export class PixelModel {
  readonly preprocessing: Preprocessing
  readonly rows: number
  readonly #output: string
  readonly #graph: (rows: number) => Graph

  /**
   * @param size pixels along each side of the pictures
   * @throws UsageError without a preprocessing; InputError, ShapeError where the model takes other pictures
   */
  constructor(
    readonly model: Model,
    readonly size: number,
    private readonly options: PixelModelOptions = {},
  ) {
    const preprocessing = options.preprocessing ?? model.preprocessing
    if (!preprocessing)
      throw new UsageError(`model ${model.name} comes without preprocessing; say how pixels become its input (preprocessing)`)
    this.preprocessing = preprocessing
    this.#output = model.outputName(options.output)
    const names = model.graph.inputs.map(({ name }) => name)
    const row = rowDims(preprocessing, size)
    const batching = model.batching(Object.fromEntries(names.map(name => [name, row])))
    this.#graph = batching.graph
    this.rows = batching.fixed ?? options.rows ?? this.#usualRows()
  }

  #usualRows(): number {
    const bytes = peakBytes(this.#loss(1, { norm: 1, range: 1 }, channelRange()))
    return chunkSize(usualRows, bytes, this.model.memory)
  }

  #loss(rows: number, weights: LossWeights, range: PixelRange): Graph {
    return lossGraph(this.#graph(rows), this.#output, this.size, this.preprocessing, weights, range)
  }

  get #dims(): number[] {
    return [this.rows, 3, this.size, this.size]
  }

  async #run(key: unknown, make: () => Graph, feeds: TensorValues): Promise<TensorValues> {
    const { signal } = this.options
    if (signal?.aborted) throw new AbortedError('interrupted')
    const identity = JSON.stringify(['bam', key, this.rows, this.size, this.#output, this.preprocessing])
    const session = await this.model.session(identity, make)
    return session.run(feeds, undefined, signal ? { signal } : {})
  }

  /** The logits of each picture [size, size, 3]. */
  async logits(pictures: readonly Uint8Array[]): Promise<Float32Array[]> {
    const { rows } = this
    const starts = Array.from({ length: Math.ceil(pictures.length / rows) }, (_, chunk) => chunk * rows)
    const chunks = await abreast(starts, this.model.runtime.processes ?? 1, async start => {
      const part = this.padded(pictures, start)
      const feeds = { [pixelPort]: float32(this.#dims, this.planes(part)) }
      const result = await this.#run('logits', () => this.#logitGraph(), feeds)
      const values = result[logitPort]!.data as Float32Array
      const classes = values.length / rows
      return part.map((_, row) => values.slice(row * classes, (row + 1) * classes)).slice(0, pictures.length - start)
    })
    return chunks.flat()
  }

  #logitGraph(): Graph {
    const { builder, logits } = fromPixels(this.#graph(this.rows), this.#output, this.preprocessing, head =>
      head.input(pixelPort, 'float32', this.#dims),
    )
    return prune(foldConstants(inferShapes(withOutputs(builder.build(), { [logitPort]: logits }))))
  }

  /**
   * The loss of `rows` patches, see `lossGraph`.
   * @throws NotFiniteError where the model's gradient is not finite
   */
  loss(weights: LossWeights, range: PixelRange): LossFunction {
    return async (pictures, delta, logits) => {
      const feeds = {
        [lossPort.picture]: float32(this.#dims, pictures),
        [lossPort.delta]: float32(this.#dims, delta),
        [lossPort.logits]: float32([this.rows, logits.length / this.rows], logits),
      }
      const result = await this.#run(['loss', weights, range], () => this.#loss(this.rows, weights, range), feeds)
      const value = (name: string): Float32Array => result[name]!.data as Float32Array
      const gradient = value(lossPort.gradient)
      if (!gradient.every(Number.isFinite))
        throw new NotFiniteError(
          `the gradient of the patch loss of ${this.model.name} is not finite; run \`ascribe doctor\` on it`,
        )
      return { distance: value(lossPort.distance), norm: value(lossPort.norm), excess: value(lossPort.excess), gradient }
    }
  }

  /** `rows` items from `start` on, the last one repeated. */
  padded<T>(items: readonly T[], start: number): T[] {
    return Array.from({ length: this.rows }, (_, row) => items[Math.min(start + row, items.length - 1)]!)
  }

  /** [rows, 3, size, size] of as many pictures. */
  planes(pictures: readonly Uint8Array[]): Float32Array {
    const size = this.size * this.size * 3
    const out = new Float32Array(pictures.length * size)
    pictures.forEach((pixels, row) => {
      writePlanes(pixels, out, row * size)
    })
    return out
  }
}

/** Does the work for each item, at most `width` at the same time; results in the items' order. */
export async function abreast<T, R>(items: readonly T[], width: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = new Array(items.length)
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++
      results[index] = await work(items[index]!)
    }
  }
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker))
  return results
}
