/** @file uniform: the same value everywhere. A control. */
import { mapsOf } from '../maps.js'
import type { Method } from '../method.js'

/** A_i = 1. What a score gives to a map that ranks nothing. */
export const uniform: Method = {
  name: 'uniform',
  summary: 'one everywhere: a control that ranks nothing',
  formula: 'A_i = 1',
  citation: 'none: a control',
  options: {},
  needs: [],
  promises: [],
  signed: false,
  control: true,
  cost: () => ({ forwards: 1, gradients: 0 }),
  run: async evaluator => ({ maps: mapsOf(evaluator, () => 1) }),
}
