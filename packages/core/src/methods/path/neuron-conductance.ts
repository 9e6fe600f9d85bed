/** @file neuron-conductance: integrated gradients of the input through one neuron. */
import { UsageError } from '../../errors.js'
import { sweepNeuronGradients } from '../../evaluation/layer-path.js'
import { mapsOf } from '../maps.js'
import type { Method } from '../method.js'
import { alongLine, hiddenLayer, layerOption, pathOptions } from './hidden-layer.js'
import { baselinePoints } from './integrated-gradients.js'
import { zeroSums } from './line.js'
import { quadratures } from './quadrature.js'

/**
 * Flat index of `7`, or of coordinates `2/0/5` without the leading row, in a layer of these dimensions.
 * @throws UsageError for a neuron that the layer does not have
 */
function neuronIndex(text: string, layer: string, dims: readonly number[]): number {
  const axes = dims.slice(1)
  const words = text.split('/')
  const sizes = words.length === 1 ? [dims.reduce((a, b) => a * b, 1)] : axes
  const numbers = words.map(word => (/^\d+$/.test(word.trim()) ? Number(word) : Number.NaN))
  if (words.length !== sizes.length || numbers.some((number, i) => !(number < sizes[i]!)))
    throw new UsageError(
      `layer "${layer}" of dims [${dims}] has no neuron "${text}"; give an index among its values, or coordinates like ${axes.map(() => 0).join('/')}`,
    )
  return numbers.reduce((flat, number, i) => flat * sizes[i]! + number, 0)
}

/**
 * A_i = (x_i - b_i) * integral over a in [0, 1] of d f / d y_j * d y_j / d x_i at b + a (x - b), y_j one neuron of the layer: the part of
 * integrated gradients that passes through it. Summed over a layer's neurons it is integrated gradients where the layer carries all;
 * its sum is the neuron's conductance. Gauss-Legendre like its siblings; Captum's default here is its trapezoid.
 */
export const neuronConductance: Method = {
  name: 'neuron-conductance',
  summary: 'integrated gradients of the input, but only what passes through one neuron of a layer',
  formula: 'A_i = (x_i - b_i) integral_0^1 (d f / d y_j) (d y_j / d x_i) da along b + a (x - b)',
  citation: 'Dhamdhere, Sundararajan, Yan: How Important Is a Neuron?, ICLR 2019',
  options: {
    ...layerOption,
    neuron: { kind: 'text', default: '0', describe: "index among the layer's values, or coordinates: 3, or 2/0/5" },
    ...pathOptions,
    rule: { kind: 'choice', default: 'gauss-legendre', values: Object.keys(quadratures), describe: 'quadrature rule' },
  },
  needs: ['gradient', 'spatial layer'],
  promises: ['dummy', 'linearity'],
  signed: true,
  cost: ({ points }) => ({ forwards: 1, gradients: points }),
  async run(evaluator, options, seed) {
    const { name, dims } = hiddenLayer(evaluator, options)
    const neuron = neuronIndex(options['neuron'], name, dims)
    const baseline = baselinePoints(evaluator, options['baseline'], seed)
    const { positions, weights } = quadratures[options['rule']]!(options['points'])
    const sums = zeroSums(evaluator)
    const points = alongLine(evaluator, baseline, k => positions[k]!)
    await sweepNeuronGradients(
      evaluator.rows,
      name,
      neuron,
      positions.length,
      points,
      (row, gradients) => {
        for (const at of evaluator.at)
          for (let i = 0; i < sums[at]!.length; i++) sums[at]![i]! += weights[row]! * gradients[at]![i]!
      },
      'points',
    )
    const maps = mapsOf(evaluator, (at, i) => (evaluator.inputs[at]!.data[i]! - baseline[at]![i]!) * sums[at]![i]!)
    return { maps, settled: { layer: name } }
  },
}
