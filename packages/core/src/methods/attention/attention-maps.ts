/** @file attention-maps: where one layer looks. */
import { backOne, type Fusion, fuseHeads, fusions } from '../../attention/flow.js'
import { readWeights } from '../../attention/read.js'
import { UsageError } from '../../errors.js'
import { attentionMethod } from './rule.js'

function indexIn(count: number, text: string, option: string): number {
  const index = text === 'last' ? count - 1 : text.trim() === '' ? Number.NaN : Number(text)
  if (!Number.isInteger(index) || index < 0 || index >= count)
    throw new UsageError(`attention-maps: option ${option} must be from 0 to ${count - 1}, not "${text}"`)
  return index
}

/**
 * The weights with which one layer's attention reads each token, in the row of the token that the target is read from (or the mean of
 * rows), the heads' mean, maximum or minimum, or one head. It says where a layer looks, not what the model makes of it: the same for
 * every target. Peers: inseq's `attention` (mean over heads and layers there), transformers.js hands out the tensors.
 * @throws UsageError for a layer or head that there is not
 */
export const attentionMaps = attentionMethod({
  name: 'attention-maps',
  aliases: ['attention', 'raw-attention'],
  summary: 'the weights with which one layer of attention reads each token, whatever the target',
  formula: 'R_j = mean over heads of A_qj of one layer, q the token that the target is read from',
  citation: 'Vaswani et al.: Attention Is All You Need, NeurIPS 2017',
  options: {
    layer: { kind: 'text', default: 'last', describe: 'which layer, from 0 at the input, or last' },
    heads: { kind: 'text', default: 'mean', describe: 'mean, max, min, or one head from 0' },
  },
  reads: 'attention',
  cost: () => ({ forwards: 2, gradients: 0 }),
  async relevance({ evaluator, layers, tokens, start, options }) {
    const index = indexIn(layers.length, options['layer'], 'layer')
    const layer = layers[index]!
    const heads: string = options['heads']
    const fused = Object.hasOwn(fusions, heads)
    const head = fused ? 0 : indexIn(layer.heads, heads, 'heads (also mean, max, min)')
    const [weights] = await readWeights(evaluator, [layer])
    const matrix = fused ? fuseHeads(layer.heads, tokens, heads as Fusion, i => weights![i]!) : weights!
    return { relevance: backOne(start, matrix, fused ? 0 : head * tokens * tokens), settled: { layer: index } }
  },
})
