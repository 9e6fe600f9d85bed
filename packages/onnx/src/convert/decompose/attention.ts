/** @file ai.onnx Attention (opset 23 and 24) in elementary operators. */
import { attribute } from '../../attributes.js'
import type { Node } from '../../graph.js'
import { Tensor } from '../../tensor.js'
import type { ConvertContext } from '../context.js'
import {
  allOf,
  causalMask,
  dimension,
  masked,
  mergeHeads,
  range,
  repeatHeads,
  scaledDotProduct,
  splitHeads,
} from './attention-core.js'

/** Every input and output; query i sees key j <= i + offset when causal, the offset being what lies before the query block. */
export function attention(node: Node, ctx: ConvertContext): undefined {
  const [query, key, value, mask = '', pastKey = '', pastValue = '', valid = ''] = node.inputs as string[]
  const heads = attribute(node, 'q_num_heads', 'int', 0)
  const kvHeads = attribute(node, 'kv_num_heads', 'int', heads)
  const flat = (ctx.rank(query!) ?? (heads > 0 ? 3 : 4)) === 3
  const split = (x: string, count: number): string => (flat ? splitHeads(x, count, ctx) : x)
  const q = split(query!, heads)
  let k = split(key!, kvHeads)
  let v = split(value!, kvHeads)
  if (pastKey) k = ctx.emit('Concat', [pastKey, k], { axis: 2 })
  if (pastValue) v = ctx.emit('Concat', [pastValue, v], { axis: 2 })
  const [, presentKey, presentValue, scores] = node.outputs
  if (presentKey) ctx.emitTo([presentKey], 'Identity', [k])
  if (presentValue) ctx.emitTo([presentValue], 'Identity', [v])
  const total = k
  if (flat ? heads !== kvHeads : !sameHeads(query!, key!, ctx)) {
    const group = flat ? ctx.ints([heads / kvHeads]) : ctx.emit('Div', [dimension(q, 1, ctx), dimension(k, 1, ctx)])
    k = repeatHeads(k, group, ctx)
    v = repeatHeads(v, group, ctx)
  }
  const perBatch = (x: string): string => ctx.emit('Reshape', [ctx.emit('Cast', [x], { to: 7 }), ctx.ints([-1, 1, 1, 1])])
  const seen = valid ? perBatch(valid) : undefined
  const { bias, allowed } = readMask(mask, key!, pastKey, total, ctx)
  const offset = pastKey ? dimension(pastKey, 2, ctx) : seen ? ctx.emit('Sub', [seen, dimension(q, 2, ctx)]) : undefined
  const stages = scaledDotProduct(
    {
      q,
      k,
      v,
      scale: attribute(node, 'scale', 'float'),
      softcap: attribute(node, 'softcap', 'float', 0),
      bias,
      allowed: allOf(
        [
          allowed,
          attribute(node, 'is_causal', 'int', 0) ? causalMask(q, total, offset, ctx) : undefined,
          seen ? ctx.emit('Less', [range(dimension(total, 2, ctx), ctx), seen]) : undefined,
        ],
        ctx,
      ),
    },
    ctx,
  )
  if (flat) mergeHeads(stages.output, [node.outputs[0]!], ctx)
  else ctx.emitTo([node.outputs[0]!], 'Identity', [stages.output])
  if (scores) {
    const mode = attribute(node, 'qk_matmul_output_mode', 'int', 0)
    ctx.emitTo([scores], 'Identity', [[stages.raw, stages.capped, stages.biased, stages.probabilities][mode]!])
  }
}

function sameHeads(query: string, key: string, ctx: ConvertContext): boolean {
  const [a, b] = [ctx.shape(query)?.[1], ctx.shape(key)?.[1]]
  return typeof a === 'number' && a === b
}

/** A boolean mask, or a float one as a finite bias and where it is not minus infinity; padded to the keys' length where shorter. */
function readMask(
  mask: string,
  key: string,
  pastKey: string,
  total: string,
  ctx: ConvertContext,
): { bias?: string; allowed?: string } {
  if (!mask) return {}
  const boolean = ctx.dtype(mask) === 'bool'
  const last = ctx.shape(mask)?.at(-1)
  const length = pastKey ? undefined : ctx.shape(key)?.at(-2)
  let padded = mask
  if (typeof last === 'number' && typeof length === 'number' && ctx.rank(key) === 4 && last > 1 && last < length) {
    const missing = ctx.emit('Sub', [dimension(total, 2, ctx), ctx.ints([last])])
    const pads = ctx.emit('Concat', [ctx.ints([0]), missing], { axis: 0 })
    const fill = boolean ? ctx.constant(Tensor.from('bool', [], [0])) : ctx.float(Number.NEGATIVE_INFINITY)
    padded = ctx.emit('Pad', [mask, pads, fill, ctx.ints([-1])], { mode: 'constant' })
  }
  if (boolean) return { allowed: padded }
  const constant = ctx.tensor(padded)
  if (constant && !constant.numbers().includes(Number.NEGATIVE_INFINITY)) return { bias: padded }
  const allowed = ctx.emit('Not', [ctx.emit('IsInf', [padded], { detect_positive: 0 })])
  return { bias: ctx.emit('Where', [allowed, padded, ctx.float(masked)]), allowed }
}
