/** @file Sizes of the study on graphs. */
import { suggestion, UsageError } from '@ascribe/core'
import type { NetworkPlan } from '../models/trained.js'
import type { TwinPlan } from '../models/twin.js'

export interface GraphPreset {
  readonly name: string
  readonly summary: string
  /** Graphs where the user names none. */
  readonly data: readonly string[]
  /** Size of generated graphs; 1 is that in the literature. */
  readonly scale: number
  readonly architectures: readonly string[]
  /** Nodes that are explained, of the test split; of graphs with motifs those in motifs. */
  readonly nodes: number
  /** Steps of training, as a share of the usual number. */
  readonly training: number
  /** Networks of each architecture, trained from different seeds on the same graph. */
  readonly seeds: number
  /** How mask-adapted twins are trained. */
  readonly twin: TwinPlan
  /** Explainers that the mask-only controls are asked of. */
  readonly maskOnly: readonly string[]
  /** Nodes that PGExplainer is trained on, and how often. */
  readonly pg: { readonly nodes: number; readonly epochs: number }
  /** Explainers of single nodes; `pg-explainer` is one of them. */
  readonly explainers: readonly string[]
  /** Explainers of the whole graph, those whose choice is trained on anew, and the shares of edges that are. */
  readonly compression: readonly string[]
  readonly retrained: { readonly explainers: readonly string[]; readonly shares: readonly number[]; readonly seeds: number }
}

const usual = [
  'greedy-pig',
  'greedy-two-sided',
  'integrated-gradients',
  'sequential-gradient',
  'saliency',
  'gradient',
  'gnn-explainer',
  'pg-explainer',
  'greedy-gain',
] as const
const controls = ['random', 'degree', 'low-degree'] as const
const spoiled = ['greedy-pig-wrong-class', 'greedy-two-sided-wrong-class', 'integrated-gradients-wrong-class'] as const
const objectives = ['softmax', 'kl'].flatMap(name => [`greedy-pig-${name}`, `integrated-gradients-${name}`])
const shuffledWeights = ['greedy-pig-shuffled-weights', 'integrated-gradients-shuffled-weights'] as const

const ablations = ['share-0.01', 'share-0.2', 'share-1', 'points-3', 'points-50'].map(name => `greedy-pig-${name}`)

const maskOnly = ['greedy-pig', 'greedy-two-sided', 'integrated-gradients', 'saliency', 'random'] as const

const adapted: TwinPlan = { rounds: 16, steps: 15, recovery: 24 }

const ofWhole = [
  'greedy-pig',
  'integrated-gradients',
  'sequential-gradient',
  'saliency',
  'gradient',
  'gnn-explainer',
  ...controls,
] as const

export const graphPresets: readonly GraphPreset[] = [
  {
    name: 'smoke',
    summary: 'a small tree with cycles, one network, a few nodes: seconds, numbers mean nothing',
    data: ['tree-cycles'],
    scale: 0.1,
    architectures: ['gcn'],
    nodes: 4,
    training: 0.04,
    seeds: 1,
    twin: { rounds: 1, steps: 2, recovery: 1 },
    maskOnly: ['greedy-pig', 'random'],
    pg: { nodes: 2, epochs: 2 },
    explainers: ['greedy-pig', 'integrated-gradients', 'saliency', 'gnn-explainer', 'pg-explainer', 'greedy-gain', 'random'],
    compression: ['greedy-pig', 'integrated-gradients', 'random'],
    retrained: { explainers: ['greedy-pig'], shares: [0.5], seeds: 1 },
  },
  {
    name: 'quick',
    summary: 'two generated graphs, three networks, 60 nodes each: half an hour on two cores',
    data: ['ba-shapes', 'tree-cycles'],
    scale: 1,
    architectures: ['gcn', 'gat', 'sage'],
    nodes: 60,
    training: 1,
    seeds: 1,
    twin: adapted,
    maskOnly,
    pg: { nodes: 20, epochs: 20 },
    explainers: [...usual, ...objectives, ...spoiled, ...controls],
    compression: ofWhole,
    retrained: { explainers: ['greedy-pig', 'integrated-gradients', 'random'], shares: [0.1, 0.5], seeds: 1 },
  },
  {
    name: 'paper',
    summary: 'four generated graphs, three networks, up to 1,000 nodes each, every objective and control: hours',
    data: ['ba-shapes', 'ba-community', 'tree-cycles', 'tree-grid'],
    scale: 1,
    architectures: ['gcn', 'gat', 'sage'],
    nodes: 1000,
    training: 1,
    seeds: 3,
    twin: adapted,
    maskOnly,
    pg: { nodes: 50, epochs: 30 },
    explainers: [...usual, ...objectives, ...ablations, ...spoiled, ...shuffledWeights, ...controls],
    compression: ofWhole,
    retrained: {
      explainers: ['greedy-pig', 'integrated-gradients', 'saliency', 'gradient', 'random', 'degree'],
      shares: [0.05, 0.1, 0.2, 0.3, 0.5, 0.7],
      seeds: 3,
    },
  },
]

/** @throws UsageError with a suggestion where there is none */
export function graphPresetNamed(name: string): GraphPreset {
  const found = graphPresets.find(preset => preset.name === name)
  if (found) return found
  const names = graphPresets.map(preset => preset.name)
  throw new UsageError(`unknown preset "${name}"${suggestion(name, names)} (there are ${names.join(', ')})`)
}

/**
 * Networks for graphs whose nodes tell nothing themselves: three layers, no dropout; labels smoothed, without which
 * logits run away on graphs that can be told apart completely. Our choice.
 */
const structural: readonly NetworkPlan[] = [
  {
    name: 'gcn',
    options: { width: 32, depth: 3, dropout: 0 },
    epochs: 100,
    learningRate: 0.02,
    weightDecay: 5e-4,
    labelSmoothing: 0.1,
  },
  {
    name: 'gat',
    options: { width: 8, heads: 4, depth: 3, dropout: 0 },
    epochs: 100,
    learningRate: 0.02,
    weightDecay: 5e-4,
    labelSmoothing: 0.1,
  },
  {
    name: 'sage',
    options: { width: 32, depth: 3, dropout: 0 },
    epochs: 50,
    learningRate: 0.01,
    weightDecay: 5e-4,
    labelSmoothing: 0.1,
  },
]

/** Networks for citation graphs: two layers in the sizes of their papers. */
const citation: readonly NetworkPlan[] = [
  {
    name: 'gcn',
    options: { width: 16, depth: 2, dropout: 0.5 },
    epochs: 10,
    learningRate: 0.01,
    weightDecay: 0.1,
    labelSmoothing: 0,
  },
  {
    name: 'gat',
    options: { width: 8, heads: 8, depth: 2, dropout: 0.5 },
    epochs: 10,
    learningRate: 0.005,
    weightDecay: 0.1,
    labelSmoothing: 0,
  },
  {
    name: 'sage',
    options: { width: 16, depth: 2, dropout: 0.5 },
    epochs: 10,
    learningRate: 0.01,
    weightDecay: 0.1,
    labelSmoothing: 0,
  },
]

/** How an architecture is trained on a graph. @throws UsageError for one that does not read graphs */
export function networkPlan(name: string, { structural: bare }: { readonly structural: boolean }, training = 1): NetworkPlan {
  const plans = bare ? structural : citation
  const found = plans.find(plan => plan.name === name)
  const names = plans.map(plan => plan.name)
  if (!found)
    throw new UsageError(`no network on graphs is called "${name}"${suggestion(name, names)} (there are ${names.join(', ')})`)
  return { ...found, epochs: Math.max(1, Math.round(found.epochs * training)) }
}
