/** @file random: uniform noise. The control that every method has to beat. */
import { Random } from '../../random.js'
import { mapsOf } from '../maps.js'
import type { Method } from '../method.js'

/** A_i uniform in [0, 1), independent of the model and of the input. */
export const random: Method = {
  name: 'random',
  summary: 'uniform noise: the control that every method has to beat',
  formula: 'A_i ~ U[0, 1)',
  citation: 'none: a control',
  options: {},
  needs: [],
  promises: [],
  signed: false,
  control: true,
  cost: () => ({ forwards: 1, gradients: 0 }),
  async run(evaluator, _, seed) {
    const generators = new Map(evaluator.at.map((name, index) => [name, new Random(seed, index)]))
    return { maps: mapsOf(evaluator, name => generators.get(name)!.uniform()) }
  },
}
