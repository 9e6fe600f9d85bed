/** @file Output names that do not collide. */

/**
 * Hands out names: the first `photo` is `photo`, the next `photo-2`, then `photo-3`. Names that differ only in case count as equal,
 * because some file systems hold them so.
 */
export class UniqueNames {
  readonly #taken = new Set<string>()

  take(name: string): string {
    let candidate = name
    for (let n = 2; this.#taken.has(candidate.toLowerCase()); n++) candidate = `${name}-${n}`
    this.#taken.add(candidate.toLowerCase())
    return candidate
  }
}
