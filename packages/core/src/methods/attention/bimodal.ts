/** @file Relevance of an encoder-decoder's attention: what the decoder's tokens take from each other and from the encoder's. */

import type { Attention } from '../../attention/find.js'
import { keyPlaces } from '../../attention/layers.js'
import { queryOf } from '../../attention/query.js'
import { readGradients, type WeightsAndGradient } from '../../attention/read.js'
import type { Streams } from '../../attention/streams.js'
import type { Evaluator } from '../../evaluator.js'
import type { MethodResult, Options } from '../method.js'

/** Row-major [rows, columns]. */
interface Matrix {
  readonly rows: number
  readonly columns: number
  readonly data: Float64Array
}

const matrix = (rows: number, columns: number, value: (i: number, j: number) => number): Matrix => ({
  rows,
  columns,
  data: Float64Array.from({ length: rows * columns }, (_, index) => value(Math.floor(index / columns), index % columns)),
})

const identity = (size: number): Matrix => matrix(size, size, (i, j) => (i === j ? 1 : 0))

function product(a: Matrix, b: Matrix): Matrix {
  const data = new Float64Array(a.rows * b.columns)
  for (let i = 0; i < a.rows; i++)
    for (let k = 0; k < a.columns; k++) {
      const value = a.data[i * a.columns + k]!
      if (value !== 0) for (let j = 0; j < b.columns; j++) data[i * b.columns + j]! += value * b.data[k * b.columns + j]!
    }
  return { rows: a.rows, columns: b.columns, data }
}

const plus = (a: Matrix, b: Matrix): Matrix => ({ ...a, data: a.data.map((value, i) => value + b.data[i]!) })

const turned = ({ rows, columns, data }: Matrix): Matrix => matrix(columns, rows, (i, j) => data[j * columns + i]!)

/** mean_h relu(G_h * A_h) */
const importance = ({ heads, queries, keys }: Attention, { weights, gradient }: WeightsAndGradient): Matrix =>
  matrix(queries, keys, (i, j) => {
    let sum = 0
    for (let h = 0; h < heads; h++) {
      const index = (h * queries + i) * keys + j
      sum += Math.max(0, weights[index]! * gradient[index]!)
    }
    return sum / heads
  })

/** I + (R - I) with rows divided by their sums (equations 8 and 9); a row of zeros stays one. */
function normalised({ rows, columns, data }: Matrix): Matrix {
  const own = (i: number, j: number): number => data[i * columns + j]! - (i === j ? 1 : 0)
  const sums = Float64Array.from({ length: rows }, (_, i) => {
    let sum = 0
    for (let j = 0; j < columns; j++) sum += own(i, j)
    return sum
  })
  return matrix(rows, columns, (i, j) => (i === j ? 1 : 0) + (sums[i] === 0 ? 0 : own(i, j) / sums[i]!))
}

/** Rows, by the weights of the tokens that the target is read from. */
const rowsOf = (start: Float64Array, { rows, columns, data }: Matrix): Float64Array =>
  product({ rows: 1, columns: rows, data: start }, { rows, columns, data }).data

/** Maps of the encoder's tokens and, where they attend to each other, of the decoder's: rules 6, 7 and 10 of the paper. */
export async function bimodalRelevance(
  evaluator: Evaluator,
  { encoder, decoder, sourceTokens, targetTokens }: Streams,
  options: Options,
): Promise<MethodResult> {
  const layers = decoder.map(({ attention }) => attention)
  const parts = await readGradients(evaluator, [...encoder, ...layers])
  let [source, own] = [identity(sourceTokens), identity(targetTokens)]
  let across = matrix(targetTokens, sourceTokens, () => 0)
  encoder.forEach((attention, l) => {
    source = plus(source, product(importance(attention, parts[l]!), source))
  })
  const seen = normalised(source)
  decoder.forEach(({ attention, cross }, l) => {
    const weights = importance(attention, parts[encoder.length + l]!)
    if (cross) across = plus(across, product(turned(normalised(own)), product(weights, seen)))
    else {
      across = plus(across, product(weights, across))
      own = plus(own, product(weights, own))
    }
  })
  const places = Int32Array.from({ length: targetTokens }, (_, token) => token)
  const query = queryOf(evaluator, { layers, tokens: targetTokens, space: [targetTokens], places }, options['query'])
  const [between, within] = [true, false].map(wanted => decoder.filter(({ cross }) => cross === wanted).at(-1)?.attention)
  const laid = (attention: Attention, relevance: Float64Array) => {
    const { space, places: order } = keyPlaces(evaluator, attention)
    return [attention.weights, { values: Float32Array.from(order, token => relevance[token]!), dims: [1, ...space] }] as const
  }
  return {
    maps: Object.fromEntries([
      laid(between!, rowsOf(query.start, across)),
      ...(within ? [laid(within, rowsOf(query.start, own))] : []),
    ]),
    settled: { query: query.settled, layers: encoder.length + decoder.length, start: 0 },
  }
}
