/** @file Targets that a program writes itself: any function of the outputs, or a small graph. */
import { evaluate, type Graph, type GraphBuilder, type NdArray, type Node, ndarray, outerReads } from '@ascribe/onnx'
import { batchingOf } from '../batching.js'
import { UsageError } from '../errors.js'
import { suggestion } from '../suggest.js'

/** Dimensions of outputs, by name. */
type Dims = Readonly<Record<string, readonly number[]>>

/** A target as a function of the model's outputs, written twice: as a graph, and in double precision. */
export interface TargetFunction {
  /** In words, for records and messages: `height of the first box`. */
  readonly describe: string
  /** The outputs that it reads; default the explained one. */
  readonly outputs?: readonly string[]
  /**
   * Emits one number per row (any dims of `rows` elements) from outputs whose first axis counts the rows.
   * @param outputs names of the values in the graph, by output
   */
  readonly build: (builder: GraphBuilder, outputs: Readonly<Record<string, string>>, dims: Dims, rows: number) => string
  /** The same of one row. */
  readonly value: (outputs: Readonly<Record<string, NdArray>>) => number
}

/** A target function for the outputs of one model. */
export interface BoundFunction {
  /** Tells functions apart. */
  readonly key: string
  readonly outputs: readonly string[]
  readonly build: (builder: GraphBuilder, graph: Graph, rows: number) => string
  readonly value: (outputs: Readonly<Record<string, ArrayLike<number>>>) => number
}

const keys = new WeakMap<TargetFunction, string>()
let made = 0

const keyOf = (target: TargetFunction): string => {
  const known = keys.get(target) ?? `function ${++made}`
  keys.set(target, known)
  return known
}

/**
 * @param dims of one row of every output of the model
 * @throws UsageError for an output that the model does not have
 */
export function bindFunction(target: TargetFunction, output: string, dims: Dims): BoundFunction {
  const outputs = target.outputs ?? [output]
  for (const name of outputs)
    if (!dims[name])
      throw new UsageError(
        `the target reads "${name}", and the model has no such output${suggestion(name, Object.keys(dims))} (it has ${Object.keys(dims).join(', ')})`,
      )
  return {
    key: keyOf(target),
    outputs,
    build: (builder, graph, rows) => {
      const names = Object.fromEntries(outputs.map(name => [name, name]))
      const all = Object.fromEntries(outputs.map(name => [name, graph.dims(name)!]))
      return builder.emit('Reshape', [target.build(builder, names, all, rows), builder.ints([rows])])
    },
    value: values => {
      const found = target.value(Object.fromEntries(outputs.map(name => [name, ndarray(dims[name]!, values[name]!)])))
      if (typeof found !== 'number') throw new UsageError(`the target "${target.describe}" must give a number for each row`)
      return found
    },
  }
}

/**
 * A target written as a graph: its inputs carry names of the model's outputs, its only output holds one number per row, rows on the
 * first axis as in the model (or a leading 1, where every row is taken by itself).
 * @param graph in normal form, as `readModel` gives it
 * @throws UsageError for a graph with several outputs
 */
export function graphTarget(graph: Graph, describe = graph.name): TargetFunction {
  if (graph.outputs.length !== 1)
    throw new UsageError(`a target graph has one output, one number per row; this one has ${graph.outputs.length}`)
  const outputs = graph.inputs.map(({ name }) => name)
  const result = graph.outputs[0]!.name
  return {
    describe,
    outputs,
    build(builder, names, dims, rows) {
      const one = Object.fromEntries(outputs.map(name => [name, rows > 1 ? [1, ...dims[name]!.slice(1)] : dims[name]!]))
      const batching = batchingOf(graph, one)
      if (batching.batched && batching.fixed === undefined) return inline(builder, batching.graph(rows), names, result)
      const each = Array.from({ length: rows }, (_, row) => {
        const cut = Object.fromEntries(
          outputs.map(name => {
            const [from, to] = [builder.ints([row]), builder.ints([row + 1])]
            return [name, rows === 1 ? names[name]! : builder.emit('Slice', [names[name]!, from, to, builder.ints([0])])]
          }),
        )
        return builder.emit('Reshape', [inline(builder, batching.graph(1), cut, result), builder.ints([1])])
      })
      return builder.emit('Concat', each, { axis: 0 })
    },
    value(values) {
      const { data } = evaluate(graph, values, [result]).get(result)!
      if (data.length !== 1) throw new UsageError(`a target graph gives one number per row; this one gives ${data.length}`)
      return data[0]!
    },
  }
}

/** Copies a graph's nodes into a builder under fresh names; gives the name of `result`. */
function inline(builder: GraphBuilder, graph: Graph, inputs: Readonly<Record<string, string>>, result: string): string {
  const names = new Map(Object.entries(inputs))
  names.set('', '')
  for (const [name, tensor] of graph.initializers) names.set(name, builder.constant(tensor, name))
  for (const node of graph.nodes) {
    if (outerReads(node).length > 0)
      throw new UsageError(`a target graph takes no ${node.operator} that reads values around it; write the target as a function`)
    for (const output of node.outputs) if (output !== '') names.set(output, builder.fresh(output))
    const copy: Node = {
      ...node,
      name: builder.fresh(node.name || node.operator),
      inputs: node.inputs.map(name => names.get(name)!),
      outputs: node.outputs.map(name => names.get(name)!),
    }
    builder.append(copy)
  }
  return names.get(result)!
}
