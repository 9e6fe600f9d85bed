/** @file activation: the explained tensor itself. */
import { mapsOf } from '../maps.js'
import type { Method } from '../method.js'

/** A = x: of a tensor inside the graph (`at`), what the model computes there for the input. Knows no target. */
export const activation: Method = {
  name: 'activation',
  summary: 'the values of the explained tensor themselves: what a layer holds for the input',
  formula: 'A = x',
  citation: 'none: what other attributions at a layer are read against',
  options: {},
  needs: [],
  promises: [],
  signed: true,
  cost: () => ({ forwards: 1, gradients: 0 }),
  run: async evaluator => ({ maps: mapsOf(evaluator, (name, i) => evaluator.inputs[name]!.data[i]!) }),
}
