/**
 * @file Zero-one masks of elementwise rules. Steep HardSigmoids are exact on float32, and ONNX Runtime keeps them, like Mul and
 * Add of equal shapes, in its blocked convolution layout; Sub, Neg, Where, Clip, comparisons and scalar operands leave it.
 */
import type { RuleContext } from '../rule.js'

const steepest = 1e38

/** 1 where value > threshold, else 0. */
export function above(value: string, threshold: number, context: RuleContext): string {
  if (threshold === 0) return context.emit('HardSigmoid', [value], { alpha: steepest, beta: 0 })
  const slope = steepness(threshold)
  return slope === undefined
    ? asFloat(context.emit('Greater', [value, context.scalar(threshold, value)]), context)
    : context.emit('HardSigmoid', [value], { alpha: slope, beta: -slope * threshold })
}

/** 1 where value < threshold, else 0. */
export function below(value: string, threshold: number, context: RuleContext): string {
  if (threshold === 0) return context.emit('HardSigmoid', [value], { alpha: -steepest, beta: 0 })
  const slope = steepness(threshold)
  return slope === undefined
    ? asFloat(context.emit('Less', [value, context.scalar(threshold, value)]), context)
    : context.emit('HardSigmoid', [value], { alpha: -slope, beta: slope * threshold })
}

/**
 * A power of two so large that the next float32 beside the threshold already gives 1, and so small that slope · threshold is
 * far from overflow: products and the difference are exact then.
 */
function steepness(threshold: number): number | undefined {
  const exponent = 40 - Math.floor(Math.log2(Math.abs(threshold)))
  return Number.isFinite(exponent) && Math.abs(exponent) <= 100 ? 2 ** exponent : undefined
}

/** 1 - value, for values in [0, 1]. */
export const complement = (value: string, context: RuleContext): string =>
  context.emit('HardSigmoid', [value], { alpha: -1, beta: 1 })

/** -1, 0 or 1. */
export const sign = (value: string, context: RuleContext): string =>
  context.emit('Sub', [above(value, 0, context), below(value, 0, context)])

/** 1.0 where the condition holds, else 0.0. */
export const asFloat = (condition: string, context: RuleContext): string => context.emit('Cast', [condition], { to: 1 })

/** The cotangent where the condition holds, else zero. */
export const onlyWhere = (condition: string, cotangent: string, context: RuleContext): string =>
  context.emit('Where', [condition, cotangent, context.scalar(0)])
