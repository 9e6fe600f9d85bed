import {
  addDims,
  canonicalDim,
  type Dimension,
  divideDims,
  floorDivideDims,
  multiplyDims,
  substituteDim,
  subtractDims,
  symbolsOf,
} from '@ascribe/onnx'
import { describe, expect, test } from 'vitest'

type Operation = (a: Dimension, b: Dimension) => Dimension

const cases: readonly (readonly [string, Operation, Dimension, Dimension, Dimension])[] = [
  ['add', addDims, 'b', 'a', 'a+b'],
  ['add', addDims, 'a', 'a', '2*a'],
  ['add', addDims, 'a+b', -3, 'a+b-3'],
  ['add', addDims, 'a', null, null],
  ['subtract', subtractDims, '2*a+b', 'a', 'a+b'],
  ['subtract', subtractDims, 'a', 'a', 0],
  ['subtract', subtractDims, 1, 'a', '-a+1'],
  ['multiply', multiplyDims, 'a+1', 'b', 'a*b+b'],
  ['multiply', multiplyDims, 'a', 'a', 'a*a'],
  ['multiply', multiplyDims, 'a', 0, 0],
  ['multiply', multiplyDims, null, 1, null],
  ['divide', divideDims, '12*a*b', '4*b', '3*a'],
  ['divide', divideDims, 'a*b+b', 'a+1', 'b'],
  ['divide', divideDims, '6*a', 4, null],
  ['divide', divideDims, 'a', 'b', null],
  ['divide', divideDims, 'a', 0, null],
  ['floor', floorDivideDims, 'a', 2, 'floor(a/2)'],
  ['floor', floorDivideDims, '4*a+3', 2, '2*a+1'],
  ['floor', floorDivideDims, '4*a+b-1', 4, 'a+floor((b+3)/4)-1'],
  ['floor', floorDivideDims, 'a', 'b', 'floor(a/b)'],
  ['floor', floorDivideDims, -1, 2, -1],
  ['floor of a floor', addDims, 'floor((a-1)/2)', 1, 'floor((a+1)/2)'],
]

describe('arithmetic on dimensions', () => {
  for (const [name, operation, a, b, expected] of cases)
    test(`${name} ${a}, ${b}`, () => {
      expect(operation(a, b)).toBe(expected)
    })
})

test('the canonical form of a floor keeps its value: constants under it are 0 to divisor - 1', () => {
  for (const [text, value] of [
    ['4*a+b-1', (a: number, b: number) => Math.floor((4 * a + b - 1) / 4)],
    ['a-7*b-9', (a: number, b: number) => Math.floor((a - 7 * b - 9) / 4)],
  ] as const)
    for (let a = 0; a < 9; a++)
      for (let b = 0; b < 9; b++) expect(substituteDim(floorDivideDims(text, 4), { a, b })).toBe(value(a, b))
})

test('expressions as exporters write them', () => {
  expect(canonicalDim('past_sequence_length + sequence_length')).toBe('past_sequence_length+sequence_length')
  expect(canonicalDim('s0//2 + 1')).toBe('floor(s0/2)+1')
  expect(canonicalDim('floor(height/2) * 2')).toBe('2*floor(height/2)')
  expect(canonicalDim('batch size')).toBe('batch size')
  expect(canonicalDim('Max(1, u0)')).toBe('Max(1, u0)')
  expect(symbolsOf('2*a+floor((b-1)/4)')).toEqual(['a', 'b'])
})

test('substitution evaluates', () => {
  expect(substituteDim('2*a+floor((b-1)/4)', { a: 3, b: 10 })).toBe(8)
  expect(substituteDim('a*b', { a: 'c' })).toBe('b*c')
  expect(substituteDim('a+b', { a: null })).toBe(null)
  expect(substituteDim('batch size', { 'batch size': 4 })).toBe(4)
})

test('an expression nested beyond reason is no arithmetic, and no crash', () => {
  expect(addDims(`${'('.repeat(100)}a`, 1)).toBe(null)
  expect(addDims('('.repeat(100_000), 1)).toBe(null)
  let grown: Dimension = 1
  for (let i = 0; i < 40; i++) grown = multiplyDims(grown, `s${i}+1`)
  expect(grown).toBe(null)
})
