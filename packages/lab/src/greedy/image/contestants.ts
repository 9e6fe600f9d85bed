/** @file Greedy PIG and its rivals, as data: which method, with which options, at an equal budget of gradients. */
import { type MethodCost, methodNamed, resolveOptions, suggestion, type TensorValue, UsageError } from '@ascribe/core'
import { type Entry, roundsOf } from './entry.js'

/** What a contestant may spend on a picture of so many features. */
interface Budget {
  readonly features: number
  readonly perRound: number
  /** Points of one round. */
  readonly points: number
  /** Gradients of all rounds together. */
  readonly gradients: number
  /** Sigma of the blurred fill. */
  readonly sigma: number
}

interface Contestant {
  readonly name: string
  /** One line for the report. */
  readonly summary: string
  readonly role: 'greedy' | 'rival' | 'control'
  readonly method: string
  readonly options: (budget: Budget) => Readonly<Record<string, unknown>>
  /** The option that takes the baseline, where there is one. */
  readonly baseline?: string
  /** Whether it takes the partition. */
  readonly segments?: true
  /**
   * A feature's score is the sum of the values inside it; for maps that are no attributions, whose sums would put large features first,
   * their mean.
   */
  readonly score?: 'mean'
}

const control = (name: string, summary: string): Contestant => ({
  name,
  summary,
  role: 'control',
  method: name,
  options: () => ({}),
  score: 'mean',
})

export const contestants: readonly Contestant[] = [
  {
    name: 'greedy-pig',
    summary: 'integrated gradients, started again from what is selected',
    role: 'greedy',
    method: 'greedy-pig',
    options: ({ perRound, points }) => ({ perRound, 'of.points': points }),
    baseline: 'baseline',
    segments: true,
  },
  {
    name: 'integrated-gradients',
    summary: 'one path with all the gradients that Greedy PIG spends on its rounds',
    role: 'rival',
    method: 'integrated-gradients',
    options: ({ gradients }) => ({ points: gradients }),
    baseline: 'baseline',
  },
  {
    name: 'integrated-gradients-one-round',
    summary: "one path with one round's points",
    role: 'rival',
    method: 'integrated-gradients',
    options: ({ points }) => ({ points }),
    baseline: 'baseline',
  },
  {
    name: 'sequential-gradient',
    summary: 'the gradient at the current point, no path, as few features per round as the budget allows',
    role: 'rival',
    method: 'greedy-pig',
    options: ({ features, gradients }) => ({
      perRound: Math.max(1, Math.ceil(features / gradients)),
      'of.points': 1,
      'of.rule': 'left',
    }),
    baseline: 'baseline',
    segments: true,
  },
  {
    name: 'guided-ig',
    summary: 'a path that moves first where the gradient is smallest',
    role: 'rival',
    method: 'guided-ig',
    options: ({ gradients }) => ({ points: Math.max(1, gradients - 1) }),
    baseline: 'baseline',
  },
  {
    name: 'blur-ig',
    summary: 'a path from the blurred fill to the picture: a baseline of its own',
    role: 'rival',
    method: 'blur-ig',
    options: ({ gradients, sigma }) => ({ points: gradients, maxSigma: sigma }),
  },
  {
    name: 'xrai',
    summary: 'integrated gradients gathered over the features, in the order of their mean',
    role: 'rival',
    method: 'xrai',
    options: ({ gradients }) => ({ 'of.points': gradients, dilation: 0, difference: 1 }),
    baseline: 'of.baseline',
    segments: true,
  },
  {
    name: 'greedy-gain',
    summary: 'the exact gain of every feature in every round: forwards only, as many features per round as Greedy PIG',
    role: 'rival',
    method: 'greedy-gain',
    options: ({ perRound }) => ({ perRound }),
    baseline: 'baseline',
    segments: true,
  },
  {
    name: 'input-x-gradient',
    summary: 'one gradient',
    role: 'rival',
    method: 'input-x-gradient',
    options: () => ({}),
  },
  control('random', 'features in a random order'),
  control('uniform', 'features row by row'),
  control('edges', 'where the picture has edges'),
  control('centre', 'the middle first'),
  control('blurred-copy', 'where the picture is bright'),
]

/** Rows of the ablation alone. */
const ablated: readonly Contestant[] = [
  {
    name: 'greedy-pig-random-rounds',
    summary: 'random features in every round: a random order',
    role: 'greedy',
    method: 'random',
    options: () => ({}),
    score: 'mean',
  },
]

/** @throws UsageError with a suggestion where there is none */
export function contestantNamed(name: string): Contestant {
  const all = [...contestants, ...ablated]
  const found = all.find(one => one.name === name)
  if (found) return found
  const names = all.map(one => one.name)
  throw new UsageError(`unknown contestant "${name}"${suggestion(name, names)} (there are ${names.join(', ')})`)
}

/** What stands for the baseline and the partition of one picture. */
interface Place {
  readonly features: number
  readonly sigma: number
  readonly baseline: string | TensorValue
  readonly segments: string | TensorValue
}

/** A contestant's method options for a picture. */
export function contestantOptions(
  { share, points, contestant: name }: Entry,
  { features, sigma, baseline, segments }: Place,
): Record<string, unknown> {
  const contestant = contestantNamed(name)
  const { perRound, rounds } = roundsOf(share, features)
  return {
    ...contestant.options({ features, perRound, points, gradients: rounds * points, sigma }),
    ...(contestant.baseline === undefined ? {} : { [contestant.baseline]: baseline }),
    ...(contestant.segments ? { segments } : {}),
  }
}

/** Rows that a contestant's method is expected to pass for one picture. */
export function contestantCost(entry: Entry, features: number, segments: string): MethodCost {
  const method = methodNamed(contestantNamed(entry.contestant).method)
  const options = contestantOptions(entry, { features, sigma: 10, baseline: 'zeros', segments })
  return method.cost(resolveOptions(method, options))
}
