/** @file owen: Shapley values over a hierarchy of features: halved again and again by where they lie, or the user's own. */
import { type Game, gameOf, gameOptions } from '../../segments/game.js'
import { type Group, givenGroups, halvedGroups } from '../../segments/hierarchy.js'
import { expectedFeatures } from '../../segments/index.js'
import type { Method } from '../method.js'
import { overOrders } from './grouped-orders.js'

/** What is present beside a group, the worth of that without and with the group, and its share among the group's contexts. */
interface Context {
  readonly others: Uint8Array
  readonly without: number
  readonly with: number
  readonly weight: number
}

interface Placed {
  readonly group: Group
  readonly contexts: readonly Context[]
}

/** Most parts of a group whose subsets are all taken. */
const mostParts = 20

/** Subsets of a group's parts whose worth is not known, per context of the group. */
const subsetsOf = ({ parts }: Group): number => (parts.length > 1 ? 2 ** parts.length - 2 : 0)

/** Forwards that separating one level of groups takes. */
const levelCost = (placed: readonly Placed[]): number =>
  placed.reduce((sum, { group, contexts }) => sum + contexts.length * subsetsOf(group), 0)

/** Forwards that separating everything takes. */
const fullCost = (group: Group, contexts = 1): number =>
  contexts * subsetsOf(group) +
  group.parts.reduce((sum, part) => sum + fullCost(part, contexts * 2 ** (group.parts.length - 1)), 0)

/** Forwards of as many whole levels of halves as `samples` allow. */
function forwardsFor(players: number, samples: number): number {
  let [sizes, contexts, spent] = [[players], 1, 0]
  for (;;) {
    const cost = 2 * contexts * sizes.filter(size => size > 1).length
    if (cost === 0 || spent + cost > samples) return spent
    spent += cost
    sizes = sizes.flatMap(size => (size > 1 ? [Math.ceil(size / 2), Math.floor(size / 2)] : [size]))
    contexts *= 2
  }
}

/**
 * Owen values of a hierarchy (Winter's, where it has several levels). A feature's value is the mean of v(c and i) - v(c) over the contexts
 * c in which, at every level, other groups are present or absent as a whole: each group's parts divide its worth by their Shapley value.
 * That is the mean over all orders of the features that keep every group together. v(S) is the target with the features outside S at the
 * baseline (averaged over its rows). Completeness and dummy hold at every level.
 *
 * Without `hierarchy` every group falls into two halves along the axis on which its features are spread the most; n features take about
 * 2/3 n^2 forwards. Levels that do not fit the samples are left out, with a warning: the features of a group that was not separated share
 * its value equally. `hierarchy` gives groups, coarse to fine: partitions (`grid:2;grid:4`), label maps one after another along a first
 * axis, or numbers of features in brackets (`((0 1) (2 (3 4)))`); what is finer is `segments`. Where its contexts do not fit the samples,
 * random orders that keep groups together stand for all, each followed by its reverse, and `orders` says how many.
 *
 * Peers: shap's PartitionExplainer, which opens the groups of largest value first until its evaluations are used up, and its
 * CoalitionExplainer (Winter values).
 * Every element shows the value of its feature.
 * @throws UsageError for a hierarchy that does not fit, or of which the samples do not allow two orders
 */
