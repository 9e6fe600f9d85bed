/** @file Features in groups of groups: halved by where they lie, or as the user gives them. */
import { UsageError } from '../errors.js'
import type { Evaluator } from '../evaluator.js'
import type { TensorValue } from '../tensor-value.js'
import type { Game } from './game.js'
import { featuresOf } from './index.js'
import type { Segments } from './segments.js'

/** A group of players; one player has no parts, any other group at least two. */
export interface Group {
  readonly players: readonly number[]
  readonly parts: readonly Group[]
}

/**
 * Groups of groups of features, from coarse to fine: partitions between semicolons (`grid:2;grid:4`), or as a list; label maps one after
 * another along a first axis; or numbers of features in brackets: `((0 1) (2 (3 4)))`.
 */
export type Hierarchy = Segments | readonly Segments[]

const leaf = (player: number): Group => ({ players: [player], parts: [] })

/** A group of parts; one that has a single part is that part. */
const groupOf = (parts: readonly Group[]): Group =>
  parts.length === 1 ? parts[0]! : { players: parts.flatMap(({ players }) => players), parts }

/** Every group falls into two halves along the axis on which its players are spread the most. */
export function halvedGroups(evaluator: Evaluator, game: Game): Group {
  const places = positions(evaluator, game)
  const halve = (players: readonly number[]): Group =>
    players.length === 1 ? leaf(players[0]!) : { players, parts: halves(players, places).map(halve) }
  return halve(Array.from({ length: game.players }, (_, player) => player))
}

/** Mean position of every player: the number of its tensor, then along each axis. */
function positions(evaluator: Evaluator, game: Game): number[][] {
  const axes = Math.max(...evaluator.at.map(name => evaluator.inputs[name]!.dims.length))
  const sums = Array.from({ length: game.players }, () => Array<number>(axes + 1).fill(0))
  const counts = new Float64Array(game.players)
  evaluator.at.forEach((name, tensor) => {
    const { dims } = evaluator.inputs[name]!
    game.playerOf[name]!.forEach((player, index) => {
      if (player < 0) return
      counts[player]! += 1
      // Tensors come apart before any axis does.
      sums[player]![0]! += tensor * 2 ** 31
      let rest = index
      for (let axis = dims.length - 1; axis >= 0; axis--) {
        sums[player]![axis + 1]! += rest % dims[axis]!
        rest = Math.floor(rest / dims[axis]!)
      }
    })
  })
  return sums.map((sum, player) => sum.map(value => value / counts[player]!))
}

/** Two halves along the axis on which the players are spread the most; equal positions stay in order. */
function halves(players: readonly number[], positions: readonly (readonly number[])[]): [number[], number[]] {
  let [axis, widest] = [0, -1]
  for (let other = 0; other < positions[0]!.length; other++) {
    const along = players.map(player => positions[player]![other]!)
    const spread = Math.max(...along) - Math.min(...along)
    if (spread > widest) [axis, widest] = [other, spread]
  }
  const sorted = [...players].sort((a, b) => positions[a]![axis]! - positions[b]![axis]! || a - b)
  const middle = Math.ceil(sorted.length / 2)
  return [sorted.slice(0, middle), sorted.slice(middle)]
}

/**
 * The players in the groups that the user gives; players of the same groups at every level, or in no bracket, stand side by side.
 * @param segments the partition whose features the players are
 * @throws UsageError for brackets that do not close, features that there are not or that stand twice, labels that do not fit the
 * input, and a feature that lies in several groups of a level
 */
