/** @file Sizes of a harmony study. */
import { suggestion, UsageError } from '@ascribe/core'

export interface HarmonyPreset {
  readonly name: string
  readonly summary: string
  /** Pictures scored at most, of those that every model answers correctly. */
  readonly pictures: number
  /** Shares of the picture that are kept. */
  readonly fractions: readonly number[]
  readonly fills: readonly string[]
  /** Default methods, as `NAME:key=value,...`. */
  readonly methods: readonly string[]
  /** How many of the list of harmonisers are tried. */
  readonly harmonisers: number
  /** Sigmas that the rival of one blurred map chooses from, at 64 px. */
  readonly sigmas: readonly number[]
  /** Pictures on which maps are compared with each other. */
  readonly agreement: number
  /** Pictures whose masks are put onto noise and onto another class. */
  readonly leaks: number
  readonly examples: number
}

const six = [
  'integrated-gradients:points=20',
  'smooth-grad:samples=20',
  'grad-cam',
  'occlusion',
  'input-x-gradient',
  'rise:masks=300',
]
const fractions = [0.05, 0.1, 0.2, 0.3, 0.5]
const fills = ['blur', 'mean', 'road', 'black']

export const harmonyPresets: readonly HarmonyPreset[] = [
  {
    name: 'smoke',
    summary: 'everything once on six pictures, to see that it works; its numbers mean nothing',
    pictures: 6,
    fractions: [0.1, 0.5],
    fills: ['blur', 'black'],
    methods: ['gradient', 'grad-cam'],
    harmonisers: 3,
    sigmas: [1, 2],
    agreement: 2,
    leaks: 2,
    examples: 1,
  },
  {
    name: 'quick',
    summary: 'up to 100 pictures, six methods, eight ways to combine: minutes with small models',
    pictures: 100,
    fractions,
    fills,
    methods: six,
    harmonisers: 8,
    sigmas: [0.5, 1, 2, 4],
    agreement: 24,
    leaks: 50,
    examples: 3,
  },
  {
    name: 'paper',
    summary: 'up to 800 pictures, six methods, fifteen ways to combine: hours',
    pictures: 800,
    fractions,
    fills,
    methods: six,
    harmonisers: 15,
    sigmas: [0.5, 1, 1.5, 2, 3, 4, 6],
    agreement: 200,
    leaks: 400,
    examples: 6,
  },
]

/** @throws UsageError with a suggestion where there is none */
export function harmonyPresetNamed(name: string): HarmonyPreset {
  const found = harmonyPresets.find(preset => preset.name === name)
  if (found) return found
  const names = harmonyPresets.map(preset => preset.name)
  throw new UsageError(`unknown preset "${name}"${suggestion(name, names)} (there are ${names.join(', ')})`)
}
