/** @file Relevance of every attention weight of the tiny transformer, by its own matrices in double precision. */
import {
  affine,
  classes,
  headCount,
  hidden,
  layerNorm,
  type Matrix,
  matrix,
  numbers,
  plus,
  product,
  type Shape,
  size,
  transformerOracle,
  width,
} from './transformer.js'

const stable = (z: number): number => z + (z >= 0 ? 1e-6 : -1e-6)
const turned = (m: Matrix): Matrix => m[0]!.map((_, j) => m.map(row => row[j]!))
const map = (m: Matrix, of: (value: number, i: number, j: number) => number): Matrix =>
  m.map((row, i) => row.map((value, j) => of(value, i, j)))
const quotient = (relevance: Matrix, z: Matrix, times = 1): Matrix => map(relevance, (r, i, j) => r / (times * stable(z[i]![j]!)))
const times = (a: Matrix, b: Matrix): Matrix => map(a, (value, i, j) => value * b[i]![j]!)

/** How a layer x W + b hands on relevance: in proportion to all contributions, or to those above zero, the bias left out. */
const layerRules = {
  epsilon: (relevance: Matrix, x: Matrix, weight: Matrix, bias: number[]): Matrix => {
    const z = map(product(x, weight), (value, _, j) => value + bias[j]!)
    return times(x, product(quotient(relevance, z), turned(weight)))
  },
  'excitation-backprop': (relevance: Matrix, x: Matrix, weight: Matrix): Matrix => {
    const [above, below] = [(value: number) => Math.max(0, value), (value: number) => Math.min(0, value)]
    const parts = [above, below].map(sign => [map(x, sign), map(weight, sign)] as const)
    const z = plus(product(...parts[0]!), product(...parts[1]!))
    const s = quotient(relevance, z)
    const [up, down] = parts.map(([values, weights]) => times(values, product(s, turned(weights))))
    return plus(up!, down!)
  },
} as const

type LayerRule = keyof typeof layerRules

/** A sum of two. */
function shared(relevance: Matrix, a: Matrix, b: Matrix): [Matrix, Matrix] {
  const s = quotient(relevance, plus(a, b))
  return [times(a, s), times(b, s)]
}

/** A product of two that both vary: half each. */
function halved(relevance: Matrix, a: Matrix, b: Matrix): [Matrix, Matrix] {
  const s = quotient(relevance, product(a, b), 2)
  return [times(a, product(s, turned(b))), times(b, product(turned(a), s))]
}

function normalised(relevance: Matrix, x: Matrix, name: string): Matrix {
  const scale = numbers(`${name} scale`, [width])
  const s = map(quotient(relevance, layerNorm(x, name)), (value, _, j) => value * scale[j]!)
  return x.map((row, i) => {
    const mean = row.reduce((sum, value) => sum + value, 0) / width
    const spread = Math.sqrt(row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / width + 1e-5)
    const middle = s[i]!.reduce((sum, value) => sum + value, 0) / width
    return row.map((value, j) => (value / spread) * (s[i]![j]! - middle))
  })
}

/**
 * [layer][head][query][key] of a transformer normalised before each branch, for relevance 1 at the score of class `index`: softmax
 * x (R - s sum R), rectifiers pass.
 */
export function attentionRelevance(shape: Shape, input: ArrayLike<number>, index: number, rule: LayerRule): Matrix[][] {
  const { attention, entering, leaving } = transformerOracle(shape, input)
  const linear = (relevance: Matrix, x: Matrix, name: string, into: number): Matrix => {
    const from = x[0]!.length
    const bias = name === 'head' ? Array<number>(into).fill(0) : numbers(`${name} bias`, [into])
    return layerRules[rule](relevance, x, matrix(name, from, into), bias)
  }
  const last = leaving.at(-1)!
  const tokens = layerNorm(last, 'last')
  const mean = tokens[0]!.map((_, c) => tokens.reduce((sum, row) => sum + row[c]!, 0) / tokens.length)
  const read = shape.pool === 'class' ? tokens[0]! : mean
  const start = [Array.from({ length: classes }, (_, c) => (c === index ? 1 : 0))]
  const ofRead = linear(start, [read], 'head', classes)[0]!
  const ofTokens = map(tokens, (value, i, j) => {
    if (shape.pool === 'class') return i === 0 ? ofRead[j]! : 0
    return (value * ofRead[j]!) / (tokens.length * stable(mean[j]!))
  })
  let relevance = normalised(ofTokens, last, 'last')
  const found: Matrix[][] = []
  for (let l = shape.layers - 1; l >= 0; l--) {
    const x = entering[l]!
    const from = layerNorm(x, `norm1 ${l}`)
    const [q, k, v] = ['q', 'k', 'v'].map(name => affine(from, `${name} ${l}`, width, width)) as [Matrix, Matrix, Matrix]
    const part = (m: Matrix, h: number): Matrix => m.map(row => row.slice(h * size, (h + 1) * size))
    const heads = attention[l]!.map((weights, h) => product(weights, part(v, h)))
    const mixed = heads[0]!.map((_, i) => heads.flatMap(head => head[i]!))
    const attended = affine(mixed, `out ${l}`, width, width)
    const sum = plus(x, attended)
    const before = layerNorm(sum, `norm2 ${l}`)
    const active = map(affine(before, `up ${l}`, width, hidden), value => Math.max(0, value))
    const [ofSum, ofDown] = shared(relevance, sum, affine(active, `down ${l}`, hidden, width))
    const ofBefore = linear(linear(ofDown, active, `down ${l}`, width), before, `up ${l}`, hidden)
    const [ofX, ofAttended] = shared(plus(ofSum, normalised(ofBefore, sum, `norm2 ${l}`)), x, attended)
    const ofMixed = linear(ofAttended, mixed, `out ${l}`, width)
    const parts = Array.from({ length: headCount }, (_, h) => {
      const weights = attention[l]![h]!
      const [ofWeights, ofValues] = halved(part(ofMixed, h), weights, part(v, h))
      const [queries, keys] = [map(part(q, h), value => value / Math.sqrt(size)), turned(part(k, h))]
      const scores = product(queries, keys)
      const ofScores = map(scores, (value, i, j) => {
        const total = ofWeights[i]!.reduce((all, one) => all + one, 0)
        return value * (ofWeights[i]![j]! - weights[i]![j]! * total)
      })
      const [ofQueries, ofKeys] = halved(ofScores, queries, keys)
      return { ofWeights, ofQueries, ofKeys: turned(ofKeys), ofValues }
    })
    found.unshift(parts.map(({ ofWeights }) => ofWeights))
    const joined = (key: 'ofQueries' | 'ofKeys' | 'ofValues'): Matrix => x.map((_, i) => parts.flatMap(one => one[key][i]!))
    const ofFrom = [
      linear(joined('ofQueries'), from, `q ${l}`, width),
      linear(joined('ofKeys'), from, `k ${l}`, width),
      linear(joined('ofValues'), from, `v ${l}`, width),
    ].reduce(plus)
    relevance = plus(ofX, normalised(ofFrom, x, `norm1 ${l}`))
  }
  return found
}
