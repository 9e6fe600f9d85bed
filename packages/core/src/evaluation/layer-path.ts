/** @file The target's gradient at a layer, and through one of its neurons, along a path in what is explained. */
import { differentiate, ruleSets } from '@ascribe/autodiff'
import { elementCount, type Graph, GraphBuilder, inferShapes } from '@ascribe/onnx'
import { finish, layerProgram, type ProgramSource, port, rebind, rowDims, withTarget } from '../programs.js'
import type { TensorValues } from '../tensor-value.js'
import { checkFinite, type Points, type RowProgram, type Rows } from './rows.js'

/** The target's gradient at `layer` at `count` rows of points: `use(row, gradient)` takes one row's, in order. */
export async function sweepLayerGradients(
  rows: Rows,
  layer: string,
  count: number,
  make: (start: number, used: number) => Points,
  use: (row: number, gradient: Float32Array) => void,
  step: string,
): Promise<void> {
  const program: RowProgram = {
    key: rows.targetKey(`layers ${JSON.stringify([layer])}`),
    make: source => layerProgram(source, [layer]),
    read: [layer],
  }
  await sweep(rows, program, count, make, step, (start, used, result, chunk) => {
    const gradients = result[port.sum(layer)]!.data as Float32Array
    checkFinite(gradients, layer)
    const size = rows.situation.batching.batched ? gradients.length / chunk : gradients.length
    for (let row = 0; row < used; row++) use(start + row, gradients.subarray(row * size, (row + 1) * size))
  })
}

/** Port of the neuron's weight among the layer's values. */
const neuronPort = 'neuron:weights'

/**
 * (d f / d y_j) (d y_j / d x) for each explained tensor x: what the target's gradient at x gets through neuron j of the layer y.
 * Ports: points/NAME, neuron:weights [one row of the layer] -> sum/NAME per row.
 */
function neuronProgram(source: ProgramSource, layer: string): Graph {
  const bound = rebind(source, (head, name) => head.input(port.points(name), 'float32', source.graph.dims(name)!))
  const value = withTarget(source, bound)
  const weights = bound.input(neuronPort, 'float32', rowDims(source, layer))
  bound.output(value)
  const rules = ruleSets[source.rules ?? 'gradient']
  const upper = differentiate(inferShapes(bound.build()), { of: [value], at: [layer], cotangents: { [value]: null }, rules })
  const between = new GraphBuilder(upper.graph, 'neuron')
  const through = between.emit('Mul', [upper.gradients[layer]!, weights])
  const lower = differentiate(inferShapes(between.build()), {
    of: [layer],
    at: source.at,
    cotangents: { [layer]: through },
    rules,
  })
  return finish(
    new GraphBuilder(lower.graph, 'reduce'),
    source.at.map(name => [lower.gradients[name]!, port.sum(name)] as const),
  )
}

/** The part of the gradient that goes through neuron `neuron` of `layer`, at `count` rows of points. */
export async function sweepNeuronGradients(
  rows: Rows,
  layer: string,
  neuron: number,
  count: number,
  make: (start: number, used: number) => Points,
  use: (row: number, gradients: Points) => void,
  step: string,
): Promise<void> {
  const program: RowProgram = {
    key: rows.targetKey(`neuron of ${JSON.stringify(layer)}`),
    make: source => neuronProgram(source, layer),
    read: [layer],
  }
  const dims = rowDims(rows.source(rows.rows(1), [layer]), layer)
  const data = new Float32Array(elementCount(dims))
  data[neuron] = 1
  const chosen: TensorValues = { [neuronPort]: { dtype: 'float32', dims, data } }
  await sweep(
    rows,
    program,
    count,
    make,
    step,
    (start, used, result) => {
      const found = Object.fromEntries(rows.at.map(name => [name, result[port.sum(name)]!.data as Float32Array]))
      for (const name of rows.at) checkFinite(found[name]!, name)
      for (let row = 0; row < used; row++) use(start + row, rows.part(found, row, 1))
    },
    chosen,
  )
}

async function sweep(
  rows: Rows,
  program: RowProgram,
  count: number,
  make: (start: number, used: number) => Points,
  step: string,
  use: (start: number, used: number, result: TensorValues, chunk: number) => void,
  more: TensorValues = {},
): Promise<void> {
  const chunk = rows.chunk(program, count)
  const feeds = (start: number, used: number): TensorValues => ({
    ...rows.classFeed(),
    ...rows.padded(make(start, used), used, chunk),
    ...more,
  })
  await rows.chunks(program, count, chunk, feeds, (start, used, result) => {
    use(start, used, result, chunk)
    rows.situation.cost.gradients += used
    rows.progress(start + used, count, step)
  })
}
