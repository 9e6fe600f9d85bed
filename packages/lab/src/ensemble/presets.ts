/** @file Sizes of an ensemble study. */
import { suggestion, UsageError } from '@ascribe/core'

/** Some of the pictures, from the first on: a share of all, but not fewer than some. */
interface Part {
  readonly share: number
  readonly least: number
}

export const partOf = <Picture>(pictures: readonly Picture[], { share, least }: Part): readonly Picture[] =>
  pictures.slice(0, Math.max(least, Math.ceil(share * pictures.length)))

export interface EnsemblePreset {
  readonly name: string
  readonly summary: string
  /** Pictures scored at most: of those that the model answers correctly. */
  readonly pictures: number
  /** Regions of IROF, infidelity and learned weights. */
  readonly segments: string
  /** Steps of insertion and deletion. */
  readonly steps: number
  /** Perturbations of infidelity, and as many others that weights are learned from. */
  readonly perturbations: number
  /** Noisy inputs that robust weights look at. */
  readonly draws: number
  readonly folds: number
  /** Share of the candidates that each round of the search keeps. */
  readonly keep: number
  /** Pictures of the search's first round; each next has 1 / keep times as many. */
  readonly first: number
  /** Pictures of the other folds that forward selection looks at, and maps that it takes at most. */
  readonly forward: { readonly pictures: number; readonly rounds: number }
  /** Normalisers searched; default all. */
  readonly normalisers?: readonly string[]
  /** Whether RBM and Kemeny are searched too. */
  readonly slow: boolean
  /** Pictures that the model scores too, where a twin scores first. */
  readonly beside: Part
  /** Pictures that junk members are tried on. */
  readonly junk: Part
  /** Pictures of the runs for a wrong class and on shuffled weights, and of masks alone. */
  readonly controls: Part
  readonly examples: number
}

export const ensemblePresets: readonly EnsemblePreset[] = [
  {
    name: 'smoke',
    summary: 'everything once on four pictures, to see that it works; its numbers mean nothing',
    pictures: 4,
    segments: 'grid:4',
    steps: 4,
    perturbations: 20,
    draws: 1,
    folds: 2,
    forward: { pictures: 2, rounds: 2 },
    keep: 0.1,
    first: 1,
    normalisers: ['min-max'],
    slow: false,
    beside: { share: 0, least: 2 },
    junk: { share: 0, least: 1 },
    controls: { share: 0, least: 2 },
    examples: 1,
  },
  {
    name: 'quick',
    summary: 'up to 800 pictures, 16 steps, the fast schemes: 800 generated pictures in well under an hour on two cores',
    pictures: 800,
    segments: 'slic:32',
    steps: 16,
    perturbations: 60,
    draws: 1,
    folds: 5,
    forward: { pictures: 64, rounds: 6 },
    keep: 0.25,
    first: 4,
    slow: false,
    beside: { share: 0.125, least: 16 },
    junk: { share: 0.2, least: 24 },
    controls: { share: 0.125, least: 16 },
    examples: 3,
  },
  {
    name: 'paper',
    summary: 'up to 1,000 pictures, 32 steps, RBM and Kemeny searched too: many hours',
    pictures: 1000,
    segments: 'slic:64',
    steps: 32,
    perturbations: 200,
    draws: 3,
    folds: 5,
    forward: { pictures: 200, rounds: 10 },
    keep: 0.33,
    first: 24,
    slow: true,
    beside: { share: 1, least: 100 },
    junk: { share: 0.5, least: 100 },
    controls: { share: 0.5, least: 100 },
    examples: 6,
  },
]

/** @throws UsageError with a suggestion where there is none */
export function ensemblePresetNamed(name: string): EnsemblePreset {
  const found = ensemblePresets.find(preset => preset.name === name)
  if (found) return found
  const names = ensemblePresets.map(preset => preset.name)
  throw new UsageError(`unknown preset "${name}"${suggestion(name, names)} (there are ${names.join(', ')})`)
}
