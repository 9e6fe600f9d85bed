/** @file How operators work on boxes: what an output place reads, and the node over values cut out for it. One entry per operator. */
import { attribute, type Graph, type GraphBuilder, type Node } from '@ascribe/onnx'
import { type AxisReach, ownPlace } from './extent.js'

/** What an output place reads of each input that changes, axis of space by axis of space. */
export interface Reach {
  readonly axes: readonly AxisReach[]
  /** The value of places outside. */
  readonly fill: number
}

interface Cutting {
  readonly builder: GraphBuilder
  /** The node's inputs: cut out to hold all that the box reads, or constants. */
  readonly inputs: readonly string[]
  /** Strides left over: places that nothing reads may have been left out. */
  readonly strides: readonly number[]
  /** [rows, 1, ...space]: 1 where a cut-out value lies inside the tensor, 0 where outside. */
  readonly inside: () => string
}

/** How one operator is computed on boxes. Tensors are [rows, channels, ...space]. */
export interface BoxRule {
  /** Undefined for a node that cannot be computed on boxes. `moving` says which values change with the window; the others are constants. */
  readonly reach: (node: Node, graph: Graph, moving: (name: string) => boolean) => Reach | undefined
  /** The node over cut-out inputs, padded already. */
  readonly compute: (node: Node, cutting: Cutting, graph: Graph) => string
  /** Multiply-adds per output value. */
  readonly work: (node: Node, graph: Graph) => number
}

const lowest = -3.4028234663852886e38

const spaceOf = (graph: Graph, name: string): readonly number[] => graph.dims(name)!.slice(2)

const again = (
  node: Node,
  { builder, inputs }: Cutting,
  changed: Readonly<Record<string, readonly number[] | undefined>> = {},
): string =>
  builder.emit(node.domain === '' ? node.operator : `${node.domain}:${node.operator}`, inputs, { ...node.attributes, ...changed })

/** Every place by itself. `fits` checks the constants. */
const pointwise = (fits: (dims: readonly number[], rank: number) => boolean, work = 1): BoxRule => ({
  reach: (node, graph, moving) => {
    const out = graph.dims(node.outputs[0]!)!
    const space = String(out.slice(2))
    const good = node.inputs.every(name => {
      const dims = name === '' ? [] : graph.dims(name)!
      return moving(name) ? dims.length === out.length && String(dims.slice(2)) === space : fits(dims, out.length)
    })
    return good && node.outputs.filter(Boolean).length === 1 ? { axes: out.slice(2).map(() => ownPlace), fill: 0 } : undefined
  },
  compute: (node, cutting) => again(node, cutting),
  work: () => work,
})

/** Constants that are the same at every place, broadcast as ONNX does. */
const sameEverywhere = (dims: readonly number[], rank: number): boolean =>
  dims.length <= rank && dims.slice(-(rank - 2)).every(dim => dim === 1) && (dims.length < rank || dims[0] === 1)

const channelVector = (dims: readonly number[]): boolean => dims.length === 1

const elementwise = pointwise(sameEverywhere)

/** Strides, dilations and the padding at the beginning of each axis of space. */
function windowAxes(node: Node, graph: Graph, kernel: readonly number[]): readonly AxisReach[] {
  const strides = attribute(node, 'strides', 'ints')
  const dilations = attribute(node, 'dilations', 'ints')
  const pads = attribute(node, 'pads', 'ints')
  const auto = attribute(node, 'auto_pad', 'string', 'NOTSET')
  const [from, to] = [spaceOf(graph, node.inputs[0]!), spaceOf(graph, node.outputs[0]!)]
  return kernel.map((size, i) => {
    const [stride, dilation] = [strides?.[i] ?? 1, dilations?.[i] ?? 1]
    const total = Math.max(0, (to[i]! - 1) * stride + (size - 1) * dilation + 1 - from[i]!)
    const begins: Readonly<Record<string, number>> = {
      NOTSET: pads?.[i] ?? 0,
      VALID: 0,
      SAME_UPPER: Math.floor(total / 2),
      SAME_LOWER: Math.ceil(total / 2),
    }
    return { kernel: size, stride, dilation, begin: begins[auto]! }
  })
}

/** Whether some window reaches outside its input: there is padding, or the last window hangs over. */
const overhangs = (node: Node, graph: Graph, axes: readonly AxisReach[]): boolean => {
  const [from, to] = [spaceOf(graph, node.inputs[0]!), spaceOf(graph, node.outputs[0]!)]
  return axes.some(({ kernel, stride, dilation, begin }, i) => {
    const last = (to[i]! - 1) * stride - begin + (kernel - 1) * dilation
    return begin > 0 || last >= from[i]!
  })
}

const unpadded = { pads: undefined, auto_pad: undefined, ceil_mode: undefined }

const kernelOf = (node: Node): readonly number[] => attribute(node, 'kernel_shape', 'ints')!

