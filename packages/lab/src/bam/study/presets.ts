/** @file Sizes of a BAM study. */
import { suggestion, UsageError } from '@ascribe/core'
import type { ModelRole } from '../metrics/index.js'
import type { MethodList } from './methods.js'

/** How one architecture is trained. */
export interface ArchitecturePlan {
  readonly name: string
  readonly options: Readonly<Record<string, unknown>>
  /** Pictures in an epoch, fresh ones each time where the source is a stream. */
  readonly perEpoch: number
  readonly epochs: number
  /** Epochs of single label sets that take longer to learn. */
  readonly longer?: Readonly<Partial<Record<ModelRole, number>>>
  /** Pictures per step. */
  readonly batch: number
  readonly optimizer?: string
  readonly learningRate?: number
  readonly weightDecay?: number
  readonly labelSmoothing?: number
  readonly clip?: number
}

export interface Preset {
  readonly name: string
  readonly summary: string
  readonly size: number
  /** Instances per pair of object and scene. */
  readonly train: number
  readonly validation: number
  readonly roles: readonly ModelRole[]
  readonly architectures: readonly ArchitecturePlan[]
  readonly methods: MethodList
  /** Pictures per method; nested methods get fewer. */
  readonly images: number
  readonly nestedImages: number
  /** Metrics beside the paper's that look at fewer pictures. */
  readonly fewerImages: Readonly<Record<string, number>>
  /** Scenes that get a functionally insignificant patch. */
  readonly patches: number
  /** Pictures on which importance is measured. */
  readonly importanceImages: number
  /** Pictures of each kind for TCAV. */
  readonly conceptImages: number
  /** Whether a pair of models that does not depend on object and scene as it should is kept out of the contrast scores. */
  readonly admission: boolean
  /** A model below this validation accuracy ends the study; so do fewer jointly correct pictures than the second number. */
  readonly accuracy: number
  readonly jointlyCorrect: number
}

const trio: readonly ModelRole[] = ['obj', 'scene', 'scene_only']
const ladder: readonly ModelRole[] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map(k => `scene${k}` as ModelRole)

const resnet: ArchitecturePlan = {
  name: 'resnet',
  options: { width: 16, stages: 3, blocks: 1 },
  perEpoch: 10_000,
  epochs: 4,
  batch: 64,
  optimizer: 'adamw',
  learningRate: 4e-3,
  weightDecay: 0.05,
}

const vit: ArchitecturePlan = {
  name: 'vit',
  options: { width: 96, depth: 4, heads: 4 },
  perEpoch: 10_000,
  epochs: 5,
  // At five epochs 4% of scene swaps still change the object that it names.
  longer: { obj: 10 },
  batch: 32,
  learningRate: 1e-3,
  weightDecay: 0.05,
  clip: 1,
}

export const presets: readonly Preset[] = [
  {
    name: 'smoke',
    summary: 'everything once in a minute or two, to see that it works; its numbers mean nothing',
    size: 32,
    train: 3,
    validation: 3,
    roles: [...trio, ...ladder],
    architectures: [{ ...resnet, options: { width: 4, stages: 2 }, perEpoch: 128, epochs: 2 }],
    methods: 'quick',
    images: 8,
    nestedImages: 2,
    fewerImages: {},
    patches: 2,
    importanceImages: 8,
    conceptImages: 6,
    admission: false,
    accuracy: 0,
    jointlyCorrect: 0,
  },
  {
    name: 'quick',
    summary: 'a ResNet and a ViT, three label sets each, 500 pictures per method: minutes on two cores',
    size: 64,
    train: 600,
    validation: 50,
    roles: trio,
    architectures: [resnet, vit],
    methods: 'quick',
    images: 500,
    nestedImages: 100,
    fewerImages: { 'placebo-contrast': 100 },
    patches: 50,
    importanceImages: 500,
    conceptImages: 60,
    admission: true,
    accuracy: 0.93,
    jointlyCorrect: 0.85,
  },
  {
    name: 'paper',
    summary: 'all thirteen label sets, every SmoothGrad form, 1,000 pictures per method: hours',
    size: 64,
    train: 1200,
    validation: 100,
    roles: [...trio, ...ladder],
    architectures: [
      { ...resnet, epochs: 10 },
      { ...vit, epochs: 12, longer: {} },
    ],
    methods: 'paper',
    images: 1000,
    nestedImages: 1000,
    fewerImages: {},
    patches: 100,
    importanceImages: 1000,
    conceptImages: 100,
    admission: true,
    accuracy: 0.93,
    jointlyCorrect: 0.85,
  },
]

/** @throws UsageError with a suggestion where there is none */
export function presetNamed(name: string): Preset {
  const found = presets.find(preset => preset.name === name)
  if (found) return found
  const names = presets.map(preset => preset.name)
  throw new UsageError(`unknown preset "${name}"${suggestion(name, names)} (there are ${names.join(', ')})`)
}
