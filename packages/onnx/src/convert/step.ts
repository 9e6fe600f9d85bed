/** @file The fixed shape of a version step: how one operator's node at one opset becomes a node at a later (or earlier) one. */
import { type Attributes, attributes } from '../attributes.js'
import type { PlainAttributes } from '../build.js'
import type { Node } from '../graph.js'
import type { ConvertContext } from './context.js'

export interface VersionStep {
  readonly operator: string
  /** Last opset of the old meaning. */
  readonly from: number
  /** First opset of the new meaning; below `from` for a newer operator written in older ones. */
  readonly to: number
  /**
   * The node at `to`, which later steps then see; undefined where it emitted everything itself (`ctx.emitTo(node.outputs, ...)`).
   * What it emits through `ctx` is at the normal opset.
   */
  convert(node: Node, ctx: ConvertContext): Node | undefined
}

/** A node with attributes taken away and others put in. */
export function changed(
  node: Node,
  changes: { inputs?: readonly string[]; drop?: readonly string[]; set?: PlainAttributes; operator?: string },
): Node {
  const kept = Object.entries(node.attributes).filter(([name]) => !changes.drop?.includes(name))
  const inputs = [...(changes.inputs ?? node.inputs)]
  while (inputs.length > 0 && inputs[inputs.length - 1] === '') inputs.pop()
  return {
    ...node,
    operator: changes.operator ?? node.operator,
    inputs,
    attributes: { ...Object.fromEntries(kept), ...attributes(changes.set ?? {}) } as Attributes,
  }
}
