/** @file Two streams of tokens of which one attends to the other: an encoder's and a decoder's. */
import type { Graph } from '@ascribe/onnx'
import { UsageError } from '../errors.js'
import type { Evaluator } from '../evaluator.js'
import { type Attention, reachedFrom } from './find.js'
import { attentionOf } from './layers.js'

/** All attention of a model of two streams, each list in order from the input to the output. */
export interface Streams {
  /** The encoder's tokens to each other. */
  readonly encoder: readonly Attention[]
  /** The decoder's tokens to each other, or (`cross`) to the encoder's. */
  readonly decoder: readonly { readonly attention: Attention; readonly cross: boolean }[]
  readonly sourceTokens: number
  readonly targetTokens: number
}

/**
 * The streams of two explained tensors, told apart by what their values are computed from: an encoder's values never depend on the
 * decoder's tensor, the weights of cross attention depend on both, and apart from it the streams do not meet. Undefined where neither
 * attends to the other.
 * @throws UsageError where each attends to the other, or tokens attend in windows or change in number
 */
export function streamsOf(evaluator: Evaluator, method: string): Streams | undefined {
  const { at } = evaluator
  if (at.length !== 2) return undefined
  const all = attentionOf(evaluator)
  const ways = [at, [...at].reverse()].map(([from, to]) => wayOf(evaluator.graph, all, from!, to!))
  if (ways.every(({ crossing }) => crossing.size === 0)) return undefined
  const way = ways.find(({ crossing, apart }) => crossing.size > 0 && apart)
  if (!way)
    throw new UsageError(
      `${method} follows a decoder that attends to an encoder, and here "${at[0]}" and "${at[1]}" attend to each other; explain one of them with a gradient method`,
    )
  const { crossing, decoded } = way
  const encoder = all.filter(one => !crossing.has(one) && !decoded.has(one.weights))
  const decoder = all
    .filter(one => crossing.has(one) || decoded.has(one.weights))
    .map(attention => ({ attention, cross: crossing.has(attention) }))
  const { keys: sourceTokens, queries: targetTokens } = [...crossing][0]!
  const check = ({ weights, queries, keys, windows }: Attention, rows: number, columns: number): void => {
    if (windows === 1 && queries === rows && keys === columns) return
    throw new UsageError(
      `${method} needs every token to attend to every other of its stream, and at "${weights}" ${queries} queries attend to ${keys} keys in ${windows} windows; use a gradient method`,
    )
  }
  for (const attention of encoder) check(attention, sourceTokens, sourceTokens)
  for (const { attention, cross } of decoder) check(attention, targetTokens, cross ? sourceTokens : targetTokens)
  return { encoder, decoder, sourceTokens, targetTokens }
}

/** The streams if `from` were the encoder's tensor: attention that crosses, what else the decoder computes, and whether the two stay apart. */
function wayOf(graph: Graph, all: readonly Attention[], from: string, to: string) {
  const [source, target] = [reachedFrom(graph, [from]), reachedFrom(graph, [to])]
  const crossing = new Set(all.filter(({ weights, values }) => source.has(values) && !target.has(values) && target.has(weights)))
  const products = new Set([...crossing].map(({ product }) => product))
  const [encoded, decoded] = [reachedFrom(graph, [from], products), reachedFrom(graph, [to], products)]
  const apart = all.every(
    one => crossing.has(one) || [one.weights, one.values].every(name => !(encoded.has(name) && decoded.has(name))),
  )
  return { crossing, decoded, apart }
}
