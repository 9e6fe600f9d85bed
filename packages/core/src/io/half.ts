/** @file IEEE half-precision numbers. */

/** float16 bits as float32; every half is exact in single precision. */
export function widenHalf(bits: Uint16Array): Float32Array<ArrayBuffer> {
  return Float32Array.from(bits, half => {
    const sign = half & 0x8000 ? -1 : 1
    const exponent = (half >> 10) & 31
    const fraction = half & 1023
    if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY
    return exponent ? sign * (1 + fraction / 1024) * 2 ** (exponent - 15) : sign * fraction * 2 ** -24
  })
}
