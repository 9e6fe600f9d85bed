/** @file What a model wants done to a picture, as plain data. */
import type { Resampling } from './resample.js'

export type Layout = 'NCHW' | 'NHWC'

/** Channels as the model receives them. `grey` is one channel. */
export type ChannelOrder = 'RGB' | 'BGR' | 'grey'

/**
 * How a picture is scaled before the crop:
 * `exact` to height and width; `shortest` so that the shorter side has that length (the longer one is rounded down), the longer one
 * at most `longest`; `longest` so that the longer side has that length; `within` to the largest size inside both bounds.
 */
export type ResizeRule =
  | { readonly kind: 'exact'; readonly height: number; readonly width: number }
  | { readonly kind: 'shortest'; readonly edge: number; readonly longest?: number }
  | { readonly kind: 'longest'; readonly edge: number }
  | { readonly kind: 'within'; readonly height: number; readonly width: number }

/**
 * From picture to tensor, in this order: channels, resize, crop at the centre, value·scale + offset, (value - mean) / std, layout.
 * `null` leaves a step out. `mean` and `std` have one entry per channel, in the model's channel order.
 */
export interface Preprocessing {
  readonly resize: ResizeRule | null
  readonly resample: Resampling
  readonly crop: { readonly height: number; readonly width: number } | null
  readonly scale: number
  readonly offset: number
  readonly normalize: { readonly mean: readonly number[]; readonly std: readonly number[] } | null
  readonly channels: ChannelOrder
  readonly layout: Layout
}

/** Only values in 0 to 1 and the model's usual layout: no resizing, no normalisation. */
export const plainPreprocessing: Preprocessing = {
  resize: null,
  resample: 'bilinear',
  crop: null,
  scale: 1 / 255,
  offset: 0,
  normalize: null,
  channels: 'RGB',
  layout: 'NCHW',
}

/** Number of channels of the tensor. */
export const channelCount = (channels: ChannelOrder): number => (channels === 'grey' ? 1 : 3)

/** What a person can set by hand; each key replaces that part of the file's preprocessing. */
export type PreprocessingOverrides = Partial<Preprocessing>

/**
 * A preprocessing with parts replaced. `size` is a shorthand that asks for pictures of exactly height x width: it replaces
 * the resizing by an exact one and drops the crop.
 */
export function overridePreprocessing(
  base: Preprocessing,
  overrides: PreprocessingOverrides & { readonly size?: { readonly height: number; readonly width: number } },
): Preprocessing {
  const { size, ...rest } = overrides
  const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)) as PreprocessingOverrides
  const sized = size ? { resize: { kind: 'exact', ...size } as const, crop: null } : {}
  return { ...base, ...sized, ...given }
}
