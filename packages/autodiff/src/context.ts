/** @file What rules are given: questions about one node, and an emitter into the growing graph. */
import {
  attribute,
  elementCount,
  type Graph,
  type GraphBuilder,
  isFloat,
  type Node,
  operatorKey,
  Tensor,
  UnknownShapeError,
} from '@ascribe/onnx'
import { MissingRuleError } from './errors.js'
import type { RuleContext } from './rule.js'

/** Axes to sum over so that a value of dimensions `from` gets the dimensions `to` it was broadcast from. */
function broadcastAxes(from: readonly number[], to: readonly number[]): number[] {
  const lead = from.length - to.length
  return from.flatMap((dim, axis) => (axis < lead || (to[axis - lead] === 1 && dim !== 1) ? [axis] : []))
}

const sameDims = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((dim, i) => dim === b[i])

/** Longer rows of ones are not worth their memory. */
const mostRows = 2 ** 18

/** What all contexts of one walk share. */
export interface Walk {
  /** Names in the second stream of the values that differ there. */
  readonly baseline?: ReadonlyMap<string, string>
  /** Tensors that rules left with values. */
  readonly left: Map<string, string[]>
}

export function ruleContext(
  graph: Graph,
  node: Node,
  builder: GraphBuilder,
  wanted: readonly boolean[],
  walk: Walk = { left: new Map() },
): RuleContext {
  const where = `${operatorKey(node)} (node "${node.name}")`
  builder.scope = `gradient/${node.name}`

  const dims = (name: string): readonly number[] => {
    const known = builder.tensor(name)?.dims ?? graph.dims(name)
    if (!known)
      throw new UnknownShapeError(
        `the gradient through ${where} needs the shape of "${name}", which depends on data at run time; fix the model's input shapes`,
      )
    return known
  }
  const dtype: RuleContext['dtype'] = name => builder.tensor(name)?.dtype ?? graph.type(name)?.dtype ?? 'float32'
  const input: RuleContext['input'] = index => {
    const name = node.inputs[index]
    if (!name) throw new MissingRuleError(operatorKey(node), node.name, `input ${index} is missing`)
    return name
  }
  const emitAll: RuleContext['emitAll'] = (operator, inputs, count, plain) => builder.emitAll(operator, inputs, count, plain)
  const emit: RuleContext['emit'] = (operator, inputs, plain) => emitAll(operator, inputs, 1, plain)[0]!
  const ints64 = (values: readonly number[]): string => builder.ints(values)
  const onesRow = (length: number): string => emit('Expand', [builder.float(1, [], like(undefined)), ints64([1, length])])
  const reshape: RuleContext['reshape'] = (value, to, from) =>
    from && sameDims(from, to) ? value : emit('Reshape', [value, ints64(to)], to.includes(0) ? { allowzero: 1 } : {})
  const unsupported: RuleContext['unsupported'] = reason => {
    throw new MissingRuleError(operatorKey(node), node.name, reason)
  }
  const constant: RuleContext['constant'] = name => builder.tensor(name) ?? graph.initializers.get(name)
  // Cotangents are floats even where the output is a quantised integer.
  const like = (name: string | undefined) => {
    const own = dtype(name ?? node.outputs[0]!)
    return name === undefined && !isFloat(own) ? 'float32' : own
  }

  return {
    node,
    graph,
    input,
    output: index => node.outputs[index] || unsupported(`output ${index} is missing`),
    has: index => Boolean(node.inputs[index]),
    value: (name, stream) => {
      if (stream === 'input') return name
      return walk.baseline
        ? (walk.baseline.get(name) ?? name)
        : unsupported('its rule compares with a baseline, and none is given')
    },
    leave: (name, tensor) => {
      walk.left.set(name, [...(walk.left.get(name) ?? []), tensor])
    },
    left: name => walk.left.get(name) ?? [],
    wants: index => wanted[index] ?? false,
    dims,
    rank: name => dims(name).length,
    dtype,
    constant,
    numbers: index => {
      const name = node.inputs[index]
      if (!name) return undefined
      const tensor = constant(name)
      return tensor ? Array.from(tensor.numbers()) : unsupported(`its input ${index} ("${name}") is computed at run time`)
    },
    int: ((name: string, fallback?: number) => attribute(node, name, 'int', fallback)) as RuleContext['int'],
    ints: name => attribute(node, name, 'ints'),
    float: (name, fallback) => attribute(node, name, 'float', fallback),
    string: (name, fallback) => attribute(node, name, 'string', fallback),
    attribute: name => node.attributes[name],
    emit,
    emitAll,
    scalar: (value, of) => builder.float(value, [], like(of)),
    floats: (values, shape, of) => builder.constant(Tensor.from(like(of), shape, values), 'floats'),
    ints64,
    constantTensor: tensor => builder.constant(tensor),
    reduceTo: (value, from, to) => {
      if (sameDims(from, to)) return value
      const axes = broadcastAxes(from, to)
      // Pooling, unlike ReduceSum, stays in the runtime's blocked layout.
      if (from.length === 4 && to.length === 4 && axes.join() === '2,3')
        return emit('Mul', [emit('GlobalAveragePool', [value]), builder.float(from[2]! * from[3]!, [], like(undefined))])
      // A product with a row of ones takes half the time of a sum over rows.
      const rows = elementCount(from.slice(0, -1))
      if (from.length > 1 && axes.length === from.length - 1 && !axes.includes(from.length - 1) && rows <= mostRows)
        return reshape(emit('MatMul', [onesRow(rows), reshape(value, [rows, from.at(-1)!], from)]), to, [1, from.at(-1)!])
      const summed = axes.length > 0 ? emit('ReduceSum', [value, ints64(axes)], { keepdims: 1 }) : value
      const kept = from.map((dim, axis) => (axes.includes(axis) ? 1 : dim))
      return reshape(summed, to, kept)
    },
    reshape,
    unsupported,
  }
}
