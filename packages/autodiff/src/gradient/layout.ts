/** @file The blocked layout of ONNX Runtime's CPU provider: how a gradient gets into it. */
import type { RuleContext } from '../rule.js'

/** Channel counts that the layout takes on every processor. */
const channelBlock = 16

/** True for pictures [N, C, H, W] that can be in the blocked layout. */
export const blockable = (dims: readonly number[]): boolean => dims.length === 4 && dims[1]! % channelBlock === 0

/**
 * `factor` times a value, as a depthwise 1x1 convolution. Only convolutions put a value into the blocked layout; once one is there,
 * the residual additions and masks down to the next strided convolution stay in it, and additions fuse into convolutions.
 */
export function blocked(context: RuleContext, value: string, dims: readonly number[], factor: number): string {
  const channels = dims[1]!
  const weight = context.floats(Array<number>(channels).fill(factor), [channels, 1, 1, 1])
  return context.emit('Conv', [value, weight], { group: channels, kernel_shape: [1, 1] })
}
