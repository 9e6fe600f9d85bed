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

/** Where each value of a map lies in the explained tensor: at itself, or, for one value per place of a picture, at the first channel. */
function elementsOf(evaluator: Evaluator, name: string, { values, dims }: AttributionMap): (index: number) => number {
  const input = evaluator.inputs[name]
  if (input && values.length === input.data.length) return index => index
  const axes = input && evaluator.pictureAxes(name)
  const strides = input && axes && pictureStrides(input.dims, axes)
  if (strides && strides.places === values.length) return index => index * strides.placeStep
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
    labels[name]!.forEach((label, i) => {
      if (label < 0) start[name]![i] = data[i]!
    })
  }
  const order: number[] = []
  const rank = new Int32Array(count).fill(-1)
  const maps: Record<string, AttributionMap> = {}
  for (let round = 0; round < rounds; round++) {
    const found = await attribute(start, round, feature => rank[feature]! >= 0)
    const scores = new Float64Array(count)
    for (const [name, map] of Object.entries(found)) {
      const element = elementsOf(evaluator, name, map)
      map.values.forEach((value, i) => {
        const label = labels[name]![element(i)]!
        if (label >= 0) scores[label]! += value
      })
    }
    const left = Array.from({ length: count }, (_, feature) => feature).filter(feature => rank[feature]! < 0)
    left.sort((a, b) => scores[b]! - scores[a]! || a - b)
    const last = round === rounds - 1
    const taken = new Set(last ? left : left.slice(0, each))
    for (const feature of left.slice(0, taken.size)) rank[feature] = order.push(feature) - 1
    for (const [name, map] of Object.entries(found)) {
      const own = (maps[name] ??= { values: new Float32Array(map.values.length), dims: map.dims })
      const element = elementsOf(evaluator, name, map)
      map.values.forEach((value, i) => {
        if (taken.has(labels[name]![element(i)]!)) own.values[i] = value
      })
    }
    for (const name of evaluator.at) {
      const { data } = evaluator.inputs[name]!
      labels[name]!.forEach((label, i) => {
        if (taken.has(label)) start[name]![i] = data[i]!
      })
    }
    evaluator.progress(round + 1, rounds, 'rounds')
  }
  const ranks = Object.entries(maps).map(([name, map]) => {
    const element = elementsOf(evaluator, name, map)
    const own = Int32Array.from(map.values, (_, i) => {
      const label = labels[name]![element(i)]!
      return label < 0 ? -1 : rank[label]!
    })
    return [name, own] as const
  })
  return { maps, order: Object.fromEntries(ranks), settled: { features: count, perRound: each, rounds } }
}
