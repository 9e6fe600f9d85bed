/** @file One run of a study: a contestant, what it optimises, over what fill, for which class. */

/** What is optimised. Log odds are the default: logits shift, and probabilities saturate. */
export type Objective = 'log-odds' | 'softmax' | 'kl'

/** What absent features show: black pixels, the picture blurred, or the mean of each channel. */
export const fillNames = ['black', 'blur', 'mean'] as const
export type FillName = (typeof fillNames)[number]

/** How Greedy PIG and its rivals are set up: equal for all, or changed by the ablation. */
interface Setting {
  /** Share of the features selected per round. */
  readonly share: number
  /** Points of each round's path. */
  readonly points: number
}

/** A run whose map is made without knowing the right class: for another class, or by the model with its weights shuffled. */
export type Twist = 'wrong-class' | 'shuffled-weights'

export interface Entry extends Setting {
  readonly contestant: string
  readonly objective: Objective
  readonly baseline: FillName
  readonly twist?: Twist
}

/** What a run optimises, as the command takes a target. @param index the class */
export const targetOf = (objective: Objective, index: number): string => (objective === 'kl' ? 'kl' : `${objective}:${index}`)

/** Features per round of `count`, and rounds until all are selected. */
export function roundsOf(share: number, count: number): { perRound: number; rounds: number } {
  const perRound = Math.max(1, Math.ceil(share * count))
  return { perRound, rounds: Math.max(1, Math.ceil(count / perRound)) }
}
