/** @file Folds of pictures: those of one source lie in one fold. */

/** The fold of each picture, sources dealt in order of first appearance. */
export function foldsOf(sources: readonly string[], count: number): number[] {
  const numbers = new Map<string, number>()
  return sources.map(source => {
    if (!numbers.has(source)) numbers.set(source, numbers.size)
    return numbers.get(source)! % count
  })
}
