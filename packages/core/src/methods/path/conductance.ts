/** @file conductance: how much of a change of the target flows through each neuron of a layer. */
import { sweepLayerGradients } from '../../evaluation/layer-path.js'
import type { Method } from '../method.js'
import { alongLine, hiddenLayer, layerOption, pathOptions } from './hidden-layer.js'
import { baselinePoints } from './integrated-gradients.js'

/**
 * With x_a = b + a (x - b) and y the layer: A_j = integral over a in [0, 1] of d f(x_a) / d y_j * d y_j(x_a) / d a. Computed as
 * sum_k d f(x_{(k + 1/2) / n}) / d y_j * (y_j(x_{(k + 1) / n}) - y_j(x_{k / n})): slopes of the target at the middle of each step, the
 * layer's own change over it (equation 3 of Dhamdhere et al., second order in 1 / n, exact where f and y are linear in each step). The
 * values have the layer's dimensions; they add up to f(x) - f(b) where all that the output takes from the input passes through the layer.
 * At the explained tensor itself it is integrated gradients by the midpoint rule. Captum takes the slope at the start of each step,
 * which is first order.
 */
export const conductance: Method = {
  name: 'conductance',
  summary: "the part of the target's change from baseline to input that flows through each neuron of a layer",
  formula: 'A_j = integral_0^1 (d f / d y_j) (d y_j / d a) da along b + a (x - b), y the layer',
  citation: 'Dhamdhere, Sundararajan, Yan: How Important Is a Neuron?, ICLR 2019; Shrikumar, Su, Kundaje, 2018',
  options: { ...layerOption, ...pathOptions },
  needs: ['gradient', 'spatial layer'],
  promises: ['linearity'],
  signed: true,
  cost: ({ points }) => ({ forwards: points + 2, gradients: points }),
  async run(evaluator, options, seed) {
    const { points } = options
    const { name, dims, size } = hiddenLayer(evaluator, options)
    const baseline = baselinePoints(evaluator, options['baseline'], seed)
    const changes = new Float32Array(points * size)
    let before = new Float64Array(size)
    await evaluator.sweepValues(
      [name],
      points + 1,
      alongLine(evaluator, baseline, k => k / points),
      (row, values) => {
        const now = Float64Array.from(values[name]!)
        if (row > 0) for (let i = 0; i < size; i++) changes[(row - 1) * size + i] = now[i]! - before[i]!
        before = now
      },
      'layer values',
    )
    const sum = new Float64Array(size)
    const use = (row: number, gradient: Float32Array): void => {
      for (let i = 0; i < size; i++) sum[i]! += gradient[i]! * changes[row * size + i]!
    }
    const middle = alongLine(evaluator, baseline, k => (k + 0.5) / points)
    await sweepLayerGradients(evaluator.rows, name, points, middle, use, 'points')
    return { maps: { [name]: { dims, values: Float32Array.from(sum) } }, settled: { layer: name } }
  },
}
