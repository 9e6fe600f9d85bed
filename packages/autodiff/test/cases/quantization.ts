/** @file Gradient cases of dequantisation; quantisation is straight through and has its own expectations in the test. */
import type { Given, GradientCase } from '../support/check.js'

const levels = (dims: number[], dtype: 'int8' | 'uint8' = 'int8'): Given => ({
  dims,
  data: Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, i) => (i * 37) % 100),
  dtype,
  constant: true,
})
const points = (data: number[], dims = [data.length], dtype: 'int8' | 'uint8' = 'int8'): Given => ({
  dims,
  data,
  dtype,
  constant: true,
})
const positive = (dims: number[]): Given => ({ dims, range: [0.1, 1] })

export const quantizationCases: GradientCase[] = [
  { operator: 'DequantizeLinear', inputs: [levels([2, 3]), positive([])] },
  { operator: 'DequantizeLinear', inputs: [levels([2, 3], 'uint8'), positive([]), points([12], [], 'uint8')] },
  { operator: 'DequantizeLinear', inputs: [levels([2, 3, 2]), positive([3]), points([1, -2, 3])] },
  { operator: 'DequantizeLinear', inputs: [levels([2, 3]), positive([2])], attributes: { axis: -2 } },
  { operator: 'DequantizeLinear', inputs: [levels([4, 6]), positive([4, 2])], attributes: { axis: 1, block_size: 3 } },
  {
    operator: 'DequantizeLinear',
    inputs: [levels([5, 3]), positive([3, 3]), points([1, 2, 3, 4, 5, 6, 7, 8, 9], [3, 3])],
    attributes: { axis: 0, block_size: 2 },
  },
]

/** A value quantised and dequantised again; `expected` is the gradient for cotangents of ones. */
export interface StraightThrough {
  readonly operator: 'QuantizeLinear' | 'DynamicQuantizeLinear'
  readonly x: { readonly dims: readonly number[]; readonly data: readonly number[] }
  readonly scale?: { readonly dims: readonly number[]; readonly data: readonly number[] }
  readonly zero?: { readonly dims: readonly number[]; readonly data: readonly number[]; readonly dtype: 'int8' | 'uint8' }
  readonly attributes?: GradientCase['attributes']
  readonly expected: readonly number[]
  readonly note: string
}

const row = (...data: number[]) => ({ dims: [data.length], data })

export const straightThroughCases: StraightThrough[] = [
  {
    operator: 'QuantizeLinear',
    x: row(-0.5, -0.06, 0, 12.7, 25.5, 25.6, 30),
    scale: { dims: [], data: [0.1] },
    expected: [0, 0, 1, 1, 1, 0, 0],
    note: 'uint8, one scale',
  },
  {
    operator: 'QuantizeLinear',
    x: row(-70, -69, -67, 0, 59, 60, 70),
    scale: { dims: [], data: [0.5] },
    zero: { dims: [], data: [8], dtype: 'int8' },
    expected: [0, 0, 1, 1, 1, 0, 0],
    note: 'int8 with a zero point: -68 to 59.5 rounds into the range',
  },
  {
    operator: 'QuantizeLinear',
    x: { dims: [2, 3], data: [1, 1, 1, 300, 300, 300] },
    scale: { dims: [3], data: [0.5, 1, 2] },
    zero: { dims: [3], data: [0, 0, 0], dtype: 'uint8' },
    expected: [1, 1, 1, 0, 0, 1],
    note: 'a scale per column',
  },
  {
    operator: 'QuantizeLinear',
    x: { dims: [1, 5], data: [1, 200, 200, 200, 200] },
    scale: { dims: [1, 3], data: [1, 2, 0.5] },
    zero: { dims: [1, 3], data: [0, 0, 0], dtype: 'int8' },
    attributes: { axis: 1, block_size: 2 },
    expected: [1, 0, 1, 1, 0],
    note: 'blocks of two, the last one short: 127 · 2 holds 200, 127 does not',
  },
  {
    operator: 'DynamicQuantizeLinear',
    x: row(-3, 0.5, 2, 100),
    expected: [1, 1, 1, 1],
    note: 'the range follows the data',
  },
]
