/** @file Scores made from an architecture's readings, each computed once. */
import {
  type Metric,
  type MetricOptions,
  type MetricRecord,
  type MetricScore,
  scoreMetric,
  type Variant,
} from '../metrics/index.js'
import type { StudyMethod } from './methods.js'
import { wantedBy } from './readings.js'
import type { ArchitectureScores } from './study.js'

/** Scores of one architecture, computed once each. */
export class ScoreBook {
  readonly #scores = new Map<string, MetricScore | undefined>()

  constructor(
    readonly architecture: ArchitectureScores,
    private readonly seed: number,
  ) {}

  /**
   * Undefined where readings are missing because their cells failed.
   * @param limit images; methods that are compared get the same ones. Default: all that the method was run on
   */
  score(
    metric: Metric,
    method: StudyMethod,
    variant: Variant,
    limit = this.architecture.limitOf(method, metric),
    options: MetricOptions = {},
  ): MetricScore | undefined {
    const key = JSON.stringify([metric.name, method.name, variant, limit, options])
    if (!this.#scores.has(key)) this.#scores.set(key, this.#compute(metric, method, variant, limit, options))
    return this.#scores.get(key)
  }

  /** Images that all of these were run on. */
  commonLimit(methods: readonly StudyMethod[], metric: Metric): number {
    return Math.min(...methods.map(method => this.architecture.limitOf(method, metric)))
  }

  #compute(
    metric: Metric,
    method: StudyMethod,
    variant: Variant,
    limit: number,
    options: MetricOptions,
  ): MetricScore | undefined {
    const { images, reading } = this.architecture
    if (limit === 0) return undefined
    const records: MetricRecord[] = []
    for (const image of images(metric, limit, options)) {
      const wanted = wantedBy(image)
      if (image.excluded) {
        const nothing = wanted.map(() => ({ g: 0, correct: true }))
        records.push({ source: image.source, readings: nothing, excluded: image.excluded })
        continue
      }
      const readings = wanted.map(one => reading(method, one, variant))
      if (readings.some(found => found === undefined)) return undefined
      records.push({ source: image.source, readings: readings.map(found => found!) })
    }
    if (records.every(({ excluded }) => excluded !== undefined)) return undefined
    return scoreMetric(metric, records, { options, seed: this.seed })
  }
}
