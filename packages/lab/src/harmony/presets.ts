/** @file Sizes of a harmony study. */
import { suggestion, UsageError } from '@ascribe/core'
import { type ArchitecturePlan, presetNamed } from '../bam/study/presets.js'

/** How models for a study are trained on the generated data. */
interface HarmonyTraining {
  /** Pixels along each side. */
  readonly side: number
  /** Training pictures per pair of object and scene. */
  readonly instances: number
  /** In order; a plan with several seeds gives as many models. */
  readonly plans: readonly { readonly label: string; readonly plan: ArchitecturePlan; readonly seeds: number }[]
  /** Below this accuracy at parity there is no study. */
  readonly accuracy: number
}

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
  /** Choices are made on all folds but the one that is scored. */
  readonly folds: number
  /**
   * Pictures of what stands beside the main tables: removed instead of kept, wrong class, shuffled weights, models as their own testers,
   * noise draws, consistency.
   */
  readonly controls: number
  /** Pictures on which maps are compared with each other by every measure. */
  readonly agreement: number
  /** Pictures whose masks are put onto noise and onto another class. */
  readonly leaks: number
  readonly examples: number
  readonly training: HarmonyTraining
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

const [resnet, vit] = presetNamed('quick').architectures as readonly [ArchitecturePlan, ArchitecturePlan]
const shared = { perEpoch: 10_000, batch: 64, optimizer: 'adamw', weightDecay: 0.05, clip: 1 } as const

/**
 * Two CNNs, a depthwise CNN, two transformers and a Mixer, all with a last grid of 8x8; three seeds of one CNN and one transformer.
 * @param length epochs over those of the quick preset
 */
const plansOf = (length: number): HarmonyTraining['plans'] => {
  const epochs = (count: number): { epochs: number; longer: object } => ({ epochs: Math.round(count * length), longer: {} })
  return [
    { label: 'resnet', plan: { ...resnet, ...epochs(4) }, seeds: 3 },
    { label: 'vit', plan: { ...vit, ...epochs(7) }, seeds: 3 },
    { label: 'cnn', plan: { ...shared, ...epochs(4), name: 'cnn', options: { width: 16 }, learningRate: 2e-3 }, seeds: 1 },
    { label: 'vit-narrow', plan: { ...vit, ...epochs(12), options: { width: 64, depth: 6, heads: 4 } }, seeds: 1 },
    {
      label: 'mobilenet',
      plan: { ...shared, ...epochs(6), name: 'mobilenet', options: { width: 16 }, learningRate: 4e-3 },
      seeds: 1,
    },
    { label: 'mixer', plan: { ...shared, ...epochs(8), name: 'mixer', options: {}, learningRate: 1e-3, batch: 32 }, seeds: 1 },
  ]
}

const smallest = { perEpoch: 64, epochs: 2, batch: 32 } as const

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
    folds: 2,
    controls: 4,
    agreement: 2,
    leaks: 2,
    examples: 1,
    training: {
      side: 32,
      instances: 2,
      plans: [
        { label: 'resnet', plan: { ...smallest, name: 'resnet', options: { width: 4, stages: 2 } }, seeds: 2 },
        { label: 'vit', plan: { ...smallest, name: 'vit', options: { width: 8, depth: 1, heads: 2 } }, seeds: 1 },
        { label: 'mixer', plan: { ...smallest, name: 'mixer', options: { width: 8, depth: 1, tokens: 8 } }, seeds: 1 },
      ],
      accuracy: 0,
    },
  },
  {
    name: 'quick',
    summary: 'up to 200 pictures, six methods, eight ways to combine: an hour with small models',
    pictures: 200,
    fractions,
    fills,
    methods: six,
    harmonisers: 8,
    sigmas: [0.5, 1, 2, 4],
    folds: 5,
    controls: 24,
    agreement: 20,
    leaks: 20,
    examples: 3,
    training: { side: 64, instances: 1200, plans: plansOf(1), accuracy: 0.93 },
  },
  {
    name: 'paper',
    summary: 'up to 800 pictures, six methods, sixteen ways to combine: hours',
    pictures: 800,
    fractions,
    fills,
    methods: six,
    harmonisers: 16,
    sigmas: [0.5, 1, 1.5, 2, 3, 4, 6],
    folds: 5,
    controls: 200,
    agreement: 100,
    leaks: 400,
    examples: 6,
    training: { side: 64, instances: 1200, plans: plansOf(2), accuracy: 0.93 },
  },
]

/** @throws UsageError with a suggestion where there is none */
export function harmonyPresetNamed(name: string): HarmonyPreset {
  const found = harmonyPresets.find(preset => preset.name === name)
  if (found) return found
  const names = harmonyPresets.map(preset => preset.name)
  throw new UsageError(`unknown preset "${name}"${suggestion(name, names)} (there are ${names.join(', ')})`)
}
