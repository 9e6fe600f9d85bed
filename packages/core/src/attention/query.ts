/** @file Which tokens' rows of attention are read: those that the model itself reads. */
import { elementCount, type Graph, type Node } from '@ascribe/onnx'
import { type Axis, isPlaces, placesAlong } from '../axes.js'
import { followAxes } from '../axis-readings.js'
import { UsageError } from '../errors.js'
import type { Evaluator } from '../evaluator.js'
import { leadingTo } from './find.js'
import type { AttentionLayers } from './layers.js'

/** Tokens that the target is read from, and their names in the settled options. */
interface Query {
  /** Weights of tokens, adding up to 1. */
  readonly start: Float64Array
  readonly settled: string
}

/**
 * `mean`: every token equally. A number: that token, negative ones counted from the end. `auto`: of an output with scores for each
 * token the target's own; the tokens picked out after the last attention (the class token); else `mean`.
 * @throws UsageError for a token that there is not
 */
export function queryOf(evaluator: Evaluator, attention: AttentionLayers, option: string): Query {
  const { tokens } = attention
  if (option === 'mean') return uniform(tokens)
  if (option === 'auto') {
    const read = targetTokens(evaluator, tokens) ?? tokensRead(evaluator, attention)
    return read ? uniform(tokens, read) : uniform(tokens)
  }
  const index = option.trim() === '' ? Number.NaN : Number(option)
  if (!Number.isInteger(index) || index >= tokens || index < -tokens)
    throw new UsageError(
      `option query must be auto, mean, or a token from 0 to ${tokens - 1} (or -1 for the last), not "${option}"`,
    )
  return uniform(tokens, [index < 0 ? index + tokens : index])
}

function uniform(tokens: number, read?: readonly number[]): Query {
  const start = new Float64Array(tokens)
  if (!read) return { start: start.fill(1 / tokens), settled: 'mean' }
  for (const token of read) start[token] = 1 / read.length
  return { start, settled: read.join(',') }
}

/** Tokens that the target's classes belong to, where the output has scores [1, tokens, classes]. */
function targetTokens({ target, outputs }: Evaluator, tokens: number): number[] | undefined {
  const { dims } = outputs[target.output]!
  if (dims.length !== 3 || dims[1] !== tokens) return undefined
  return [...new Set(target.classes.map(({ index }) => Math.floor(index / dims[2]!)))]
}

/** Tokens picked out on every way from the last attention to the output; undefined where some way takes others too. */
function tokensRead(evaluator: Evaluator, { layers, tokens }: AttentionLayers): number[] | undefined {
  const { graph } = evaluator
  const { output } = evaluator.target
  const { product } = layers.at(-1)!
  const rank = graph.dims(product)!.length
  const seed: Axis[] = [...Array<Axis>(rank - 2).fill('unknown'), placesAlong(0, tokens), 'channel']
  if (rank > 3) seed[0] = 'row'
  const axes = followAxes(graph, { [product]: seed })
  const leading = leadingTo(graph, output)
  const carries = (name: string): boolean => axes.get(name)?.some(isPlaces) ?? false
  const read = new Set<number>()
  for (const node of graph.nodes) {
    const from = node.inputs.find(carries)
    if (from === undefined) continue
    for (const name of node.outputs) {
      if (!leading.has(name) || carries(name)) continue
      const axis = axes.get(from)!.findIndex(isPlaces)
      const token = pickedToken(graph, node, name, axis)
      if (token === undefined) return undefined
      read.add(token < 0 ? token + tokens : token)
    }
  }
  return read.size > 0 && !carries(output) ? [...read].sort((a, b) => a - b) : undefined
}

/** The one entry of an axis that a node picks out; undefined where it takes several, or which one is not known. */
function pickedToken(graph: Graph, node: Node, name: string, axis: number): number | undefined {
  const numbers = (index: number): number[] | undefined => {
    const tensor = graph.initializers.get(node.inputs[index] ?? '')
    return tensor && [...tensor.numbers()]
  }
  const from = graph.dims(node.inputs[0]!)!
  const named = Number(node.attributes['axis']?.value ?? 0)
  const along = (named < 0 ? named + from.length : named) === axis
  if (node.operator === 'Gather') {
    const indices = numbers(1)
    return along && indices?.length === 1 ? indices[0] : undefined
  }
  const single = elementCount(graph.dims(name)!) * from[axis]! === elementCount(from)
  if (node.operator === 'Slice' && single) {
    const which = (numbers(3) ?? from.map((_, i) => i)).findIndex(one => (one < 0 ? one + from.length : one) === axis)
    return numbers(1)?.[which]
  }
  if (node.operator === 'Split' && along && single)
    return node.outputs.slice(0, node.outputs.indexOf(name)).reduce((sum, other) => sum + graph.dims(other)![axis]!, 0)
  return undefined
}
