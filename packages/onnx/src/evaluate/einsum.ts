/** @file Einstein summation, with ellipsis and repeated letters, as sums over the letters the output lacks. */
import { ShapeError } from '../errors.js'
import { elementCount } from '../tensor.js'
import type { NdArray } from './array.js'
import { positions, rowStrides } from './strided.js'

/** Letters of one term; the axes an ellipsis stands for are the digits from the end: '...' over rank 2 is ['.1', '.0']. */
function labels(term: string, rank: number): string[] {
  const [before, after] = term.split('...') as [string, string | undefined]
  if (after === undefined) return [...before]
  const count = rank - before.length - after.length
  return [...before, ...Array.from({ length: count }, (_, i) => `.${count - 1 - i}`), ...after]
}

/** Output of an equation without '->': the ellipsis, then the letters that occur once, in alphabetical order. */
function implicitOutput(terms: readonly string[]): string {
  const letters = [...terms.join('').replaceAll('.', '')]
  const once = letters.filter(letter => letters.indexOf(letter) === letters.lastIndexOf(letter)).sort()
  return (terms.some(term => term.includes('...')) ? '...' : '') + once.join('')
}

export function einsum(equation: string, inputs: readonly NdArray[]): NdArray {
  const [left, right] = equation.replaceAll(' ', '').split('->') as [string, string | undefined]
  const terms = left.split(',')
  if (terms.length !== inputs.length)
    throw new ShapeError(`einsum "${equation}" has ${terms.length} terms, ${inputs.length} inputs`)
  const named = inputs.map((x, i) => labels(terms[i]!, x.dims.length))
  const sizes = new Map<string, number>()
  named.forEach((names, i) => {
    names.forEach((name, axis) => {
      const dim = inputs[i]!.dims[axis]!
      const known = sizes.get(name) ?? 1
      if (known !== 1 && dim !== 1 && known !== dim)
        throw new ShapeError(`einsum "${equation}": "${name}" is ${known} and ${dim}`)
      sizes.set(name, known === 1 ? dim : known)
    })
  })
  const ellipsis = [...sizes.keys()].filter(name => name.startsWith('.')).length
  const target = right ?? implicitOutput(terms)
  const outNames = labels(target, ellipsis + target.replaceAll('.', '').length)
  const summed = [...sizes.keys()].filter(name => !outNames.includes(name))
  const sizeOf = (names: readonly string[]): number[] => names.map(name => sizes.get(name)!)
  const stridesOf = (i: number, names: readonly string[]): number[] => {
    const strides = rowStrides(inputs[i]!.dims)
    const step = (name: string): number =>
      named[i]!.reduce((sum, own, axis) => (own === name && inputs[i]!.dims[axis] !== 1 ? sum + strides[axis]! : sum), 0)
    return names.map(step)
  }
  const outer = inputs.map((_, i) => positions(sizeOf(outNames), stridesOf(i, outNames)))
  const inner = inputs.map((_, i) => positions(sizeOf(summed), stridesOf(i, summed)))
  const dims = sizeOf(outNames)
  const data = new Float64Array(elementCount(dims))
  const terminal = elementCount(sizeOf(summed))
  for (let o = 0; o < data.length; o++) {
    let sum = 0
    for (let s = 0; s < terminal; s++) {
      let product = 1
      for (let i = 0; i < inputs.length; i++) product *= inputs[i]!.data[outer[i]![o]! + inner[i]![s]!]!
      sum += product
    }
    data[o] = sum
  }
  return { dtype: inputs[0]!.dtype, dims, data }
}
