/** @file Attention that reads only some tokens' values. */
import { type Graph, GraphBuilder, type Node } from '@ascribe/onnx'
import type { RowProgram } from '../evaluation/rows.js'
import type { Evaluator } from '../evaluator.js'
import { port, valuesProgram } from '../programs.js'
import type { Attention } from './find.js'

const mask = 'attention:mask'

/** The graph with the weights of one attention times a mask [rows, keys] that is an input: a zero takes that token's value away. */
function masked(graph: Graph, { weights, product, heads, queries, keys }: Attention, rows: number): Graph {
  const head = new GraphBuilder(undefined, 'mask')
  const given = head.input(mask, 'float32', [rows, keys])
  const source = head.input(weights, 'float32', graph.dims(weights)!)
  const apart = head.emit('Reshape', [source, head.ints([rows, heads, queries, keys])])
  const kept = head.emit('Mul', [apart, head.emit('Reshape', [given, head.ints([rows, 1, 1, keys])])])
  const together = head.emit('Reshape', [kept, head.ints([...graph.dims(weights)!])])
  const { nodes, initializers, inputs } = head.build()
  const reader = graph.producer(product)!
  const changed: Node = { ...reader, inputs: reader.inputs.map(name => (name === weights ? together : name)) }
  return graph.with({
    nodes: graph.nodes.flatMap(node => (node === reader ? [...nodes, changed] : [node])),
    inputs: [...graph.inputs, inputs[0]!],
    initializers: new Map([...graph.initializers, ...initializers]),
  })
}

/**
 * A value inside the model, for the input itself, with each token's value in turn taken away from one attention: `use(token, values)`,
 * first with all of them (token -1).
 */
export async function sweepMasked(
  evaluator: Evaluator,
  layer: Attention,
  read: string,
  use: (token: number, values: Float32Array) => void,
): Promise<void> {
  const { rows } = evaluator
  const count = layer.keys + 1
  const program: RowProgram = {
    key: `masked ${JSON.stringify([layer.weights, read])}`,
    make: source => {
      const own = source.batched ? source.rows : 1
      return valuesProgram({ ...source, graph: masked(source.graph, layer, own), at: [...source.at, mask] }, [read])
    },
    read: [layer.weights, read],
  }
  const chunk = rows.chunk(program, count)
  const feeds = (start: number) => {
    const data = new Float32Array(chunk * layer.keys).fill(1)
    for (let row = 0; row < chunk; row++) {
      const token = start + row - 1
      if (token >= 0 && token < layer.keys) data[row * layer.keys + token] = 0
    }
    return {
      ...rows.padded(evaluator.point, 1, chunk),
      [port.points(mask)]: { dtype: 'float32', dims: [chunk, layer.keys], data } as const,
    }
  }
  await rows.chunks(program, count, chunk, feeds, (start, used, result) => {
    const data = result[`value/${read}`]!.data as Float32Array
    const size = data.length / chunk
    for (let row = 0; row < used; row++) use(start + row - 1, data.subarray(row * size, (row + 1) * size))
    evaluator.cost.forwards += used
  })
}
