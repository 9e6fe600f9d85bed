/** @file Inner products of many long vectors, in double precision. */

/** Writes <a, b_j> for four vectors at once: a is read once for the four. */
function four(a: Float32Array, b: readonly Float32Array[], from: number, into: Float64Array, at: number): void {
  const [p, q, r, s] = [b[from]!, b[from + 1]!, b[from + 2]!, b[from + 3]!]
  let [w, x, y, z] = [0, 0, 0, 0]
  for (let i = 0; i < a.length; i++) {
    const value = a[i]!
    w += value * p[i]!
    x += value * q[i]!
    y += value * r[i]!
    z += value * s[i]!
  }
  into[at] = w
  into[at + 1] = x
  into[at + 2] = y
  into[at + 3] = z
}

function one(a: Float32Array, b: Float32Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!
  return sum
}

/** <a, b_j> for each j below `count`. */
export function innerProducts(a: Float32Array, b: readonly Float32Array[], count = b.length): Float64Array {
  const out = new Float64Array(count)
  const whole = count - (count % 4)
  for (let j = 0; j < whole; j += 4) four(a, b, j, out, j)
  for (let j = whole; j < count; j++) out[j] = one(a, b[j]!)
  return out
}
