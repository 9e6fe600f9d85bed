/** @file Layer-wise relevance propagation as a rule set: a composite says which rule each layer takes. */
import { type Graph, type Node, operatorKey } from '@ascribe/onnx'
import { gradientRules } from '../../gradient/index.js'
import type { RuleEntry, RuleSet, RuleTable } from '../../rule.js'
import { single } from '../../rule.js'
import { withoutRelevance } from './errors.js'
import { layerOf, layerOperators } from './layer.js'
import { operatorEntries } from './operators.js'
import { type Place, type Places, placesOf } from './places.js'
import { type Assignment, type Composite, layerGroups } from './presets.js'
import { layerRules } from './rules.js'

export interface LrpOptions {
  readonly composite: Composite
  /**
   * The value where relevance starts: behind it the walk is the gradient, and R = value · gradient there. Default: the cotangents
   * given are the relevance.
   */
  readonly from?: string
  /**
   * `constant`: no relevance through attention weights to queries and keys, nor through the gate of a gated layer (CP-LRP); default
   * `shared`: half each (AttnLRP).
   */
  readonly attention?: 'shared' | 'constant'
  /**
   * True where the explained tensor lies inside the model, an embedding say: what a constant adds to it takes its share. Default false: at
   * the model's own input a sum with a constant before the first layer is a change of units, which passes.
   */
  readonly inside?: boolean
  /** Added to the size of denominators of everything but layers, whose rules have their own; default 1e-6. */
  readonly stabiliser?: number
}

/** The entry of a node that reads where relevance starts: its gradient, times the value that it reads. */
const starting = (entry: RuleEntry | undefined, from: string): RuleEntry | undefined =>
  entry?.kind === 'gradient'
    ? {
        ...entry,
        rule: (cotangents, c) =>
          entry
            .rule(cotangents, c)
            .map((gradient, index) =>
              c.node.inputs[index] === from && typeof gradient === 'string' ? c.emit('Mul', [gradient, from]) : gradient,
            ),
      }
    : entry

function fits({ layers }: Assignment, place: Place, node: Node): boolean {
  if (typeof layers === 'string') return layerGroups[layers](place)
  if ('operator' in layers) return operatorKey(node) === layers.operator
  return layers.includes(node.name) || layers.includes(node.outputs[0]!)
}

const layerEntry = (assignment: Assignment): RuleEntry =>
  single((relevance, c) => {
    const layer = layerOf(c)
    const result = layerRules[assignment.rule](relevance, layer, assignment)
    return c.node.inputs.map((_, index) => (c.wants(index) && index < 2 ? result : null))
  })

/**
 * Layer-wise relevance propagation (Bach et al. 2015) over the reverse walk. What flows is relevance itself, not a gradient: a value's
 * relevance is the sum of what its readers give it, and `differentiate` returns that of the tensors in `at`.
 *
 * - Layers (Conv, ConvTranspose, Gemm, MatMul with one factor that does not depend on the input) take their composite's first fitting
 *   rule; one that no assignment fits takes `epsilon`. A constant added right after a layer without a bias is its bias.
 * - Sums (residual additions, means, average pooling, linear resizing, normalisation left as an affine map) share in proportion to
 *   contributions; what a constant brought ends with it. Before the first layer a sum with a constant passes relevance on.
 * - Max pooling and other choices give all to the winner; movement takes the gradient's way; activations and constant factors pass.
 * - Products of two values that both depend on the input give each a half; softmax is x (R - s sum R); layer, instance and group
 *   normalisation are linear with their spread taken as constant (Achtibat et al. 2024).
 * - Any other operator throws a MissingRelevanceError once relevance reaches it.
 */
export function lrpRules({ composite, from, attention = 'shared', inside = false, stabiliser = 1e-6 }: LrpOptions): RuleSet {
  const known = new WeakMap<Graph, { places: Places; table: RuleTable }>()
  const viewOf = (graph: Graph) => {
    const places = placesOf(graph, from)
    const table = operatorEntries({
      beforeLayers: name => !inside && places.stem.has(name),
      isLayer: node => places.layers.has(node),
      constantAttention: attention === 'constant',
      stabiliser,
    })
    const view = { places, table }
    known.set(graph, view)
    return view
  }
  return (node, graph) => {
    const { places, table } = known.get(graph) ?? viewOf(graph)
    if (places.head.has(node)) {
      const entry = gradientRules(node, graph)
      return from !== undefined && node.inputs.includes(from) ? starting(entry, from) : entry
    }
    const place = places.layers.get(node)
    if (place && layerOperators[operatorKey(node)])
      return layerEntry(composite.find(assignment => fits(assignment, place, node)) ?? { layers: 'every', rule: 'epsilon' })
    return table[operatorKey(node)] ?? withoutRelevance
  }
}
