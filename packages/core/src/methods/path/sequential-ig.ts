/** @file sequential-ig: integrated gradients of one token at a time, the others left as they are. */

import type { Method } from '../method.js'
import { explainedVectors } from './embedding.js'
import { baselinePoints } from './integrated-gradients.js'
import { quadratures } from './quadrature.js'

/** Tokens of a usual sentence, for a cost that knows no input. */
const usualTokens = 16

/**
 * With x^i(a) the input in which token i alone is b_i + a (x_i - b_i): A_ij = (x_ij - b_ij) * integral over a in [0, 1] of
 * d f(x^i(a)) / d x_ij. Every token's values add up to f(x) - f(x with token i at its baseline): a change of a whole sentence with one word
 * missing, where integrated gradients passes through sentences of half words. The paper's baseline is the mask token (`baseline=token:ID`), and it
 * divides each token's sum by the norm over tokens; these values are raw.
 */
export const sequentialIg: Method = {
  name: 'sequential-ig',
  aliases: ['sequential-integrated-gradients', 'sig'],
  summary: 'integrated gradients of one token at a time from its baseline, the other tokens left as they are',
  formula: 'A_ij = (x_ij - b_ij) integral_0^1 d f(x with token i at b_i + a (x_i - b_i)) / d x_ij da',
  citation: 'Enguehard: Sequential Integrated Gradients, Findings of ACL 2023',
  options: {
    points: { kind: 'number', default: 50, minimum: 1, maximum: 100_000, integer: true, describe: 'points on each path' },
    rule: { kind: 'choice', default: 'gauss-legendre', values: Object.keys(quadratures), describe: 'quadrature rule' },
    baseline: { kind: 'baseline', default: 'zeros', describe: 'zeros, token:ID (mask, pad, unknown), or an .npy file' },
  },
  needs: ['gradient', 'tokens'],
  promises: ['sign', 'dummy', 'linearity'],
  signed: true,
  cost: ({ points }, evaluator) => ({
    forwards: 1,
    gradients: points * (evaluator ? explainedVectors(evaluator, 'sequential-ig').count : usualTokens),
  }),
  async run(evaluator, options, seed) {
    const { name, dims, data, width, count } = explainedVectors(evaluator, 'sequential-ig')
    const baseline = baselinePoints(evaluator, options['baseline'], seed)[name]!
    const { positions, weights } = quadratures[options['rule']]!(options['points'])
    const points = positions.length
    const sums = new Float64Array(data.length)
    await evaluator.gradients(
      count * points,
      (start, used) => {
        const rows = new Float32Array(used * data.length)
        for (let row = 0; row < used; row++) {
          rows.set(data, row * data.length)
          const from = Math.floor((start + row) / points) * width
          const position = positions[(start + row) % points]!
          for (let i = from; i < from + width; i++)
            rows[row * data.length + i] = baseline[i]! + position * (data[i]! - baseline[i]!)
        }
        return { [name]: rows }
      },
      (row, _, gradients) => {
        const from = Math.floor(row / points) * width
        for (let i = from; i < from + width; i++) sums[i]! += weights[row % points]! * gradients[name]![i]!
      },
      'points',
    )
    const values = Float32Array.from(sums, (sum, i) => sum * (data[i]! - baseline[i]!))
    return { maps: { [name]: { dims, values } } }
  },
}
