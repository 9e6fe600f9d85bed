/** @file Transfer as numbers: scores of pairs, the family contrast after main effects, weights without the tester. */

/** Area under a score over the shares kept, by trapezoids, relative to the range of the shares; with one share its score. */
export function areaUnder(shares: readonly number[], scores: ArrayLike<number>): number {
  if (shares.length === 1) return scores[0]!
  let sum = 0
  for (let k = 1; k < shares.length; k++) sum += ((scores[k]! + scores[k - 1]!) / 2) * (shares[k]! - shares[k - 1]!)
  return sum / (shares.at(-1)! - shares[0]!)
}

/** Scores of one generator by one tester, per picture. */
export interface PairScores {
  /** What the tester makes of the parts that the generator's map keeps. */
  readonly kept: ArrayLike<number>
  /** Of masks of the same shape and area elsewhere. */
  readonly random: ArrayLike<number>
  /** Of the whole picture. */
  readonly full: ArrayLike<number>
}

/** T = (s_g - s_rand) / (s_full - s_rand) over the rows given: 0 no better than chance, 1 as good as the whole picture; NaN where the whole is no better than chance. */
export function transferScore({ kept, random, full }: PairScores, rows: ArrayLike<number>): number {
  let [top, bottom] = [0, 0]
  for (let k = 0; k < rows.length; k++) {
    const i = rows[k]!
    top += kept[i]! - random[i]!
    bottom += full[i]! - random[i]!
  }
  return bottom > 0 ? top / bottom : Number.NaN
}

/** Entries that say nothing about transfer: a model as its own tester, and what is not finite. */
const used = (matrix: readonly (readonly number[])[], g: number, t: number): boolean => g !== t && Number.isFinite(matrix[g]![t]!)

/** What is left of a matrix after generator and tester main effects: least squares over the entries used, by turns to convergence. */
function residual(matrix: readonly (readonly number[])[], has: (g: number, t: number) => boolean): number[][] {
  const out = matrix.map(row => [...row])
  const each = out.map((_, i) => i)
  const centre = (pairs: readonly (readonly [number, number])[]): number => {
    const own = pairs.filter(([g, t]) => has(g, t))
    if (own.length === 0) return 0
    const mean = own.reduce((sum, [g, t]) => sum + out[g]![t]!, 0) / own.length
    for (const [g, t] of own) out[g]![t]! -= mean
    return Math.abs(mean)
  }
  for (let round = 0; round < 1000; round++) {
    let moved = 0
    for (const i of each) {
      moved += centre(each.map(t => [i, t] as const))
      moved += centre(each.map(g => [g, i] as const))
    }
    if (moved < 1e-13) break
  }
  return out
}

/**
 * c of T[g][t] = mean + generator g + tester t + c [g and t are of one family], least squares over pairs of different models: how much
 * better maps transfer within a family than across, whatever models give or get good maps in general (Frisch, Waugh, Lovell).
 * @param left pairs not to count, as two seeds of one architecture
 * @returns NaN where the pairs cannot tell (fewer than two families, or too few models)
 */
export function familyContrast(
  matrix: readonly (readonly number[])[],
  families: readonly string[],
  left: (g: number, t: number) => boolean = () => false,
): number {
  const has = (g: number, t: number): boolean => used(matrix, g, t) && !left(g, t)
  const within = matrix.map((row, g) => row.map((_, t) => (families[g] === families[t] ? 1 : 0)))
  // What is left of the indicator is orthogonal to the main effects, so they need not be taken from the scores.
  const own = residual(within, has)
  let [top, bottom] = [0, 0]
  for (let g = 0; g < matrix.length; g++)
    for (let t = 0; t < matrix.length; t++)
      if (has(g, t)) {
        top += own[g]![t]! * matrix[g]![t]!
        bottom += own[g]![t]! ** 2
      }
  return bottom > 1e-9 ? top / bottom : Number.NaN
}

/** Mean of the entries off the diagonal that qualify; NaN for none. */
export function meanOfPairs(matrix: readonly (readonly number[])[], which: (g: number, t: number) => boolean): number {
  let [sum, count] = [0, 0]
  for (let g = 0; g < matrix.length; g++)
    for (let t = 0; t < matrix.length; t++)
      if (used(matrix, g, t) && which(g, t)) {
        sum += matrix[g]![t]!
        count += 1
      }
  return count > 0 ? sum / count : Number.NaN
}

/**
 * Weights of all models but the tester left out, with sum 1: w_g is g's mean transfer to models that are neither g nor the tester, at
 * least 0; equal weights where none transfers. The tester grades nobody, and no model grades itself.
 * @param tester index of the model left out; its own weight is 0
 */
export function weightsWithout(matrix: readonly (readonly number[])[], tester: number): number[] {
  const raw = matrix.map((row, g) => {
    if (g === tester) return 0
    const graded = row.filter((_, t) => t !== tester && used(matrix, g, t))
    return graded.length > 0 ? Math.max(0, graded.reduce((sum, value) => sum + value, 0) / graded.length) : 0
  })
  const sum = raw.reduce((all, value) => all + value, 0)
  const others = matrix.length - 1
  return raw.map((value, g) => (g === tester ? 0 : sum > 0 ? value / sum : 1 / others))
}
