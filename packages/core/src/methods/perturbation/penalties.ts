/** @file What keeps an optimised mask small and smooth: values and gradients, in double precision. */

interface Penalty {
  readonly value: number
  readonly gradient: Float64Array
}

/** sum over neighbours of |m_a - m_b|^power, down and across a grid. */
export function totalVariation(mask: Float64Array, rows: number, columns: number, power: number): Penalty {
  const gradient = new Float64Array(mask.length)
  let value = 0
  const pair = (a: number, b: number): void => {
    const change = mask[b]! - mask[a]!
    const size = Math.abs(change)
    if (size === 0) return
    value += size ** power
    const slope = power * size ** (power - 1) * Math.sign(change)
    gradient[b]! += slope
    gradient[a]! -= slope
  }
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < columns; c++) {
      if (c + 1 < columns) pair(r * columns + c, r * columns + c + 1)
      if (r + 1 < rows) pair(r * columns + c, (r + 1) * columns + c)
    }
  return { value, gradient }
}

/**
 * mean over places of (m - t)^2, t 1 for the ceil(area n) largest values and 0 for the others: zero for a sharp mask of this area alone.
 * Equal values at the edge have the same t between 0 and 1, with the same sum.
 */
export function areaPenalty(mask: Float64Array, area: number): Penalty {
  const count = mask.length
  const kept = Math.ceil(area * count)
  const edge = mask.slice().sort()[count - kept]!
  let [above, tied] = [0, 0]
  for (const value of mask) {
    if (value > edge) above++
    else if (value === edge) tied++
  }
  const gradient = new Float64Array(count)
  let value = 0
  for (let i = 0; i < count; i++) {
    const off = mask[i]! - (mask[i]! > edge ? 1 : mask[i] === edge ? (kept - above) / tied : 0)
    value += off ** 2 / count
    gradient[i] = (2 * off) / count
  }
  return { value, gradient }
}
