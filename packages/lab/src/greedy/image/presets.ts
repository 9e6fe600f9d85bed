/** @file Sizes of an image study. */
import { suggestion, UsageError } from '@ascribe/core'
import type { FillName, Objective } from './entry.js'

export interface ImagePreset {
  readonly name: string
  readonly summary: string
  /** Pictures scored at most: of those that the model answers correctly. */
  readonly pictures: number
  /** The features: one partition per picture, the same for all methods and metrics. */
  readonly segments: string
  /** Share of the features that Greedy PIG selects per round. Our choice: the paper's is not published. */
  readonly share: number
  /** Points of the path in each round. Our choice: the paper's is not published. */
  readonly points: number
  /** What is optimised; the first is the main one, on which every rival runs. */
  readonly objectives: readonly Objective[]
  /** Whether every rival runs on every objective, or on the main one alone. */
  readonly rivals: 'main' | 'all'
  /** What absent features show while optimising. */
  readonly baselines: readonly FillName[]
  /** Pictures of the runs for a wrong class and on shuffled weights, of the mask-only control, of the ablation, of AIC and SIC, at most. */
  readonly controls: number
  readonly ablation: number
  readonly information: number
  /** Mosaics of each side. */
  readonly mosaics: number
  /** Pictures whose maps are shown. */
  readonly examples: number
}

export const imagePresets: readonly ImagePreset[] = [
  {
    name: 'smoke',
    summary: 'everything once on two pictures, to see that it works; its numbers mean nothing',
    pictures: 2,
    segments: 'grid:4',
    share: 0.25,
    points: 2,
    objectives: ['log-odds', 'softmax', 'kl'],
    rivals: 'main',
    baselines: ['black'],
    controls: 2,
    ablation: 2,
    information: 1,
    mosaics: 1,
    examples: 1,
  },
  {
    name: 'quick',
    summary: '64 superpixels, 16 rounds of 8 points, up to 800 pictures: 100 photos in under an hour on two cores',
    pictures: 800,
    segments: 'slic:64',
    share: 0.0625,
    points: 8,
    objectives: ['log-odds', 'softmax', 'kl'],
    rivals: 'main',
    baselines: ['black'],
    controls: 100,
    ablation: 20,
    information: 100,
    mosaics: 10,
    examples: 4,
  },
  {
    name: 'paper',
    summary: '128 superpixels, 32 rounds of 20 points, every rival on every objective over both fills: hours',
    pictures: 2000,
    segments: 'slic:128',
    share: 0.03125,
    points: 20,
    objectives: ['log-odds', 'softmax', 'kl'],
    rivals: 'all',
    baselines: ['black', 'blur'],
    controls: 800,
    ablation: 200,
    information: 400,
    mosaics: 200,
    examples: 6,
  },
]

/** @throws UsageError with a suggestion where there is none */
export function imagePresetNamed(name: string): ImagePreset {
  const found = imagePresets.find(preset => preset.name === name)
  if (found) return found
  const names = imagePresets.map(preset => preset.name)
  throw new UsageError(`unknown preset "${name}"${suggestion(name, names)} (there are ${names.join(', ')})`)
}
