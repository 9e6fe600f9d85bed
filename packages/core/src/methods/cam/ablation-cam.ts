/** @file ablation-cam: channels weighted by how much the target drops without them. */
import { NotFiniteError } from '../../errors.js'
import { layerView } from '../../layers.js'
import { repeated } from '../../tensor-value.js'
import { camMethod } from './rule.js'

/** What the drop is divided by. */
const divisors: Readonly<Record<string, (value: number) => number>> = {
  magnitude: Math.abs,
  value: value => value,
  nothing: () => 1,
}

/**
 * w_c = (f - f with channel c at zero) / |f|: one forward pass per channel, from the layer on; no gradient. A channel is zeroed at every
 * place and class token. The paper and pytorch-grad-cam divide by f itself, which turns every weight around where f < 0
 * (`divide=value`); pytorch-grad-cam also sets channels of a layer without zeros to -1e7 rather than to zero.
 */
export const ablationCam = camMethod({
  name: 'ablation-cam',
  aliases: ['ablationcam'],
  summary: "a layer's channels weighted by how much the target drops without each; needs no gradient",
  formula: 'L = relu(sum_c w_c A_c), w_c = (f - f with A_c = 0) / |f|',
  citation: 'Desai, Ramaswamy: Ablation-CAM, WACV 2020',
  relu: true,
  reads: 'values',
  forwards: channels => channels,
  options: {
    divide: {
      kind: 'choice',
      default: 'magnitude',
      values: Object.keys(divisors),
      describe: 'the drop is divided by |f|, by f as in the paper, or by nothing',
    },
  },
  weights: async ({ name, channels }, { evaluator, inside, options }) => {
    const { dims, data } = inside!.inputs[name]!
    const { channelStep } = layerView(evaluator, name, dims)
    const by = divisors[options['divide']]!(evaluator.value)
    if (by === 0) throw new NotFiniteError('ablation-cam divides by f(x), which is 0 here; use divide=nothing or another target')
    const weights = new Float64Array(channels)
    await inside!.sweep(
      channels,
      (start, used) => {
        const points = repeated(data, used)
        for (let row = 0; row < used; row++)
          for (let i = 0; i < data.length; i++)
            if (Math.floor(i / channelStep) % channels === start + row) points[row * data.length + i] = 0
        return { [name]: points }
      },
      (start, without) => {
        without.forEach((other, row) => {
          weights[start + row] = (evaluator.value - other) / by
        })
      },
      'channels',
    )
    return weights
  },
})
