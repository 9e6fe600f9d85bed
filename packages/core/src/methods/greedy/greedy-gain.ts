/** @file greedy-gain: the exact greedy selection, by the gain of every single feature in every round. */

import { UsageError } from '../../errors.js'
import { gameOf } from '../../segments/game.js'
import { expectedFeatures } from '../../segments/index.js'
import type { Method } from '../method.js'
import { greedyOptions } from './greedy-pig.js'
import { perRoundOf, roundsOf } from './rounds.js'

/** More forwards than anybody waits for. */
const mostForwards = 5_000_000

/** Forwards of a selection among `count` features: the input, nothing, every single feature of each round, and what several reach together. */
const forwardsOf = (count: number, perRound: number, rounds: number): number => {
  const each = perRoundOf(perRound, count)
  const tried = Array.from({ length: rounds }, (_, round) => count - round * each).reduce((sum, left) => sum + left, 0)
  return 2 + tried + (each > 1 ? rounds - 1 : 0)
}

/**
 * Each round gives every feature i that is not in S its gain G(S + i) - G(S), G(S) = f(x where S is present, b elsewhere), and selects the
 * largest `perRound` (equal ones in the order of features): the greedy algorithm of submodular maximisation, which greedy-pig
 * approximates with gradients. n (n + 1) / 2 forwards for n features one at a time.
 * @throws UsageError above five million forwards
 */
export const greedyGain: Method = {
  name: 'greedy-gain',
  summary: 'features in the order of their exact gain, each round trying every one: for few features',
  formula: 'S <- S + argmax_i f(x on S + i, b elsewhere) - f(x on S, b elsewhere)',
  citation: 'Nemhauser, Wolsey, Fisher: An analysis of approximations for maximizing submodular set functions, 1978',
  options: greedyOptions,
  needs: [],
  promises: ['dummy'],
  signed: true,
  cost: (options, evaluator) => {
    const count = expectedFeatures(options['segments'], evaluator)
    return { forwards: forwardsOf(count, options['perRound'], roundsOf(options as never, count)), gradients: 0 }
  },
  async run(evaluator, options, seed) {
    const game = gameOf(evaluator, options, seed)
    const { players } = game
    const settings = { perRound: options['perRound'] as number, rounds: options['rounds'] as number }
    const each = perRoundOf(settings.perRound, players)
    const rounds = roundsOf(settings, players)
    const forwards = forwardsOf(players, settings.perRound, rounds)
    if (forwards > mostForwards)
      throw new UsageError(
        `greedy-gain would take ${forwards} forward passes for ${players} features; choose larger segments (segments=grid:8), more features per round, or greedy-pig`,
      )
    const rank = new Int32Array(players).fill(-1)
    const worths = new Float64Array(players)
    let [reached, taken] = [await game.nobody(), 0]
    for (let round = 0; round < rounds; round++) {
      const left = Array.from({ length: players }, (_, player) => player).filter(player => rank[player]! < 0)
      const switchOn = (present: Uint8Array): void => rank.forEach((own, player) => void (own >= 0 && (present[player] = 1)))
      const values = await game.values(
        left.length,
        (k, present) => {
          switchOn(present)
          present[left[k]!] = 1
        },
        'features',
      )
      const gains = left.map((player, k) => ({ player, gain: values[k]! - reached }))
      gains.sort((a, b) => b.gain - a.gain || a.player - b.player)
      for (const { player, gain } of round === rounds - 1 ? gains : gains.slice(0, each)) {
        worths[player] = gain
        rank[player] = taken++
      }
      if (round < rounds - 1 && each === 1) reached += gains[0]!.gain
      else if (round < rounds - 1) reached = (await game.values(1, (_, present) => switchOn(present), 'features'))[0]!
      evaluator.progress(round + 1, rounds, 'rounds')
    }
    const order = Object.fromEntries(
      evaluator.at.map(name => [name, game.playerOf[name]!.map(player => (player < 0 ? -1 : rank[player]!))]),
    )
    return { maps: game.result(worths).maps, order, settled: { features: players, perRound: each, rounds } }
  },
}
