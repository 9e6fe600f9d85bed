/** @file Orders: random ones and samples of 0..n-1, by Fisher and Yates, decided by the generator that is given; and one that goes from source to source. */

interface Draws {
  /** Uniform whole number in [0, limit). */
  integer(limit: number): number
}

/** All of 0..total-1 in random order. */
export function shuffled(total: number, random: Draws): Uint32Array {
  const order = Uint32Array.from({ length: total }, (_, i) => i)
  for (let i = total - 1; i > 0; i--) swap(order, i, random.integer(i + 1))
  return order
}

/** `wanted` different ones of 0..count-1, all where there are fewer, in random order; a smaller sample is the start of a larger one. */
export function sampled(count: number, wanted: number, random: Draws): number[] {
  const order = Uint32Array.from({ length: count }, (_, i) => i)
  const taken = Math.min(count, wanted)
  for (let i = 0; i < taken; i++) swap(order, i, i + random.integer(count - i))
  return [...order.subarray(0, taken)]
}

function swap(order: Uint32Array, i: number, j: number): void {
  const held = order[i]!
  order[i] = order[j]!
  order[j] = held
}

/**
 * The pictures in an order whose beginning comes from as many sources as there are: one of each source, another one from source to
 * source, then a second of each, and so on. Pictures of one source say less together than as many of different ones.
 */
export function spread<Picture extends { readonly item: { readonly source: string } }>(scored: readonly Picture[]): Picture[] {
  const groups = new Map<string, Picture[]>()
  for (const one of scored) {
    const own = groups.get(one.item.source)
    if (own) own.push(one)
    else groups.set(one.item.source, [one])
  }
  const list = [...groups.values()]
  const most = Math.max(0, ...list.map(({ length }) => length))
  return Array.from({ length: most }, (_, round) =>
    list.flatMap((own, g) => (round < own.length ? [own[(round + g) % own.length]!] : [])),
  ).flat()
}
