/** @file A tiny transformer as a graph, and the same in double precision with its attention in the open. */
import { type Graph, GraphBuilder, inferShapes, Tensor } from '@ascribe/onnx'
import { Random } from '../../src/index.js'

export const [width, headCount, hidden, classes] = [6, 2, 7, 3] as const
export const size = width / headCount

/** Layout of attention in the graph: weights [rows, heads, t, t], [rows * heads, t, t], or a fused operator that holds them. */
type Layout = 'heads' | 'merged' | 'fused'

export interface Shape {
  readonly layers: number
  /** A picture [rows, 1, 4, 6] in patches of 2 x 2, or ids [rows, 5] looked up in a table of 9. */
  readonly reads: 'picture' | 'ids'
  /** Where normalisation stands: before each branch, or after each sum. */
  readonly norm: 'pre' | 'post'
  readonly pool: 'class' | 'mean' | 'tokens'
  readonly layout?: Layout
  readonly batch?: number | string
}

export const tokenCount = ({ reads, pool }: Shape): number => (reads === 'ids' ? 5 : pool === 'class' ? 7 : 6)

const made = new Map<string, Float32Array>()

/** Weights by name, the same numbers in both. */
function weight(name: string, dims: readonly number[]): Float32Array {
  const key = `${name} ${dims}`
  const known = made.get(key)
  if (known) return known
  let seed = 7
  for (const character of name) seed = (seed * 31 + character.charCodeAt(0)) % 65_521
  const random = new Random(seed)
  const values = Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () =>
    name.includes('scale') ? 1 + 0.25 * random.normal() : 0.5 * random.normal(),
  )
  made.set(key, values)
  return values
}

export function transformerGraph(shape: Shape): Graph {
  const { layers, reads, norm, pool, layout = 'heads', batch = 'batch' } = shape
  const tokens = tokenCount(shape)
  const b = new GraphBuilder(undefined, 'tiny')
  const w = (name: string, dims: number[]): string => b.constant(Tensor.float32(dims, weight(name, dims)))
  let value: string
  if (reads === 'picture') {
    const image = b.input('image', 'float32', [batch, 1, 4, 6])
    const stem = b.emit('Conv', [image, w('stem', [width, 1, 2, 2])], { strides: [2, 2] })
    value = b.emit('Transpose', [b.emit('Reshape', [stem, b.ints([-1, width, 6])])], { perm: [0, 2, 1] })
    if (pool === 'class') {
      const rows = b.emit('Shape', [image], { start: 0, end: 1 })
      const target = b.emit('Concat', [rows, b.ints([1, width])], { axis: 0 })
      value = b.emit('Concat', [b.emit('Expand', [w('class', [1, 1, width]), target]), value], { axis: 1 })
    }
  } else value = b.emit('Gather', [w('table', [9, width]), b.input('ids', 'int64', [batch, 5])], { axis: 0 })
  value = b.emit('Add', [value, w('positions', [1, tokens, width])])
  const normed = (from: string, name: string): string =>
    b.emit('LayerNormalization', [from, w(`${name} scale`, [width]), w(`${name} bias`, [width])], { axis: -1, epsilon: 1e-5 })
  const linear = (from: string, name: string, into: number): string =>
    b.emit('Add', [b.emit('MatMul', [from, w(name, [width, into])]), w(`${name} bias`, [into])])
  if (norm === 'post') value = normed(value, 'first')
  for (let l = 0; l < layers; l++) {
    const from = norm === 'pre' ? normed(value, `norm1 ${l}`) : value
    const [q, k, v] = ['q', 'k', 'v'].map(name => linear(from, `${name} ${l}`, width)) as [string, string, string]
    const sum = b.emit('Add', [value, linear(attend(b, layout, tokens, q, k, v), `out ${l}`, width)])
    const after = norm === 'post' ? normed(sum, `norm1 ${l}`) : sum
    const inner = b.emit('Relu', [linear(norm === 'pre' ? normed(after, `norm2 ${l}`) : after, `up ${l}`, hidden)])
    const down = b.emit('Add', [b.emit('MatMul', [inner, w(`down ${l}`, [hidden, width])]), w(`down ${l} bias`, [width])])
    const out = b.emit('Add', [after, down])
    value = norm === 'post' ? normed(out, `norm2 ${l}`) : out
  }
  if (norm === 'pre') value = normed(value, 'last')
  const read =
    pool === 'tokens'
      ? value
      : pool === 'class'
        ? b.emit('Gather', [value, b.constant(Tensor.from('int64', [], [0]))], { axis: 1 })
        : b.emit('ReduceMean', [value, b.ints([1])], { keepdims: 0 })
  b.output(b.emit('MatMul', [read, w('head', [width, classes])]))
  return inferShapes(b.build())
}

