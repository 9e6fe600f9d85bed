/** @file gradient: the derivative of the target with respect to the input. */
import { mapsOf } from '../maps.js'
import { atInput, type Method } from '../method.js'

/**
 * A_i = d f(x) / d x_i, signed; `absolute` gives |A_i|.
 * Peers: Captum's Saliency is `absolute` by default, PAIR's GradientSaliency and zennit's Gradient are signed as here.
 */
export const gradient: Method = {
  name: 'gradient',
  aliases: ['saliency', 'vanilla-gradient'],
  summary: 'how fast the target changes with each input value',
  formula: 'A_i = d f(x) / d x_i',
  citation: 'Simonyan, Vedaldi, Zisserman: Deep Inside Convolutional Networks, ICLR workshop 2014',
  options: { absolute: { kind: 'flag', default: false, describe: 'give |A_i|, as Captum does' } },
  needs: ['gradient'],
  promises: ['sign', 'dummy', 'linearity'],
  signed: true,
  cost: () => ({ forwards: 1, gradients: 1 }),
  async run(evaluator, { absolute }) {
    const { gradients } = await evaluator.gradient(evaluator.point, 1)
    return { maps: mapsOf(evaluator, (name, i) => (absolute ? Math.abs(gradients[name]![i]!) : gradients[name]![i]!)) }
  },
  path: ({ absolute }) => ({ ...atInput, absolute }),
}
