/** @file What a study will take, from a short measurement before it starts. */
import { type Model, type Pixels, pictureToTensor, prepare } from '@ascribe/core'
import { type Cell, costOf } from '../../runner/index.js'

/** Rows that are timed, after as many that are not. */
const rows = 16

interface EstimateOptions {
  readonly model: Model
  readonly picture: Pixels
  readonly cells: readonly Cell[]
  readonly processes: number
  readonly signal?: AbortSignal
}

/** One line: rows forward and backward, and the time that they take here. */
export async function estimateTime({ model, picture, cells, processes, signal }: EstimateOptions): Promise<string> {
  const name = model.floatInputs[0]!
  const input = pictureToTensor(picture, model.preprocessing!)
  const evaluator = await prepare(model, { [name]: input }, { target: 'log-odds:predicted', ...(signal && { signal }) })
  const make = (_: number, used: number) => {
    const out = new Float32Array(used * input.data.length)
    for (let row = 0; row < used; row++) out.set(input.data, row * input.data.length)
    return { [name]: out }
  }
  const timed = async (run: () => Promise<void>): Promise<number> => {
    await run()
    const begun = performance.now()
    await run()
    return (performance.now() - begun) / rows
  }
  const forward = await timed(() => evaluator.sweep(rows, make, () => {}))
  const gradient = await timed(() => evaluator.gradients(rows, make, () => {}))
  const { forwards, gradients } = costOf(cells)
  const minutes = (forwards * forward + gradients * gradient) / processes / 60_000
  const many = (value: number): string => Math.round(value).toLocaleString('en-US')
  return (
    `${many(cells.length)} runs, all together: ${many(forwards)} forward passes and ${many(gradients)} gradients; ` +
    `here a forward pass takes ${forward.toFixed(1)} ms, a gradient ${gradient.toFixed(1)} ms: about ${minutes < 1 ? 'a minute' : `${many(minutes)} min`} ` +
    `of the model's time with ${processes} at a time; the arithmetic of guided-ig, blur-ig and AIC/SIC may double it, and finished runs are not done again`
  )
}
