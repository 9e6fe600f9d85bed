/** @file Gradients of operators that only move elements: each is the transpose of the move. */
import { type RuleContext, type RuleTable, single, unary, zero } from '../rule.js'
import { axisOf, blockOf, gathered, padded, product, replaced, reversed, type Stride, scattered, zeros } from './blocks.js'

/** The cotangent under the input's own dimensions; further inputs are shapes and axes. */
const reshaping = single((g, c) => [c.reshape(g, c.dims(c.input(0)), c.dims(c.output(0)))])

const isPresent = (part: string | null): part is string => part !== null

/** Splits the cotangent where the inputs were joined; one wanted part is cut out alone. */
const concat = single((g, c) => {
  const axis = axisOf(c.int('axis', 0), c.rank(c.output(0)))
  const sizes = c.node.inputs.map(name => c.dims(name)[axis]!)
  const wanted = sizes.flatMap((_, i) => (c.wants(i) ? [i] : []))
  if (sizes.length === 1) return [g]
  if (wanted.length === 1) {
    const start = sizes.slice(0, wanted[0]).reduce((sum, size) => sum + size, 0)
    const end = start + sizes[wanted[0]!]!
    const part = c.emit('Slice', [g, c.ints64([start]), c.ints64([end]), c.ints64([axis])])
    return sizes.map((_, i) => (i === wanted[0] ? part : null))
  }
  const parts = c.emitAll('Split', [g, c.ints64(sizes)], sizes.length, { axis })
  return parts.map((part, i) => (wanted.includes(i) ? part : null))
})

/** The cotangents joined again; a part into which nothing flows is zero. */
const split: RuleTable[string] = {
  kind: 'gradient',
  rule: (cotangents, c) => {
    const dims = c.dims(c.input(0))
    const axis = axisOf(c.int('axis', 0), dims.length)
    const even = Math.ceil(dims[axis]! / cotangents.length)
    const sizes = c.numbers(1) ?? cotangents.map((_, i) => Math.max(0, Math.min(even, dims[axis]! - i * even)))
    const flowing = cotangents.filter(isPresent)
    if (flowing.length === 0) return []
    if (flowing.length === 1) {
      const index = cotangents.findIndex(isPresent)
      const start = sizes.slice(0, index).reduce((sum, size) => sum + size, 0)
      return [blockOf(flowing[0]!, replaced(dims, axis, sizes[index]!), axis, start, dims[axis]!)]
    }
    const parts = cotangents.map(
      (part, i) =>
        part ??
        zeros(
          dims.map((dim, at) => (at === axis ? sizes[i]! : dim)),
          c,
          flowing[0],
        ),
    )
    return [c.emit('Concat', parts, { axis })]
  },
}

/** Where a Slice starts along each of its axes, by numpy's clamping. */
function sliceStrides(c: RuleContext, dims: readonly number[]): Stride[] {
  const starts = c.numbers(1)!
  const axes = c.numbers(3) ?? starts.map((_, i) => i)
  const steps = c.numbers(4) ?? starts.map(() => 1)
  return starts.map((given, i) => {
    const axis = axisOf(axes[i]!, dims.length)
    const dim = dims[axis]!
    const step = steps[i]!
    const start = given < 0 ? given + dim : given
    return { axis, step, start: step > 0 ? Math.min(Math.max(start, 0), dim) : Math.min(Math.max(start, 0), dim - 1) }
  })
}

const slice = single((g, c) => {
  const dims = c.dims(c.input(0))
  const from = c.dims(c.output(0))
  const strides = sliceStrides(c, dims)
  const backwards = strides.filter(({ step }) => step === -1)
  const whole = strides.every(({ axis, step }) => from[axis] === dims[axis] && (step === 1 || step === -1))
  if (whole) return [backwards.reduce((value, { axis }) => reversed(value, axis, c), g)]
  const cut = strides.filter(({ axis, step }) => step !== 1 || from[axis] !== dims[axis])
  const [only] = cut
  if (cut.length === 1 && only!.step === 1) return [blockOf(g, from, only!.axis, only!.start, dims[only!.axis]!)]
  return [scattered(g, from, strides, dims, c)]
})

/** Sums over the repetitions. */
const tile = single((g, c) => {
  const dims = c.dims(c.input(0))
  const out = c.dims(c.output(0))
  const inner: number[] = []
  const axes: number[] = []
  dims.forEach((dim, axis) => {
    const repeats = dim === 0 ? 1 : out[axis]! / dim
    if (repeats !== 1) axes.push(inner.push(repeats) - 1)
    inner.push(dim)
  })
  if (axes.length === 0) return [g]
  if (product(out) === 0) return [zeros(dims, c)]
  return [c.emit('ReduceSum', [c.reshape(g, inner), c.ints64(axes)], { keepdims: 0 })]
})

