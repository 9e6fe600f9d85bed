/** @file Batch normalisation in training mode written in operators that inference engines run. */
import { attribute, elementCount, type Graph, GraphBuilder, type Node, UnknownShapeError } from '@ascribe/onnx'

const trains = (node: Node): boolean =>
  node.operator === 'BatchNormalization' && node.domain === '' && attribute(node, 'training_mode', 'int', 0) === 1

/**
 * Replaces each BatchNormalization with training_mode=1: mean = E[x], variance = E[x^2] - mean^2 over all axes but the channels',
 * y = x a + b with a = scale / sqrt(variance + epsilon), b = bias - mean a; outputs 1 and 2 become the batch's own mean and variance
 * mixed by `momentum` as the operator defines.
 */
export function batchStatistics(graph: Graph): Graph {
  if (!graph.nodes.some(trains)) return graph
  const nodes: Node[] = []
  const initializers = new Map(graph.initializers)
  for (const node of graph.nodes) {
    if (!trains(node)) {
      nodes.push(node)
      continue
    }
    const builder = new GraphBuilder(graph, `statistics/${node.name}`)
    expand(builder, node, graph)
    nodes.push(...builder.nodes)
    for (const [name, tensor] of builder.build().initializers) initializers.set(name, tensor)
  }
  return graph.with({ nodes, initializers })
}

function expand(builder: GraphBuilder, node: Node, graph: Graph): void {
  const [x, scale, bias, runningMean, runningVariance] = node.inputs as [string, string, string, string, string]
  const dims = graph.dims(x)
  if (!dims)
    throw new UnknownShapeError(`the shape of "${x}", which ${node.name} normalises, is not known; give the batch a size`)
  const channels = dims[1]!
  const axes = builder.ints(dims.flatMap((_, axis) => (axis === 1 ? [] : [axis])))
  const perChannel = builder.ints([1, channels, ...dims.slice(2).map(() => 1)])
  const emit = (operator: string, inputs: string[], attributes = {}): string => builder.emit(operator, inputs, attributes)
  const count = elementCount(dims) / channels
  const mean = emit('ReduceMean', [x, axes], { keepdims: 0 })
  const squares = emit('Mul', [emit('ReduceSumSquare', [x, axes], { keepdims: 0 }), builder.float(1 / count)])
  const variance = emit('Max', [emit('Sub', [squares, emit('Mul', [mean, mean])]), builder.float(0)])
  const root = emit('Sqrt', [emit('Add', [variance, builder.float(attribute(node, 'epsilon', 'float', 1e-5))])])
  const factor = emit('Div', [scale, root])
  const shift = emit('Sub', [bias, emit('Mul', [mean, factor])])
  const wide = (value: string): string => emit('Reshape', [value, perChannel])
  const scaled = emit('Mul', [x, wide(factor)])
  const momentum = attribute(node, 'momentum', 'float', 0.9)
  const mix = (running: string, batch: string): string =>
    momentum === 0
      ? batch
      : emit('Add', [emit('Mul', [running, builder.float(momentum)]), emit('Mul', [batch, builder.float(1 - momentum)])])
  const rename = (value: string, output: string | undefined): void => {
    if (output)
      builder.append({
        domain: '',
        operator: 'Identity',
        name: builder.fresh('Identity'),
        inputs: [value],
        outputs: [output],
        attributes: {},
      })
  }
  rename(emit('Add', [scaled, wide(shift)]), node.outputs[0])
  rename(mix(runningMean, mean), node.outputs[1])
  rename(mix(runningVariance, variance), node.outputs[2])
}
