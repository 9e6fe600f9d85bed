/** @file Dropout that does nothing: at inference, or of nothing. */
import type { Rewrite } from './index.js'

export const dropoutOperators: Readonly<Record<string, Rewrite>> = {
  Dropout(node, ctx) {
    const [x, ratio = '', training = ''] = node.inputs as [string, string?, string?]
    const off = training === '' || ctx.tensor(training)?.scalar() === 0 || ctx.tensor(ratio)?.scalar() === 0
    if (!off || node.outputs[1]) return false
    ctx.emitTo(node.outputs.slice(0, 1), 'Identity', [x])
    return true
  },
}
