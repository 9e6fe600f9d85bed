/** @file The seeded generator behind every random choice: xoshiro128**, identical in Node and the browser. Seed 0 is a seed. */

const mask64 = (1n << 64n) - 1n

/** Mixes seed and stream into one 64-bit state (splitmix64 finaliser), so that neighbouring seeds give unrelated sequences. */
function mix(value: bigint): bigint {
  let z = (value + 0x9e3779b97f4a7c15n) & mask64
  z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & mask64
  z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & mask64
  return z ^ (z >> 31n)
}

/**
 * A generator for one purpose. Draw number `stream` of a method is made from (seed, stream), never from what was drawn before,
 * so that the values do not depend on chunk size or order of work.
 */
export class Random {
  #a: number
  #b: number
  #c: number
  #d: number
  #spare: number | undefined

  constructor(seed: number, stream = 0) {
    const first = mix(mix(BigInt(Math.trunc(seed)) & mask64) ^ (BigInt(Math.trunc(stream)) & mask64))
    const second = mix(first)
    this.#a = Number(first >> 32n)
    this.#b = Number(first & 0xffffffffn)
    this.#c = Number(second >> 32n)
    this.#d = Number(second & 0xffffffffn)
  }

  /** 32 random bits: one step of xoshiro128** (Blackman and Vigna, 2018). */
  #next(): number {
    const product = Math.imul(this.#b, 5)
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0
    const shifted = this.#b << 9
    this.#c ^= this.#a
    this.#d ^= this.#b
    this.#b ^= this.#c
    this.#a ^= this.#d
    this.#c ^= shifted
    this.#d = (this.#d << 11) | (this.#d >>> 21)
    return result
  }

  /** Uniform in [0, 1), 53 bits. */
  uniform(): number {
    return ((this.#next() >>> 5) * 67108864 + (this.#next() >>> 6)) / 9007199254740992
  }

  /** Uniform whole number in [0, limit). */
  integer(limit: number): number {
    return Math.floor(this.uniform() * limit)
  }

  /** Standard normal (Box-Muller, both values used). */
  normal(): number {
    if (this.#spare !== undefined) {
      const spare = this.#spare
      this.#spare = undefined
      return spare
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()))
    const angle = 2 * Math.PI * this.uniform()
    this.#spare = radius * Math.sin(angle)
    return radius * Math.cos(angle)
  }
}

/** 0 to count - 1 in random order (Fisher, Yates). */
export function shuffled(count: number, random: Random): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i)
  for (let i = count - 1; i > 0; i--) {
    const other = random.integer(i + 1)
    ;[order[i], order[other]] = [order[other]!, order[i]!]
  }
  return order
}