function attend(b: GraphBuilder, layout: Layout, tokens: number, q: string, k: string, v: string): string {
  if (layout === 'fused') return b.emit('com.microsoft:MultiHeadAttention', [q, k, v], { num_heads: headCount })
  const split = (x: string, perm: number[]): string =>
    b.emit('Transpose', [b.emit('Reshape', [x, b.ints([-1, tokens, headCount, size])])], { perm })
  const flat = (x: string, a: number, c: number): string => (layout === 'merged' ? b.emit('Reshape', [x, b.ints([-1, a, c])]) : x)
  const query = flat(split(b.emit('Mul', [q, b.float(1 / Math.sqrt(size))]), [0, 2, 1, 3]), tokens, size)
  const key = flat(split(k, [0, 2, 3, 1]), size, tokens)
  const scores = b.emit('Softmax', [b.emit('MatMul', [query, key])], { axis: -1 })
  const product = b.emit('MatMul', [scores, flat(split(v, [0, 2, 1, 3]), tokens, size)])
  const apart = layout === 'merged' ? b.emit('Reshape', [product, b.ints([-1, headCount, tokens, size])]) : product
  return b.emit('Reshape', [b.emit('Transpose', [apart], { perm: [0, 2, 1, 3] }), b.ints([-1, tokens, width])])
}

export type Matrix = number[][]

export const numbers = (name: string, dims: number[]): number[] => Array.from(weight(name, dims))
export const product = (a: Matrix, b: Matrix): Matrix =>
  a.map(row => b[0]!.map((_, j) => row.reduce((sum, value, k) => sum + value * b[k]![j]!, 0)))
export const matrix = (name: string, rows: number, columns: number): Matrix => {
  const values = numbers(name, [rows, columns])
  return Array.from({ length: rows }, (_, i) => values.slice(i * columns, (i + 1) * columns))
}
export const affine = (x: Matrix, name: string, rows: number, columns: number): Matrix => {
  const bias = numbers(`${name} bias`, [columns])
  return product(x, matrix(name, rows, columns)).map(row => row.map((value, j) => value + bias[j]!))
}
export const plus = (a: Matrix, b: Matrix): Matrix => a.map((row, i) => row.map((value, j) => value + b[i]![j]!))
export function layerNorm(x: Matrix, name: string): Matrix {
  const [scale, bias] = [numbers(`${name} scale`, [width]), numbers(`${name} bias`, [width])]
  return x.map(row => {
    const mean = row.reduce((sum, value) => sum + value, 0) / width
    const spread = Math.sqrt(row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / width + 1e-5)
    return row.map((value, j) => ((value - mean) / spread) * scale[j]! + bias[j]!)
  })
}

/** Called at every layer with weights [heads][t][t] and values [heads][t][size], both of which it may change. */
type Hook = (layer: number, weights: Matrix[], values: Matrix[]) => void

interface Trace {
  /** f of every class (of every token where `pool` is tokens). */
  readonly scores: number[]
  /** [layer][head][query][key]. */
  readonly attention: Matrix[][]
  /** Tokens entering each layer, after its attention's projection, and leaving it: [layer][token][channel]. */
  readonly entering: Matrix[]
  readonly leaving: Matrix[]
  /** v W_out: what the projection makes of each token's own value. */
  readonly projected: Matrix[]
}

