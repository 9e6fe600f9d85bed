/** @file Matrix products and determinants. */
import { attribute } from '../attributes.js'
import { ShapeError } from '../errors.js'
import { elementCount } from '../tensor.js'
import type { NdArray, OperatorEvaluations } from './array.js'
import { einsum } from './einsum.js'
import { broadcastDims, expand, map, map2, reshaped, transposed } from './strided.js'

/** numpy.matmul: batched, broadcast over leading axes; a vector counts as a row on the left and a column on the right. */
export function matmul(a: NdArray, b: NdArray): NdArray {
  const left = a.dims.length === 1 ? reshaped(a, [1, a.dims[0]!]) : a
  const right = b.dims.length === 1 ? reshaped(b, [b.dims[0]!, 1]) : b
  const [m, k] = left.dims.slice(-2) as [number, number]
  const [k2, n] = right.dims.slice(-2) as [number, number]
  if (k !== k2) throw new ShapeError(`[${a.dims}] and [${b.dims}] cannot be multiplied: ${k} columns, ${k2} rows`)
  const batch = broadcastDims(left.dims.slice(0, -2), right.dims.slice(0, -2))
  const x = expand(left, [...batch, m, k]).data
  const y = expand(right, [...batch, k, n]).data
  const data = new Float64Array(elementCount(batch) * m * n)
  for (let row = 0; row < elementCount(batch) * m; row++) {
    const block = Math.floor(row / m) * k * n
    for (let p = 0; p < k; p++) {
      const factor = x[row * k + p]!
      for (let j = 0; j < n; j++) data[row * n + j]! += factor * y[block + p * n + j]!
    }
  }
  const dims = [...batch, ...(a.dims.length === 1 ? [] : [m]), ...(b.dims.length === 1 ? [] : [n])]
  return { dtype: a.dtype, dims, data }
}

/** The last two axes swapped. */
export const swapped = (x: NdArray): NdArray => {
  const axes = x.dims.map((_, axis) => axis)
  return transposed(x, [...axes.slice(0, -2), axes.length - 1, axes.length - 2])
}

/** Gaussian elimination with row pivoting. */
function determinant(matrix: Float64Array, n: number): number {
  const m = Float64Array.from(matrix)
  let product = 1
  for (let column = 0; column < n; column++) {
    let pivot = column
    for (let row = column + 1; row < n; row++) if (Math.abs(m[row * n + column]!) > Math.abs(m[pivot * n + column]!)) pivot = row
    const top = m[pivot * n + column]!
    if (top === 0) return 0
    if (pivot !== column) {
      product = -product
      for (let j = 0; j < n; j++) [m[pivot * n + j], m[column * n + j]] = [m[column * n + j]!, m[pivot * n + j]!]
    }
    product *= top
    for (let row = column + 1; row < n; row++) {
      const factor = m[row * n + column]! / top
      for (let j = column; j < n; j++) m[row * n + j]! -= factor * m[column * n + j]!
    }
  }
  return product
}

/** alpha op(A) op(B) + beta C. */
export function gemm(
  a: NdArray,
  b: NdArray,
  c: NdArray | undefined,
  { transA = false, transB = false, alpha = 1, beta = 1 }: { transA?: boolean; transB?: boolean; alpha?: number; beta?: number },
): NdArray {
  const product = map(matmul(transA ? swapped(a) : a, transB ? swapped(b) : b), x => alpha * x)
  return c ? map2(product, c, (x, y) => x + beta * y) : product
}

export const matrices: OperatorEvaluations = {
  MatMul: ([a, b]) => [matmul(a!, b!)],
  Gemm: ([a, b, c], { node }) => [
    gemm(a!, b!, c, {
      transA: attribute(node, 'transA', 'int', 0) !== 0,
      transB: attribute(node, 'transB', 'int', 0) !== 0,
      alpha: attribute(node, 'alpha', 'float', 1),
      beta: attribute(node, 'beta', 'float', 1),
    }),
  ],
  Einsum: (inputs, { node }) => [einsum(attribute(node, 'equation', 'string', ''), inputs as readonly NdArray[])],
  Det: ([x]) => {
    const n = x!.dims[x!.dims.length - 1]!
    const dims = x!.dims.slice(0, -2)
    const data = Float64Array.from({ length: elementCount(dims) }, (_, i) =>
      determinant(x!.data.subarray(i * n * n, (i + 1) * n * n), n),
    )
    return [{ dtype: x!.dtype, dims, data }]
  },
}
