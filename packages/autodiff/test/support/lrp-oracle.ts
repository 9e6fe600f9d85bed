/** @file Relevance rules once more, slowly: a layer as an explicit matrix W [outputs][inputs] with bias b, in double precision. */
export interface Matrix {
  readonly weight: readonly (readonly number[])[]
  readonly bias: readonly number[]
}

/** What one rule needs to know. */
export interface OracleParameters {
  readonly epsilon?: number
  readonly gamma?: number
  readonly alpha?: number
  readonly beta?: number
  readonly low?: readonly number[]
  readonly high?: readonly number[]
  readonly bias?: boolean
}

const stabilise = (z: number, epsilon = 1e-6): number => z + (z >= 0 ? epsilon : -epsilon)

/** R_i = sum_j c_ji / stabilised(sum_i c_ji + b_j) R_j for any contributions c and biases b. */
function proportional(
  contributions: readonly (readonly number[])[],
  biases: readonly number[],
  relevance: readonly number[],
  epsilon?: number,
): number[] {
  const out = Array<number>(contributions[0]!.length).fill(0)
  contributions.forEach((row, j) => {
    const total = row.reduce((sum, value) => sum + value, biases[j]!)
    const divisor = epsilon === 0 ? (total === 0 ? 1 : total) : stabilise(total, epsilon)
    row.forEach((value, i) => {
      out[i]! += (value / divisor) * relevance[j]!
    })
  })
  return out
}

type Oracle = (x: readonly number[], layer: Matrix, relevance: readonly number[], parameters: OracleParameters) => number[]

const contributionsOf = (x: readonly number[], { weight }: Matrix): number[][] => weight.map(row => row.map((w, i) => w * x[i]!))
const biasesOf = ({ bias }: Matrix, used = true): number[] => bias.map(value => (used ? value : 0))
const mapped = (rows: readonly (readonly number[])[], f: (value: number) => number): number[][] => rows.map(row => row.map(f))
const above = (value: number): number => Math.max(0, value)
const below = (value: number): number => Math.min(0, value)

const alphaBeta: Oracle = (x, layer, relevance, { alpha = 2, beta = 1, bias, epsilon }) => {
  const contributions = contributionsOf(x, layer)
  const biases = biasesOf(layer, bias)
  const excited = proportional(mapped(contributions, above), biases.map(above), relevance, epsilon)
  const inhibited = proportional(mapped(contributions, below), biases.map(below), relevance, epsilon)
  return excited.map((value, i) => alpha * value - beta * inhibited[i]!)
}

export const oracles: Readonly<Record<string, Oracle>> = {
  zero: (x, layer, relevance, { bias }) => proportional(contributionsOf(x, layer), biasesOf(layer, bias), relevance, 0),
  epsilon: (x, layer, relevance, { bias, epsilon }) =>
    proportional(contributionsOf(x, layer), biasesOf(layer, bias), relevance, epsilon),
  gamma: (x, layer, relevance, { bias, epsilon, gamma = 0.25 }) => {
    const contributions = contributionsOf(x, layer)
    const rows = contributions.map((row, j) => {
      const positive = row.reduce((sum, value) => sum + value, layer.bias[j]!) >= 0
      const boost = (value: number): number => value * (value > 0 === positive ? 1 + gamma : 1)
      return { row: row.map(boost), bias: boost(biasesOf(layer, bias)[j]!) }
    })
    return proportional(
      rows.map(({ row }) => row),
      rows.map(one => one.bias),
      relevance,
      epsilon,
    )
  },
  'alpha-beta': alphaBeta,
  'z-plus': (x, layer, relevance, parameters) => alphaBeta(x, layer, relevance, { ...parameters, alpha: 1, beta: 0 }),
  'z-box': (x, layer, relevance, { low, high, epsilon }) => {
    const at = (list: readonly number[] | undefined, i: number): number => list![list!.length === 1 ? 0 : i]!
    const rows = layer.weight.map(row => row.map((w, i) => w * x[i]! - above(w) * at(low, i) - below(w) * at(high, i)))
    return proportional(
      rows,
      layer.bias.map(() => 0),
      relevance,
      epsilon,
    )
  },
  'w-square': (_, layer, relevance, { bias, epsilon }) =>
    proportional(
      mapped(layer.weight, w => w * w),
      biasesOf(layer, bias).map(b => b * b),
      relevance,
      epsilon,
    ),
  /** The weight here says what each output reads: ones and zeros. */
  flat: (_, layer, relevance, { epsilon }) =>
    proportional(
      layer.weight,
      layer.bias.map(() => 0),
      relevance,
      epsilon,
    ),
}
