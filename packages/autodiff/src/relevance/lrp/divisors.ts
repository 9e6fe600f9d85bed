/** @file Divisors that exporters write as factors. */
import { type Graph, operatorKey } from '@ascribe/onnx'

/** Operators that only write a divisor in another form. */
const reshaping: ReadonlySet<string> = new Set(['Cast', 'Expand', 'Identity', 'Reshape', 'Unsqueeze'])

/** True for a value one divides by, written as a factor: 1 / v, v^-p. */
export function isDivisor(graph: Graph, name: string): boolean {
  const node = graph.producer(name)
  if (!node) return false
  const given = (index: number) => graph.initializers.get(node.inputs[index]!)
  const ways: Readonly<Record<string, () => boolean>> = {
    Reciprocal: () => true,
    Div: () => given(0) !== undefined,
    Pow: () => Array.from(given(1)?.numbers() ?? [0]).every(exponent => Number(exponent) < 0),
  }
  const key = operatorKey(node)
  return ways[key]?.() ?? (reshaping.has(key) && isDivisor(graph, node.inputs[0]!))
}
