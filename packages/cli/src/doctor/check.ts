/** @file The gradient against central differences of the model's own forward pass. */
import { type Evaluator, type Points, Random } from '@ascribe/core'

export interface DirectionCheck {
  /** Derivative along the direction by the gradient, per unit of step. */
  readonly gradient: number
  /** The same by central differences: the mean over several steps. */
  readonly differences: number
  /** Their mean step, in root mean square of the change of a value. */
  readonly step: number
  /** |gradient - differences| over max(|gradient|, |differences|, |g|). */
  readonly error: number
  /** Standard error of the differences on the same scale: what rounding in the forward pass leaves unknown. */
  readonly noise: number
}

export interface GradientCheck {
  readonly verdict: 'pass' | 'warn' | 'fail'
  readonly why: string
  readonly directions: readonly DirectionCheck[]
}

/**
 * Up to `pass` an error is what kinks and rounding leave of a right gradient (networks of clipped units reach 0.03); one above `fail`
 * and beyond five standard errors is the gradient's fault, because a wrong rule is off by tens of per cent.
 */
const checkLimits = { pass: 0.03, fail: 0.1 } as const

const directionCount = 5
const pairCount = 12
/** Forward passes that the rounding is measured with. */
const roundingCount = 16
/** Share of |g| that the rounding of one pair of forward passes may make up at the smallest step. */
const roundingShare = 0.02
/** The larger step over the smaller one. */
const widening = 8
/** Most that a step may change a value, relative to the root mean square of the input. */
const largestStep = 0.05

interface Check {
  readonly evaluator: Evaluator
  readonly gradients: Points
  /** |g|: the size that a derivative along a normal direction has. */
  readonly norm: number
}

/**
 * Along each of five seeded normal directions d: (f(x + h d) - f(x - h d)) / 2h against sum_i g_i ((x + h d) - (x - h d))_i / 2h, with
 * the points as they are after rounding to float32 and sums in double precision. Large steps run over the kinks of a network, small
 * ones drown in the rounding of its forward pass. So the rounding is measured first (the spread of f under changes of a few units in
 * the last place), the step is the smallest at which it is 2% of |g| for one pair, and twelve pairs at 0.75 to 1.25 of that step are
 * averaged. A step eight times larger is preferred where its mean agrees within one standard error, as it does for smooth networks.
 */
export async function checkGradient(evaluator: Evaluator, seed: number): Promise<GradientCheck> {
  const { gradients } = await evaluator.gradient(evaluator.point, 1)
  const names = evaluator.at
  const length = names.reduce((sum, name) => sum + evaluator.inputs[name]!.data.length, 0)
  const squares = (points: Points): number =>
    names.reduce((sum, name) => sum + points[name]!.reduce((total, value) => total + value * value, 0), 0)
  const norm = Math.sqrt(squares(gradients))
  if (norm === 0)
    return { verdict: 'warn', why: 'the gradient is zero everywhere at this input; try another input or target', directions: [] }
  const scale = Math.sqrt(squares(evaluator.point) / length) || 1
  const rounding = await roundingOf(evaluator, scale, new Random(seed, 0xf10))
  const step = Math.min(largestStep * scale, rounding / (Math.SQRT2 * roundingShare * norm))
  const directions: DirectionCheck[] = []
  for (let index = 0; index < directionCount; index++) {
    const random = new Random(seed, 0xd0c + index)
    const direction: Points = Object.fromEntries(
      names.map(name => [name, Float32Array.from(evaluator.inputs[name]!.data, () => random.normal())]),
    )
    const check = { evaluator, gradients, norm }
    const near = await measure(check, direction, step)
    const far = await measure(check, direction, Math.min(largestStep * scale, widening * step))
    const agree = Math.abs(far.differences - near.differences) <= near.noise * Math.max(norm, Math.abs(near.differences))
    directions.push(agree && far.noise < near.noise ? far : near)
  }
  return { ...judge(directions), directions }
}

/** Standard deviation of f under changes so small that only rounding answers; at least half a unit in the last place of f. */
async function roundingOf(evaluator: Evaluator, scale: number, random: Random): Promise<number> {
  const points = Object.fromEntries(
    evaluator.at.map(name => {
      const { data } = evaluator.inputs[name]!
      const size = scale * 2 ** -22
      return [
        name,
        Float32Array.from({ length: roundingCount * data.length }, (_, i) => data[i % data.length]! + size * random.normal()),
      ]
    }),
  )
  const values = await evaluator.forward(points, roundingCount)
  const mean = values.reduce((a, b) => a + b, 0) / values.length
  const spread = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1))
  return Math.max(spread, Math.abs(mean) * 2 ** -25, 2 ** -60)
}

/** The derivative by `pairCount` central differences at steps spread evenly over 0.75 to 1.25 of `step`. */
async function measure({ evaluator, gradients, norm }: Check, direction: Points, step: number): Promise<DirectionCheck> {
  const steps = Array.from({ length: pairCount }, (_, k) => step * (0.75 + (0.5 * k) / (pairCount - 1)))
  const changes = new Float64Array(pairCount)
  const points: Record<string, Float32Array> = {}
  for (const name of evaluator.at) {
    const { data } = evaluator.inputs[name]!
    const rows = new Float32Array(2 * pairCount * data.length)
    steps.forEach((h, k) => {
      const [plus, minus] = [2 * k * data.length, (2 * k + 1) * data.length]
      for (let i = 0; i < data.length; i++) {
        rows[plus + i] = data[i]! + h * direction[name]![i]!
        rows[minus + i] = data[i]! - h * direction[name]![i]!
        changes[k]! += gradients[name]![i]! * (rows[plus + i]! - rows[minus + i]!)
      }
    })
    points[name] = rows
  }
  const values = await evaluator.forward(points, 2 * pairCount)
  const misses = steps.map((h, k) => (values[2 * k]! - values[2 * k + 1]! - changes[k]!) / (2 * h))
  const miss = misses.reduce((a, b) => a + b, 0) / pairCount
  const variance = misses.reduce((sum, one) => sum + (one - miss) ** 2, 0) / (pairCount - 1)
  const gradient = steps.reduce((sum, h, k) => sum + changes[k]! / (2 * h), 0) / pairCount
  const differences = gradient + miss
  const size = Math.max(Math.abs(gradient), Math.abs(differences), norm)
  return { gradient, differences, step, error: Math.abs(miss) / size, noise: Math.sqrt(variance / pairCount) / size }
}

function judge(directions: readonly DirectionCheck[]): Pick<GradientCheck, 'verdict' | 'why'> {
  const worst = Math.max(...directions.map(({ error }) => error))
  const noise = Math.max(...directions.map(one => one.noise))
  const numbers = `largest relative error ${worst.toExponential(1)}, standard error of the differences ${noise.toExponential(1)}`
  const wrong = directions.filter(one => one.error > checkLimits.fail && one.error > 5 * one.noise).length
  if (wrong > 0)
    return {
      verdict: 'fail',
      why: `${numbers}; ${wrong} of ${directions.length} directions disagree: do not trust gradients of this model`,
    }
  if (worst > checkLimits.pass)
    return { verdict: 'warn', why: `${numbers}: too far apart to be sure; try another input, target or seed` }
  return { verdict: 'pass', why: numbers }
}
