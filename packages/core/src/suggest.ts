/** @file "Did you mean ...": the nearest of the names there are. */

/** Levenshtein distance: the least number of single-character edits. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++)
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1))
    row = next
  }
  return row[b.length]!
}

/** `; did you mean "x"?`, or nothing where no name is near. */
export function suggestion(word: string, names: Iterable<string>): string {
  const wanted = word.toLowerCase()
  let best: string | undefined
  let least = Math.max(2, Math.floor(word.length / 2)) + 1
  for (const name of names) {
    const lower = name.toLowerCase()
    const far = lower.includes(wanted) && wanted.length > 2 ? 1 : distance(wanted, lower)
    if (far < least) [best, least] = [name, far]
  }
  return best === undefined ? '' : `; did you mean "${best}"?`
}
