/** @file rise: random coarse masks, averaged by how high the target stays under each. */
import { UsageError } from '../../errors.js'
import { madeRows, sweepProgram } from '../../evaluation/forward.js'
import type { RowProgram } from '../../evaluation/rows.js'
import type { Evaluator } from '../../evaluator.js'
import { type PictureAxes, pictureStrides } from '../../picture.js'
import { port } from '../../programs.js'
import { float32, type TensorValues } from '../../tensor-value.js'
import type { Method } from '../method.js'
import { baselinePoints } from '../path/integrated-gradients.js'
import { MaskSum, type RiseMasks, riseMasks } from './rise-masks.js'

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
    const axes = evaluator.pictureAxes(name)!
    const { height, width } = pictureStrides(evaluator.inputs[name]!.dims, axes)
    const baseline = baselinePoints(evaluator, options['baseline'], seed)
    const { masks, cells, probability } = options as { masks: number; cells: number; probability: number }
    const drawn = riseMasks(cells, probability, height, width, seed)
    const program = maskedPictures(evaluator, name, axes, drawn.side)
    const chunk = evaluator.rows.chunk(program, masks)
    const total = new MaskSum(drawn)
    const coverage = new MaskSum(drawn)
    await sweepProgram(
      evaluator.rows,
      program,
      chunk,
      masks,
      (start, used) => ({
        ...Object.fromEntries(evaluator.at.map(other => [port.input(other), evaluator.inputs[other]!])),
        [port.baseline(name)]: { ...evaluator.inputs[name]!, data: baseline[name]! },
        ...maskFeeds(drawn, start, used, chunk),
      }),
      (start, found) => {
        found.forEach((value, row) => {
          const mask = drawn.draw(start + row)
          total.add(mask, value)
          coverage.add(mask, 1)
        })
      },
      'masks',
    )
    const [sums, kept] = [total.total(), coverage.total()]
    const values = Float32Array.from(sums, (sum, i) =>
      options['normalise'] === 'paper' ? sum / (masks * probability) : kept[i]! > 0 ? sum / kept[i]! : 0,
    )
    return { maps: { [name]: { values, dims: [1, height, width] } } }
  },
}

/** x m + b (1 - m) in the graph, m from the matrices that make it: what is sent to it is 250 times smaller than the pictures. */
function maskedPictures(evaluator: Evaluator, picture: string, axes: PictureAxes, side: number): RowProgram {
  return madeRows(evaluator.rows, JSON.stringify(['rise', picture, axes.layout, side]), ({ graph, rows }, builder, name) => {
    const dims = graph.dims(name) as readonly number[]
    const row = evaluator.inputs[name]!.dims
    const input = builder.input(port.input(name), 'float32', row)
    if (name !== picture) return builder.emit('Expand', [input, builder.ints(dims)])
    const baseline = builder.input(port.baseline(name), 'float32', row)
    const [height, width] = [row[axes.height]!, row[axes.width]!]
    const grid = builder.input('rise/grid', 'float32', [rows, side, side])
    const down = builder.input('rise/down', 'float32', [rows, height, side])
    const across = builder.input('rise/across', 'float32', [rows, side, width])
    const mask = builder.emit('Reshape', [
      builder.emit('MatMul', [builder.emit('MatMul', [down, grid]), across]),
      builder.ints(row.map((size, axis) => (axis === 0 ? rows : axis === axes.channel ? 1 : size))),
    ])
    return builder.emit('Add', [baseline, builder.emit('Mul', [mask, builder.emit('Sub', [input, baseline])])])
  })
}

/** Masks `start` to `start + used`; what is left of the run stays empty. */
function maskFeeds({ side, draw, down, across }: RiseMasks, start: number, used: number, rows: number): TensorValues {
  const [height, width] = [down[0]!.length / side, across[0]!.length / side]
  const grids = new Float32Array(rows * side * side)
  const downs = new Float32Array(rows * height * side)
  const acrosses = new Float32Array(rows * side * width)
  for (let row = 0; row < used; row++) {
    const { grid, top, left } = draw(start + row)
    grids.set(grid, row * side * side)
    downs.set(down[top]!, row * height * side)
    const columns = across[left]!
    for (let x = 0; x < width; x++)
      for (let cell = 0; cell < side; cell++) acrosses[(row * side + cell) * width + x] = columns[x * side + cell]!
  }
  return {
    'rise/grid': float32([rows, side, side], grids),
    'rise/down': float32([rows, height, side], downs),
    'rise/across': float32([rows, side, width], acrosses),
  }
}
