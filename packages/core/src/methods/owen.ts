/** @file owen: Shapley values over a hierarchy of features, halved again and again by where they lie. */
import type { Evaluator } from '../evaluator.js'
import { type Game, gameOf, gameOptions } from '../segments/game.js'
import { expectedFeatures } from '../segments/index.js'
import type { Method } from './method.js'

/** What is present beside a group, and the worth of that without and with the group. */
interface Context {
  readonly others: Uint8Array
  readonly without: number
  readonly with: number
}

interface Group {
  readonly players: readonly number[]
  readonly contexts: readonly Context[]
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

/** Forwards that separating one level of groups takes. */
const levelCost = (sizes: readonly number[], contexts: number): number => 2 * contexts * sizes.filter(size => size > 1).length

/** Forwards of as many whole levels as `samples` allow. */
function forwardsFor(players: number, samples: number): number {
  let [sizes, contexts, spent] = [[players], 1, 0]
  for (;;) {
    const cost = levelCost(sizes, contexts)
    if (cost === 0 || spent + cost > samples) return spent
    spent += cost
    sizes = sizes.flatMap(size => (size > 1 ? [Math.ceil(size / 2), Math.floor(size / 2)] : [size]))
    contexts *= 2
  }
}

/**
 * Owen values of a binary hierarchy: all features are one group; every group falls into two halves along the axis on which its features
 * are spread the most. A feature's value is the mean of v(c and i) - v(c) over the contexts c in which, at every level, the other half of
 * its group is present or absent as a whole; v(S) is the target with the features outside S at the baseline (averaged over its rows).
 * n features take about 2/3 n^2 forwards. Levels that do not fit the samples are left out, with a warning: the features of a group that
 * was not separated share its value equally. Completeness and dummy hold at every level.
 * Peers: shap's PartitionExplainer, which opens the groups of largest value first until its evaluations are used up.
 * Every element shows the value of its feature.
 */
export const owen: Method = {
  name: 'owen',
  aliases: ['partition-shap'],
  summary: 'Shapley values over a hierarchy of neighbouring features; exact, in about 2/3 n^2 forwards',
  formula: 'phi_i = mean over contexts c of the hierarchy of v(c + i) - v(c)',
  citation: 'Owen: Values of Games with a Priori Unions, 1977; hierarchies: Winter 1989',
  options: {
    ...gameOptions,
    samples: {
      kind: 'number',
      default: 3000,
      minimum: 2,
      maximum: 10_000_000,
      integer: true,
      describe: 'most coalitions to run, beside the empty and the full one; whole levels only',
    },
  },
  needs: [],
  promises: ['completeness', 'dummy', 'linearity'],
  signed: true,
  cost: options => ({ forwards: 2 + forwardsFor(expectedFeatures(options['segments']), options['samples']), gradients: 0 }),
  async run(evaluator, options, seed) {
    const game = gameOf(evaluator, options, seed)
    const nobody = await game.nobody()
    const { players, everybody } = game
    if (players === 0) return game.result([], nobody)
    const centres = positions(evaluator, game)
    const whole = { others: new Uint8Array(players), without: nobody, with: everybody }
    let groups: Group[] = [{ players: Array.from({ length: players }, (_, i) => i), contexts: [whole] }]
    let left: number = options['samples']
    for (;;) {
      const cost = levelCost(
        groups.map(group => group.players.length),
        groups[0]!.contexts.length,
      )
      if (cost === 0) break
      if (cost > left) {
        const most = Math.max(...groups.map(group => group.players.length))
        evaluator.warnings.push(
          `owen: samples=${options['samples']} separate the features into groups of up to ${most}, which share their value equally; use more samples or fewer features`,
        )
        break
      }
      left -= cost
      groups = await separated(game, groups, centres)
    }
    const worths = new Float64Array(players)
    for (const { players: members, contexts } of groups) {
      const worth = contexts.reduce((sum, context) => sum + (context.with - context.without), 0) / contexts.length
      for (const player of members) worths[player] = worth / members.length
    }
    return game.result(worths, nobody)
  },
}

/** Every group as its two halves, each in the contexts of the group with and without the other half. */
async function separated(game: Game, groups: readonly Group[], centres: readonly (readonly number[])[]): Promise<Group[]> {
  const split = groups.map(group => ({ group, parts: group.players.length > 1 ? halves(group.players, centres) : undefined }))
  const coalitions: Uint8Array[] = []
  for (const { group, parts } of split)
    for (const { others } of parts ? group.contexts : []) for (const part of parts!) coalitions.push(withPlayers(others, part))
  const values = await game.values(coalitions.length, (k, present) => present.set(coalitions[k]!), 'coalitions')
  let next = 0
  return split.flatMap(({ group, parts }) => {
    if (!parts) return [group]
    const [first, second]: [Context[], Context[]] = [[], []]
    for (const { others, without, with: both } of group.contexts) {
      const [one, two] = [next, next + 1]
      next += 2
      first.push({ others, without, with: values[one]! }, { others: coalitions[two]!, without: values[two]!, with: both })
      second.push({ others, without, with: values[two]! }, { others: coalitions[one]!, without: values[one]!, with: both })
    }
    return [
      { players: parts[0], contexts: first },
      { players: parts[1], contexts: second },
    ]
  })
}

function withPlayers(others: Uint8Array, players: readonly number[]): Uint8Array {
  const out = others.slice()
  for (const player of players) out[player] = 1
  return out
}
