/** @file Values of players from random orders that keep groups of them together. */
import { UsageError } from '../../errors.js'
import { Random, shuffled } from '../../random.js'
import type { Game } from '../../segments/game.js'
import type { Group } from '../../segments/hierarchy.js'

/** The players in a random order that keeps every group together. */
function orderOf(group: Group, random: Random): number[] {
  if (group.parts.length === 0) return [...group.players]
  return Array.from(shuffled(group.parts.length, random)).flatMap(part => orderOf(group.parts[part]!, random))
}

/**
 * Mean marginal worths over random orders that keep groups together, each followed by its reverse; order 2k by seed and k only.
 * @throws UsageError where the samples do not allow two orders
 */
export async function overOrders(
  game: Game,
  root: Group,
  nobody: number,
  samples: number,
  seed: number,
): Promise<{ worths: Float64Array; orders: number }> {
  const steps = game.players - 1
  const pairs = Math.floor(samples / steps / 2)
  if (pairs === 0)
    throw new UsageError(
      `owen: ${game.players} features of a hierarchy need samples of at least ${2 * steps}; use more samples or fewer features`,
    )
  const orders = Array.from({ length: pairs }, (_, k) => orderOf(root, new Random(seed, k))).flatMap(order => [
    order,
    [...order].reverse(),
  ])
  const values = await game.values(
    orders.length * steps,
    (k, present) => {
      const order = orders[Math.floor(k / steps)]!
      for (let i = 0; i <= k % steps; i++) present[order[i]!] = 1
    },
    'coalitions',
  )
  const worths = new Float64Array(game.players)
  orders.forEach((order, index) => {
    let before = nobody
    order.forEach((player, i) => {
      const after = i < steps ? values[index * steps + i]! : game.everybody
      worths[player]! += (after - before) / orders.length
      before = after
    })
  })
  return { worths, orders: orders.length }
}
