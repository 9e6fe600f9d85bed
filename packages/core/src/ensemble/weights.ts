/**
 * @file Optimal convex weights: quadratic forms of how unfaithful and how unstable a weighted mean of maps is, and their minimum.
 *
 * Decker, Bhattarai, Gu, Tresp, Buettner: Provably Better Explanations with Optimized Aggregation of Feature Attributions, ICML 2024. How
 * members are brought to the target's units, and how the two aims are weighed, are our choices.
 */
import { UsageError } from '../errors.js'
import { convexWeights } from './simplex.js'

/** w' A w - 2 b' w + c for weights w. */
export interface QuadraticForm {
  /** A: symmetric, positive semidefinite. */
  readonly matrix: readonly Float64Array[]
  readonly linear: Float64Array
  readonly constant: number
}

const products = (rows: readonly ArrayLike<number>[], scale: number): Float64Array[] =>
  rows.map(first =>
    Float64Array.from(rows, second => {
      let sum = 0
      for (let i = 0; i < first.length; i++) sum += first[i]! * second[i]!
      return sum * scale
    }),
  )

/**
 * Infidelity of the weighted mean: mean over perturbations k of (sum_m w_m p_mk - d_k)^2.
 * @param predicted p: for each member, the change that its map predicts for each perturbation (perturbation . map)
 * @param measured d: how far the target fell
 * @throws UsageError for lists of unequal length, or none
 */
export function faithfulnessForm(predicted: readonly ArrayLike<number>[], measured: ArrayLike<number>): QuadraticForm {
  const count = measured.length
  if (predicted.length === 0 || count === 0 || predicted.some(({ length }) => length !== count))
    throw new UsageError(`faithful weights need members with ${count} predicted changes each, one for each measured change`)
  const all = products([...predicted, measured], 1 / count)
  const last = predicted.length
  return {
    matrix: all.slice(0, last).map(row => row.subarray(0, last)),
    linear: all[last]!.slice(0, last),
    constant: all[last]![last]!,
  }
}

/**
 * Instability of the weighted mean: mean over noisy inputs j of || sum_m w_m (v_mj - v_m) ||^2 / places.
 * @param members maps at the input
 * @param noisy for each noisy input, the members' maps there
 * @throws UsageError where there is no noisy input, or maps differ in number or length
 */
export function robustnessForm(
  members: readonly ArrayLike<number>[],
  noisy: readonly (readonly ArrayLike<number>[])[],
): QuadraticForm {
  const places = members[0]?.length ?? 0
  if (places === 0 || noisy.length === 0 || noisy.some(maps => maps.length !== members.length))
    throw new UsageError('robust weights need the same members at the input and at one or more noisy inputs')
  const matrix = members.map(() => new Float64Array(members.length))
  for (const maps of noisy) {
    if (maps.some(({ length }) => length !== places)) throw new UsageError('robust weights need maps of one size')
    const changes = maps.map((map, m) => Float64Array.from(map, (value, i) => value - members[m]![i]!))
    products(changes, 1 / (places * noisy.length)).forEach((row, m) => {
      for (let n = 0; n < row.length; n++) matrix[m]![n]! += row[n]!
    })
  }
  return { matrix, linear: new Float64Array(members.length), constant: 0 }
}

/** The form's value at these weights. */
export function formValue({ matrix, linear, constant }: QuadraticForm, weights: ArrayLike<number>): number {
  let value = constant
  matrix.forEach((row, m) => {
    for (let n = 0; n < row.length; n++) value += weights[m]! * weights[n]! * row[n]!
    value -= 2 * linear[m]! * weights[m]!
  })
  return value
}

/** The form over some of the members. @param which their numbers, each once */
export const formOf = ({ matrix, linear, constant }: QuadraticForm, which: readonly number[]): QuadraticForm => ({
  matrix: which.map(m => Float64Array.from(which, n => matrix[m]![n]!)),
  linear: Float64Array.from(which, m => linear[m]!),
  constant,
})

/** The form of members multiplied by these factors. */
export const scaledForm = ({ matrix, linear, constant }: QuadraticForm, factors: ArrayLike<number>): QuadraticForm => ({
  matrix: matrix.map((row, m) => row.map((value, n) => value * factors[m]! * factors[n]!)),
  linear: linear.map((value, m) => value * factors[m]!),
  constant,
})

/**
 * The factor for each member that makes it most faithful by itself, max(0, b_m / A_mm): maps come in units of their own, and a member
 * that predicts the wrong sign counts nothing.
 */
export const unitFactors = ({ matrix, linear }: QuadraticForm): Float64Array =>
  linear.map((value, m) => (matrix[m]![m]! > 0 ? Math.max(0, value / matrix[m]![m]!) : 0))

/**
 * (1 - share) faithfulness + share robustness, each in units of its value at equal weights.
 * @param share of robustness, 0 to 1
 * @throws UsageError for a share outside 0 to 1, or forms of unlike numbers of members
 */
export function tradeOff(faithfulness: QuadraticForm, robustness: QuadraticForm, share: number): QuadraticForm {
  const count = faithfulness.linear.length
  if (!(share >= 0 && share <= 1)) throw new UsageError(`the share of robustness lies between 0 and 1, not ${share}`)
  if (robustness.linear.length !== count) throw new UsageError('the two forms are of unlike numbers of members')
  const equal = new Float64Array(count).fill(1 / count)
  const factor = (form: QuadraticForm, part: number): number => {
    const value = formValue(form, equal)
    return value > 0 ? part / value : 0
  }
  const [f, r] = [factor(faithfulness, 1 - share), factor(robustness, share)]
  return {
    matrix: faithfulness.matrix.map((row, m) => row.map((value, n) => f * value + r * robustness.matrix[m]![n]!)),
    linear: faithfulness.linear.map((value, m) => f * value + r * robustness.linear[m]!),
    constant: f * faithfulness.constant + r * robustness.constant,
  }
}

/** What weights are to make small. */
export const weightAims = ['faithfulness', 'robustness', 'both'] as const
export type WeightAim = (typeof weightAims)[number]

/**
 * Weights of the members, at least 0 and with sum 1. For faithfulness alone or with robustness, members are brought to the target's
 * units first (`unitFactors`), and the factors are part of the weights; robustness alone takes the maps as they are.
 * @param share of robustness in `both`; default 0.5
 */
export function optimalWeights(
  aim: WeightAim,
  faithfulness: QuadraticForm,
  robustness: QuadraticForm | undefined,
  share = 0.5,
): Float64Array {
  if (aim !== 'faithfulness' && !robustness) throw new UsageError(`weights for ${aim} need maps at noisy inputs`)
  if (aim === 'robustness') return convexWeights(robustness!.matrix, robustness!.linear)
  const factors = unitFactors(faithfulness)
  const equal = new Float64Array(factors.length).fill(1 / factors.length)
  const useful = [...factors.keys()].filter(m => factors[m]! > 0)
  if (useful.length === 0) return equal
  const faithful = formOf(scaledForm(faithfulness, factors), useful)
  const form = aim === 'both' ? tradeOff(faithful, formOf(scaledForm(robustness!, factors), useful), share) : faithful
  const found = convexWeights(form.matrix, form.linear)
  const weights = new Float64Array(factors.length)
  useful.forEach((m, k) => {
    weights[m] = found[k]! * factors[m]!
  })
  const sum = weights.reduce((all, value) => all + value, 0)
  return sum > 0 ? weights.map(value => value / sum) : equal
}
