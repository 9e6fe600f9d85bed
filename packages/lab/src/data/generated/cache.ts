/** @file The parts drawn last, so that pictures which share a scene or a cut-out draw it once. Changes no result. */

export class RecentlyUsed<Part> {
  readonly #parts = new Map<number, Part>()

  constructor(readonly limit: number) {}

  get(key: number, draw: () => Part): Part {
    const known = this.#parts.get(key)
    if (known !== undefined) {
      this.#parts.delete(key)
      this.#parts.set(key, known)
      return known
    }
    const part = draw()
    this.#parts.set(key, part)
    if (this.#parts.size > this.limit) this.#parts.delete(this.#parts.keys().next().value!)
    return part
  }
}
