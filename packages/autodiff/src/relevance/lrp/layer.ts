/** @file What relevance rules see of a layer: its input, weight and bias, the layer again with other values, and its transpose. */
import { type Graph, type Node, operatorKey } from '@ascribe/onnx'
import { gradientTable } from '../../gradient/index.js'
import type { RuleContext } from '../../rule.js'

/** A node z = W x + b of which only x depends on what is explained. */
export interface Layer {
  readonly context: RuleContext
  readonly x: string
  readonly weight: string
  readonly weightDims: readonly number[]
  readonly bias: string | undefined
  /** Its result, bias included. */
  readonly z: string
  /** Axis of x that holds channels (convolutions) or features. */
  readonly channelAxis: number
  /** W x + b with other values of the same shapes. */
  apply(x: string, weight: string, bias?: string): string
  /** Wᵀ s, of the shape of x. */
  back(s: string, weight: string): string
}

interface LayerOperator {
  /** Index of the bias among the inputs, where the operator has one. */
  readonly bias?: number
  readonly convolution: boolean
}

/** Operators that multiply an input by a weight; either may be input 0 or 1. */
export const layerOperators: Readonly<Record<string, LayerOperator>> = {
  Conv: { bias: 2, convolution: true },
  ConvTranspose: { bias: 2, convolution: true },
  Gemm: { bias: 2, convolution: false },
  MatMul: { convolution: false },
}

/**
 * The constant added right after a layer that has no bias of its own: the Add node and the constant's name. Exporters write linear
 * layers over tokens this way; rules count the constant as the layer's bias.
 */
export function biasAfter(node: Node, graph: Graph): { readonly add: Node; readonly bias: string } | undefined {
  const operator = layerOperators[operatorKey(node)]
  if (!operator || (operator.bias !== undefined && node.inputs[operator.bias])) return undefined
  const [result] = node.outputs
  const consumers = graph.consumers(result!)
  const [add] = consumers
  if (consumers.length !== 1 || operatorKey(add!) !== 'Add') return undefined
  const bias = add!.inputs.find(input => input !== result)
  if (bias === undefined || !graph.initializers.has(bias)) return undefined
  const dims = graph.dims(bias)!
  const own = graph.dims(result!)
  // A constant that makes the result larger, or that differs from row to row, is no bias.
  const fits = own && dims.length <= own.length && dims.every((dim, i) => dim === 1 || dim === own[own.length - dims.length + i])
  return fits ? { add: add!, bias } : undefined
}

/** The layer that a node is in this walk. */
export function layerOf(context: RuleContext): Layer {
  const { node, graph } = context
  const operator = layerOperators[operatorKey(node)]!
  const side = context.wants(0) ? 0 : 1
  const scaled = (name: string, attribute: 'alpha' | 'beta'): string => {
    const factor = operatorKey(node) === 'Gemm' ? context.float(attribute, 1) : 1
    return factor === 1 ? name : context.emit('Mul', [name, context.scalar(factor)])
  }
  const given = context.input(1 - side)
  const weightDims = context.dims(given)
  const plain = Object.fromEntries(Object.entries(node.attributes).filter(([name]) => name !== 'alpha' && name !== 'beta'))
  const later = biasAfter(node, graph)
  const own = operator.bias !== undefined && context.has(operator.bias)
  return {
    context,
    x: context.input(side),
    weight: scaled(given, 'alpha'),
    weightDims,
    bias: later?.bias ?? (own ? scaled(context.input(operator.bias!), 'beta') : undefined),
    z: later ? later.add.outputs[0]! : context.output(0),
    channelAxis: operator.convolution ? 1 : context.rank(context.input(side)) - 1,
    apply: (x, weight, bias) => {
      const operands = side === 0 ? [x, weight] : [weight, x]
      const product = context.emit(operatorKey(node), bias !== undefined && own ? [...operands, bias] : operands, plain)
      return bias !== undefined && later ? context.emit('Add', [product, bias]) : product
    },
    back: (s, weight) => {
      const entry = gradientTable[operatorKey(node)]!
      if (entry.kind !== 'gradient') return context.unsupported('it has no transpose')
      const gradients = entry.rule([s], {
        ...context,
        input: index => (index === 1 - side ? weight : context.input(index)),
        dims: name => (name === weight ? weightDims : context.dims(name)),
        wants: index => index === side,
        float: (name, fallback) => (name === 'alpha' || name === 'beta' ? 1 : context.float(name, fallback)),
      })
      return gradients[side] as string
    },
  }
}
