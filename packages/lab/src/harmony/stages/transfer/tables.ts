/** @file T of every ordered pair of models, its means by family, the contrast between families and the ceiling. */
import { mean } from '../../../statistics/index.js'
import { intervalsOf } from '../../intervals.js'
import type { Reading, Testers, TransferTable } from '../../result.js'
import { areaOf, fullOf } from '../../scores.js'
import type { Scored, Session } from '../../session.js'
import { familyContrast, meanOfPairs, type PairScores, transferScore } from '../../transfer.js'
import type { Requests, Spec } from './requests.js'

/** By pair, a value per picture; pictures that lack one are NaN. */
export function scoresOf(
  all: Requests,
  pictures: readonly Scored[],
  spec: Spec,
  fill: string,
  reading: Reading,
  plain: boolean,
): { pairs: PairScores[]; seeds: PairScores[] } {
  const { session } = all
  const scoresOfPair = ([g, t]: readonly [number, number], shapes: number): PairScores => ({
    kept: pictures.map(picture => areaOf(session, all.kept(picture, g, t, spec, plain), fill, reading)),
    random: pictures.map(picture => areaOf(session, all.random(picture, shapes, t, spec, plain), fill, reading)),
    full: pictures.map(picture => fullOf(picture, t, reading, plain)),
  })
  return {
    pairs: all.pairs.map(pair => scoresOfPair(pair, pair[0])),
    // Shapes of the seed that tests: masks of the same architecture.
    seeds: plain ? [] : all.seeds.map(pair => scoresOfPair(pair, pair[1])),
  }
}

/** [generator][tester] */
export function matrixOf(session: Session, { pairs }: { pairs: readonly PairScores[] }, rows: ArrayLike<number>): number[][] {
  const k = session.bases.length
  const values = pairs.map(pair => transferScore(pair, rows))
  return session.bases.map((_, g) => values.slice(g * k, (g + 1) * k))
}

export function tableOf(
  all: Requests,
  spec: Spec,
  fill: string,
  reading: Reading,
  testers: Testers,
  plain: boolean,
): Omit<TransferTable, 'adjusted'> {
  const { session } = all
  const { models, bases, options } = session
  const pictures = plain ? all.some : all.pictures
  const scores = scoresOf(all, pictures, spec, fill, reading, plain)
  const whole = pictures.flatMap((_, i) =>
    [...scores.pairs, ...scores.seeds].every(({ kept, random }) => Number.isFinite(kept[i]!) && Number.isFinite(random[i]!))
      ? [i]
      : [],
  )
  const families = bases.map(m => models[m]!.family)
  const alike = (g: number, t: number): boolean => session.alike(bases[g]!, bases[t]!)
  const groups: { label: string; which: (g: number, t: number) => boolean }[] = [
    ...[...new Set(families)].map(family => ({
      label: `within ${family}`,
      which: (g: number, t: number) => families[g] === family && families[t] === family && !alike(g, t),
    })),
    { label: 'within families', which: (g, t) => families[g] === families[t] && !alike(g, t) },
    { label: 'across families', which: (g, t) => families[g] !== families[t] },
  ]
  const tested = new Set(all.seeds.map(([, t]) => bases.indexOf(t)))
  const statistics = (rows: ArrayLike<number>): number[] => {
    const own = Int32Array.from(rows, row => whole[row]!)
    const matrix = matrixOf(session, scores, own)
    const seeds = [
      ...scores.seeds.map(pair => transferScore(pair, own)),
      ...matrix.flatMap((row, g) => row.filter((_, t) => alike(g, t))),
    ]
    const ceiling = seeds.length > 0 ? mean(seeds) : Number.NaN
    const others = meanOfPairs(matrix, (g, t) => (tested.size === 0 || tested.has(t)) && !alike(g, t))
    return [
      ...matrix.flat(),
      ...groups.map(({ which }) => meanOfPairs(matrix, which)),
      ceiling,
      ceiling - others,
      familyContrast(matrix, families, alike),
    ]
  }
  const found = intervalsOf(
    whole.map(i => pictures[i]!.item.source),
    statistics,
    options.seed,
  )
  const k = bases.length
  const [ceiling, aboveOthers, contrast] = found.slice(-3) as [(typeof found)[0], (typeof found)[0], (typeof found)[0]]
  return {
    method: spec.label,
    fill,
    reading,
    testers,
    n: whole.length,
    matrix: bases.map((_, g) => found.slice(g * k, (g + 1) * k)),
    groups: [
      ...groups.map(({ label }, i) => ({ label, mean: found[k * k + i]! })),
      { label: 'same architecture, other seed', mean: ceiling },
    ].filter(({ mean: { value } }) => Number.isFinite(value)),
    contrast,
    detectable: 2.8 * contrast.deviation,
    ceiling: aboveOthers,
  }
}
