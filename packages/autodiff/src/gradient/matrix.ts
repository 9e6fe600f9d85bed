/** @file Gradients of matrix products and determinants. */
import { Tensor } from '@ascribe/onnx'
import { type RuleContext, type RuleTable, single } from '../rule.js'
import { einsumGradients } from './einsum.js'

/** The last two axes swapped. */
function transposed(value: string, rank: number, context: RuleContext): string {
  const perm = Array.from({ length: rank }, (_, axis) => (axis === rank - 1 ? rank - 2 : axis === rank - 2 ? rank - 1 : axis))
  return context.emit('Transpose', [value], { perm })
}

/**
 * The matrix of cofactors, by determinants of minors: exact for singular matrices too, in n² determinants.
 */
function cofactors(x: string, c: RuleContext): string {
  const dims = c.dims(x)
  const n = dims.at(-1)!
  const batch = dims.slice(0, -2)
  if (n === 1) return c.emit('Expand', [c.scalar(1), c.ints64(dims)])
  const others = (skip: number): number[] => Array.from({ length: n - 1 }, (_, i) => (i < skip ? i : i + 1))
  const cells = Array.from({ length: n * n }, (_, i) => [Math.floor(i / n), i % n] as const)
  const indices = cells.flatMap(([row, column]) => others(row).flatMap(i => others(column).map(j => i * n + j)))
  const flat = c.reshape(x, [...batch, n * n])
  const minors = c.emit('Gather', [flat, c.constantTensor(Tensor.from('int64', [n * n, n - 1, n - 1], indices))], {
    axis: batch.length,
  })
  const signs = c.floats(
    cells.map(([row, column]) => ((row + column) % 2 === 0 ? 1 : -1)),
    [n, n],
  )
  return c.emit('Mul', [c.reshape(c.emit('Det', [minors]), dims), signs])
}

export const matrix: RuleTable = {
  // Vectors are treated as the matrices numpy makes of them: a row on the left, a column on the right.
  MatMul: single((g, c) => {
    const [a, b] = [c.input(0), c.input(1)]
    const [dimsA, dimsB] = [c.dims(a), c.dims(b)]
    const left = dimsA.length === 1 ? [1, dimsA[0]!] : dimsA
    const right = dimsB.length === 1 ? [dimsB[0]!, 1] : dimsB
    const rank = Math.max(left.length, right.length)
    const batch = Array.from({ length: rank - 2 }, (_, i) =>
      Math.max(left[i - (rank - left.length)] ?? 1, right[i - (rank - right.length)] ?? 1),
    )
    const full = [...batch, left.at(-2)!, right.at(-1)!]
    const cotangent = c.reshape(g, full, c.dims(c.output(0)))
    const gradient = (index: 0 | 1): string | null => {
      if (!c.wants(index)) return null
      const [own, ownDims] = index === 0 ? [a, dimsA] : [b, dimsB]
      const ownMatrix = index === 0 ? left : right
      // A matrix shared by a whole batch: one product over all rows.
      if (index === 1 && right.length === 2 && left.length > 2) {
        const rows = left.slice(0, -1).reduce((product, dim) => product * dim, 1)
        const [flatA, flatG] = [c.reshape(a, [rows, left.at(-1)!]), c.reshape(cotangent, [rows, right[1]!])]
        return c.reshape(c.emit('Gemm', [flatA, flatG], { transA: 1 }), dimsB, right)
      }
      const other = index === 0 ? c.reshape(b, right, dimsB) : c.reshape(a, left, dimsA)
      const otherT = transposed(other, (index === 0 ? right : left).length, c)
      const product = c.emit('MatMul', index === 0 ? [cotangent, otherT] : [otherT, cotangent])
      const summed = c.reduceTo(product, [...batch, ...ownMatrix.slice(-2)], ownMatrix)
      return c.reshape(summed, c.dims(own), ownDims === ownMatrix ? ownDims : ownMatrix)
    }
    return [gradient(0), gradient(1)]
  }),
  // Y = alpha A' B' + beta C
  Gemm: single((g, c) => {
    const alpha = c.float('alpha', 1)
    const beta = c.float('beta', 1)
    const transA = c.int('transA', 0)
    const transB = c.int('transB', 0)
    const gemm = (left: string, right: string, transLeft: number, transRight: number): string =>
      c.emit('Gemm', [left, right], { alpha, transA: transLeft, transB: transRight })
    const [a, b] = [c.input(0), c.input(1)]
    const da = (): string => (transA ? gemm(b, g, transB, 1) : gemm(g, b, 0, transB ? 0 : 1))
    const db = (): string => (transB ? gemm(g, a, 1, transA) : gemm(a, g, transA ? 0 : 1, 0))
    const dc = (): string => {
      const scaled = beta === 1 ? g : c.emit('Mul', [g, c.scalar(beta)])
      return c.reduceTo(scaled, c.dims(c.output(0)), c.dims(c.input(2)))
    }
    return [c.wants(0) ? da() : null, c.wants(1) ? db() : null, c.wants(2) ? dc() : null]
  }),
  Einsum: single(einsumGradients),
  Det: single((g, c) => {
    const x = c.input(0)
    const batch = c.dims(x).slice(0, -2)
    return [c.emit('Mul', [c.reshape(g, [...batch, 1, 1]), cofactors(x, c)])]
  }),
}
