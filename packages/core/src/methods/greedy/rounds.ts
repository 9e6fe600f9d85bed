/** @file The rounds of a greedy selection: attribute what is not selected yet, select the best, and start again from there. */
import type { AttributionMap } from '../../attribution.js'
import { UsageError } from '../../errors.js'
import type { Evaluator, Points } from '../../evaluator.js'
import { pictureStrides } from '../../picture.js'
import { featuresOf } from '../../segments/index.js'
import type { Segments } from '../../segments/segments.js'
import type { MethodResult } from '../method.js'

export interface RoundSettings {
  readonly segments: Segments
  /** Features selected per round: a count of 1 and more, or a share of all below 1 (rounded up). */
  readonly perRound: number
  /** Most rounds; 0: until every feature is selected. Features left over are ordered by the last round's values. */
  readonly rounds: number
}

/** Features per round of `count`. */
export const perRoundOf = (perRound: number, count: number): number =>
  Math.max(1, perRound < 1 ? Math.ceil(perRound * count) : Math.round(perRound))

/** Rounds that `count` features take. */
export const roundsOf = ({ perRound, rounds }: Pick<RoundSettings, 'perRound' | 'rounds'>, count: number): number => {
  const all = Math.max(1, Math.ceil(count / perRoundOf(perRound, count)))
  return rounds > 0 ? Math.min(rounds, all) : all
}

/** What one round is given: the point it starts from, with the features selected so far switched on. */
type Attribute = (
  start: Points,
  round: number,
  selected: (feature: number) => boolean,
) => Promise<Readonly<Record<string, AttributionMap>>>

/**
 * Value i of a map lies at element i * step of the explained tensor: at itself, or, for one value per place of a picture, at the first
 * channel.
 */
function stepOf(evaluator: Evaluator, name: string, { values, dims }: AttributionMap): number {
  const input = evaluator.inputs[name]
  if (input && values.length === input.data.length) return 1
  const axes = input && evaluator.pictureAxes(name)
  const strides = input && axes && pictureStrides(input.dims, axes)
  if (strides && strides.places === values.length) return strides.placeStep
  throw new UsageError(
    `a greedy selection needs values at the explained tensor's own elements or places, and the map of "${name}" has dims [${dims}]; choose another method as "of"`,
  )
}

/**
 * Starting from `baseline`: each round attributes, sums the values over every feature, selects the largest `perRound` of the features not
 * selected yet (equal ones in the order of features), and switches them on. An element's value is the one of the round that selected
 * its feature; its order says when: 0 for the first feature.
 */
export async function greedyRounds(
  evaluator: Evaluator,
  baseline: Points,
  settings: RoundSettings,
  attribute: Attribute,
): Promise<MethodResult> {
  const { count, labels } = featuresOf(evaluator, settings.segments)
  const rounds = roundsOf(settings, count)
  const each = perRoundOf(settings.perRound, count)
  const start: Record<string, Float32Array> = Object.fromEntries(
    evaluator.at.map(name => [name, Float32Array.from(baseline[name]!)]),
  )
  for (const name of evaluator.at) {
    const { data } = evaluator.inputs[name]!
    const [own, point] = [labels[name]!, start[name]!]
    for (let i = 0; i < own.length; i++) if (own[i]! < 0) point[i] = data[i]!
  }
  const order: number[] = []
  const rank = new Int32Array(count).fill(-1)
  const maps: Record<string, AttributionMap> = {}
  for (let round = 0; round < rounds; round++) {
    const found = await attribute(start, round, feature => rank[feature]! >= 0)
    const scores = new Float64Array(count)
    for (const [name, map] of Object.entries(found)) {
      const [own, step] = [labels[name]!, stepOf(evaluator, name, map)]
      for (let i = 0; i < map.values.length; i++) {
        const label = own[i * step]!
        if (label >= 0) scores[label]! += map.values[i]!
      }
    }
    const left = Array.from({ length: count }, (_, feature) => feature).filter(feature => rank[feature]! < 0)
    left.sort((a, b) => scores[b]! - scores[a]! || a - b)
    const last = round === rounds - 1
    const before = order.length
    for (const feature of last ? left : left.slice(0, each)) rank[feature] = order.push(feature) - 1
    const isTaken = (label: number): boolean => label >= 0 && rank[label]! >= before
    for (const [name, map] of Object.entries(found)) {
      const kept = (maps[name] ??= { values: new Float32Array(map.values.length), dims: map.dims }).values
      const [own, step] = [labels[name]!, stepOf(evaluator, name, map)]
      for (let i = 0; i < kept.length; i++) if (isTaken(own[i * step]!)) kept[i] = map.values[i]!
    }
    for (const name of evaluator.at) {
      const { data } = evaluator.inputs[name]!
      const [own, point] = [labels[name]!, start[name]!]
      for (let i = 0; i < own.length; i++) if (isTaken(own[i]!)) point[i] = data[i]!
    }
    evaluator.progress(round + 1, rounds, 'rounds')
  }
  const ranks = Object.entries(maps).map(([name, map]) => {
    const step = stepOf(evaluator, name, map)
    const own = Int32Array.from(map.values, (_, i) => {
      const label = labels[name]![i * step]!
      return label < 0 ? -1 : rank[label]!
    })
    return [name, own] as const
  })
  return { maps, order: Object.fromEntries(ranks), settled: { features: count, perRound: each, rounds } }
}
