/** @file internal-influence: a layer's gradient averaged along a path in the input. */
import { sweepLayerGradients } from '../../evaluation/layer-path.js'
import type { Method } from '../method.js'
import { alongLine, hiddenLayer, layerOption, pathOptions } from './hidden-layer.js'
import { baselinePoints } from './integrated-gradients.js'
import { quadratures } from './quadrature.js'

/**
 * A_j = integral over a in [0, 1] of d f(b + a (x - b)) / d y_j da, y the layer: influence with the uniform distribution of interest on
 * the line. It is a slope, multiplied by nothing, of the layer's dimensions. Captum: 50 points, Gauss-Legendre, the same.
 */
export const internalInfluence: Method = {
  name: 'internal-influence',
  summary: "the target's gradient at a layer, averaged from baseline to input",
  formula: 'A_j = integral_0^1 d f(b + a (x - b)) / d y_j da, y the layer',
  citation: 'Leino et al.: Influence-Directed Explanations for Deep Convolutional Networks, ITC 2018',
  options: {
    ...layerOption,
    ...pathOptions,
    rule: { kind: 'choice', default: 'gauss-legendre', values: Object.keys(quadratures), describe: 'quadrature rule' },
  },
  needs: ['gradient', 'spatial layer'],
  promises: ['linearity'],
  signed: true,
  cost: ({ points }) => ({ forwards: 1, gradients: points }),
  async run(evaluator, options, seed) {
    const { name, dims, size } = hiddenLayer(evaluator, options)
    const baseline = baselinePoints(evaluator, options['baseline'], seed)
    const { positions, weights } = quadratures[options['rule']]!(options['points'])
    const sum = new Float64Array(size)
    const use = (row: number, gradient: Float32Array): void => {
      for (let i = 0; i < size; i++) sum[i]! += weights[row]! * gradient[i]!
    }
    const points = alongLine(evaluator, baseline, k => positions[k]!)
    await sweepLayerGradients(evaluator.rows, name, positions.length, points, use, 'points')
    return { maps: { [name]: { dims, values: Float32Array.from(sum) } }, settled: { layer: name } }
  },
}
