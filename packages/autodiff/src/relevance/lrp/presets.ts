/** @file Which rule goes to which layer: presets by name, as data. */

import type { Place } from './places.js'
import type { LayerRuleName, RuleParameters } from './rules.js'

/** Groups of layers; `first` reads the input with no layer between, `last` is read by the score with none between. */
export const layerGroups = {
  first: ({ first }) => first,
  last: ({ last }) => last,
  convolution: ({ dense }) => !dense,
  dense: ({ dense }) => dense,
  every: () => true,
} as const satisfies Readonly<Record<string, (place: Place) => boolean>>

/** Name of a group of layers. */
export type LayerGroup = keyof typeof layerGroups

/** A rule for a group of layers, for those of one operator, or for the nodes named (by themselves or by their result). */
export interface Assignment extends RuleParameters {
  readonly layers: LayerGroup | { readonly operator: string } | readonly string[]
  readonly rule: LayerRuleName
}

/** Layers take the first assignment that fits them. */
export type Composite = readonly Assignment[]

/** What presets are made from. */
interface PresetParameters {
  /** For the rule epsilon. */
  readonly epsilon: number
  readonly gamma: number
  /** Bounds of the input, for the rule z-box. */
  readonly low?: readonly number[]
  readonly high?: readonly number[]
}

interface Preset {
  /** Its own default of epsilon. */
  readonly epsilon?: number
  /** True where it cannot do without bounds of the input. */
  readonly bounds?: true
  /** What relevance does at attention weights; default `shared`. */
  readonly attention?: 'constant'
  readonly composite: (parameters: PresetParameters) => Composite
}

const everywhere =
  (rule: LayerRuleName, more: (parameters: PresetParameters) => RuleParameters = () => ({})): Preset['composite'] =>
  parameters => [{ layers: 'every', rule, ...more(parameters) }]

const box = ({ low, high }: PresetParameters): Assignment => ({
  layers: 'first',
  rule: 'z-box',
  low: low ?? [],
  high: high ?? [],
})
const flat: Assignment = { layers: 'first', rule: 'flat' }
const dense = ({ epsilon }: PresetParameters): Assignment => ({ layers: 'dense', rule: 'epsilon', epsilon })
const plus: Assignment = { layers: 'convolution', rule: 'z-plus' }
const alphaBeta: Assignment = { layers: 'convolution', rule: 'alpha-beta', alpha: 2, beta: 1 }

/**
 * Presets by name. epsilon-plus and its kin: Kohlbrenner et al. 2020; sequential-a and its kin: the same with epsilon 0.1, as iNNvestigate
 * has them; epsilon-gamma-box: Montavon et al. 2019, with z-box at the first
 * layer; excitation-backprop: Zhang et al. 2016 (positive contributions, no bias); deep-taylor: Montavon et al. 2017 (positive
 * contributions without bias, at the first layer z-box where bounds are given and w-square else); attn-lrp: Achtibat et al. 2024, which is epsilon by another name;
 * cp-lrp: Ali et al. 2022, which lets nothing through attention weights (nor through gates, as LXT reads it).
 */
export const lrpPresets = {
  'epsilon-plus': { composite: p => [dense(p), plus] },
  'epsilon-plus-flat': { composite: p => [flat, dense(p), plus] },
  'epsilon-gamma-box': {
    bounds: true,
    composite: p => [box(p), dense(p), { layers: 'convolution', rule: 'gamma', gamma: p.gamma }],
  },
  'epsilon-alpha2-beta1': { composite: p => [dense(p), alphaBeta] },
  'epsilon-alpha2-beta1-flat': { composite: p => [flat, dense(p), alphaBeta] },
  'sequential-a': { epsilon: 0.1, composite: p => [dense(p), plus] },
  'sequential-a-flat': { epsilon: 0.1, composite: p => [flat, dense(p), plus] },
  'sequential-b': { epsilon: 0.1, composite: p => [dense(p), alphaBeta] },
  'sequential-b-flat': { epsilon: 0.1, composite: p => [flat, dense(p), alphaBeta] },
  'excitation-backprop': { composite: everywhere('z-plus', () => ({ bias: false })) },
  'deep-taylor': {
    composite: p => [
      p.low && p.high ? box(p) : { layers: 'first', rule: 'w-square', bias: false },
      { layers: 'every', rule: 'z-plus', bias: false },
    ],
  },
  'attn-lrp': { composite: everywhere('epsilon', ({ epsilon }) => ({ epsilon })) },
  'cp-lrp': { attention: 'constant', composite: everywhere('epsilon', ({ epsilon }) => ({ epsilon })) },
  zero: { composite: everywhere('zero') },
  epsilon: { composite: everywhere('epsilon', ({ epsilon }) => ({ epsilon })) },
  gamma: { composite: everywhere('gamma', ({ gamma }) => ({ gamma })) },
  'alpha1-beta0': { composite: everywhere('alpha-beta', () => ({ alpha: 1, beta: 0 })) },
  'alpha2-beta1': { composite: everywhere('alpha-beta') },
} as const satisfies Readonly<Record<string, Preset>>

/** Name of a preset. */
export type LrpPresetName = keyof typeof lrpPresets
