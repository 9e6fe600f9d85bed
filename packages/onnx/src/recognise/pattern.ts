/** @file The fixed shape of a pattern, and the questions a pattern asks of the graph. */
import { attribute } from '../attributes.js'
import type { ConvertContext } from '../convert/context.js'
import { dataTypes, isFloat } from '../dtype.js'
import { type Graph, type Node, operatorKey } from '../graph.js'
import type { Tensor } from '../tensor.js'

export type RecognisedKind = 'Linear' | 'LayerNorm' | 'RMSNorm' | 'Gelu' | 'SiLU' | 'HardSwish' | 'Attention'

/** A part of a graph that computes something with a name. */
export interface Recognised {
  readonly kind: RecognisedKind
  /** In graph order; some may have other readers too. */
  readonly nodes: readonly Node[]
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly parameters: Readonly<Record<string, number | string | boolean>>
}

/** What a pattern found, before its nodes are sorted. */
export type Found = Omit<Recognised, 'kind' | 'nodes'>

export interface Pattern {
  readonly kind: RecognisedKind
  /** Whether `node` is the last node of the pattern; `match` collects the nodes it passed through. */
  recognise(node: Node, match: Match): Found | undefined
  /** Emits the one operator that does the same; false where this instance does not fit it. */
  lift?(found: Recognised, ctx: ConvertContext): boolean
  /** Domain of the operator that `lift` emits; default ai.onnx. */
  readonly domain?: string
}

/** Follows a graph upstream from one node; every node that an answer rests on is recorded. */
export class Match {
  readonly nodes = new Set<Node>()

  constructor(readonly graph: Graph) {}

  /** The node that makes a value, seen through Identity and casts between floats, if its operator is one of these. */
  node(name: string, ...operators: readonly string[]): Node | undefined {
    const found = this.graph.producer(this.through(name))
    if (!found || !operators.includes(operatorKey(found))) return undefined
    this.nodes.add(found)
    return found
  }

  /** The value itself behind Identity and casts from float to float. */
  through(name: string): string {
    let current = name
    for (;;) {
      const node = this.graph.producer(current)
      if (node?.domain !== '' || current !== node.outputs[0] || !this.#passes(node)) return current
      this.nodes.add(node)
      current = node.inputs[0]!
    }
  }

  #passes(node: Node): boolean {
    if (node.operator === 'Identity') return true
    if (node.operator !== 'Cast' || attribute(node, 'to', 'int') !== dataTypes.float32.code) return false
    const from = this.graph.type(node.inputs[0]!)
    return from !== undefined && isFloat(from.dtype)
  }

  /** Whether two names are the same value. */
  same(a: string, b: string): boolean {
    return this.through(a) === this.through(b)
  }

  /** The constant behind a name. */
  tensor(name: string): Tensor | undefined {
    return this.graph.initializers.get(this.through(name))
  }

  /** The number behind a constant of one element. */
  scalar(name: string): number | undefined {
    const tensor = this.tensor(name)
    return tensor && !tensor.strings && tensor.size === 1 ? tensor.scalar() : undefined
  }

  /** Of a node's two inputs, the one that is not `value`; undefined where neither is. */
  other(node: Node, value: string): string | undefined {
    const [a, b] = node.inputs as [string, string]
    if (this.same(a, value)) return b
    return this.same(b, value) ? a : undefined
  }

  /** A two-input node's scalar and its other operand, in either order. */
  scaled(node: Node): { readonly value: string; readonly by: number } | undefined {
    const [a, b] = node.inputs as [string, string]
    const right = this.scalar(b)
    if (right !== undefined) return { value: a, by: right }
    const left = this.scalar(a)
    return left === undefined ? undefined : { value: b, by: left }
  }

  /** Axes of a reduction from its second input. */
  axes(node: Node): readonly number[] | undefined {
    const tensor = node.inputs[1] ? this.graph.initializers.get(node.inputs[1]) : undefined
    return tensor && Array.from(tensor.numbers())
  }

  /** Tries one way, and forgets the nodes it passed where it fails. */
  attempt<T>(way: () => T | undefined): T | undefined {
    const before = new Set(this.nodes)
    const result = way()
    if (result === undefined) for (const node of this.nodes) if (!before.has(node)) this.nodes.delete(node)
    return result
  }
}

/** Equal to within the precision of a float32 constant. */
export const near = (a: number | undefined, b: number): boolean =>
  a !== undefined && Math.abs(a - b) <= 1e-4 * Math.max(Math.abs(b), 1e-3)

/** The axes' start as a negative number if they are the last ones, in any order; undefined otherwise. */
export function trailing(axes: readonly number[] | undefined, rank: number | undefined): number | undefined {
  if (!axes || axes.length === 0) return undefined
  const negative = axes.map(axis => (axis < 0 ? axis : rank === undefined ? Number.NaN : axis - rank)).sort((a, b) => a - b)
  return negative.every((axis, i) => axis === i - axes.length) ? -axes.length : undefined
}
