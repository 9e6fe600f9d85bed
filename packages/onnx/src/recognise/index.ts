/** @file Recognition of composite patterns, and their replacement by the one operator that does the same. */

import { ConvertContext, collectNames, passState } from '../convert/context.js'
import { removeDead } from '../convert/dead.js'
import type { Graph, Node } from '../graph.js'
import { hardSwish, silu } from './activations.js'
import { attention } from './attention.js'
import { gelu } from './gelu.js'
import { linear } from './linear.js'
import { layerNorm, rmsNorm } from './norm.js'
import { Match, type Pattern, type Recognised, type RecognisedKind } from './pattern.js'

export type { Recognised, RecognisedKind } from './pattern.js'

/** In the order they are tried at a node: what contains another pattern comes first. */
const patterns: readonly Pattern[] = [layerNorm, rmsNorm, gelu, hardSwish, silu, attention, linear]

/**
 * The composite patterns of a graph in normal form, in graph order. Each node belongs to at most one; shapes help (run `inferShapes` before).
 * Subgraphs are not looked into.
 */
export function recognise(graph: Graph, kinds?: Iterable<RecognisedKind>): Recognised[] {
  const wanted = kinds && new Set(kinds)
  const tried = patterns.filter(({ kind }) => !wanted || wanted.has(kind))
  const order = new Map(graph.nodes.map((node, i) => [node, i]))
  const claimed = new Set<Node>()
  const found: Recognised[] = []
  for (let i = graph.nodes.length - 1; i >= 0; i--) {
    const node = graph.nodes[i]!
    if (claimed.has(node)) continue
    for (const pattern of tried) {
      const match = new Match(graph)
      match.nodes.add(node)
      const result = pattern.recognise(node, match)
      if (!result) continue
      const nodes = [...match.nodes].sort((a, b) => order.get(a)! - order.get(b)!)
      // Nodes that two patterns share (casts, constants' transposes) are no reason to drop one; a shared last node is.
      for (const one of nodes) claimed.add(one)
      found.push({ kind: pattern.kind, nodes, ...result })
      break
    }
  }
  return found.reverse()
}

/** Kinds that one operator of the normal opset stands for. */
export const liftable: readonly RecognisedKind[] = patterns.filter(({ lift, domain }) => lift && !domain).map(({ kind }) => kind)

export interface LiftOptions {
  /** Only patterns none of whose inner values is an output or read elsewhere: cutting the graph at any value left stays exact. */
  readonly closed?: boolean
}

/**
 * The graph with recognised patterns of these kinds as single operators: LayerNormalization, Gelu, HardSwish and, where SiLU is asked
 * for, com.microsoft QuickGelu. Values inside a pattern that something else reads stay.
 * @param kinds default: all that have an operator in the normal opset
 */
export function lift(graph: Graph, kinds: Iterable<RecognisedKind> = liftable, { closed = false }: LiftOptions = {}): Graph {
  const byLast = new Map<string, Recognised>()
  const outputs = new Set(graph.outputs.map(({ name }) => name))
  for (const one of recognise(graph, kinds))
    if (one.nodes.length > 1 && (!closed || isClosed(one, graph, outputs))) byLast.set(one.outputs[0]!, one)
  if (byLast.size === 0) return graph
  const ctx = new ConvertContext(graph, passState(...collectNames(graph)))
  for (const node of graph.nodes) {
    ctx.begin(node)
    const found = byLast.get(node.outputs[0] ?? '')
    const pattern = found && patterns.find(({ kind }) => kind === found.kind)
    if (!found || !pattern?.lift?.(found, ctx)) ctx.nodes.push(node)
  }
  return removeDead(graph.with({ nodes: ctx.nodes, initializers: ctx.initializers }))
}

function isClosed({ nodes, outputs: own }: Recognised, graph: Graph, outputs: ReadonlySet<string>): boolean {
  const inside = new Set(nodes)
  return nodes.every(node =>
    node.outputs.every(
      name =>
        name === '' || own.includes(name) || (!outputs.has(name) && graph.consumers(name).every(reader => inside.has(reader))),
    ),
  )
}
