/** @file Which pictures of a data set a metric looks at, and which of them belong together. */
import { Random, UsageError } from '@ascribe/core'
import { sampled } from '../../order.js'
import type { BamEntry, BamSet, BamSource, Split } from '../source.js'
import type { Exclusion, Metric, MetricOptions, ModelRole, PictureForm } from './metric.js'
import { metricOptions } from './score.js'

export interface ImagesOptions {
  readonly options?: MetricOptions
  /** Default `val`. */
  readonly split?: Split
  /** At most so many images; default all. */
  readonly limit?: number
  /** Decides which images are taken where there are more than `limit`; a smaller limit takes some of the same. Default 0. */
  readonly seed?: number
}

/** One image of a metric: what its views look at. */
export interface MetricImage {
  readonly entry: BamEntry
  /** For `MetricRecord.source`: images of one instance share scene picture, cut-out or place. */
  readonly source: number
  /**
   * One per view. Where `picture` is a set that the source has, `index` is the picture in it; else the picture is to be made from
   * picture `index` of the first view's set. Undefined for a partner that the source does not have.
   */
  readonly pictures: readonly { readonly model: ModelRole; readonly picture: PictureForm; readonly index: number | undefined }[]
  readonly excluded?: Exclusion
}

const made: ReadonlySet<PictureForm> = new Set(['placebo', 'functional_patch'])

/** `limit` of 0..count-1 by seed, upwards. */
const chosen = (count: number, limit: number, seed: number): number[] =>
  sampled(count, limit, new Random(seed)).sort((a, b) => a - b)

/**
 * The images of a metric: every picture of its first view's set (or a seeded sample), with the partners that the other views look at,
 * found by their entry. The partner without object is the `scene_only` picture of the same scene and instance.
 * @throws UsageError where the source does not have the first view's set, or for a limit below 1
 */
export function imagesOf(source: BamSource, metric: Metric, given: ImagesOptions = {}): MetricImage[] {
  const { split = 'val', limit = Number.POSITIVE_INFINITY, seed = 0 } = given
  if (!(limit >= 1)) throw new UsageError(`the number of images is at least 1, not ${limit}`)
  const views = metric.views(metricOptions(metric, given.options))
  const set = views[0]!.picture as BamSet
  const count = source.count(set, split)
  if (count === 0)
    throw new UsageError(`${metric.name} needs the set ${set}, of which this ${source.kind} data has no ${split} pictures`)
  const partner = (picture: PictureForm, entry: BamEntry, index: number): number | undefined => {
    if (picture === set || made.has(picture)) return index
    const other = picture as BamSet
    if (other === 'bamboo_forest_patch' && source.count(other, split) === 0) return index
    return source.find(other, split, other === 'scene_only' ? { ...entry, object: null } : entry)
  }
  return chosen(count, limit, seed).map(index => {
    const entry = source.entry(set, split, index)
    const pictures = views.map(({ model, picture }) => ({ model, picture, index: partner(picture, entry, index) }))
    const lacks = pictures.some(picture => picture.index === undefined)
    return { entry, source: entry.instance, pictures, ...(lacks && { excluded: 'no partner' as const }) }
  })
}