const convolution: BoxRule = {
  reach: (node, graph, moving) => {
    const [, weight, bias] = node.inputs
    if (moving(weight!) || (bias && moving(bias))) return undefined
    return { axes: windowAxes(node, graph, spaceOf(graph, weight!)), fill: 0 }
  },
  compute: (node, cutting) => again(node, cutting, { ...unpadded, strides: cutting.strides }),
  work: (node, graph) =>
    graph
      .dims(node.inputs[1]!)!
      .slice(1)
      .reduce((product, dim) => product * dim, 1),
}

const maxPool: BoxRule = {
  reach: (node, graph) =>
    node.outputs.filter(Boolean).length === 1 ? { axes: windowAxes(node, graph, kernelOf(node)), fill: lowest } : undefined,
  compute: (node, cutting) => again(node, cutting, { ...unpadded, strides: cutting.strides }),
  work: node => kernelOf(node).reduce((product, dim) => product * dim, 1),
}

const averagePool: BoxRule = {
  reach: (node, graph) => {
    const axes = windowAxes(node, graph, kernelOf(node))
    // Windows that hang over the padding too are divided by other counts.
    const [ceil, counted] = [attribute(node, 'ceil_mode', 'int', 0), attribute(node, 'count_include_pad', 'int', 0)]
    return ceil && counted && overhangs(node, graph, axes) ? undefined : { axes, fill: 0 }
  },
  compute: (node, cutting, graph) => {
    const changed = { ...unpadded, strides: cutting.strides, count_include_pad: undefined }
    const mean = again(node, cutting, changed)
    const axes = windowAxes(node, graph, kernelOf(node))
    if (attribute(node, 'count_include_pad', 'int', 0) || !overhangs(node, graph, axes)) return mean
    return cutting.builder.emit('Div', [mean, again(node, { ...cutting, inputs: [cutting.inside()] }, changed)])
  },
  work: maxPool.work,
}

const concatenation: BoxRule = {
  ...elementwise,
  reach: (node, graph, moving) => {
    const rank = graph.dims(node.outputs[0]!)!.length
    const axis = attribute(node, 'axis', 'int', 0)
    return (axis + rank) % rank === 1 && node.inputs.every(moving) ? elementwise.reach(node, graph, moving) : undefined
  },
}

const padding: BoxRule = {
  reach: (node, graph) => {
    if (attribute(node, 'mode', 'string', 'constant') !== 'constant') return undefined
    const [input, ...settings] = node.inputs
    const [pads, value, axes] = settings.map(name => graph.initializers.get(name)?.numbers())
    if (!pads || settings.some((name, i) => name !== '' && [pads, value, axes][i] === undefined)) return undefined
    const rank = graph.dims(input!)!.length
    const begins = new Array<number>(rank).fill(0)
    const named = axes ? Array.from(axes, axis => (axis + rank) % rank) : begins.map((_, axis) => axis)
    if (named.some((axis, i) => axis < 2 && (pads[i] !== 0 || pads[i + named.length] !== 0))) return undefined
    named.forEach((axis, i) => {
      begins[axis] = pads[i]!
    })
    return { axes: begins.slice(2).map(begin => ({ ...ownPlace, begin })), fill: value?.[0] ?? 0 }
  },
  compute: (_, { inputs }) => inputs[0]!,
  work: () => 0,
}

const named = (rule: BoxRule, ...operators: string[]): Record<string, BoxRule> =>
  Object.fromEntries(operators.map(operator => [operator, rule]))

/** Rules by operator key. What is not here ends the part that is computed on boxes. */
export const boxRules: Readonly<Record<string, BoxRule>> = {
  Conv: convolution,
  MaxPool: maxPool,
  AveragePool: averagePool,
  Concat: concatenation,
  Pad: padding,
  BatchNormalization: pointwise(channelVector, 2),
  LRN: pointwise(sameEverywhere, 8),
  ...named(
    elementwise,
    'Add',
    'Sub',
    'Mul',
    'Div',
    'Max',
    'Min',
    'Sum',
    'Mean',
    'PRelu',
    'Clip',
    'Relu',
    'LeakyRelu',
    'Identity',
  ),
  ...named(elementwise, 'Abs', 'Neg', 'Sqrt', 'Reciprocal', 'Sigmoid', 'HardSigmoid', 'HardSwish', 'Tanh', 'ThresholdedRelu'),
  ...named(
    pointwise(sameEverywhere, 10),
    'Pow',
    'Elu',
    'Celu',
    'Selu',
    'Erf',
    'Exp',
    'Log',
    'Gelu',
    'Softplus',
    'Softsign',
    'Mish',
  ),
  ...named(pointwise(sameEverywhere, 10), 'com.microsoft:QuickGelu', 'com.microsoft:Gelu', 'com.microsoft:FastGelu'),
}
