/** @file Which coalitions KernelSHAP runs and how they weigh, and the regression over them. */
import { Random } from '../../random.js'
import { cholesky } from '../perturbation/cholesky.js'
import { binomial } from './shapley-values.js'

export interface KernelDesign {
  readonly count: number
  /** Row k has a 1 for every player of coalition k. */
  readonly members: Uint8Array
  /** Shapley kernel weights, which sum to 1. */
  readonly weights: Float64Array
}

/** Players of every coalition of `size`, in lexicographic order. */
function* subsets(players: number, size: number): Generator<readonly number[]> {
  const chosen = Array.from({ length: size }, (_, i) => i)
  for (;;) {
    yield chosen
    let at = size - 1
    while (at >= 0 && chosen[at] === players - size + at) at--
    if (at < 0) return
    chosen[at]! += 1
    for (let i = at + 1; i < size; i++) chosen[i] = chosen[i - 1]! + 1
  }
}

/** `size` players drawn without replacement, in increasing order; of two halves, the one that holds player 0. */
function drawn(random: Random, players: number, size: number): number[] {
  const order = Uint32Array.from({ length: players }, (_, i) => i)
  for (let i = 0; i < size; i++) {
    const other = i + random.integer(players - i)
    ;[order[i], order[other]] = [order[other]!, order[i]!]
  }
  const chosen = order.subarray(0, size)
  return Array.from(2 * size === players && !chosen.includes(0) ? order.subarray(size) : chosen).sort((a, b) => a - b)
}

/**
 * At most `budget` different coalitions, none of them empty or full, in pairs of a coalition and its complement. Sizes s and n - s weigh
 * (n - 1) / (s (n - s)) each. From the smallest size on, all coalitions of a size are taken while the budget's share for that size holds
 * them; the rest of the budget goes to draws from the remaining sizes, in proportion to their weight, a pair drawn again weighing more.
 * Draw k depends on seed and k only. Lundberg, Lee 2017; pairs: Covert, Lee: Improving KernelSHAP, AISTATS 2021.
 */
export function kernelDesign(players: number, budget: number, seed: number): KernelDesign {
  const half = Math.floor(players / 2)
  const sides = (size: number): number => (2 * size === players ? 1 : 2)
  const sizeWeight = Float64Array.from({ length: half + 1 }, (_, size) =>
    size === 0 ? 0 : (sides(size) * (players - 1)) / (size * (players - size)),
  )
  const all = sizeWeight.reduce((sum, weight) => sum + weight, 0)
  const coalitions: (readonly number[])[] = []
  const weights: number[] = []
  let [left, rest, size] = [budget, all, 1]
  for (; size <= half; size++) {
    const count = sides(size) * binomial(players, size)
    if ((left * sizeWeight[size]!) / rest < count * (1 - 1e-8)) break
    for (const subset of subsets(players, size)) {
      if (sides(size) === 1 && subset[0] !== 0) break
      coalitions.push([...subset])
      weights.push(sizeWeight[size]! / all / count)
    }
    left -= count
    rest -= sizeWeight[size]!
  }
  if (size <= half) {
    const counts = new Map<string, { subset: number[]; times: number }>()
    let draws = 0
    for (; counts.size < Math.floor(left / 2) && draws < 20 * left; draws++) {
      const random = new Random(seed, draws)
      let [chosen, mark] = [size, random.uniform() * rest]
      while (chosen < half && (mark -= sizeWeight[chosen]!) >= 0) chosen++
      const subset = drawn(random, players, chosen)
      const key = String.fromCharCode(...subset)
      const known = counts.get(key)
      if (known) known.times++
      else counts.set(key, { subset, times: 1 })
    }
    for (const { subset, times } of counts.values()) {
      coalitions.push(subset)
      weights.push((rest / all / 2) * (times / draws))
    }
  }
  const members = new Uint8Array(2 * coalitions.length * players)
  coalitions.forEach((subset, pair) => {
    members.fill(1, (2 * pair + 1) * players, (2 * pair + 2) * players)
    for (const player of subset) {
      members[2 * pair * players + player] = 1
      members[(2 * pair + 1) * players + player] = 0
    }
  })
  return { count: 2 * coalitions.length, members, weights: Float64Array.from(weights.flatMap(weight => [weight, weight])) }
}

/** From v of every coalition of a design, v of none and of all, the values. */
type KernelFit = (worths: ArrayLike<number>, nobody: number, everybody: number) => Float64Array

const total = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0)

/**
 * The values phi that minimise sum_k w_k (v_k - v_0 - z_k . phi)^2 with sum_i phi_i = v_1 - v_0, exactly: with A = sum_k w_k z_k z_k^T and
 * c = sum_k w_k z_k (v_k - v_0), phi = A^-1 (c - m 1), m = (1 . A^-1 c - (v_1 - v_0)) / (1 . A^-1 1). Undefined where A is singular, which
 * shows before any coalition is run.
 */
export function kernelRegression({ count, members, weights }: KernelDesign, players: number): KernelFit | undefined {
  const matrix = new Float64Array(players * players)
  const present = new Uint32Array(players)
  for (let k = 0; k < count; k++) {
    const weight = weights[k]!
    let size = 0
    for (let i = 0; i < players; i++) if (members[k * players + i] === 1) present[size++] = i
    for (let a = 0; a < size; a++) {
      const row = present[a]! * players
      for (let b = 0; b <= a; b++) matrix[row + present[b]!]! += weight
    }
  }
  const solve = cholesky(matrix, players)
  if (!solve) return undefined
  const ones = solve(new Float64Array(players).fill(1))
  const scale = total(ones)
  return (worths, nobody, everybody) => {
    const right = new Float64Array(players)
    for (let k = 0; k < count; k++) {
      const part = weights[k]! * (worths[k]! - nobody)
      for (let i = 0, at = k * players; i < players; i++, at++) if (members[at] === 1) right[i]! += part
    }
    const free = solve(right)
    const excess = (total(free) - (everybody - nobody)) / scale
    return free.map((value, i) => value - excess * ones[i]!)
  }
}

interface Designed {
  readonly design: KernelDesign
  readonly regression: KernelFit | undefined
}

/** Games above this size are not kept. */
const keptPlayers = 256
let kept: (Designed & { readonly identity: string }) | undefined

/** Design and solver; the last ones are kept, since rows of a table ask for the same again and again. */
export function designed(players: number, budget: number, seed: number): Designed {
  const identity = `${players} ${budget} ${seed}`
  if (kept?.identity === identity) return kept
  const design = kernelDesign(players, budget, seed)
  const made = { identity, design, regression: kernelRegression(design, players) }
  if (players <= keptPlayers) kept = made
  return made
}
