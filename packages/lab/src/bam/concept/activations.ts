/** @file Values inside a model, and gradients of a logit there, for many inputs in batches. */
import { differentiate } from '@ascribe/autodiff'
import {
  AbortedError,
  chunkSize,
  float32,
  InputError,
  type Model,
  NotFiniteError,
  peakBytes,
  type RunContext,
  type TensorValue,
  UsageError,
} from '@ascribe/core'
import { elementCount, foldConstants, type Graph, GraphBuilder, inferShapes, prune, Tensor } from '@ascribe/onnx'
import { withOutputs } from '../patch/pixel-graph.js'
import { abreast } from '../patch/pixel-model.js'
import { type Rows, rowAt, rowCount } from './rows.js'

/** For each layer one flat vector per row. */
export type LayerVectors = Readonly<Record<string, readonly Float32Array[]>>

export interface LayerOptions extends RunContext {
  /** The logits; default the model's first float output. */
  readonly output?: string
}

type Maker = (graph: Graph, rows: number) => Graph

const port = (layer: string): string => `concept/${layer}`

/** Values at each layer, flattened. */
export const layerValues = (
  model: Model,
  rows: Rows,
  layers: readonly string[],
  options: LayerOptions = {},
): Promise<LayerVectors> => {
  const make: Maker = graph => pruned(withOutputs(graph, Object.fromEntries(layers.map(layer => [port(layer), layer]))))
  return run(model, rows, layers, 'values', make, options)
}

/**
 * d logit / d layer at each layer, flattened, for one class.
 * @throws UsageError for a class the model does not have; MissingRuleError, NoGradientPathError where there is no gradient
 */
export function layerGradients(
  model: Model,
  rows: Rows,
  layers: readonly string[],
  target: number,
  options: LayerOptions = {},
): Promise<LayerVectors> {
  const output = model.outputName(options.output)
  const make: Maker = (graph, count) => {
    const dims = graph.dims(output)!
    const classes = elementCount(dims) / count
    if (!Number.isInteger(target) || target < 0 || target >= classes)
      throw new UsageError(`class ${target} is out of range: the model's output has ${classes} classes`)
    const builder = new GraphBuilder(graph, 'concept')
    const weights = Float32Array.from({ length: classes * count }, (_, i) => (i % classes === target ? 1 : 0))
    const cotangent = builder.constant(Tensor.float32(dims, weights))
    const result = differentiate(inferShapes(builder.build()), { of: [output], at: layers, cotangents: { [output]: cotangent } })
    return pruned(withOutputs(result.graph, Object.fromEntries(layers.map(layer => [port(layer), result.gradients[layer]!]))))
  }
  return run(model, rows, layers, `gradients ${output} ${target}`, make, options)
}

const pruned = (graph: Graph): Graph => prune(foldConstants(inferShapes(graph)))

async function run(
  model: Model,
  rows: Rows,
  layers: readonly string[],
  key: string,
  make: Maker,
  { signal, onProgress }: LayerOptions,
): Promise<LayerVectors> {
  const [input, ...others] = model.graph.inputs
  if (!input || others.length > 0) throw new UsageError('concepts are looked for in models with one input')
  for (const layer of layers) model.checkTensor(layer)
  const total = rowCount(rows)
  if (!Number.isInteger(total) || total === 0) throw new InputError(`${rows.data.length} values are no rows of [${rows.dims}]`)
  const batching = model.batching({ [input.name]: rows.dims })
  const graphOf = (count: number): Graph => make(batching.graph(count, layers), count)
  const chunk = batching.fixed ?? chunkSize(total, peakBytes(graphOf(1)), model.memory)
  const starts = Array.from({ length: Math.ceil(total / chunk) }, (_, i) => i * chunk)
  const identity = JSON.stringify(['concept', key, layers, rows.dims, chunk])
  let done = 0
  const parts = await abreast(starts, model.runtime.processes ?? 1, async start => {
    if (signal?.aborted) throw new AbortedError('interrupted')
    const session = await model.session(identity, () => graphOf(chunk))
    const result = await session.run({ [input.name]: padded(rows, start, chunk) }, undefined, signal ? { signal } : {})
    const used = Math.min(chunk, total - start)
    const vectorsOf = (layer: string): Float32Array[] => {
      const values = result[port(layer)]!.data as Float32Array
      if (!values.every(Number.isFinite)) throw new NotFiniteError(`the values at "${layer}" of ${model.name} are not finite`)
      const size = values.length / chunk
      return Array.from({ length: used }, (_, row) => values.slice(row * size, (row + 1) * size))
    }
    const vectors = Object.fromEntries(layers.map(layer => [layer, vectorsOf(layer)]))
    onProgress?.({ done: (done += used), total, step: key.split(' ')[0]! })
    return vectors
  })
  return Object.fromEntries(layers.map(layer => [layer, parts.flatMap(part => part[layer]!)]))
}

/** `count` rows from `start` on, the last one repeated. */
function padded(rows: Rows, start: number, count: number): TensorValue<'float32'> {
  const last = rowCount(rows) - 1
  const size = rowAt(rows, 0).length
  const data = new Float32Array(size * count)
  for (let row = 0; row < count; row++) data.set(rowAt(rows, Math.min(start + row, last)), row * size)
  return float32([rows.dims[0]! * count, ...rows.dims.slice(1)], data)
}
