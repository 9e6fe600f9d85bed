/** @file rise: random coarse masks, averaged by how high the target stays under each. */
import { UsageError } from '../errors.js'
import { pictureStrides } from '../picture.js'
import { Random } from '../random.js'
import { repeated } from '../tensor-value.js'
import { baselinePoints } from './integrated-gradients.js'
import type { Method } from './method.js'

/**
 * Mask k: a cells x cells grid of zeros and ones (one with probability p), enlarged bilinearly to the picture plus one cell and
 * shifted by a random amount within a cell. The map is sum_k f(x under mask k) m_k / (n p); `normalise=coverage` divides by
 * sum_k m_k instead, which removes the unevenness of few masks. Mask k depends on seed and k only.
 */
export const rise: Method = {
  name: 'rise',
  summary: 'random masks weighted by how high the target stays; needs no gradient',
  formula: 'A_i = 1 / (n p) sum_k f(x * m_k + b * (1 - m_k)) m_k,i',
  citation: 'Petsiuk, Das, Saenko: RISE, BMVC 2018',
  options: {
    masks: { kind: 'number', default: 4000, minimum: 1, maximum: 10_000_000, integer: true, describe: 'number of masks' },
    cells: {
      kind: 'number',
      default: 7,
      minimum: 1,
      maximum: 1000,
      integer: true,
      describe: 'cells along each side of the coarse mask',
    },
    probability: { kind: 'number', default: 0.5, minimum: 0.001, maximum: 1, describe: 'chance that a cell is kept' },
    baseline: { kind: 'baseline', default: 'zeros', describe: 'what masked places show' },
    normalise: {
      kind: 'choice',
      default: 'paper',
      values: ['paper', 'coverage'],
      describe: 'divide by n p, or by how often a place was kept',
    },
  },
  needs: ['picture'],
  promises: [],
  signed: true,
  cost: options => ({ forwards: options['masks'] + 1, gradients: 0 }),
  async run(evaluator, options, seed) {
    const pictures = evaluator.at.filter(name => evaluator.pictureAxes(name))
    if (pictures.length !== 1)
      throw new UsageError(
        'rise needs exactly one explained picture [1, channels, height, width]; use occlusion for other inputs',
      )
    const name = pictures[0]!
    const { dims, data } = evaluator.inputs[name]!
    const { channels, height, width, places: plane, channelStep, placeStep } = pictureStrides(dims, evaluator.pictureAxes(name)!)
    const baseline = baselinePoints(evaluator, options['baseline'], seed)[name]!
    const total = new Float64Array(plane)
    const coverage = new Float64Array(plane)
    const { masks, cells, probability } = options as { masks: number; cells: number; probability: number }
    const maskOf = (index: number): Float64Array => drawMask(new Random(seed, index), cells, probability, height, width)
    const drawnAt = new Map<number, Float64Array[]>()
    await evaluator.sweep(
      masks,
      (start, used) => {
        const drawn = Array.from({ length: used }, (_, row) => maskOf(start + row))
        drawnAt.set(start, drawn)
        const points = Object.fromEntries(evaluator.at.map(other => [other, repeated(evaluator.inputs[other]!.data, used)]))
        const out = points[name]!
        drawn.forEach((mask, row) => {
          for (let c = 0; c < channels; c++)
            for (let i = 0; i < plane; i++) {
              const place = c * channelStep + i * placeStep
              out[row * data.length + place] = baseline[place]! + mask[i]! * (data[place]! - baseline[place]!)
            }
        })
        return points
      },
      (start, found) => {
        drawnAt.get(start)!.forEach((mask, row) => {
          for (let i = 0; i < plane; i++) {
            total[i]! += found[row]! * mask[i]!
            coverage[i]! += mask[i]!
          }
        })
        drawnAt.delete(start)
      },
      'masks',
    )
    const values = Float32Array.from(total, (sum, i) =>
      options['normalise'] === 'paper' ? sum / (masks * probability) : coverage[i]! > 0 ? sum / coverage[i]! : 0,
    )
    return { maps: { [name]: { values, dims: [1, height, width] } } }
  },
}

/** One mask of height x width in [0, 1]. */
function drawMask(random: Random, cells: number, probability: number, height: number, width: number): Float64Array {
  const side = cells + 1
  const grid = Float64Array.from({ length: side * side }, () => (random.uniform() < probability ? 1 : 0))
  const [cellHeight, cellWidth] = [Math.ceil(height / cells), Math.ceil(width / cells)]
  const [top, left] = [random.integer(cellHeight), random.integer(cellWidth)]
  const mask = new Float64Array(height * width)
  const along = (place: number, cell: number): [number, number, number] => {
    const position = Math.min(side - 1, Math.max(0, (place + 0.5) / cell - 0.5))
    const low = Math.min(side - 2, Math.floor(position))
    return [low, Math.min(side - 1, low + 1), position - low]
  }
  for (let y = 0; y < height; y++) {
    const [y0, y1, fy] = along(y + top, cellHeight)
    for (let x = 0; x < width; x++) {
      const [x0, x1, fx] = along(x + left, cellWidth)
      const upper = grid[y0 * side + x0]! * (1 - fx) + grid[y0 * side + x1]! * fx
      const lower = grid[y1 * side + x0]! * (1 - fx) + grid[y1 * side + x1]! * fx
      mask[y * width + x] = upper * (1 - fy) + lower * fy
    }
  }
  return mask
}
