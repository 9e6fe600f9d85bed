/** @file The values made last, by name; a failure is not kept. */

export class Recent<Value> {
  readonly #values = new Map<string, Promise<Value>>()

  constructor(private readonly limit: number) {}

  get(key: string, make: () => Promise<Value>): Promise<Value> {
    const value = this.#values.get(key) ?? make()
    this.#values.delete(key)
    this.#values.set(key, value)
    value.catch(() => this.#values.delete(key))
    if (this.#values.size > this.limit) this.#values.delete(this.#values.keys().next().value!)
    return value
  }
}
