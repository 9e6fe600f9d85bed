/** @file Gelu, exact (erf) and by tanh, in any order of its factors. */
import { attribute } from '../attributes.js'
import type { Node } from '../graph.js'
import { type Found, type Match, near, type Pattern } from './pattern.js'

/** x of x * by or x / (1 / by). */
function times(name: string, by: number, match: Match): string | undefined {
  return match.attempt(() => {
    const node = match.node(name, 'Mul', 'Div')
    const parts = node && (node.operator === 'Mul' ? match.scaled(node) : division(node, match))
    return parts && near(parts.by, by) ? parts.value : undefined
  })
}

function division(node: Node, match: Match): { value: string; by: number } | undefined {
  const divisor = match.scalar(node.inputs[1]!)
  return divisor === undefined ? undefined : { value: node.inputs[0]!, by: 1 / divisor }
}

/** x of 1 + erf(x / sqrt 2) or of 1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)). */
function bell(name: string, match: Match): { x: string; approximate: 'none' | 'tanh' } | undefined {
  const sum = match.node(name, 'Add')
  const parts = sum && match.scaled(sum)
  if (parts?.by !== 1) return undefined
  const erf = match.node(parts.value, 'Erf')
  const exact = erf && times(erf.inputs[0]!, Math.SQRT1_2, match)
  if (exact !== undefined) return { x: exact, approximate: 'none' }
  const tanh = match.node(parts.value, 'Tanh')
  const x = tanh && cubic(tanh.inputs[0]!, match)
  return x === undefined ? undefined : { x, approximate: 'tanh' }
}

const root = Math.sqrt(2 / Math.PI)

/** x of sqrt(2 / pi) (x + 0.044715 x^3), or of sqrt(2 / pi) x (1 + 0.044715 x^2). */
function cubic(name: string, match: Match): string | undefined {
  const inner = times(name, root, match)
  const sum = inner === undefined ? undefined : match.node(inner, 'Add')
  if (sum) {
    const [a, b] = sum.inputs as [string, string]
    for (const [x, rest] of [
      [a, b],
      [b, a],
    ] as const) {
      const cube = times(rest, 0.044715, match)
      if (cube !== undefined && isPower(cube, x, 3, match)) return x
    }
    return undefined
  }
  const factors = productOf(name, undefined, match)
  const last = factors.values.find(value => match.graph.producer(match.through(value))?.operator === 'Add')
  const one = last === undefined ? undefined : match.node(last, 'Add')
  const parts = one && match.scaled(one)
  const others = factors.values.filter(value => value !== last)
  if (parts?.by !== 1 || others.length !== 1 || !near(factors.scale, root)) return undefined
  const x = others[0]!
  const inside = productOf(parts.value, x, match)
  return near(inside.scale, 0.044715) && inside.values.length === 2 && inside.values.every(value => match.same(value, x))
    ? x
    : undefined
}

function isPower(name: string, x: string, exponent: number, match: Match): boolean {
  const power = match.node(name, 'Pow')
  if (power) return match.scalar(power.inputs[1]!) === exponent && match.same(power.inputs[0]!, x)
  const { scale, values } = productOf(name, x, match)
  return scale === 1 && values.length === exponent && values.every(value => match.same(value, x))
}

/** A product's factors and its scalar part; `stop` is not taken apart. */
function productOf(name: string, stop: string | undefined, match: Match, depth = 0): { scale: number; values: string[] } {
  const value = match.scalar(name)
  if (value !== undefined) return { scale: value, values: [] }
  if (depth > 4 || (stop !== undefined && match.same(name, stop))) return { scale: 1, values: [name] }
  const node = match.node(name, 'Mul', 'Div', 'Pow')
  if (!node) return { scale: 1, values: [name] }
  const [a, b] = node.inputs as [string, string]
  if (node.operator === 'Pow') return match.scalar(b) === 2 ? { scale: 1, values: [a, a] } : { scale: 1, values: [name] }
  if (node.operator === 'Div') {
    const parts = division(node, match)
    if (!parts) return { scale: 1, values: [name] }
    const inner = productOf(parts.value, stop, match, depth + 1)
    return { scale: inner.scale * parts.by, values: inner.values }
  }
  const [left, right] = [productOf(a, stop, match, depth + 1), productOf(b, stop, match, depth + 1)]
  return { scale: left.scale * right.scale, values: [...left.values, ...right.values] }
}

/** The place of 1 + erf(..) among the factors, at most three products deep. */
function findBell(
  name: string,
  match: Match,
  depth: number,
): { x: string; approximate: 'none' | 'tanh'; at: string } | undefined {
  const direct = match.attempt(() => bell(name, match))
  if (direct) return { ...direct, at: name }
  const node = depth === 0 ? undefined : match.graph.producer(match.through(name))
  if (node?.domain !== '' || (node.operator !== 'Mul' && node.operator !== 'Div')) return undefined
  for (const input of node.inputs) {
    const found = findBell(input, match, depth - 1)
    if (found) return found
  }
  return undefined
}

/** inputs: x; `approximate` as in ai.onnx Gelu. */
export const gelu: Pattern = {
  kind: 'Gelu',
  recognise(node, match) {
    const { operator } = node
    if (node.domain === 'com.microsoft' && operator === 'Gelu')
      return { inputs: node.inputs, outputs: node.outputs, parameters: { approximate: 'none' } }
    if (node.domain === 'com.microsoft' && operator === 'FastGelu' && !node.inputs[1])
      return { inputs: node.inputs.slice(0, 1), outputs: node.outputs, parameters: { approximate: 'tanh' } }
    if (node.domain !== '') return undefined
    if (operator === 'Gelu')
      return {
        inputs: node.inputs,
        outputs: node.outputs,
        parameters: { approximate: attribute(node, 'approximate', 'string', 'none') },
      }
    if (operator !== 'Mul' && operator !== 'Div') return undefined
    return match.attempt((): Found | undefined => {
      const found = findBell(node.outputs[0]!, match, 3)
      if (!found) return undefined
      const { scale, values } = factorsAround(node.outputs[0]!, found.x, found.at, match)
      if (!near(scale, 0.5) || values.length !== 1 || !match.same(values[0]!, found.x)) return undefined
      return { inputs: [found.x], outputs: node.outputs, parameters: { approximate: found.approximate } }
    })
  },
  lift(found, ctx) {
    const { approximate } = found.parameters as { approximate: string }
    ctx.emitTo(found.outputs, 'Gelu', found.inputs, approximate === 'none' ? {} : { approximate })
    return true
  },
}

/** The factors of a product beside the one at `at`. */
function factorsAround(name: string, x: string, at: string, match: Match): { scale: number; values: string[] } {
  const { scale, values } = productOf(name, x, match)
  return { scale, values: values.filter(value => !match.same(value, at)) }
}
