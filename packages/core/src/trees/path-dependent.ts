/** @file Path-dependent TreeSHAP: exact Shapley values where an absent player takes both ways, as often as the training rows did. */
import { quadratures } from '../methods/path/quadrature.js'
import type { Covers } from './covers.js'
import type { Forest } from './forest.js'
import { type AddShapley, decisions, type Trees } from './interventional.js'

/** Points t and weights that integrate the product of as many linear factors as a leaf can have players, exactly. */
export function shapleyQuadrature(forest: Forest, players: number) {
  return quadratures['gauss-legendre']!(Math.max(1, Math.ceil(Math.min(forest.depth, players) / 2)))
}

/** Mean value below every node when every player is absent. */
export function nodeMeans({ forest, values }: Trees, { share }: Covers): Float64Array {
  const { column, yes, no, roots } = forest
  const means = new Float64Array(column.length)
  const fill = (node: number): number => {
    const mean = column[node]! < 0 ? values[node]! : share[node]! * fill(yes[node]!) + (1 - share[node]!) * fill(no[node]!)
    means[node] = mean
    return mean
  }
  for (const root of roots) fill(root)
  return means
}

/**
 * Shapley values of v(S), for rows x of `players` columns: from each root, a split on a player of S is decided by x, any other is followed both ways
 * with the covers' shares.
 *
 * A leaf adds value * product over its players i of (o_i if i in S else z_i), with o_i 1 where x goes on to the leaf at all of i's splits (else 0) and
 * z_i the product of shares there. The Shapley values of a product are
 * value (o_j - z_j) integral_0^1 prod_{i != j} ((1-t) z_i + t o_i) dt: a polynomial in t, so Gauss-Legendre with half as many points as the
 * deepest leaf has players is exact. Products go down the tree, sums over leaves come up; a player's second split on a path takes back what its
 * first one said. O(nodes x depth / 2); no subtraction of nearly equal sums, unlike unwinding.
 */
export function pathDependentShap(trees: Trees, covers: Covers, players: number): AddShapley {
  const { forest, values } = trees
  const { column, yes, no, roots } = forest
  const { positions, weights } = shapleyQuadrature(forest, players)
  const points = positions.length
  let passed: Uint8Array
  let out: Float64Array
  const one = new Float64Array(players).fill(1)
  const zero = new Float64Array(players).fill(1)
  /** By depth and point: products above a node, sums below it. */
  const products = new Float64Array((forest.depth + 1) * points).fill(1)
  const sums = new Float64Array((forest.depth + 1) * points)

  const walk = (node: number, depth: number): void => {
    const level = depth * points
    const player = column[node]!
    if (player < 0) {
      for (let k = 0; k < points; k++) sums[level + k] = values[node]! * products[level + k]!
      return
    }
    const below = level + points
    const [o, z] = [one[player]!, zero[player]!]
    for (let k = 0; k < points; k++) sums[level + k] = 0
    for (let way = 0; way < 2; way++) {
      const nextOne = passed[node] === way ? o : 0
      const nextZero = z * (way === 1 ? covers.share[node]! : 1 - covers.share[node]!)
      if (nextOne === 0 && nextZero === 0) continue
      for (let k = 0; k < points; k++) {
        const t = positions[k]!
        products[below + k] = (products[level + k]! / ((1 - t) * z + t * o)) * ((1 - t) * nextZero + t * nextOne)
      }
      one[player] = nextOne
      zero[player] = nextZero
      walk(way === 1 ? yes[node]! : no[node]!, depth + 1)
      let [now, before] = [0, 0]
      for (let k = 0; k < points; k++) {
        const t = positions[k]!
        const sum = sums[below + k]!
        now += (weights[k]! * sum) / ((1 - t) * nextZero + t * nextOne)
        before += (weights[k]! * sum) / ((1 - t) * z + t * o)
        sums[level + k]! += sum
      }
      out[player]! += (nextOne - nextZero) * now - (o - z) * before
    }
    one[player] = o
    zero[player] = z
  }
  return (x, into) => {
    passed = decisions(forest, x)
    out = into
    for (const root of roots) {
      products.fill(1, 0, points)
      walk(root, 0)
    }
  }
}
