/** @file Sliding windows over spatial axes: geometry shared by convolution and pooling. */
import { attribute } from '../attributes.js'
import type { Node } from '../graph.js'
import { elementCount } from '../tensor.js'

/** What lies under a window position where there is no input element. */
const padding = -1
/** Beyond even the padding: only where ceil_mode adds a last, partial window. */
export const outside = -2

export interface Windows {
  readonly kernel: readonly number[]
  readonly out: readonly number[]
  /** Input position (flat over the spatial axes) for kernel element k and output o at [k * outputs + o]; or padding, outside. */
  readonly table: Int32Array
}

export interface WindowGeometry {
  readonly kernel: readonly number[]
  readonly strides: readonly number[]
  readonly dilations: readonly number[]
  readonly before: readonly number[]
  readonly after: readonly number[]
}

/** The table of every (kernel element, output) pair. */
export function windowTable(spatial: readonly number[], out: readonly number[], geometry: WindowGeometry): Int32Array {
  const { kernel, strides, dilations, before, after } = geometry
  const outputs = elementCount(out)
  const table = new Int32Array(elementCount(kernel) * outputs)
  const at = new Int32Array(kernel.length)
  const to = new Int32Array(kernel.length)
  for (let i = 0; i < table.length; i++) {
    unravel(Math.floor(i / outputs), kernel, at)
    unravel(i % outputs, out, to)
    let flat = 0
    for (let axis = 0; axis < kernel.length; axis++) {
      const x = to[axis]! * strides[axis]! - before[axis]! + at[axis]! * dilations[axis]!
      if (x >= spatial[axis]! + after[axis]!) flat = outside
      else if ((x < 0 || x >= spatial[axis]!) && flat !== outside) flat = padding
      if (flat >= 0) flat = flat * spatial[axis]! + x
    }
    table[i] = flat
  }
  return table
}

function unravel(flat: number, dims: readonly number[], into: Int32Array): void {
  for (let axis = dims.length - 1, rest = flat; axis >= 0; axis--) {
    into[axis] = rest % dims[axis]!
    rest = Math.floor(rest / dims[axis]!)
  }
}

const ones = (count: number): number[] => new Array<number>(count).fill(1)

/** strides, dilations and pads attributes with their defaults; auto_pad is resolved for a window that slides over `spatial`. */
export function geometryOf(node: Node, spatial: readonly number[], kernel: readonly number[]): WindowGeometry {
  const rank = kernel.length
  const strides = attribute(node, 'strides', 'ints') ?? ones(rank)
  const dilations = attribute(node, 'dilations', 'ints') ?? ones(rank)
  const pads = attribute(node, 'pads', 'ints') ?? new Array<number>(2 * rank).fill(0)
  const auto = attribute(node, 'auto_pad', 'string', 'NOTSET')
  if (auto === 'NOTSET') return { kernel, strides, dilations, before: pads.slice(0, rank), after: pads.slice(rank) }
  const total = spatial.map((dim, axis) => {
    if (auto === 'VALID') return 0
    const steps = Math.ceil(dim / strides[axis]!) - 1
    return Math.max(0, steps * strides[axis]! + dilations[axis]! * (kernel[axis]! - 1) + 1 - dim)
  })
  const small = total.map(sum => Math.floor(sum / 2))
  const large = total.map((sum, axis) => sum - small[axis]!)
  return auto === 'SAME_LOWER'
    ? { kernel, strides, dilations, before: large, after: small }
    : { kernel, strides, dilations, before: small, after: large }
}

/** Windows over `spatial`. With `ceil`, a last window may hang over the end, as long as it starts before the end padding. */
export function windowsOf(node: Node, spatial: readonly number[], kernel: readonly number[], ceil = false): Windows {
  const geometry = geometryOf(node, spatial, kernel)
  const out = spatial.map((dim, axis) => {
    const stride = geometry.strides[axis]!
    const padded = dim + geometry.before[axis]! + geometry.after[axis]!
    const span = padded - geometry.dilations[axis]! * (kernel[axis]! - 1) - 1
    if (!ceil) return Math.max(0, Math.floor(span / stride) + 1)
    const count = Math.ceil(span / stride) + 1
    return (count - 1) * stride >= dim + geometry.before[axis]! ? count - 1 : count
  })
  return { kernel, out, table: windowTable(spatial, out, geometry) }
}
