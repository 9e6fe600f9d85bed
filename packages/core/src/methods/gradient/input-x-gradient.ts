/** @file input-x-gradient: the gradient times the input. */
import { mapsOf } from '../maps.js'
import { atInput, type Method } from '../method.js'

/** A_i = x_i d f(x) / d x_i. There is no baseline in it; it equals integrated gradients from zero only where f is linear along the way. */
export const inputXGradient: Method = {
  name: 'input-x-gradient',
  aliases: ['gradient-x-input'],
  summary: 'the gradient times the input value',
  formula: 'A_i = x_i * d f(x) / d x_i',
  citation: 'Shrikumar, Greenside, Shcherbina, Kundaje: Not Just a Black Box, 2016',
  options: {},
  needs: ['gradient'],
  promises: ['sign', 'dummy', 'linearity'],
  signed: true,
  cost: () => ({ forwards: 1, gradients: 1 }),
  async run(evaluator) {
    const { gradients } = await evaluator.gradient(evaluator.point, 1)
    return { maps: mapsOf(evaluator, (name, i) => evaluator.inputs[name]!.data[i]! * gradients[name]![i]!) }
  },
  path: () => ({ ...atInput, multiply: 'input' }),
}