/** The same in double precision; `scale` multiplies what ids are looked up as. */
export function transformerOracle(shape: Shape, input: ArrayLike<number>, hook: Hook = () => {}, scale = 1): Trace {
  const { layers, reads, norm, pool } = shape
  const tokens = tokenCount(shape)
  let x: Matrix
  if (reads === 'picture') {
    const stem = numbers('stem', [width, 1, 2, 2])
    x = Array.from({ length: 6 }, (_, p) => {
      const [y, k] = [Math.floor(p / 3), p % 3]
      return Array.from({ length: width }, (__, c) =>
        [0, 1, 2, 3].reduce((sum, i) => sum + stem[4 * c + i]! * input[(2 * y + Math.floor(i / 2)) * 6 + 2 * k + (i % 2)]!, 0),
      )
    })
    if (pool === 'class') x = [numbers('class', [1, 1, width]), ...x]
  } else x = Array.from(input, id => matrix('table', 9, width)[id]!.map(value => scale * value))
  const positions = numbers('positions', [1, tokens, width])
  x = x.map((row, i) => row.map((value, c) => value + positions[i * width + c]!))
  if (norm === 'post') x = layerNorm(x, 'first')
  const trace: Trace = { scores: [], attention: [], entering: [], leaving: [], projected: [] }
  for (let l = 0; l < layers; l++) {
    trace.entering.push(x)
    const from = norm === 'pre' ? layerNorm(x, `norm1 ${l}`) : x
    const [q, k, v] = ['q', 'k', 'v'].map(name => affine(from, `${name} ${l}`, width, width)) as [Matrix, Matrix, Matrix]
    const part = (m: Matrix, h: number): Matrix => m.map(row => row.slice(h * size, (h + 1) * size))
    const weights = [0, 1].map(h =>
      part(q, h).map(one => {
        const scores = part(k, h).map(other =>
          Math.exp(one.reduce((sum, value, c) => sum + value * other[c]!, 0) / Math.sqrt(size)),
        )
        const total = scores.reduce((sum, value) => sum + value, 0)
        return scores.map(value => value / total)
      }),
    )
    const values = [0, 1].map(h => part(v, h))
    trace.projected.push(product(v, matrix(`out ${l}`, width, width)))
    hook(l, weights, values)
    trace.attention.push(weights)
    const heads = weights.map((one, h) => product(one, values[h]!))
    const mixed = heads[0]!.map((row, i) => [...row, ...heads[1]![i]!])
    const sum = plus(x, affine(mixed, `out ${l}`, width, width))
    const after = norm === 'post' ? layerNorm(sum, `norm1 ${l}`) : sum
    const inner = affine(norm === 'pre' ? layerNorm(after, `norm2 ${l}`) : after, `up ${l}`, width, hidden)
    const active = inner.map(row => row.map(value => Math.max(0, value)))
    const out = plus(after, affine(active, `down ${l}`, hidden, width))
    x = norm === 'post' ? layerNorm(out, `norm2 ${l}`) : out
    trace.leaving.push(x)
  }
  if (norm === 'pre') x = layerNorm(x, 'last')
  const mean = x[0]!.map((_, c) => x.reduce((sum, row) => sum + row[c]!, 0) / tokens)
  const read = pool === 'tokens' ? x : [pool === 'class' ? x[0]! : mean]
  trace.scores.push(...product(read, matrix('head', width, classes)).flat())
  return trace
}

/** d score / d A of every layer from `first` by central differences, through later layers too: [layer][head][query][key]. */
export function attentionGradient(shape: Shape, input: ArrayLike<number>, index: number, scale = 1, first = 0): Matrix[][] {
  const { attention } = transformerOracle(shape, input)
  const step = 1e-5
  const moved = (l: number, h: number, i: number, j: number, by: number): number =>
    transformerOracle(
      shape,
      input,
      (layer, weights) => {
        if (layer === l) weights[h]![i]![j]! += by
      },
      scale,
    ).scores[index]!
  return attention
    .slice(first)
    .map((heads, k) =>
      heads.map((one, h) =>
        one.map((row, i) => row.map((_, j) => (moved(first + k, h, i, j, step) - moved(first + k, h, i, j, -step)) / (2 * step))),
      ),
    )
}
