/** @file Concept vectors at one layer: trained, and scored by directional derivatives, from inner products only. */
import { Random } from '@ascribe/core'
import { mean, standardDeviation } from 'simple-statistics'
import { sampled } from '../../order.js'
import { logisticRegression } from './logistic.js'
import { innerProducts } from './products.js'
import { permutationPValue, welchPValue } from './significance.js'

/** One layer's values and gradients. */
export interface LayerData {
  readonly concept: readonly Float32Array[]
  readonly random: readonly Float32Array[]
  /** Of the explained class's logit, for each explained input. */
  readonly gradients: readonly Float32Array[]
}

export interface VectorOptions {
  /** Concept vectors trained, each on its own draw of the examples; default 10. */
  readonly runs?: number
  /** Concept and random examples drawn for one vector; default 100, at most the smaller of what there is. */
  readonly examples?: number
  /** Of the examples, the share kept to measure the classifier's accuracy; default 1/3. */
  readonly held?: number
  /** Regularisation, default 0.1. */
  readonly alpha?: number
  /** Shufflings of concept and random for the permutation p-value, at least 19; default 99. */
  readonly permutations?: number
  /** Default 0. */
  readonly seed?: number
}

/** What one layer says of a concept. Means are over runs. */
export interface ConceptScore {
  /** Share of the explained inputs whose logit grows along the concept vector. */
  readonly score: number
  /** Over runs; 0 for one run. */
  readonly deviation: number
  readonly runs: readonly number[]
  /** Mean directional derivative along the unit vector. */
  readonly derivative: number
  /** Scores of vectors between random halves of concept and random examples mixed. */
  readonly randomRuns: readonly number[]
  /** Two-sided Welch test of `runs` against `randomRuns`, as TCAV does it; 1 for fewer than two runs. */
  readonly pValue: number
  /**
   * Share of mixed vectors whose mean derivative is as large. The t-test takes runs as independent though they share examples, and
   * finds too much; this one is valid, and on the safe side because the mean of several runs is compared with single ones.
   */
  readonly permutationPValue: number
  /** Of the classifier on held-out examples. */
  readonly accuracy: number
}

/** Values minus their mean over all rows: what the intercept absorbs, better conditioned. */
function centred(rows: readonly Float32Array[]): Float32Array[] {
  const middle = new Float64Array(rows[0]!.length)
  for (const row of rows) for (let i = 0; i < row.length; i++) middle[i]! += row[i]! / rows.length
  return rows.map(row => row.map((value, i) => value - middle[i]!))
}

/** Inner products of the centred examples with each other and with the gradients. */
function inner({ concept, random, gradients }: LayerData) {
  const rows = centred([...concept, ...random])
  const count = rows.length
  const products = new Float64Array(count * count)
  rows.forEach((row, i) => {
    innerProducts(row, rows, i + 1).forEach((value, j) => {
      products[i * count + j] = value
      products[j * count + i] = value
    })
  })
  const slopes = gradients.map(gradient => innerProducts(gradient, rows))
  return { count, products, slopes }
}

/** Streams of the generator: concept vectors, mixed vectors. */
const [conceptStream, mixedStream] = [0, 1_000_000]

/**
 * TCAV at one layer (Kim et al., 2018): a linear classifier tells concept from random examples, the concept vector v is its unit normal
 * towards the concept, S(x) = gradient(x) · v, and the score is the share of inputs with S > 0. Several vectors from different
 * draws; mixed vectors, for significance, come from the same examples with concept and random shuffled.
 * The classifier is a logistic regression (see `logisticRegression`; TCAV's own code has a linear SVM with the same alpha).
 * Which examples a run draws follows from the seed and the run alone.
 */
export function conceptScore(data: LayerData, options: VectorOptions = {}): ConceptScore {
  const { runs = 10, held = 1 / 3, alpha = 0.1, permutations = 99, seed = 0 } = options
  const { count, products, slopes } = inner(data)
  const concepts = data.concept.length
  const each = Math.min(options.examples ?? 100, concepts, count - concepts)
  const tested = Math.min(each - 1, Math.round(each * held))

  /** @param place gives the row of an example: the identity, or a shuffling of concept and random */
  const vector = (random: Random, place: (example: number) => number) => {
    const positive = sampled(concepts, each, random).map(place)
    const negative = sampled(count - concepts, each, random).map(example => place(concepts + example))
    const member = new Set(positive)
    const train = [...positive.slice(tested), ...negative.slice(tested)]
    const test = [...positive.slice(0, tested), ...negative.slice(0, tested)]
    const { weights, intercept } = logisticRegression(products, count, train, row => member.has(row), alpha)
    const along = (list: Float64Array): number => list.reduce((sum, value, i) => sum + value * weights[i]!, 0)
    const product = (row: number): number => along(products.subarray(row * count, (row + 1) * count))
    const length = Math.sqrt(weights.reduce((sum, weight, row) => (weight === 0 ? sum : sum + weight * product(row)), 0))
    const derivatives = slopes.map(slope => (length > 0 ? along(slope) / length : 0))
    return {
      score: derivatives.filter(value => value > 0).length / derivatives.length,
      derivative: mean(derivatives),
      accuracy: test.filter(row => product(row) + intercept > 0 === member.has(row)).length / test.length,
    }
  }
  const own = Array.from({ length: runs }, (_, run) => vector(new Random(seed, conceptStream + run), example => example))
  const mixed = Array.from({ length: Math.max(permutations, runs) }, (_, run) => {
    const random = new Random(seed, mixedStream + run)
    const shuffled = sampled(count, count, random)
    return vector(random, example => shuffled[example]!)
  })
  const scores = own.map(({ score }) => score)
  const randomRuns = mixed.slice(0, runs).map(({ score }) => score)
  const derivative = mean(own.map(one => one.derivative))
  return {
    score: mean(scores),
    deviation: standardDeviation(scores),
    runs: scores,
    derivative,
    randomRuns,
    pValue: runs < 2 ? 1 : welchPValue(scores, randomRuns),
    permutationPValue: permutationPValue(
      derivative,
      mixed.map(one => one.derivative),
    ),
    accuracy: mean(own.map(({ accuracy }) => accuracy)),
  }
}
