/** @file Attention weights of an input, and the target's gradient (or relevance) at them. */
import { checkFinite, type RowProgram } from '../evaluation/rows.js'
import type { Evaluator, Points } from '../evaluator.js'
import { layerProgram, port } from '../programs.js'
import type { Attention } from './find.js'

/** One layer's weights A and the gradient G of the target there, each [heads, tokens, tokens] of one row. */
export interface WeightsAndGradient {
  readonly weights: Float32Array
  readonly gradient: Float32Array
}

/** Weights of every layer, for one forward pass. */
export async function readWeights(evaluator: Evaluator, layers: readonly Attention[]): Promise<Float32Array[]> {
  const names = layers.map(({ weights }) => weights)
  const found: Float32Array[] = []
  await evaluator.sweepValues(
    names,
    1,
    () => evaluator.point,
    (_, values) => found.push(...names.map(name => values[name]!.slice())),
  )
  return found
}

/**
 * Weights of every layer and the whole derivative of the target by each (through later layers too), for one gradient.
 * @param also tensors that the walk back goes to as well
 */
export async function readGradients(
  evaluator: Evaluator,
  layers: readonly Attention[],
  also: readonly string[] = [],
): Promise<WeightsAndGradient[]> {
  const found: WeightsAndGradient[] = []
  await sweepWeightGradients(
    evaluator,
    layers,
    1,
    () => evaluator.point,
    (_, parts) => found.push(...parts.map(({ weights, gradient }) => ({ weights: weights.slice(), gradient: gradient.slice() }))),
    undefined,
    also,
  )
  return found
}

/** The same at `count` rows of points, made chunk by chunk and used row by row, in order; what `use` is given lasts only until it returns. */
export async function sweepWeightGradients(
  evaluator: Evaluator,
  layers: readonly Attention[],
  count: number,
  make: (start: number, used: number) => Points,
  use: (row: number, parts: readonly WeightsAndGradient[]) => void,
  step?: string,
  also: readonly string[] = [],
): Promise<void> {
  const { rows } = evaluator
  const names = layers.map(({ weights }) => weights)
  const all = [...names, ...also]
  const program: RowProgram = {
    key: rows.targetKey(`layers ${JSON.stringify(all)}`),
    make: source => layerProgram(source, all),
    read: all,
  }
  const each = rows.chunk(program, count)
  const feeds = (start: number, used: number) => ({ ...rows.classFeed(), ...rows.padded(make(start, used), used, each) })
  await rows.chunks(program, count, each, feeds, (start, used, result) => {
    const size = layers.map(({ heads, queries, keys }) => heads * queries * keys)
    for (let row = 0; row < used; row++) {
      const part = (key: string, i: number): Float32Array =>
        (result[key]!.data as Float32Array).subarray(row * size[i]!, (row + 1) * size[i]!)
      const parts = names.map((name, i) => ({ weights: part(port.layer(name), i), gradient: part(port.sum(name), i) }))
      parts.forEach(({ gradient }, i) => {
        checkFinite(gradient, names[i]!)
      })
      use(start + row, parts)
    }
    evaluator.cost.gradients += used
    rows.progress(start + used, count, step)
  })
}
