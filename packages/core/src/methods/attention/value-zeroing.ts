/** @file value-zeroing: what a token's new representation loses without another token's value. */

import { blocksOf } from '../../attention/block.js'
import { normaliseRows, rollBack } from '../../attention/flow.js'
import { attentionLayers } from '../../attention/layers.js'
import { sweepMasked } from '../../attention/masked.js'
import { UsageError } from '../../errors.js'
import { attentionMethod } from './rule.js'

/** 1 - cos of one token's channels in two tensors [tokens, channels]. */
function cosineDistance(a: Float32Array, b: Float32Array, token: number, channels: number): number {
  let [product, first, second] = [0, 0, 0]
  for (let c = token * channels; c < (token + 1) * channels; c++) {
    product += a[c]! * b[c]!
    first += a[c]! ** 2
    second += b[c]! ** 2
  }
  const lengths = Math.sqrt(first * second)
  return lengths === 0 ? 0 : Math.max(0, 1 - product / lengths)
}

/**
 * In each layer, C_ij = 1 - cos(x_i, x_i without the value of token j), x_i being token i as it leaves the layer's block and the value
 * taken away from every head of that layer's attention alone; rows of C are divided by their sums. One layer's row q, or by default
 * (`layer=all`) the row q of C_L ... C_1: shortcuts are in C already, so no identity is added. The same for every target. One pass through
 * a block per token and layer. Peers: the paper's code and inseq.
 * @throws UsageError where a layer's attention is not added to a shortcut
 */
export const valueZeroing = attentionMethod({
  name: 'value-zeroing',
  summary: "how far each token's representation moves without another token's value, through all layers",
  formula: 'R = row q of C_L ... C_1, C_ij = 1 - cos(x_i, x_i with v_j = 0), rows divided by their sums',
  citation: 'Mohebbi, Zuidema, Chrupala, Alishahi: Quantifying Context Mixing in Transformers, EACL 2023',
  options: { layer: { kind: 'text', default: 'all', describe: 'all (rolled out), or one layer from 0 at the input' } },
  reads: 'attention',
  // Without an input, of a model of 12 layers and 197 tokens.
  cost: ({ layer }, evaluator) => {
    const { layers, tokens } = evaluator ? attentionLayers(evaluator, 'value-zeroing') : { layers: Array(12), tokens: 197 }
    const count = layer === 'all' ? layers.length : 1
    return { forwards: 1 + count * (tokens + 2), gradients: 0 }
  },
  async relevance({ evaluator, layers, tokens, start, options }) {
    const blocks = blocksOf(evaluator.graph, layers, evaluator.at, 'value-zeroing')
    const only: string = options['layer']
    const wanted = [...layers.keys()].filter(l => only === 'all' || String(l) === only.trim())
    if (wanted.length === 0)
      throw new UsageError(`value-zeroing: option layer must be all, or from 0 to ${layers.length - 1}, not "${only}"`)
    const matrices: Float64Array[] = []
    for (const l of wanted) {
      const { entering, leaving } = blocks[l]!
      const changes = new Float64Array(tokens * tokens)
      let whole = new Float32Array()
      const inside = await evaluator.inside(entering)
      await sweepMasked(inside, layers[l]!, leaving, (token, values) => {
        if (token < 0) whole = values.slice()
        else
          for (let i = 0; i < tokens; i++) changes[i * tokens + token] = cosineDistance(whole, values, i, values.length / tokens)
      })
      matrices.push(normaliseRows(changes, tokens))
      evaluator.progress(matrices.length, wanted.length, 'layers')
    }
    return { relevance: rollBack(start, matrices) }
  },
})
