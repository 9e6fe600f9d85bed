/** @file Matrix products: MatMul, Gemm, Einsum, Det. */
import type { Dimension, Shape } from '../graph.js'
import { broadcast, expectRank, one, unify, unknownDims } from './common.js'
import type { ShapeContext, ShapeRule, ShapeRules } from './rule.js'

/** numpy's matmul of two shapes. */
export function matmulShape(c: ShapeContext, left: Shape | null, right: Shape | null): Shape | null {
  if (!left || !right) return null
  if (left.length === 0 || right.length === 0) c.fail('an input is a scalar')
  const a = left.length === 1 ? [1, left[0]!] : left
  const b = right.length === 1 ? [right[0]!, 1] : right
  unify(c, a.at(-1)!, b.at(-2)!, 'the inner dimensions differ')
  const batch = broadcast(c, [a.slice(0, -2), b.slice(0, -2)])!
  return [...batch, ...(left.length === 1 ? [] : [a.at(-2)!]), ...(right.length === 1 ? [] : [b.at(-1)!])]
}

/** Two matrices in, each perhaps transposed; shared with Gemm's fused forms. */
export const gemm: ShapeRule = c => {
  expectRank(c, 0, 2)
  expectRank(c, 1, 2)
  const a = c.shape(0) ?? unknownDims(2)
  const b = c.shape(1) ?? unknownDims(2)
  const [m, inner] = c.int('transA', 0) ? [a[1]!, a[0]!] : [a[0]!, a[1]!]
  const [same, n] = c.int('transB', 0) ? [b[1]!, b[0]!] : [b[0]!, b[1]!]
  unify(c, inner, same, 'the inner dimensions differ')
  const bias = c.shape(2)
  if (bias) {
    const out = broadcast(c, [[m, n], bias])!
    if (out.length > 2) c.fail('the bias has more than two dimensions')
    if (typeof m === 'number' && typeof n === 'number' && (out[0] !== m || out[1] !== n))
      c.fail('the bias does not broadcast to the result')
  }
  return one(c.dtype(0), [m, n])
}

const einsum: ShapeRule = c => {
  const equation = c.string('equation', '').replace(/\s/g, '')
  const [left = '', right] = equation.split('->')
  const terms = left.split(',')
  if (terms.length !== c.inputCount) c.fail(`equation "${equation}" has ${terms.length} terms for ${c.inputCount} inputs`)
  const sizes = new Map<string, Dimension>()
  const counts = new Map<string, number>()
  let ellipsis: Shape | null = []
  for (const [i, term] of terms.entries()) {
    const letters = [...term.replace('...', '')]
    for (const letter of letters) counts.set(letter, (counts.get(letter) ?? 0) + 1)
    const shape = c.shape(i)
    const hidden = shape ? shape.length - letters.length : 0
    if (!shape) {
      if (term.includes('...')) ellipsis = null
      continue
    }
    if (hidden < 0 || (hidden > 0 && !term.includes('...')))
      c.fail(`term "${term}" of equation "${equation}" does not fit its input`)
    const at = term.indexOf('...')
    if (at >= 0) ellipsis = broadcast(c, [ellipsis, shape.slice(at, at + hidden)])
    letters.forEach((letter, j) => {
      const dim = shape[at >= 0 && j >= at ? j + hidden : j]!
      const known = sizes.get(letter)
      // A size of 1 broadcasts against the same letter elsewhere.
      if (known === undefined || known === 1 || known === null) sizes.set(letter, dim)
      else if (dim !== 1) sizes.set(letter, unify(c, known, dim, `letter "${letter}" has two sizes`))
    })
  }
  const order =
    right ??
    `${left.includes('...') ? '...' : ''}${[...counts]
      .flatMap(([letter, count]) => (letter !== '.' && count === 1 ? [letter] : []))
      .sort()
      .join('')}`
  const parts = order.split('...')
  if (parts.length > 1 && ellipsis === null) return one(c.dtype(0), null)
  const dims = (text: string) => [...text].map(letter => sizes.get(letter) ?? null)
  return one(c.dtype(0), [...dims(parts[0]!), ...(parts.length > 1 ? ellipsis! : []), ...dims(parts[1] ?? '')])
}

export const matrixRules: ShapeRules = {
  MatMul: c => one(c.dtype(0), matmulShape(c, c.shape(0), c.shape(1))),
  MatMulInteger: c => one('int32', matmulShape(c, c.shape(0), c.shape(1))),
  QLinearMatMul: c => one(c.dtype(7), matmulShape(c, c.shape(0), c.shape(3))),
  Gemm: gemm,
  Einsum: einsum,
  Det: c => one(c.dtype(0), c.shape(0)?.slice(0, -2) ?? null),
}
