/**
 * @file Counter-based generator for weights and inputs; `tools/parity/generator.py` is its twin and gives the same bits.
 *
 * Element i of stream `key`: x = mix(i · 0x9E3779B1 ^ hash(key)), u = x / 2^32; uniform: fround(centre + half · (2u - 1)) in
 * doubles; integer below n: floor(u · n). `hash` is FNV-1a over UTF-8, `mix` the 32-bit finaliser of MurmurHash3.
 */

/** How one tensor is filled: uniform in [centre - half, centre + half). */
export interface Fill {
  /** Stream; default: the tensor's own name. */
  readonly key?: string
  readonly centre: number
  readonly half: number
  /** Where the tensor is a transposed parameter: the parameter's dimensions and the permutation applied to it. */
  readonly dims?: readonly number[]
  readonly perm?: readonly number[]
}

export function keyHash(key: string): number {
  let value = 0x811c9dc5
  for (const byte of new TextEncoder().encode(key)) value = Math.imul(value ^ byte, 0x01000193)
  return value >>> 0
}

function word(hash: number, index: number): number {
  let x = Math.imul(index, 0x9e3779b1) ^ hash
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b)
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35)
  return (x ^ (x >>> 16)) >>> 0
}

export function uniform(key: string, count: number, centre: number, half: number): Float32Array {
  const hash = keyHash(key)
  const out = new Float32Array(count)
  for (let i = 0; i < count; i++) out[i] = centre + half * (2 * (word(hash, i) / 4294967296) - 1)
  return out
}

export function integers(key: string, count: number, below: number): Float64Array {
  const hash = keyHash(key)
  return Float64Array.from({ length: count }, (_, i) => Math.floor((word(hash, i) / 4294967296) * below))
}

/** The `count` elements of a weight named `name`. */
export function refill(name: string, count: number, fill: Fill): Float32Array {
  const values = uniform(fill.key ?? name, count, fill.centre, fill.half)
  return fill.perm && fill.dims ? transpose(values, fill.dims, fill.perm) : values
}

function transpose(values: Float32Array, dims: readonly number[], perm: readonly number[]): Float32Array {
  const strides = dims.map((_, axis) => dims.slice(axis + 1).reduce((product, dim) => product * dim, 1))
  const sizes = perm.map(axis => dims[axis]!)
  const steps = perm.map(axis => strides[axis]!)
  const out = new Float32Array(values.length)
  const last = sizes.length - 1
  let place = 0
  const walk = (axis: number, from: number): void => {
    const size = sizes[axis]!
    const step = steps[axis]!
    if (axis === last) for (let i = 0; i < size; i++) out[place++] = values[from + i * step]!
    else for (let i = 0; i < size; i++) walk(axis + 1, from + i * step)
  }
  walk(0, 0)
  return out
}
