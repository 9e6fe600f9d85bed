/** @file SiLU and HardSwish. */
import { attribute } from '../attributes.js'
import type { Node } from '../graph.js'
import { type Found, type Match, near, type Pattern } from './pattern.js'

/** x sigmoid(alpha x); alpha 1.702 is the quick form of Gelu. */
export const silu: Pattern = {
  kind: 'SiLU',
  recognise(node, match) {
    if (node.operator === 'QuickGelu' && node.domain === 'com.microsoft')
      return { inputs: node.inputs, outputs: node.outputs, parameters: { alpha: attribute(node, 'alpha', 'float', 1.702) } }
    if (node.operator !== 'Mul' || node.domain !== '') return undefined
    const [a, b] = node.inputs as [string, string]
    for (const [x, gate] of [
      [a, b],
      [b, a],
    ] as const) {
      const found = match.attempt((): Found | undefined => {
        const sigmoid = match.node(gate, 'Sigmoid')
        if (!sigmoid) return undefined
        const inner = sigmoid.inputs[0]!
        if (match.same(inner, x)) return { inputs: [x], outputs: node.outputs, parameters: { alpha: 1 } }
        const product = match.node(inner, 'Mul')
        const scaled = product && match.scaled(product)
        return scaled && match.same(scaled.value, x)
          ? { inputs: [x], outputs: node.outputs, parameters: { alpha: scaled.by } }
          : undefined
      })
      if (found) return found
    }
    return undefined
  },
  domain: 'com.microsoft',
  lift(match, ctx) {
    // ONNX Runtime has this kernel for float32 only.
    if (ctx.type(match.outputs[0]!)?.dtype !== 'float32') return false
    ctx.emitTo(match.outputs, 'com.microsoft:QuickGelu', match.inputs, { alpha: match.parameters['alpha'] as number })
    return true
  },
}

/** Whether a value is clip(x + 3, 0, 6), and of which x. */
function sixth(name: string, match: Match): string | undefined {
  const clip = match.node(name, 'Clip')
  if (!clip || match.scalar(clip.inputs[1] ?? '') !== 0 || match.scalar(clip.inputs[2] ?? '') !== 6) return undefined
  const sum = match.node(clip.inputs[0]!, 'Add')
  const parts = sum && match.scaled(sum)
  return parts?.by === 3 ? parts.value : undefined
}

/** A value divided by six. */
function bySix(node: Node, match: Match): string | undefined {
  if (node.operator === 'Div') return match.scalar(node.inputs[1]!) === 6 ? node.inputs[0] : undefined
  const parts = node.operator === 'Mul' ? match.scaled(node) : undefined
  return near(parts?.by, 1 / 6) ? parts!.value : undefined
}

/** x times a gate that is hardsigmoid(x), or clip(x + 3, 0, 6) where the sixth comes afterwards. */
function gated(node: Node, match: Match, gate: (name: string) => string | undefined): string | undefined {
  if (node.operator !== 'Mul') return undefined
  const [a, b] = node.inputs as [string, string]
  for (const [x, factor] of [
    [a, b],
    [b, a],
  ] as const)
    if (
      match.attempt(() => {
        const of = gate(factor)
        return of !== undefined && match.same(of, x) ? true : undefined
      })
    )
      return x
  return undefined
}

/** x clip(x + 3, 0, 6) / 6. */
export const hardSwish: Pattern = {
  kind: 'HardSwish',
  recognise(node, match) {
    if (node.domain !== '') return undefined
    const found = (x: string | undefined): Found | undefined =>
      x === undefined ? undefined : { inputs: [x], outputs: node.outputs, parameters: {} }
    if (node.operator === 'HardSwish') return found(node.inputs[0])
    const whole = gated(node, match, factor => {
      const sigmoid = match.node(factor, 'HardSigmoid')
      if (sigmoid)
        return near(attribute(sigmoid, 'alpha', 'float', 0.2), 1 / 6) && attribute(sigmoid, 'beta', 'float', 0.5) === 0.5
          ? sigmoid.inputs[0]
          : undefined
      const division = match.node(factor, 'Div', 'Mul')
      const inner = division && bySix(division, match)
      return inner === undefined ? undefined : sixth(inner, match)
    })
    if (whole !== undefined) return found(whole)
    return match.attempt(() => {
      const inner = bySix(node, match)
      const product = inner === undefined ? undefined : match.node(inner, 'Mul')
      return found(product && gated(product, match, factor => sixth(factor, match)))
    })
  },
  lift(match, ctx) {
    ctx.emitTo(match.outputs, 'HardSwish', match.inputs)
    return true
  },
}
