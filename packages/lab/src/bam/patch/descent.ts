/** @file How a patch is moved down its loss: the paper's fixed step, and backtracking. Rows are independent of each other. */
import type { Preprocessing } from '@ascribe/core'
import { channelRange, type LossWeights, type PixelRange, sharedRange } from './loss.js'
import type { LossValues } from './pixel-model.js'

/** `rows` patches: their start, where they may be, and the loss. */
interface DescentProblem {
  readonly rows: number
  /** Values of one patch: 3 x size x size. */
  readonly length: number
  /** [rows, 3, size, size], nonzero inside the mask only. */
  readonly start: Float32Array
  /** [rows, 3, size, size], 1 inside the mask and 0 outside. */
  readonly mask: Float32Array
  readonly weights: LossWeights
  readonly evaluate: (delta: Float32Array) => Promise<LossValues>
  readonly onStep?: (step: number) => void
}

interface DescentResult {
  readonly delta: Float32Array
  /** For each row, at the start and after each step, the loss of the patch that would be the result: steps + 1 values. */
  readonly losses: readonly Float64Array[]
}

export interface Descent {
  readonly summary: string
  readonly range: (preprocessing: Preprocessing) => PixelRange
  /** `steps` steps, which take steps + 1 evaluations of the loss and its gradient; `size` is the (first) step's size. */
  readonly run: (problem: DescentProblem, steps: number, size: number) => Promise<DescentResult>
}

/** distance - w_norm * norm + w_range * excess of one row, in double precision. */
const lossOf = ({ distance, norm, excess }: LossValues, row: number, weights: LossWeights): number =>
  distance[row]! - weights.norm * norm[row]! + weights.range * excess[row]!

/** Writes mask * (from - size * gradient) of one row into `into`. */
function move(
  problem: DescentProblem,
  row: number,
  from: Float32Array,
  by: Float32Array,
  size: number,
  into: Float32Array,
): void {
  const { length, mask } = problem
  for (let i = row * length; i < (row + 1) * length; i++) into[i] = mask[i] === 0 ? 0 : from[i]! - size * by[i]!
}

const recorder = ({ rows }: DescentProblem, steps: number): Float64Array[] =>
  Array.from({ length: rows }, () => new Float64Array(steps + 1))

/** d <- mask * (d - size * gradient), the last d is the result. */
async function fixed(problem: DescentProblem, steps: number, size: number): Promise<DescentResult> {
  const { rows, start, weights, evaluate } = problem
  const losses = recorder(problem, steps)
  const delta = start.slice()
  for (let step = 0; ; step++) {
    const values = await evaluate(delta)
    for (let row = 0; row < rows; row++) losses[row]![step] = lossOf(values, row, weights)
    problem.onStep?.(step)
    if (step === steps) return { delta, losses }
    for (let row = 0; row < rows; row++) move(problem, row, delta, values.gradient, size, delta)
  }
}

const [growth, shrinkage] = [1.5, 0.5]

/** Losses that a step may be compared with. */
const memory = 5

/**
 * Each step tries mask * (d - size * gradient) in every row. Where the loss is below the largest of the last five held the row moves
 * there and its step size grows by 1.5, elsewhere the row stays and its step size halves; the best patch met is the result.
 *
 * Backtracking that is not monotone (Grippo, Lampariello and Lucidi, 1986): the unsquared distance has a kink along the patches that
 * change nothing, which is just where a patch should go, and a line search that must go down each time gets stuck along it.
 */
async function backtracking(problem: DescentProblem, steps: number, size: number): Promise<DescentResult> {
  const { rows, length, start, weights, evaluate } = problem
  const losses = recorder(problem, steps)
  const sizes = new Float64Array(rows).fill(size)
  const least = new Float64Array(rows).fill(Number.POSITIVE_INFINITY)
  const recent = Array.from({ length: rows }, (): number[] => [])
  const [best, delta, trial, gradient] = [start.slice(), start.slice(), start.slice(), new Float32Array(start.length)]
  for (let step = 0; ; step++) {
    const values = await evaluate(trial)
    for (let row = 0; row < rows; row++) {
      const loss = lossOf(values, row, weights)
      const [from, to] = [row * length, (row + 1) * length]
      const accepted = step === 0 || loss < Math.max(...recent[row]!)
      if (accepted) {
        recent[row] = [...recent[row]!, loss].slice(-memory)
        delta.set(trial.subarray(from, to), from)
        gradient.set(values.gradient.subarray(from, to), from)
      }
      if (loss < least[row]!) {
        least[row] = loss
        best.set(trial.subarray(from, to), from)
      }
      if (step > 0) sizes[row]! *= accepted ? growth : shrinkage
      losses[row]![step] = least[row]!
    }
    problem.onStep?.(step)
    if (step === steps) return { delta: best, losses }
    for (let row = 0; row < rows; row++) move(problem, row, delta, gradient, sizes[row]!, trial)
  }
}

/** Ways to optimise, by name. */
export const descents = {
  backtracking: { summary: 'step size by backtracking, a range per channel', range: channelRange, run: backtracking },
  paper: { summary: 'fixed step, one range shared by the channels', range: sharedRange, run: fixed },
} as const satisfies Readonly<Record<string, Descent>>

export type DescentName = keyof typeof descents
