/** @file edges: an edge detector that never sees the model. A control. */
import type { Method } from '../method.js'
import { pictureMaps } from '../pictures.js'

/** Steps of the 3 x 3 Sobel kernel across (smoothed down); its transpose is the other direction. */
const sobel = [
  [-1, 0, 1],
  [-2, 0, 2],
  [-1, 0, 1],
] as const

/**
 * With P the mean over channels of the input: A = sqrt((S * P)^2 + (S^T * P)^2), S the Sobel kernel, edges of the picture repeated.
 * The same in every channel. Methods whose maps look like it may show the picture rather than the model (Adebayo et al. 2018).
 */
export const edges: Method = {
  name: 'edges',
  summary: "the picture's Sobel edges: a control that never sees the model",
  formula: 'A = sqrt((S * P)^2 + (S^T * P)^2), P the channel mean, S the Sobel kernel',
  citation: 'Adebayo et al.: Sanity Checks for Saliency Maps, NeurIPS 2018',
  options: {},
  needs: ['picture'],
  promises: [],
  signed: false,
  control: true,
  cost: () => ({ forwards: 1, gradients: 0 }),
  run: async evaluator => ({
    maps: pictureMaps(evaluator, 'edges', ({ planes, channels, height, width }) => {
      const places = height * width
      const mean = Float64Array.from({ length: places }, (_, i) => {
        let sum = 0
        for (let c = 0; c < channels; c++) sum += planes[c * places + i]!
        return sum / channels
      })
      const inside = (value: number, length: number): number => Math.min(Math.max(value, 0), length - 1)
      return Float64Array.from({ length: places }, (_, i) => {
        const [y, x] = [Math.floor(i / width), i % width]
        let [across, down] = [0, 0]
        for (let v = 0; v < 3; v++)
          for (let u = 0; u < 3; u++) {
            const value = mean[inside(y + v - 1, height) * width + inside(x + u - 1, width)]!
            across += sobel[v]![u]! * value
            down += sobel[u]![v]! * value
          }
        return Math.hypot(across, down)
      })
    }),
  }),
}
