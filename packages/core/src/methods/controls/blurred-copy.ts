/** @file blurred-copy: the input itself, blurred. A control. */
import { gaussianBlur } from '../../blur.js'
import type { Method } from '../method.js'
import { pictureMaps } from '../pictures.js'

/** A = the input under a Gaussian blur of `sigma` pixels, channel by channel: a smooth map that never sees the model. */
export const blurredCopy: Method = {
  name: 'blurred-copy',
  summary: 'the input, blurred: a smooth control that never sees the model',
  formula: 'A = G_sigma * x',
  citation: 'none: a control',
  options: { sigma: { kind: 'number', default: 5, minimum: 0, describe: 'sigma of the blur in pixels (0: the input itself)' } },
  needs: ['picture'],
  promises: [],
  signed: true,
  control: true,
  cost: () => ({ forwards: 1, gradients: 0 }),
  run: async (evaluator, { sigma }) => ({
    maps: pictureMaps(evaluator, 'blurred-copy', ({ planes, channels, height, width }) =>
      gaussianBlur(planes, channels, height, width, sigma),
    ),
  }),
}
