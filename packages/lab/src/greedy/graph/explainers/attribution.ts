/** @file Explainers that are attribution methods of the mask, deleted edges being the baseline. */
import { type Attribution, explain, float32, type Model, type Target } from '@ascribe/core'
import { maskInput } from '../models/explanation-model.js'
import type { Explainer, ExplainerContext, Scores, Subject } from './explainer.js'

/** One row of masks with every edge there. */
export const fullMask = (edges: number) => ({ [maskInput]: float32([1, edges], new Float32Array(edges).fill(1)) })

interface Settings {
  readonly method: string
  readonly options: Readonly<Record<string, unknown>>
  /** What it explains instead of the objective's target on the model itself. */
  readonly of?: 'wrong class' | 'shuffled weights'
  readonly objective?: string
  /** Scores are magnitudes. */
  readonly absolute?: true
}

async function attributed(
  subject: Subject,
  settings: Settings,
  { seed, signal }: ExplainerContext,
): Promise<Attribution | undefined> {
  const { method, options, of, objective = 'log-odds' } = settings
  const target: Target | undefined = of === 'wrong class' ? subject.wrong : subject.objectives[objective]
  const model: Model | undefined = of === 'shuffled weights' ? await subject.shuffled?.() : subject.model
  if (target === undefined || !model) return undefined
  return explain(model, fullMask(subject.part.edges.length), method, { target, options, seed, ...(signal && { signal }) })
}

async function scored(subject: Subject, settings: Settings, context: ExplainerContext): Promise<Scores | undefined> {
  const attribution = await attributed(subject, settings, context)
  if (!attribution) return undefined
  const { values, order, cost } = attribution
  const rank = order?.[maskInput]
  return {
    scores: Float64Array.from(values, value => (settings.absolute ? Math.abs(value) : value)),
    ...(rank ? { order: Int32Array.from(rank) } : {}),
    cost: { forwards: cost.forwards, gradients: cost.gradients },
  }
}

/** Rounds and points of Greedy PIG here: 20 rounds of 5% of the edges, 10 points each; our choice. Integrated gradients get as many points in one round. */
export const greedy = { share: 0.05, points: 10 } as const
export const rounds = Math.ceil(1 / greedy.share)

const greedyOptions = {
  segments: 'elements',
  perRound: greedy.share,
  'of.points': greedy.points,
} as const
const integratedOptions = { points: rounds * greedy.points } as const
const gradients = rounds * greedy.points

/** Variants of one method: on other objectives, and as controls. */
function variants(base: Explainer, settings: Settings): Explainer[] {
  const variant = (name: string, summary: string, other: Partial<Settings>, more: Partial<Explainer> = {}): Explainer => ({
    ...base,
    name: `${base.name}-${name}`,
    summary,
    ...more,
    explain: (subject, context) => scored(subject, { ...settings, ...other }, context),
  })
  return [
    variant('softmax', `${base.name} of the probability`, { objective: 'softmax' }, { scope: 'node' }),
    variant('kl', `${base.name} of the whole prediction`, { objective: 'kl' }, { scope: 'node' }),
    variant(
      'wrong-class',
      `${base.name} of a class that is not predicted`,
      { of: 'wrong class' },
      { control: true, scope: 'node' },
    ),
    variant(
      'shuffled-weights',
      `${base.name} of the model with its weights shuffled`,
      { of: 'shuffled weights' },
      { control: true, scope: 'node' },
    ),
  ]
}

function method(name: string, summary: string, settings: Settings, cost: Explainer['cost']): Explainer {
  return { name, summary, scope: 'both', cost, explain: (subject, context) => scored(subject, settings, context) }
}

const greedySettings: Settings = { method: 'greedy-pig', options: greedyOptions }
const integratedSettings: Settings = { method: 'integrated-gradients', options: integratedOptions }

export const greedyPig = method(
  'greedy-pig',
  '20 rounds of integrated gradients with 10 points, 5% of the edges each',
  greedySettings,
  () => ({
    forwards: rounds,
    gradients,
  }),
)

export const integratedGradients = method(
  'integrated-gradients',
  'one path from no edge to all, with as many points as Greedy PIG has in all rounds',
  integratedSettings,
  () => ({ forwards: 2, gradients }),
)

export const sequentialGradient = method(
  'sequential-gradient',
  'the rounds of Greedy PIG with the gradient at the point reached instead of a path',
  { method: 'greedy-pig', options: { ...greedyOptions, 'of.points': 1, 'of.rule': 'left' } },
  () => ({ forwards: rounds, gradients: rounds }),
)

export const saliency = method(
  'saliency',
  'magnitude of the gradient at all edges',
  { method: 'gradient', options: {}, absolute: true },
  () => ({ forwards: 1, gradients: 1 }),
)

export const signedGradient = method('gradient', 'gradient at all edges, signed', { method: 'gradient', options: {} }, () => ({
  forwards: 1,
  gradients: 1,
}))

export const objectiveVariants: readonly Explainer[] = [
  ...variants(greedyPig, greedySettings),
  ...variants(integratedGradients, integratedSettings),
]

/** Greedy PIG with other settings, one at a time: what our choice changes. */
export const ablations: readonly Explainer[] = [{ share: 0.01 }, { share: 0.2 }, { share: 1 }, { points: 3 }, { points: 50 }].map(
  changed => {
    const { share, points } = { ...greedy, ...changed }
    const [[name, value]] = Object.entries(changed) as [[string, number]]
    const options = { ...greedyOptions, perRound: share === 1 ? 1_000_000 : share, 'of.points': points }
    const ablated: Settings = { method: 'greedy-pig', options }
    const cost = { forwards: Math.ceil(1 / share), gradients: Math.ceil(1 / share) * points }
    return {
      ...method(`greedy-pig-${name}-${value}`, `Greedy PIG with ${name} ${value}`, ablated, () => cost),
      scope: 'node',
    }
  },
)

/** Largest number of edges for which every one is tried in every round. */
const fewEdges = 40

const gain: Settings = { method: 'greedy-gain', options: { segments: 'elements', perRound: 1 } }

export const greedyGain: Explainer = {
  ...method('greedy-gain', `every edge tried in every round, up to ${fewEdges} edges`, gain, edges =>
    edges <= fewEdges ? { forwards: (edges * (edges + 1)) / 2, gradients: 0 } : { forwards: 0, gradients: 0 },
  ),
  scope: 'node',
  explain: async (subject, context) => (subject.part.edges.length <= fewEdges ? scored(subject, gain, context) : undefined),
}
