/** @file Patches as plain numbers, for JSON. */
import type { PatchMeasure } from './judge.js'
import type { Patch, PatchResult } from './optimise.js'

/** A measure, and its distance as a share of the reference distance. */
export interface MeasureSummary extends PatchMeasure {
  readonly share: number
}

export interface PatchSummary extends MeasureSummary {
  readonly accepted: boolean
  readonly firstLoss: number
  readonly lastLoss: number
  readonly start: MeasureSummary
  readonly functional: MeasureSummary & { readonly valid: boolean }
}

/** A patch without its pictures. */
export function patchSummary(patch: Patch, { referenceDistance }: Pick<PatchResult, 'referenceDistance'>): PatchSummary {
  const measure = ({ distance, rms, kept }: PatchMeasure): MeasureSummary => ({
    distance,
    rms,
    kept,
    share: distance / referenceDistance,
  })
  return {
    ...measure(patch),
    accepted: patch.accepted,
    firstLoss: patch.losses[0]!,
    lastLoss: patch.losses.at(-1)!,
    start: measure(patch.start),
    functional: { ...measure(patch.functional), valid: patch.functional.valid },
  }
}
