/** @file Gradient cases of matrix products and determinants. */
import type { Given, GradientCase } from '../support/check.js'

const product = (operator: string, a: Given, b: Given): GradientCase => ({ operator, inputs: [a, b] })

const gemm = (inputs: Given[], attributes: GradientCase['attributes'] = {}): GradientCase => ({
  operator: 'Gemm',
  inputs,
  attributes,
})

const einsum = (equation: string, ...inputs: Given[]): GradientCase => ({ operator: 'Einsum', inputs, attributes: { equation } })

export const matrixCases: GradientCase[] = [
  product('MatMul', [2, 3], [3, 4]),
  product('MatMul', [2, 3, 4], [4, 5]),
  product('MatMul', [2, 3, 2, 4], [4, 5]),
  product('MatMul', [3, 4], [2, 4, 5]),
  product('MatMul', [2, 3, 4], [2, 4, 2]),
  product('MatMul', [2, 1, 3, 4], [3, 4, 2]),
  product('MatMul', [1, 3, 4], [2, 4, 2]),
  product('MatMul', [4], [4]),
  product('MatMul', [4], [4, 3]),
  product('MatMul', [3, 4], [4]),
  product('MatMul', [4], [2, 4, 3]),
  product('MatMul', [2, 3, 4], [4]),
  product('MatMul', [2, 3, 4], { dims: [4, 5], constant: true }),
  product('MatMul', { dims: [3, 4], constant: true }, [2, 4, 5]),
  gemm([
    [2, 3],
    [3, 4],
  ]),
  gemm([[2, 3], [3, 4], [4]]),
  gemm(
    [
      [2, 3],
      [3, 4],
      [2, 1],
    ],
    { alpha: 0.5, beta: 2 },
  ),
  gemm([[2, 3], [3, 4], []], { beta: 0.25 }),
  gemm(
    [
      [3, 2],
      [3, 4],
      [2, 4],
    ],
    { transA: 1 },
  ),
  gemm(
    [
      [2, 3],
      [4, 3],
      [1, 4],
    ],
    { transB: 1, alpha: 2 },
  ),
  gemm([[3, 2], [4, 3], [4]], { transA: 1, transB: 1, alpha: -1.5 }),
  einsum('ij,jk->ik', [2, 3], [3, 4]),
  einsum('ij,jk', [2, 3], [3, 4]),
  einsum('bhqd,bhkd->bhqk', [2, 2, 3, 4], [2, 2, 2, 4]),
  einsum('...ij,...jk->...ik', [2, 3, 4], [2, 4, 2]),
  einsum('...ij,...jk->...ik', [2, 1, 3, 4], [1, 3, 4, 2]),
  { ...einsum('...ij,...jk->...ik', [2, 1, 3, 4], [3, 4, 2]), withoutOrt: 'it wants ellipses of equal rank' },
  einsum('...ij,jk', [2, 3, 4], [4, 2]),
  einsum('i,j->ij', [3], [4]),
  einsum('i,i->', [3], [3]),
  einsum('i,i', [3], [3]),
  einsum('ij->ji', [2, 3]),
  einsum('ij->i', [2, 3]),
  einsum('ij->', [2, 3]),
  einsum('ii->i', [3, 3]),
  einsum('ii->', [3, 3]),
  einsum('...ii->...i', [2, 3, 3]),
  einsum('bii,ij->bj', [2, 3, 3], [3, 4]),
  einsum('ij,jk,kl->il', [2, 3], [3, 2], [2, 4]),
  einsum('ij,ik,i->jk', [3, 2], [3, 4], [3]),
  einsum('ij,k->i', [2, 3], [4]),
  einsum('b...i,i->b...', [2, 3, 4, 2], [2]),
  { operator: 'Det', inputs: [[1, 1]] },
  { operator: 'Det', inputs: [[2, 2]] },
  { operator: 'Det', inputs: [[2, 3, 3]] },
  { operator: 'Det', inputs: [[1, 2, 4, 4]] },
  {
    operator: 'Det',
    inputs: [{ dims: [3, 3], data: [1, 2, 3, 2, 4, 6, 0, 1, 5] }],
    expected: [[14, -10, 2, -7, 5, -1, 0, 0, 0]],
    note: 'singular',
  },
]
