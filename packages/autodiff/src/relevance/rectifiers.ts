/** @file Which nodes are rectifiers: the activations that guided backpropagation and deconvnet treat in their own way. */
import { type Graph, type Node, operatorKey } from '@ascribe/onnx'
import type { RuleSet } from '../rule.js'

const always = (): boolean => true

const isZero = (graph: Graph, name: string | undefined): boolean => {
  const constant = name ? graph.initializers.get(name) : undefined
  return constant?.numbers().every(value => Number(value) === 0) ?? false
}

/** By operator key, whether a node of it computes max(x, 0), possibly capped (ReLU6) or from a threshold on. */
const rectifying: Readonly<Record<string, (node: Node, graph: Graph) => boolean>> = {
  Relu: always,
  ThresholdedRelu: always,
  Clip: (node, graph) => isZero(graph, node.inputs[1]),
  Max: (node, graph) => node.inputs.length === 2 && node.inputs.some(name => isZero(graph, name)),
}

/** True where a node is a rectifier. */
const isRectifier = (node: Node, graph: Graph): boolean => rectifying[operatorKey(node)]?.(node, graph) ?? false

/** `special` at rectifiers, `other` everywhere else. */
export const atRectifiers =
  (special: RuleSet, other: RuleSet): RuleSet =>
  (node, graph) =>
    (isRectifier(node, graph) ? special : other)(node, graph)
