/** @file How members are to be combined, from the flags: normaliser, scheme, segments, learned weights. */
import {
  type ChannelReduction,
  channelReductions,
  type EnsembleOptions,
  normaliserNamed,
  resolveOptionSpecs,
  schemeNamed,
  UsageError,
  type WeightAim,
  weightAims,
} from '@ascribe/core'
import type { Flag } from '../command.js'
import { parseMethod } from '../methods.js'

export interface CombineFlags {
  readonly normalize: string
  readonly scheme: string
  readonly absolute?: boolean
  readonly reduce: ChannelReduction
  readonly segments?: string
  readonly weights?: WeightAim
  readonly robust?: number
}

export const combineFlags: readonly Flag[] = [
  {
    flags: '--normalize <spec>',
    describe: 'what brings members to one scale (ascribe normalisers lists them)',
    default: 'min-max',
  },
  {
    flags: '--scheme <spec>',
    describe: 'what combines them, as NAME or NAME:key=value,... (ascribe schemes lists them)',
    default: 'mean',
  },
  { flags: '--absolute', describe: 'drop signs before normalising' },
  {
    flags: '--reduce <how>',
    describe: "how a place's channels become one value: added up with their signs, or their absolute values",
    choices: channelReductions,
    default: 'signed',
  },
  {
    flags: '--segments <spec>',
    describe:
      'combine sums over segments (slic:64, grid:8) and spread them back (default: auto where a scheme cannot take pixels)',
  },
  {
    flags: '--weights <aim>',
    describe: 'learn convex weights for faithfulness, robustness or both; takes the place of --scheme',
    choices: weightAims,
  },
  {
    flags: '--robust <share>',
    describe: 'share of robustness in --weights both, 0 to 1 (default: 0.5)',
    parse: text => {
      const share = Number(text)
      if (text.trim() === '' || !(share >= 0 && share <= 1))
        throw new UsageError(`--robust must be a share from 0 to 1, not "${text}"`)
      return share
    },
  },
]

/** Checked before anything runs. */
export interface CombineRequest {
  readonly options: EnsembleOptions
  readonly reduce: ChannelReduction
  readonly segments: string | undefined
  readonly weights: WeightAim | undefined
  readonly share: number
}

/** @throws UsageError for an unknown normaliser, scheme or option, or flags that exclude each other */
export function combineRequest(flags: CombineFlags, seed: number): CombineRequest {
  const normaliser = parseMethod(flags.normalize, '--normalize')
  const scheme = parseMethod(flags.weights ? 'convex' : flags.scheme, '--scheme')
  const [chosenNormaliser, chosenScheme] = [normaliserNamed(normaliser.name), schemeNamed(scheme.name)]
  if (flags.weights && flags.scheme !== 'mean')
    throw new UsageError('--weights learns the weights of the scheme convex; leave out --scheme')
  if (flags.robust !== undefined && flags.weights !== 'both')
    throw new UsageError('--robust weighs robustness against faithfulness; it needs --weights both')
  resolveOptionSpecs(chosenNormaliser.name, chosenNormaliser.options, normaliser.options)
  resolveOptionSpecs(chosenScheme.name, chosenScheme.options, scheme.options)
  return {
    options: {
      normaliser: chosenNormaliser,
      normaliserOptions: normaliser.options,
      scheme: chosenScheme,
      schemeOptions: scheme.options,
      absolute: flags.absolute ?? false,
      seed,
    },
    reduce: flags.reduce,
    segments: flags.segments,
    weights: flags.weights,
    share: flags.robust ?? 0.5,
  }
}
