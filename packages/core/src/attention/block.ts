/** @file What stands around an attention: the tokens entering its block, its branch into the residual sum, the tokens leaving. */
import type { Graph, Node } from '@ascribe/onnx'
import { UsageError } from '../errors.js'
import { type Attention, leadingTo, reachedFrom } from './find.js'

interface Block {
  /** Tokens on the shortcut around the attention. */
  readonly entering: string
  /** What the attention's projection adds to them. */
  readonly branch: string
  readonly sum: string
  /** Tokens that the next block gets; of the last block the sum after its perceptron (normalised, where norms stand after sums). */
  readonly leaving: string
}

/**
 * The block of each attention, in order.
 * @param at the explained tensors
 * @throws UsageError where an attention is not added to a shortcut
 */
export function blocksOf(graph: Graph, layers: readonly Attention[], at: readonly string[], method: string): Block[] {
  const depends = reachedFrom(graph, at)
  const residuals = layers.map(layer => {
    const found = residual(graph, layer, depends)
    if (!found)
      throw new UsageError(`${method} needs the shortcut around each attention, and there is none at "${layer.weights}"`)
    return found
  })
  return residuals.map((own, l) => ({ ...own, leaving: residuals[l + 1]?.entering ?? lastOf(graph, own.sum) }))
}

/** The first sum of what follows the product and what does not, of equal dimensions. */
function residual(graph: Graph, { product }: Attention, depends: ReadonlySet<string>): Omit<Block, 'leaving'> | undefined {
  const after = reachedFrom(graph, [product])
  for (const node of graph.nodes) {
    if (node.operator !== 'Add' || !sameDims(graph, node)) continue
    const branch = node.inputs.find(name => after.has(name))
    const entering = node.inputs.find(name => !after.has(name) && depends.has(name))
    if (branch !== undefined && entering !== undefined) return { entering, branch, sum: node.outputs[0]! }
  }
  return undefined
}

function lastOf(graph: Graph, sum: string): string {
  const after = reachedFrom(graph, [sum])
  const second = graph.nodes.find(
    node => node.operator === 'Add' && sameDims(graph, node) && node.inputs.every(name => after.has(name)),
  )
  const last = second?.outputs[0] ?? sum
  const normAfter = (name: string): Node | undefined => {
    const readers = graph.consumers(name)
    return readers.length === 1 && readers[0]!.operator === 'LayerNormalization' ? readers[0] : undefined
  }
  return (normAfter(sum) && normAfter(last)?.outputs[0]) ?? last
}

const sameDims = (graph: Graph, { inputs }: Node): boolean => {
  const [a, b] = inputs.map(name => graph.dims(name))
  return a !== undefined && b !== undefined && a.length > 2 && a.join() === b.join()
}

/**
 * The graph with copies of each branch: of values that no token reads from any other (token j as if it attended to itself alone), and of
 * zeros (what biases add). A branch is affine, so their difference is its linear part at each token's own value.
 */
export function withOwnValues(
  graph: Graph,
  layers: readonly Attention[],
  blocks: readonly Block[],
): { readonly graph: Graph; readonly copies: readonly { readonly own: string; readonly bias: string }[] } {
  const more: Node[] = []
  const copyOf = ({ product }: Attention, branch: string, from: string, mark: string): string => {
    const [after, leading] = [reachedFrom(graph, [product]), leadingTo(graph, branch)]
    const renamed = new Map([[product, from]])
    for (const node of graph.nodes) {
      if (!node.outputs.some(name => after.has(name) && leading.has(name) && name !== product)) continue
      for (const name of node.outputs) renamed.set(name, `${name}/${mark}`)
      const [inputs, outputs] = [node.inputs, node.outputs].map(names => names.map(name => renamed.get(name) ?? name))
      more.push({ ...node, name: `${node.name}/${mark}`, inputs: inputs!, outputs: outputs! })
    }
    return renamed.get(branch)!
  }
  const copies = layers.map((layer, l) => {
    const { values } = layer
    const zeros = `${values}/zeros`
    more.push({ domain: '', operator: 'Sub', name: zeros, inputs: [values, values], outputs: [zeros], attributes: {} })
    const { branch } = blocks[l]!
    return { own: copyOf(layer, branch, values, 'own values'), bias: copyOf(layer, branch, zeros, 'no values') }
  })
  return { graph: graph.with({ nodes: [...graph.nodes, ...more] }), copies }
}
