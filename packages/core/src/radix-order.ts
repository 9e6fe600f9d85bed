/** @file A stable order of many values by the bits of their upper halves: many times faster than a comparing sort on maps of pictures. */

const buckets = 2 ** 16
const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1

/** Indices from the smallest value to the largest; equal values in order of their index, -0 and 0 being equal. NaN has no place. */
export function ascendingOrder(values: ArrayLike<number>): Uint32Array {
  const count = values.length
  const doubles = new Float64Array(count)
  // Adding 0 makes -0 and 0 the same bits.
  for (let i = 0; i < count; i++) doubles[i] = values[i]! + 0
  const words = new Uint32Array(doubles.buffer)
  const high = littleEndian ? 1 : 0
  // Upper halves in the order of the values: negative ones reversed, positive ones above them.
  const keys = new Uint32Array(count)
  for (let i = 0; i < count; i++) {
    const word = words[2 * i + high]!
    keys[i] = word >>> 31 === 1 ? ~word : word | 0x80000000
  }
  let order = new Uint32Array(count)
  for (let i = 0; i < count; i++) order[i] = i
  let next = new Uint32Array(count)
  for (const shift of [0, 16]) {
    const starts = new Uint32Array(buckets + 1)
    for (let i = 0; i < count; i++) starts[((keys[i]! >>> shift) & 0xffff) + 1]!++
    for (let b = 0; b < buckets; b++) starts[b + 1]! += starts[b]!
    for (let k = 0; k < count; k++) {
      const index = order[k]!
      next[starts[(keys[index]! >>> shift) & 0xffff]!++] = index
    }
    ;[order, next] = [next, order]
  }
  // Runs of equal upper halves, which are short, by the values themselves.
  for (let start = 0, end = 1; start < count; start = end++) {
    while (end < count && keys[order[end]!] === keys[order[start]!]) end++
    if (end - start > 1) order.subarray(start, end).sort((a, b) => doubles[a]! - doubles[b]!)
  }
  return order
}
