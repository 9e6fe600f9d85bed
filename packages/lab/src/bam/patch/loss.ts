/** @file The loss of a patch and its gradient, as one ONNX graph on top of the model's. */
import { differentiate } from '@ascribe/autodiff'
import type { Preprocessing } from '@ascribe/core'
import { foldConstants, type Graph, type GraphBuilder, inferShapes, prune, Tensor } from '@ascribe/onnx'
import { fromPixels, pixelScale, withOutputs } from './pixel-graph.js'

/** Weights of the terms, per pixel level of 0..255. */
export interface LossWeights {
  readonly norm: number
  readonly range: number
}

/** Lowest and highest pixel level of each channel, in the model's channel order, that costs nothing. */
export interface PixelRange {
  readonly low: readonly number[]
  readonly high: readonly number[]
}

/** Every channel has its own range, 0..255. */
export const channelRange = (): PixelRange => ({ low: [0, 0, 0], high: [255, 255, 255] })

/**
 * One range of input values for all channels, as in the paper's code: the highest of the channels' lows to the lowest of their highs.
 * It is the same as `channelRange` where all channels are scaled alike.
 */
export function sharedRange(preprocessing: Preprocessing): PixelRange {
  const { scale, offset } = pixelScale(preprocessing)
  const low = Math.max(...offset)
  const high = Math.min(...scale.map((s, channel) => 255 * s + offset[channel]!))
  const level = (value: number): number[] => scale.map((s, channel) => (value - offset[channel]!) / s)
  return { low: level(low), high: level(high) }
}

/** Ports of the loss graph. */
export const lossPort = {
  picture: 'patch/picture',
  delta: 'patch/delta',
  logits: 'patch/logits',
  distance: 'patch/distance',
  norm: 'patch/norm',
  excess: 'patch/excess',
  gradient: 'patch/gradient',
} as const

/** Channels in the pictures' order, RGB. */
const pictureOrder = (values: readonly number[], { channels }: Preprocessing): readonly number[] =>
  channels === 'BGR' ? values.toReversed() : values

/**
 * Per row i: L_i = ||f(x_i + d_i) - f(x_i)||_2 - w_norm ||d_i||_2 + w_range sum over elements of (relu(v - high) + relu(low - v)),
 * v = x_i + d_i, and dL_i / dd_i. Pixels in 0..255; f(x) is given, so that it is computed once.
 *
 * The paper's code has relu(v - low) + relu(high - v) in place of the hinge: the same plus the constant high - low per element.
 * Norms have derivative 0 at 0. Pixels instead of the model's units make the paper's numbers (step 500, weights 0.01) hold for
 * any preprocessing; for inputs in [-1, 1] they are a step of 500 / 127.5^2 = 0.0308 and weights of 0.01 * 127.5 = 1.275.
 *
 * Inputs picture, delta [rows, 3, size, size], logits [rows, classes]; outputs distance, norm, excess [rows], gradient like delta.
 * @param graph static graph of the model for `rows` rows
 */
export function lossGraph(
  graph: Graph,
  output: string,
  size: number,
  preprocessing: Preprocessing,
  weights: LossWeights,
  range: PixelRange,
): Graph {
  const rows = graph.inputs[0]!.type.shape![0] as number
  const dims = [rows, 3, size, size]
  let pixels = ''
  const { builder, logits } = fromPixels(graph, output, preprocessing, head => {
    const picture = head.input(lossPort.picture, 'float32', dims)
    pixels = head.emit('Add', [picture, head.input(lossPort.delta, 'float32', dims)])
    return pixels
  })
  const classes = graph.dims(output)!.reduce((product, dim) => product * dim, 1) / rows
  const given = builder.input(lossPort.logits, 'float32', [rows, classes])
  const distance = builder.emit('ReduceL2', [builder.emit('Sub', [logits, given]), builder.ints([1])], { keepdims: 0 })
  const norm = builder.emit('ReduceL2', [lossPort.delta, builder.ints([1, 2, 3])], { keepdims: 0 })
  const excess = outside(builder, pixels, {
    low: pictureOrder(range.low, preprocessing),
    high: pictureOrder(range.high, preprocessing),
  })
  const total = builder.emit('Add', [
    builder.emit('Sub', [distance, builder.emit('Mul', [norm, builder.float(weights.norm)])]),
    builder.emit('Mul', [excess, builder.float(weights.range)]),
  ])
  const shaped = inferShapes(builder.build())
  const result = differentiate(shaped, { of: [total], at: [lossPort.delta], cotangents: { [total]: null } })
  const named = withOutputs(result.graph, {
    [lossPort.distance]: distance,
    [lossPort.norm]: norm,
    [lossPort.excess]: excess,
    [lossPort.gradient]: result.gradients[lossPort.delta]!,
  })
  return prune(foldConstants(inferShapes(named)))
}

/** Sum over a row of how far its values are outside the range. */
function outside(builder: GraphBuilder, pixels: string, { low, high }: PixelRange): string {
  const bound = (values: readonly number[]): string => builder.constant(Tensor.float32([1, 3, 1, 1], values))
  const above = builder.emit('Relu', [builder.emit('Sub', [pixels, bound(high)])])
  const below = builder.emit('Relu', [builder.emit('Sub', [bound(low), pixels])])
  return builder.emit('ReduceSum', [builder.emit('Add', [above, below]), builder.ints([1, 2, 3])], { keepdims: 0 })
}