/** Which entry of an axis of `size` each entry of the padded axis reads; -1 for the constant. */
function padSource(mode: string, size: number, before: number, after: number): number[] {
  const modulo = (a: number, n: number): number => ((a % n) + n) % n
  return Array.from({ length: before + size + after }, (_, i) => {
    const at = i - before
    if (at >= 0 && at < size) return at
    if (mode === 'edge') return at < 0 ? 0 : size - 1
    if (mode === 'wrap') return modulo(at, size)
    if (mode === 'reflect') {
      const period = Math.max(1, 2 * (size - 1))
      const folded = modulo(at, period)
      return folded < size ? folded : period - folded
    }
    return -1
  })
}

const pad = single((g, c) => {
  const dims = c.dims(c.input(0))
  const pads = c.numbers(1)!
  const axes = (c.numbers(3) ?? dims.map((_, axis) => axis)).map(axis => axisOf(axis, dims.length))
  const before = dims.map((_, axis) => pads[axes.indexOf(axis)] ?? 0)
  const after = dims.map((_, axis) => (axes.includes(axis) ? pads[axes.indexOf(axis) + axes.length]! : 0))
  const mode = c.string('mode', 'constant')
  if (mode !== 'constant') {
    const running = [...c.dims(c.output(0))]
    let value = g
    dims.forEach((size, axis) => {
      if (before[axis] === 0 && after[axis] === 0) return
      value = gathered(value, running, axis, padSource(mode, size, before[axis]!, after[axis]!), size, c)
      running[axis] = size
    })
    return [value]
  }
  const negated = (list: readonly number[]): number[] => list.map(value => -value + 0)
  const inner = padded(g, negated(before), negated(after), c)
  if (!c.wants(2)) return [inner]
  // What was padded is what is left when the region both tensors share is taken out.
  const sum = (value: string): string => c.emit('ReduceSum', [value], { keepdims: 0 })
  const constant = c.emit('Sub', [sum(g), sum(inner)])
  return [c.wants(0) ? inner : null, null, c.reshape(constant, c.dims(c.input(2)), [])]
})

/** Splits every spatial axis into blocks and moves them: the inverse of the permutation either operator makes. */
const depthToSpace = single((g, c) => {
  const [n, depth, h, w] = c.dims(c.input(0)) as [number, number, number, number]
  const b = c.int('blocksize', 1)
  const channels = depth / (b * b)
  const perm = c.string('mode', 'DCR') === 'DCR' ? [0, 3, 5, 1, 2, 4] : [0, 1, 3, 5, 2, 4]
  const blocks = c.emit('Transpose', [c.reshape(g, [n, channels, h, b, w, b])], { perm })
  return [c.reshape(blocks, [n, depth, h, w])]
})

export const movement: RuleTable = {
  Reshape: reshaping,
  Flatten: reshaping,
  Squeeze: reshaping,
  Unsqueeze: reshaping,
  Transpose: unary((g, x, _y, c) => {
    const perm = c.ints('perm') ?? c.dims(x).map((_, axis) => c.rank(x) - 1 - axis)
    return c.emit('Transpose', [g], { perm: perm.map((_, axis) => perm.indexOf(axis)) })
  }),
  Expand: single((g, c) => [c.reduceTo(g, c.dims(c.output(0)), c.dims(c.input(0)))]),
  Concat: concat,
  Split: split,
  Slice: slice,
  Tile: tile,
  Pad: pad,
  DepthToSpace: depthToSpace,
  SpaceToDepth: unary((g, _x, _y, c) => c.emit('DepthToSpace', [g], { blocksize: c.int('blocksize', 1) })),
  Trilu: single((g, c) => [c.emit('Trilu', [g, ...c.node.inputs.slice(1)], { upper: c.int('upper', 1) })]),
  // Its own inverse.
  ReverseSequence: single((g, c) => [
    c.emit('ReverseSequence', [g, c.input(1)], { batch_axis: c.int('batch_axis', 1), time_axis: c.int('time_axis', 0) }),
  ]),
  CenterCropPad: single((g, c) => {
    const from = c.dims(c.output(0))
    const to = c.dims(c.input(0))
    // Truncated, so that cropping and padding leave out the same side.
    const before = to.map((dim, axis) => Math.trunc((dim - from[axis]!) / 2))
    return [
      padded(
        g,
        before,
        to.map((dim, axis) => dim - from[axis]! - before[axis]!),
        c,
      ),
    ]
  }),
  Shape: zero('a shape does not depend on the values'),
  Size: zero('a size does not depend on the values'),
  ConstantOfShape: zero('its values do not depend on its input'),
  EyeLike: zero('its values do not depend on its input'),
}