export function givenGroups(evaluator: Evaluator, game: Game, segments: Segments, hierarchy: Hierarchy): Group {
  if (typeof hierarchy === 'string' && /^\s*[([]/.test(hierarchy))
    return bracketed(hierarchy, playerOfFeature(evaluator, game, segments))
  const levels = levelsOf(hierarchy).map((level, i) => groupOfPlayer(evaluator, game, level, i))
  const grouped = (players: readonly number[], level: number): Group => {
    if (players.length === 1) return leaf(players[0]!)
    const groups = new Map<number, number[]>()
    for (const player of players) {
      // Of no group: a group of its own.
      const key = levels[level] ? levels[level]![player]! : -1
      const own = key < 0 ? -1 - player : key
      groups.set(own, [...(groups.get(own) ?? []), player])
    }
    return groupOf([...groups.values()].map(members => (levels[level] ? grouped(members, level + 1) : leaf(members[0]!))))
  }
  return grouped(
    Array.from({ length: game.players }, (_, player) => player),
    0,
  )
}

/** The player that each feature is; undefined for features that are the same absent. */
function playerOfFeature(evaluator: Evaluator, game: Game, segments: Segments): readonly (number | undefined)[] {
  const features = featuresOf(evaluator, segments)
  const found = Array<number | undefined>(features.count).fill(undefined)
  for (const name of evaluator.at)
    features.labels[name]!.forEach((feature, i) => {
      const player = game.playerOf[name]![i]!
      if (feature >= 0 && player >= 0) found[feature] = player
    })
  return found
}

/** Groups from brackets around numbers of features. */
function bracketed(text: string, players: readonly (number | undefined)[]): Group {
  const refuse = (why: string): never => {
    throw new UsageError(`hierarchy "${text}": ${why}; write groups of features as in ((0 1) (2 (3 4)))`)
  }
  const used = new Set<number>()
  const open: Group[][] = [[]]
  const close = (): void => {
    const parts = open.pop()!
    if (open.length === 0) refuse('a bracket closes that was not opened')
    if (parts.length > 0) open.at(-1)!.push(groupOf(parts))
  }
  for (const token of text.match(/[()[\]]|[^()[\]\s,]+/g) ?? []) {
    if (token === '(' || token === '[') open.push([])
    else if (token === ')' || token === ']') close()
    else {
      const feature = /^\d+$/.test(token) ? Number(token) : Number.NaN
      if (!(feature < players.length)) refuse(`there is no feature "${token}" (there are 0 to ${players.length - 1})`)
      if (used.has(feature)) refuse(`feature ${feature} stands twice`)
      used.add(feature)
      const player = players[feature]
      if (player !== undefined) open.at(-1)!.push(leaf(player))
    }
  }
  if (open.length > 1) refuse('a bracket is not closed')
  const rest = players.flatMap((player, feature) => (player !== undefined && !used.has(feature) ? [leaf(player)] : []))
  return groupOf([...open[0]!, ...rest])
}

/** One partition per level. */
function levelsOf(hierarchy: Hierarchy): readonly Segments[] {
  if (typeof hierarchy === 'string') return hierarchy.split(';')
  if (Array.isArray(hierarchy)) return hierarchy as readonly Segments[]
  const given = hierarchy as TensorValue | Readonly<Record<string, TensorValue>>
  if (ArrayBuffer.isView(given.data)) return slices(given as TensorValue)
  const byName = Object.entries(given as Readonly<Record<string, TensorValue>>).map(
    ([name, value]) => [name, slices(value)] as const,
  )
  const counts = new Set(byName.map(([, parts]) => parts.length))
  if (counts.size > 1) throw new UsageError('the hierarchy has different numbers of levels for different inputs')
  return Array.from({ length: [...counts][0] ?? 0 }, (_, level) =>
    Object.fromEntries(byName.map(([name, parts]) => [name, parts[level]!])),
  )
}

/** Label maps along the first axis. */
const slices = ({ dims, data, ...rest }: TensorValue): TensorValue[] => {
  const count = dims[0] ?? 1
  const size = data.length / count
  return Array.from(
    { length: count },
    (_, i) => ({ ...rest, dims: dims.slice(1), data: data.slice(i * size, (i + 1) * size) }) as TensorValue,
  )
}

/** The group of every player at one level; -1 for those of none. */
function groupOfPlayer(evaluator: Evaluator, game: Game, level: Segments, index: number): Int32Array {
  const { labels } = featuresOf(evaluator, level)
  const found = new Int32Array(game.players).fill(-2)
  for (const name of evaluator.at)
    game.playerOf[name]!.forEach((player, i) => {
      if (player < 0) return
      const group = labels[name]![i]!
      if (found[player] !== -2 && found[player] !== group)
        throw new UsageError(
          `hierarchy: a feature of the segments lies in several groups of level ${index}; groups must hold whole features`,
        )
      found[player] = group
    })
  return found
}
