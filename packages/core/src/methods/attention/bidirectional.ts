/** @file bidirectional: attention perceived layer by layer, weighted by what the last attention decides. */
import { blocksOf, withOwnValues } from '../../attention/block.js'
import { fuseHeads, plusIdentity, rollBack } from '../../attention/flow.js'
import type { AttentionLayers } from '../../attention/layers.js'
import { readGradients, readWeights, type WeightsAndGradient } from '../../attention/read.js'
import { UsageError } from '../../errors.js'
import type { RowProgram } from '../../evaluation/rows.js'
import type { Evaluator } from '../../evaluator.js'
import { valuesProgram } from '../../programs.js'
import { integralOptions, integratedWeight, weighted } from './integrated.js'
import { attentionMethod, startOption } from './rule.js'

/** sum_h I_h A_h, I_h = mean_jk |sum_i A_hij G_hik| over all heads' sum. */
function headWise({ weights, gradient }: WeightsAndGradient, heads: number, tokens: number): Float64Array {
  const size = tokens * tokens
  const importance = Float64Array.from({ length: heads }, (_, h) => {
    let sum = 0
    for (let j = 0; j < tokens; j++) {
      const row = new Float64Array(tokens)
      for (let i = 0; i < tokens; i++) {
        const weight = weights[h * size + i * tokens + j]!
        for (let k = 0; k < tokens; k++) row[k]! += weight * gradient[h * size + i * tokens + k]!
      }
      for (const value of row) sum += Math.abs(value)
    }
    return sum / size
  })
  const total = importance.reduce((sum, value) => sum + value, 0)
  const share = importance.map(value => (total > 0 ? value / total : 1 / heads))
  return Float64Array.from({ length: size }, (_, i) => share.reduce((sum, part, h) => sum + part * weights[h * size + i]!, 0))
}

/** |p_j| / |z_j| of every layer and token, for one forward pass. */
async function lengthRatios(evaluator: Evaluator, { layers, tokens }: AttentionLayers): Promise<Float64Array[]> {
  const blocks = blocksOf(evaluator.graph, layers, evaluator.at, 'bidirectional (perception=token)')
  const { rows } = evaluator
  const entering = blocks.map(block => block.entering)
  const { copies } = withOwnValues(evaluator.graph, layers, blocks)
  const names = [...entering, ...copies.flatMap(({ own, bias }) => [own, bias])]
  const program: RowProgram = {
    key: `own values ${JSON.stringify(entering)}`,
    make: source => valuesProgram({ ...source, graph: withOwnValues(source.graph, layers, blocks).graph }, names),
    read: entering,
  }
  const count = rows.rows(1)
  const result = await rows.run(program, count, rows.padded(evaluator.point, 1, count))
  evaluator.cost.forwards += 1
  const data = (name: string): Float32Array => result[`value/${name}`]!.data as Float32Array
  return entering.map((from, l) => {
    const [z, own, bias] = [from, copies[l]!.own, copies[l]!.bias].map(data) as [Float32Array, Float32Array, Float32Array]
    const channels = z.length / count / tokens
    return Float64Array.from({ length: tokens }, (_, token) => {
      let [before, added] = [0, 0]
      for (let i = token * channels; i < (token + 1) * channels; i++) {
        before += z[i]! ** 2
        added += (own[i]! - bias[i]!) ** 2
      }
      if (before > 0) return Math.sqrt(added / before)
      throw new UsageError(`bidirectional: token ${token} of "${from}" is zero, so no length compares to it; use perception=head`)
    })
  })
}

/**
 * R_j = (I + P_L) ... (I + P_start) [q, j] w[q, j]. P_l is what layer l perceives, by `perception`:
 * `head` sum_h I_h A_h, heads weighted by I_h proportional to mean |A_h' d f / d A_h|; `token` mean_h A_h diag(|p_j| / |z_j|), z_j being token j as
 * it enters the block and p_j = v_j W_out what the attention's branch makes of its own value (biases of the projection left out).
 * w = mean_h relu(integral over the line from baseline to input of d f / d A_L) is what the decision takes from the last attention.
 * Where the target is read from several tokens q, their mean. Peers: the paper's code and InterpretDL take 20 evenly spaced points with both
 * ends and equal weights (`rule=pair`); the paper's code counts its first layer from 1, InterpretDL and here from 0.
 * @throws UsageError for `token` where a layer's attention is not added to a shortcut
 */
export const bidirectional = attentionMethod({
  name: 'bidirectional',
  aliases: ['beyond-intuition', 'bidirectional-transformer'],
  summary:
    'attention perceived through the layers, by head or token importance, times integrated gradients of the last attention',
  formula: 'R_j = ((I + P_L) ... (I + P_start))[q, j] w[q, j], w = mean_h relu(integral of d f / d A_L)',
  citation: 'Chen, Li, Yu, Dou, Xiong: Beyond Intuition: Rethinking Token Attributions inside Transformers, TMLR 2023',
  options: {
    perception: {
      kind: 'choice',
      default: 'head',
      values: ['head', 'token'],
      describe: 'heads weighted by importance, or tokens by the length of what they add',
    },
    start: startOption(3),
    ...integralOptions,
  },
  reads: 'gradient',
  cost: ({ points, perception }) => ({
    forwards: perception === 'token' ? 3 : 1,
    gradients: perception === 'token' ? points : points + 1,
  }),
  async relevance(context) {
    const { evaluator, layers, tokens, start, options, seed } = context
    const first = Math.min(options['start'], layers.length - 1)
    const used = layers.slice(first)
    let matrices: Float64Array[]
    if (options['perception'] === 'head')
      matrices = (await readGradients(evaluator, used)).map((part, l) => headWise(part, used[l]!.heads, tokens))
    else {
      const [weights, ratios] = [await readWeights(evaluator, used), await lengthRatios(evaluator, context)]
      matrices = used.map(({ heads }, l) =>
        fuseHeads(heads, tokens, 'mean', i => weights[l]![i]!).map((value, i) => value * ratios[first + l]![i % tokens]!),
      )
    }
    for (const matrix of matrices) plusIdentity(matrix, tokens)
    const weight = await integratedWeight(evaluator, context, options, seed)
    return { relevance: weighted(start, weight, row => rollBack(row, matrices)), settled: { start: first } }
  },
})
