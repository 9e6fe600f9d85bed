/** @file score-cam: channels weighted by the target where the input shows only what each one marks. */
import { UsageError } from '../../errors.js'
import { resizeMap } from '../../io/resample.js'
import { pictureStrides } from '../../picture.js'
import { baselinePoints } from '../path/integrated-gradients.js'
import { type Activation, camMethod } from './rule.js'

/** A channel enlarged bilinearly to height x width and scaled to [0, 1]; undefined for a channel that is the same everywhere. */
function maskOf({ values, space, size }: Activation, channel: number, height: number, width: number): Float32Array | undefined {
  const plane = values.subarray(channel * size, (channel + 1) * size)
  const mask = resizeMap(plane, { height: space[0]!, width: space[1]! }, { height, width }, 'bilinear')
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const value of mask) [low, high] = [Math.min(low, value), Math.max(high, value)]
  return high > low ? mask.map(value => (value - low) / (high - low)) : undefined
}

/**
 * w = softmax over channels of f(x m_c + b (1 - m_c)), m_c the channel enlarged to the input and scaled to [0, 1]. f(b), which the paper
 * subtracts, drops out of the softmax. Channels that are the same everywhere mark nothing and get no weight, as in the authors'
 * code (pytorch-grad-cam gives them the score of the blank input). All explained pictures are masked alike.
 */
export const scoreCam = camMethod({
  name: 'score-cam',
  aliases: ['scorecam'],
  summary: "a layer's channels weighted by the target where only what they mark is shown; needs no gradient",
  formula: 'L = relu(sum_c w_c A_c), w = softmax over c of f(x m_c + b (1 - m_c))',
  citation: 'Wang et al.: Score-CAM, CVPR Workshops 2020',
  relu: true,
  reads: 'values',
  needs: ['picture'],
  forwards: channels => channels,
  options: { baseline: { kind: 'baseline', default: 'zeros', describe: 'what masked places show' } },
  weights: async (activation, { evaluator, options, seed }) => {
    const { channels, space, name } = activation
    if (space.length !== 2)
      throw new UsageError(`score-cam needs a layer with height and width; "${name}" has ${space.length} axes of space`)
    const baseline = baselinePoints(evaluator, options['baseline'], seed)
    const pictures = evaluator.at.map(input => {
      const axes = evaluator.pictureAxes(input)
      if (!axes)
        throw new UsageError(`score-cam masks pictures [1, channels, height, width], and "${input}" is none; name one with --at`)
      const { dims, data } = evaluator.inputs[input]!
      return { input, data, ...pictureStrides(dims, axes) }
    })
    const { height, width } = pictures[0]!
    const marking = Array.from({ length: channels }, (_, c) => c).filter(c => maskOf(activation, c, height, width))
    const scores = new Float64Array(channels).fill(Number.NEGATIVE_INFINITY)
    await evaluator.sweep(
      marking.length,
      (start, used) => {
        const points = Object.fromEntries(pictures.map(({ input, data }) => [input, new Float32Array(used * data.length)]))
        for (let row = 0; row < used; row++)
          for (const { input, data, height, width, places, channelStep, placeStep, channels: colours } of pictures) {
            const mask = maskOf(activation, marking[start + row]!, height, width)!
            for (let c = 0; c < colours; c++)
              for (let place = 0; place < places; place++) {
                const i = c * channelStep + place * placeStep
                points[input]![row * data.length + i] = mask[place]! * data[i]! + (1 - mask[place]!) * baseline[input]![i]!
              }
          }
        return points
      },
      (start, found) => {
        found.forEach((score, row) => {
          scores[marking[start + row]!] = score
        })
      },
      'channels',
    )
    const most = Math.max(...scores)
    const parts = scores.map(score => (score === Number.NEGATIVE_INFINITY ? 0 : Math.exp(score - most)))
    const total = parts.reduce((sum, value) => sum + value, 0)
    return parts.map(value => (total > 0 ? value / total : 0))
  },
})
