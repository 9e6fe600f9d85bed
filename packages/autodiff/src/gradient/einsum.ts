/** @file The gradient of Einstein summation, which is Einstein summation of the cotangent with the other operands. */
import type { RuleContext } from '../rule.js'

interface Equation {
  /** One label per axis of each operand; an ellipsis is spelled out. */
  readonly operands: readonly (readonly string[])[]
  readonly output: readonly string[]
  /** Labels the equation does not use. */
  readonly unused: string[]
}

const alphabet = [...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ']

/** Spells out every ellipsis and an implicit output. */
function parseEquation(equation: string, ranks: readonly number[]): Equation {
  const [left, right] = equation.replaceAll(' ', '').split('->') as [string, string | undefined]
  const terms = left.split(',')
  const unused = alphabet.filter(letter => !equation.includes(letter))
  const widths = terms.map((term, i) => (term.includes('...') ? ranks[i]! - (term.length - 3) : 0))
  const ellipsis = unused.splice(0, Math.max(0, ...widths))
  const labels = (term: string, width: number): string[] => {
    const at = term.indexOf('...')
    if (at < 0) return [...term]
    return [...term.slice(0, at), ...ellipsis.slice(ellipsis.length - width), ...term.slice(at + 3)]
  }
  const operands = terms.map((term, i) => labels(term, widths[i]!))
  if (right !== undefined) return { operands, output: labels(right, ellipsis.length), unused }
  const letters = operands.flat().filter(label => !ellipsis.includes(label))
  const once = letters.filter(letter => letters.indexOf(letter) === letters.lastIndexOf(letter)).sort()
  return { operands, output: [...ellipsis, ...once], unused }
}

/**
 * Sums over the labels an operand lacks; a label that only this operand has is spread by a vector of ones, and a label that
 * it repeats (a diagonal) by an identity matrix.
 */
export function einsumGradients(g: string, c: RuleContext): (string | null)[] {
  const inputs = c.node.inputs
  const dims = inputs.map(input => c.dims(input))
  const { operands, output, unused } = parseEquation(
    c.string('equation', ''),
    dims.map(list => list.length),
  )
  const sizes = new Map<string, number>()
  operands.forEach((labels, i) => {
    labels.forEach((label, axis) => {
      sizes.set(label, Math.max(sizes.get(label) ?? 1, dims[i]![axis]!))
    })
  })
  return operands.map((own, index) => {
    if (!c.wants(index)) return null
    const terms = [{ labels: output, value: g }]
    operands.forEach((labels, i) => {
      if (i !== index) terms.push({ labels, value: inputs[i]! })
    })
    const reached = new Set(terms.flatMap(term => term.labels))
    const fresh = [...unused]
    const target = own.map((label, axis) => {
      const size = sizes.get(label)!
      if (own.indexOf(label) < axis) {
        const twin = fresh.shift() ?? c.unsupported('its equation uses up all letters')
        const identity = Float32Array.from({ length: size * size }, (_, i) => (i % (size + 1) === 0 ? 1 : 0))
        terms.push({ labels: [label, twin], value: c.floats(identity, [size, size]) })
        return twin
      }
      if (!reached.has(label)) terms.push({ labels: [label], value: c.floats(new Float32Array(size).fill(1), [size]) })
      return label
    })
    const equation = `${terms.map(({ labels }) => labels.join('')).join(',')}->${target.join('')}`
    const values = terms.map(({ value }) => value)
    const full = own.map(label => sizes.get(label)!)
    return c.reduceTo(c.emit('Einsum', values, { equation }), full, dims[index]!)
  })
}
