/** @file centre: a Gaussian in the middle of the picture. A control. */
import type { Method } from '../method.js'
import { pictureMaps } from '../pictures.js'

/**
 * A = exp(-((y - cy)^2 / (H sigma)^2 + (x - cx)^2 / (W sigma)^2) / 2) over pixel positions, (cy, cx) the middle of the picture: what
 * photographers' habit alone finds. The same in every channel; independent of model and input.
 */
export const centre: Method = {
  name: 'centre',
  aliases: ['center'],
  summary: 'a Gaussian in the middle of the picture: a control that sees neither model nor input',
  formula: 'A = exp(-(((y - cy) / (sigma H))^2 + ((x - cx) / (sigma W))^2) / 2)',
  citation: 'Tatler: The central fixation bias in scene viewing, Journal of Vision 2007',
  options: {
    sigma: { kind: 'number', default: 0.25, minimum: 0.001, describe: 'standard deviation, as a share of height and width' },
  },
  needs: ['picture'],
  promises: [],
  signed: false,
  control: true,
  cost: () => ({ forwards: 1, gradients: 0 }),
  run: async (evaluator, { sigma }) => ({
    maps: pictureMaps(evaluator, 'centre', ({ height, width }) =>
      Float64Array.from({ length: height * width }, (_, i) => {
        const y = (Math.floor(i / width) - (height - 1) / 2) / (sigma * height)
        const x = ((i % width) - (width - 1) / 2) / (sigma * width)
        return Math.exp(-(y * y + x * x) / 2)
      }),
    ),
  }),
}
