/** @file The cheapest way to turn one distribution into another, exactly. */

/** Mass below this share of the whole counts as none. */
const nothing = 1e-13

/**
 * min sum_ij f_ij cost(i, j) over flows f >= 0 that move `supply` to `demand` (equal totals): successive shortest paths, dense Dijkstra with
 * potentials, in double precision. Mass that both have at the same index stays, which is right where cost is a metric.
 */
export function transportCost(
  supply: ArrayLike<number>,
  demand: ArrayLike<number>,
  cost: (from: number, to: number) => number,
): number {
  const kept = Float64Array.from(supply, (value, i) => Math.min(value, demand[i]!))
  const from = indices(supply, (value, i) => value - kept[i]! > nothing)
  const to = indices(demand, (value, i) => value - kept[i]! > nothing)
  const [rows, columns] = [from.length, to.length]
  if (rows === 0 || columns === 0) return 0
  const left = Float64Array.from(from, i => supply[i]! - kept[i]!)
  const wanted = Float64Array.from(to, j => demand[j]! - kept[j]!)
  const costs = Float64Array.from({ length: rows * columns }, (_, k) => cost(from[Math.floor(k / columns)]!, to[k % columns]!))
  const flow = new Float64Array(rows * columns)
  const potential = new Float64Array(rows + columns)
  const nodes = rows + columns
  for (;;) {
    const { distance, parent, end } = shortest(left, wanted, costs, flow, potential)
    if (end < 0) break
    for (let node = 0; node < nodes; node++) potential[node]! += Math.min(distance[node]!, distance[end]!)
    // Backwards from the end: column, row, column, row ... start.
    let amount = wanted[end - rows]!
    let node = end
    while (parent[node]! >= 0) {
      const before = parent[node]!
      if (before >= rows) amount = Math.min(amount, flow[node * columns + before - rows]!)
      node = before
    }
    amount = Math.min(amount, left[node]!)
    left[node]! -= amount
    wanted[end - rows]! -= amount
    node = end
    while (parent[node]! >= 0) {
      const before = parent[node]!
      if (before < rows) flow[before * columns + node - rows]! += amount
      else flow[node * columns + before - rows]! -= amount
      node = before
    }
  }
  return flow.reduce((sum, amount, k) => sum + amount * costs[k]!, 0)
}

const indices = (values: ArrayLike<number>, keep: (value: number, i: number) => boolean): number[] =>
  Array.from({ length: values.length }, (_, i) => i).filter(i => keep(values[i]!, i))

/** Dijkstra over reduced costs from every row with mass left to the nearest column that wants some; `end` is -1 where nothing is left. */
function shortest(left: Float64Array, wanted: Float64Array, costs: Float64Array, flow: Float64Array, potential: Float64Array) {
  const [rows, columns] = [left.length, wanted.length]
  const distance = new Float64Array(rows + columns).fill(Number.POSITIVE_INFINITY)
  const parent = new Int32Array(rows + columns).fill(-1)
  const done = new Uint8Array(rows + columns)
  for (let row = 0; row < rows; row++) if (left[row]! > nothing) distance[row] = 0
  for (;;) {
    let node = -1
    for (let k = 0; k < done.length; k++)
      if (!done[k] && distance[k]! < Number.POSITIVE_INFINITY && (node < 0 || distance[k]! < distance[node]!)) node = k
    if (node < 0) return { distance, parent, end: -1 }
    done[node] = 1
    if (node >= rows && wanted[node - rows]! > nothing) return { distance, parent, end: node }
    const relax = (other: number, length: number): void => {
      const reached = distance[node]! + Math.max(0, length)
      if (reached < distance[other]!) {
        distance[other] = reached
        parent[other] = node
      }
    }
    if (node < rows) {
      for (let column = 0; column < columns; column++)
        if (!done[rows + column])
          relax(rows + column, costs[node * columns + column]! + potential[node]! - potential[rows + column]!)
    } else {
      const column = node - rows
      for (let row = 0; row < rows; row++)
        if (!done[row] && flow[row * columns + column]! > nothing)
          relax(row, potential[node]! - potential[row]! - costs[row * columns + column]!)
    }
  }
}
