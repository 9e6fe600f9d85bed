/** @file From a model as the file has it to the normal form. */
import { type Graph, normalOpset, sortNodes } from '../graph.js'
import type { RawModel } from '../proto/decode.js'

export function normalise(raw: RawModel): Graph {
  const { graph } = raw
  const available = [...graph.inputs.map(({ name }) => name), ...graph.initializers.keys()]
  return graph.with({
    nodes: sortNodes(graph.nodes, new Set(available)),
    inputs: graph.inputs.filter(({ name }) => !graph.initializers.has(name)),
    opsets: new Map([...graph.opsets, ['', normalOpset]]),
  })
}
