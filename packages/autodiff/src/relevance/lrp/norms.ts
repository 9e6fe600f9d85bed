/** @file Relevance through normalisation layers: the spread counts as constant, so that what is left is linear. */
import { attribute, elementCount, type Node } from '@ascribe/onnx'
import { type RuleContext, type RuleEntry, single } from '../../rule.js'
import { stabilised } from './share.js'

/** How a normalisation sees its input: under these dimensions, standardised over these axes. */
interface View {
  readonly shape: readonly number[]
  readonly axes: readonly number[]
  /** Dimensions of the scale, against the input's own. */
  readonly scale: readonly number[]
}

const from = (start: number, end: number): number[] => Array.from({ length: end - start }, (_, i) => start + i)
const perChannel = (dims: readonly number[]): number[] => dims.map((dim, axis) => (axis === 1 ? dim : 1))

const views: Readonly<Record<string, (dims: readonly number[], node: Node) => View>> = {
  LayerNormalization: (dims, node) => {
    const axis = attribute(node, 'axis', 'int', -1)
    const start = axis < 0 ? axis + dims.length : axis
    return { shape: dims, axes: from(start, dims.length), scale: dims.slice(start) }
  },
  InstanceNormalization: dims => ({ shape: dims, axes: from(2, dims.length), scale: perChannel(dims) }),
  GroupNormalization: (dims, node) => {
    const groups = attribute(node, 'num_groups', 'int', 1)
    return { shape: [dims[0]!, groups, elementCount(dims.slice(1)) / groups], axes: [2], scale: perChannel(dims) }
  },
}

/**
 * y = scale (x - mean x) / spread + bias with a constant spread is linear in x, and takes the epsilon rule:
 * R_x = x / spread (s - mean s), s = scale R / (y + epsilon sign y) (Achtibat et al. 2024; the bias takes its share).
 */
const normalised = (view: (dims: readonly number[], node: Node) => View, stabiliser: number): RuleEntry =>
  single((relevance, c: RuleContext) => {
    const dims = c.dims(c.input(0))
    const { shape, axes, scale } = view(dims, c.node)
    const given = c.dims(c.input(1))
    const factor = given.length === scale.length ? c.input(1) : c.reshape(c.input(1), scale, given)
    const ratio = c.emit('Mul', [c.emit('Div', [relevance, stabilised(c, c.output(0), stabiliser)]), factor])
    const mean = (value: string): string => c.emit('ReduceMean', [value, c.ints64(axes)], { keepdims: 1 })
    const x = c.reshape(c.input(0), shape, dims)
    const s = c.reshape(ratio, shape, dims)
    const centred = c.emit('Sub', [x, mean(x)])
    const variance = mean(c.emit('Mul', [centred, centred]))
    const spread = c.emit('Sqrt', [c.emit('Add', [variance, c.scalar(c.float('epsilon', 1e-5))])])
    const share = c.emit('Div', [c.emit('Mul', [x, c.emit('Sub', [s, mean(s)])]), spread])
    return [c.reshape(share, dims, shape)]
  })

/** Batch normalisation in training mode: each channel by its own mean and spread. */
export const batchNormalised = (stabiliser: number): RuleEntry =>
  normalised(
    dims => ({
      shape: dims,
      axes: dims.flatMap((_, axis) => (axis === 1 ? [] : [axis])),
      scale: perChannel(dims),
    }),
    stabiliser,
  )

/** Entries of normalisation layers by operator. */
export const normEntries = (stabiliser: number): Readonly<Record<string, RuleEntry>> =>
  Object.fromEntries(Object.entries(views).map(([operator, view]) => [operator, normalised(view, stabiliser)]))
