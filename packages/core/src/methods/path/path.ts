/** @file Maps of methods that are weighted sums of gradients along a line, for many inputs in common sweeps. */
import type { Evaluator, Points, Sums } from '../../evaluator.js'
import type { PathRule } from '../method.js'

/** What a path method makes of sum_k w_k grad f(b + p_k (x - b)). */
const factors: Readonly<Record<PathRule['multiply'], (sum: number, input: number, baseline: number) => number>> = {
  nothing: sum => sum,
  input: (sum, input) => sum * input,
  difference: (sum, input, baseline) => sum * (input - baseline),
}

/**
 * A path method's maps at `count` inputs, used one by one, in order. Every chunk may hold points of several inputs.
 * @param inputs input number k; asked for several times, and must give the same each time
 */
export async function pathMaps(
  evaluator: Evaluator,
  rule: PathRule,
  inputs: (index: number) => Points,
  baseline: Points,
  count: number,
  use: (index: number, maps: Sums) => void,
  step: string,
): Promise<void> {
  const { positions, weights, multiply } = rule
  const points = positions.length
  const factor = factors[multiply]
  const walk = evaluator.withRules(rule.rules ?? 'gradient')
  const sizes = Object.entries(evaluator.inputs).map(([name, { data }]) => [name, data.length] as const)
  let latest: { index: number; values: Points } | undefined
  const input = (index: number): Points => {
    if (latest?.index !== index) latest = { index, values: inputs(index) }
    return latest.values
  }
  const make = (start: number, used: number): Points => {
    const out = Object.fromEntries(sizes.map(([name, size]) => [name, new Float32Array(used * size)]))
    for (let row = 0; row < used; row++) {
      const values = input(Math.floor((start + row) / points))
      const position = positions[(start + row) % points]!
      for (const [name, size] of sizes) {
        const [to, x, b] = [out[name]!, values[name]!, baseline[name]!]
        for (let i = 0; i < size; i++) to[row * size + i] = position === 1 ? x[i]! : b[i]! + position * (x[i]! - b[i]!)
      }
    }
    return out
  }
  let sums: Record<string, Float64Array> = {}
  await walk.gradients(
    count * points,
    make,
    (row, _, gradients) => {
      const place = row % points
      if (place === 0) sums = Object.fromEntries(sizes.map(([name, size]) => [name, new Float64Array(size)]))
      for (const [name, size] of sizes) for (let i = 0; i < size; i++) sums[name]![i]! += weights[place]! * gradients[name]![i]!
      if (place !== points - 1) return
      const index = Math.floor(row / points)
      const values = input(index)
      for (const [name] of sizes)
        sums[name]!.forEach((sum, i, own) => {
          const product = factor(sum, values[name]![i]!, baseline[name]![i]!)
          own[i] = rule.absolute ? Math.abs(product) : product
        })
      use(index, sums)
    },
    step,
  )
}
