/** @file Normalisation layers: the centred value times the inverse deviation, a product of two that vary. */
import { elementCount } from '@ascribe/onnx'
import { type RuleContext, type RuleEntry, single } from '../../rule.js'
import { refuseOthers } from './streams.js'

/**
 * y = z r with z = x - mean x and r = (mean z^2 + epsilon)^(-1/2). y - y0 = (z - z0) mean(r, r0) + (r - r0) mean(z, z0), and
 * r - r0 = -(mean z^2 - mean z0^2) r^2 r0^2 / (r + r0), where mean z^2 - mean z0^2 = mean (z - z0) (z + z0).
 */
function standardised(g: string, x: string, x0: string, axes: readonly number[], epsilon: number, c: RuleContext): string {
  const mean = (value: string): string => c.emit('ReduceMean', [value, c.ints64(axes)], { keepdims: 1 })
  const times = (a: string, b: string): string => c.emit('Mul', [a, b])
  const parts = (value: string): { z: string; r: string } => {
    const z = c.emit('Sub', [value, mean(value)])
    const variance = c.emit('Add', [mean(times(z, z)), c.scalar(epsilon)])
    return { z, r: c.emit('Reciprocal', [c.emit('Sqrt', [variance])]) }
  }
  const [{ z, r }, { z: z0, r: r0 }] = [parts(x), parts(x0)]
  const [sumZ, sumR] = [c.emit('Add', [z, z0]), c.emit('Add', [r, r0])]
  const both = times(r, r0)
  const along = c.emit('Div', [times(mean(times(g, sumZ)), times(both, both)), sumR])
  const inner = c.emit('Sub', [times(times(g, sumR), c.scalar(0.5)), times(times(sumZ, along), c.scalar(0.5))])
  return c.emit('Sub', [inner, mean(inner)])
}

export const layerNormalization: RuleEntry = {
  kind: 'gradient',
  rule: ([g, ofMean, ofInverse], c) => {
    if (ofMean || ofInverse) c.unsupported('its mean or deviation is read as an output')
    if (!g) return []
    refuseOthers(c)
    const x = c.input(0)
    const rank = c.rank(x)
    const given = c.int('axis', -1)
    const axis = given < 0 ? given + rank : given
    const axes = Array.from({ length: rank - axis }, (_, i) => axis + i)
    const scaled = c.emit('Mul', [g, c.input(1)])
    return [standardised(scaled, x, c.value(x, 'baseline'), axes, c.float('epsilon', 1e-5), c)]
  },
}

const grouped = (groupsOf: (c: RuleContext) => number): RuleEntry =>
  single((g, c) => {
    refuseOthers(c)
    const x = c.input(0)
    const dims = c.dims(x)
    const groups = groupsOf(c)
    const rows = [dims[0]! * groups, elementCount(dims.slice(1)) / groups]
    const scale = c.reshape(c.input(1), [1, dims[1]!, ...dims.slice(2).map(() => 1)])
    const [flat, flat0, cotangent] = [x, c.value(x, 'baseline'), c.emit('Mul', [g, scale])].map(value =>
      c.reshape(value, rows, dims),
    )
    return [c.reshape(standardised(cotangent!, flat!, flat0!, [1], c.float('epsilon', 1e-5), c), dims, rows)]
  })

export const instanceNormalization: RuleEntry = grouped(c => c.dims(c.input(0))[1]!)
export const groupNormalization: RuleEntry = grouped(
  c => c.int('num_groups') ?? c.unsupported('its attribute num_groups is missing'),
)
