/** @file Choice of the layer that class activation maps read. */
import { elementCount, type Graph, isFloat } from '@ascribe/onnx'
import { UsageError } from './errors.js'

/**
 * The last tensor [rows, channels, height, width] with more than one place (or the last with any spatial axes) on the way from
 * the explained tensors to the output: what comes right before pooling or flattening.
 * @throws UsageError where there is none, saying to name one
 */
export function spatialLayer(graph: Graph, at: readonly string[], output: string): string {
  const reached = new Set(at)
  for (const node of graph.nodes)
    if (node.inputs.some(input => reached.has(input))) for (const out of node.outputs) reached.add(out)
  const leads = new Set([output])
  for (const node of [...graph.nodes].reverse())
    if (node.outputs.some(out => leads.has(out))) for (const input of node.inputs) leads.add(input)
  let found: string | undefined
  for (const node of graph.nodes)
    for (const out of node.outputs) {
      const dims = graph.dims(out)
      if (!dims || dims.length < 3 || dims.length > 5 || !reached.has(out) || !leads.has(out)) continue
      if (!isFloat(graph.type(out)!.dtype)) continue
      // Token tensors [rows, tokens, features] look like one-dimensional space; only real grids are taken by default.
      if (dims.length === 3 && !convolved(graph, out)) continue
      if (elementCount(dims.slice(2)) > 1) found = out
    }
  if (found === undefined)
    throw new UsageError(
      'grad-cam needs a layer with spatial axes [rows, channels, height, width], and the model has none; name one with layer=TENSOR',
    )
  return found
}

/** True where a 3-D tensor comes from a one-dimensional convolution or pooling rather than from tokens. */
function convolved(graph: Graph, name: string): boolean {
  let current: string | undefined = name
  for (let step = 0; step < 4 && current; step++) {
    const node = graph.producer(current)
    if (!node) return false
    if ('kernel_shape' in node.attributes) return true
    current = node.inputs[0]
  }
  return false
}