export const owen: Method = {
  name: 'owen',
  aliases: ['partition-shap', 'winter', 'coalition-shap'],
  summary: 'Shapley values over a hierarchy of neighbouring features, or your own groups; exact, in about 2/3 n^2 forwards',
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
    hierarchy: {
      kind: 'segments',
      default: '',
      describe: 'groups of segments: grid:2;grid:4 (coarse to fine), label maps, or ((0 1) (2 3)); none: halves by place',
    },
  },
  needs: [],
  promises: ['completeness', 'dummy', 'linearity'],
  signed: true,
  cost: (options, evaluator) => {
    const { segments, samples, hierarchy } = options
    if (hierarchy === '') return { forwards: 2 + forwardsFor(expectedFeatures(segments, evaluator), samples), gradients: 0 }
    if (!evaluator) return { forwards: 2 + samples, gradients: 0 }
    const root = givenGroups(evaluator, gameOf(evaluator, options, 0), segments, hierarchy)
    const steps = root.players.length - 1
    return { forwards: 2 + (fits(root, samples) ? fullCost(root) : 2 * steps * Math.floor(samples / steps / 2)), gradients: 0 }
  },
  async run(evaluator, options, seed) {
    const game = gameOf(evaluator, options, seed)
    const nobody = await game.nobody()
    const { players, everybody } = game
    if (players === 0) return game.result([], nobody)
    const { samples, segments, hierarchy } = options
    const given = hierarchy !== ''
    const root = given ? givenGroups(evaluator, game, segments, hierarchy) : halvedGroups(evaluator, game)
    if (given && !fits(root, samples)) {
      const { worths, orders } = await overOrders(game, root, nobody, samples, seed)
      const result = game.result(worths, nobody)
      return { ...result, settled: { ...result.settled, orders } }
    }
    let placed: Placed[] = [
      { group: root, contexts: [{ others: new Uint8Array(players), without: nobody, with: everybody, weight: 1 }] },
    ]
    for (let left: number = samples; ; ) {
      const cost = levelCost(placed)
      if (cost === 0) break
      if (cost > left) {
        const most = Math.max(...placed.map(({ group }) => group.players.length))
        evaluator.warnings.push(
          `owen: samples=${samples} separate the features into groups of up to ${most}, which share their value equally; use more samples or fewer features`,
        )
        break
      }
      left -= cost
      placed = await separated(game, placed)
    }
    const worths = new Float64Array(players)
    for (const { group, contexts } of placed) {
      const worth = contexts.reduce((sum, context) => sum + context.weight * (context.with - context.without), 0)
      for (const player of group.players) worths[player] = worth / group.players.length
    }
    return game.result(worths, nobody)
  },
}

const fits = (root: Group, samples: number): boolean => widest(root) <= mostParts && fullCost(root) <= samples

const widest = ({ parts }: Group): number => Math.max(parts.length, ...parts.map(widest))

/** Every group as its parts, each in the contexts of the group with every subset of the other parts. */
async function separated(game: Game, placed: readonly Placed[]): Promise<Placed[]> {
  const coalitions: Uint8Array[] = []
  for (const { group, contexts } of placed)
    for (const { others } of subsetsOf(group) > 0 ? contexts : [])
      for (let subset = 1; subset < 2 ** group.parts.length - 1; subset++)
        coalitions.push(withPlayers(others, chosen(group, subset)))
  const values = await game.values(coalitions.length, (k, present) => present.set(coalitions[k]!), 'coalitions')
  let next = 0
  return placed.flatMap(({ group, contexts }) => {
    const count = group.parts.length
    if (count === 0) return [{ group, contexts }]
    const shares = shapleyShares(count)
    const found: Context[][] = group.parts.map(() => [])
    for (const context of contexts) {
      const first = next
      next += subsetsOf(group)
      const all = 2 ** count - 1
      const worth = (subset: number): number =>
        subset === 0 ? context.without : subset === all ? context.with : values[first + subset - 1]!
      const others = (subset: number): Uint8Array => (subset === 0 ? context.others : coalitions[first + subset - 1]!)
      for (let subset = 0; subset < all; subset++)
        for (let part = 0; part < count; part++) {
          const own = 2 ** part
          if ((subset & own) !== 0) continue
          const weight = context.weight * shares[bitsOf(subset)]!
          found[part]!.push({ others: others(subset), without: worth(subset), with: worth(subset | own), weight })
        }
    }
    return group.parts.map((part, i) => ({ group: part, contexts: found[i]! }))
  })
}

/** s! (n - 1 - s)! / n!: the share of a subset of s others in the Shapley value among n. */
function shapleyShares(count: number): Float64Array {
  const shares = new Float64Array(count)
  shares[0] = 1 / count
  for (let size = 1; size < count; size++) shares[size] = (shares[size - 1]! * size) / (count - size)
  return shares
}

function bitsOf(subset: number): number {
  let count = 0
  for (let rest = subset; rest > 0; rest &= rest - 1) count++
  return count
}

/** Players of the parts in a subset. */
const chosen = ({ parts }: Group, subset: number): number[] =>
  parts.flatMap(({ players }, part) => ((subset & (2 ** part)) !== 0 ? players : []))

function withPlayers(others: Uint8Array, players: readonly number[]): Uint8Array {
  const out = others.slice()
  for (const player of players) out[player] = 1
  return out
}
