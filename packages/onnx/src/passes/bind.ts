/** @file Inputs of known values: what depends on them alone is computed, and shapes that depended on them become known. */
import { ShapeError } from '../errors.js'
import type { Graph } from '../graph.js'
import { inferShapes } from '../shapes/infer.js'
import type { Tensor } from '../tensor.js'
import { foldConstants } from './fold.js'
import { specialise } from './specialise.js'

/** A size found in one round may let the next compute more. */
const maxRounds = 16

/**
 * The graph with the named inputs bound to values: they become initializers, shapes are inferred anew, and all that becomes known is
 * folded by the reference evaluator: integers and booleans of up to a million elements (also through NonZero, Compress, Unique, whose
 * size depends on their data), floats of up to 4096.
 * @throws ShapeError for a name that is no input, and for a value whose type or dimensions are not the input's
 */
export function bindInputs(graph: Graph, values: ReadonlyMap<string, Tensor>): Graph {
  for (const [name, { dtype }] of values) {
    const input = graph.inputs.find(port => port.name === name)
    if (!input)
      throw new ShapeError(`there is no input "${name}"; the inputs are ${graph.inputs.map(port => port.name).join(', ')}`)
    if (input.type.dtype !== dtype)
      throw new ShapeError(`input "${name}" is given a value of ${dtype} but holds ${input.type.dtype}`)
  }
  if (values.size === 0) return graph
  const sized = specialise(graph, { inputs: Object.fromEntries([...values].map(([name, { dims }]) => [name, dims])) })
  let current = sized.with({
    inputs: sized.inputs.filter(({ name }) => !values.has(name)),
    initializers: new Map([...sized.initializers, ...values]),
  })
  for (let round = 0; round < maxRounds; round++) {
    const folded = foldConstants(current)
    const settled = round > 0 && folded.nodes.length === current.nodes.length
    current = folded
    if (settled) break
  }
  return inferShapes(current)
}
