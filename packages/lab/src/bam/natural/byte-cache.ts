/** @file Decoded parts kept in memory up to a bound; the ones not used for longest go first. */

export class ByteCache<Value> {
  readonly #values = new Map<string, { value: Promise<Value>; bytes: number }>()
  #bytes = 0

  constructor(
    private readonly limit: number,
    private readonly bytesOf: (value: Value) => number,
  ) {}

  /** Bytes held now. */
  get bytes(): number {
    return this.#bytes
  }

  /** The kept value, or a loaded one; callers at the same time share one load, and a failed load is not kept. */
  get(key: string, load: () => Promise<Value>): Promise<Value> {
    const kept = this.#values.get(key)
    if (kept) {
      this.#values.delete(key)
      this.#values.set(key, kept)
      return kept.value
    }
    const entry = { value: load(), bytes: 0 }
    this.#values.set(key, entry)
    entry.value.then(
      value => {
        entry.bytes = this.bytesOf(value)
        this.#bytes += entry.bytes
        this.#trim()
      },
      () => this.#values.delete(key),
    )
    return entry.value
  }

  #trim(): void {
    for (const [key, { bytes }] of this.#values) {
      if (this.#bytes <= this.limit) return
      // What is still loading weighs nothing yet and is shared by its callers.
      if (bytes === 0) continue
      this.#values.delete(key)
      this.#bytes -= bytes
    }
  }
}
