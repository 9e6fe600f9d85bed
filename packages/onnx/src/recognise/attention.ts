/** @file Attention: softmax(scale q k' + mask) v as the arithmetic that exporters write. */
import { attribute } from '../attributes.js'
import { type Found, type Match, near, type Pattern } from './pattern.js'

/** A value and the factor it is multiplied by. */
function unscaled(name: string, match: Match): { value: string; scale: number } {
  const found = match.attempt(() => {
    const node = match.node(name, 'Mul', 'Div')
    if (!node) return undefined
    if (node.operator === 'Mul') return match.scaled(node)
    const divisor = match.scalar(node.inputs[1]!)
    return divisor === undefined ? undefined : { value: node.inputs[0]!, by: 1 / divisor }
  })
  return found ? { value: found.value, scale: found.by } : { value: name, scale: 1 }
}

/** The key before its last two axes were swapped, if they were. */
function untransposed(name: string, match: Match): { value: string; transposed: boolean } {
  const found = match.attempt(() => swapped(name, match))
  // Heads and time may be arranged in the same step; the key is then the transposed one.
  return found === undefined ? { value: name, transposed: false } : { value: found, transposed: true }
}

/** The input of a Transpose that swaps the last two axes and no others. */
function swapped(name: string, match: Match): string | undefined {
  const node = match.node(name, 'Transpose')
  const perm = node && attribute(node, 'perm', 'ints')
  const rank = perm?.length ?? 0
  const swaps = perm?.every((axis, i) => axis === (i === rank - 1 ? rank - 2 : i === rank - 2 ? rank - 1 : i))
  return swaps && rank >= 2 ? node!.inputs[0]! : undefined
}

interface Scores {
  readonly raw: string
  readonly mask: string
  readonly scale: number
}

/** Scores with their mask taken off: an added value, or a Where that puts a very negative number in. */
function unmasked(name: string, match: Match): Scores {
  const direct = unscaled(name, match)
  if (match.graph.producer(match.through(direct.value))?.operator === 'MatMul')
    return { raw: direct.value, mask: '', scale: direct.scale }
  const sum = match.node(direct.value, 'Add')
  if (sum) {
    const [a, b] = sum.inputs as [string, string]
    for (const [from, mask] of [
      [a, b],
      [b, a],
    ] as const) {
      const inner = match.attempt(() => {
        const scaled = unscaled(from, match)
        return match.node(scaled.value, 'MatMul') ? scaled : undefined
      })
      if (inner) return { raw: inner.value, mask, scale: direct.scale * inner.scale }
    }
  }
  const where = match.node(direct.value, 'Where')
  if (where) {
    const [condition, a, b] = where.inputs as [string, string, string]
    for (const [from, filler] of [
      [a, b],
      [b, a],
    ] as const) {
      if ((match.scalar(filler) ?? 0) > -1000) continue
      const inner = unscaled(from, match)
      return { raw: inner.value, mask: condition, scale: direct.scale * inner.scale }
    }
  }
  return { raw: direct.value, mask: '', scale: direct.scale }
}

/**
 * inputs: q, k, v, and the mask where there is one (added to the scores, or the condition of a Where).
 * `scale` multiplies the scores; `probabilities` names the softmax's output; `transposed`: k is [.., length, size] here.
 */
export const attention: Pattern = {
  kind: 'Attention',
  recognise(node, match) {
    if (node.operator !== 'MatMul' || node.domain !== '') return undefined
    return match.attempt((): Found | undefined => {
      const [left, v] = node.inputs as [string, string]
      let probabilities = left
      const guard = match.node(left, 'Where')
      // PyTorch puts zeros where a fully masked row gave NaN.
      if (guard)
        probabilities = guard.inputs.find(input => match.graph.producer(match.through(input))?.operator === 'Softmax') ?? left
      const softmax = match.node(probabilities, 'Softmax')
      if (!softmax) return undefined
      const axis = attribute(softmax, 'axis', 'int', -1)
      if (axis !== -1 && axis + 1 !== match.graph.type(softmax.outputs[0]!)?.shape?.length) return undefined
      const scores = unmasked(softmax.inputs[0]!, match)
      const product = match.node(scores.raw, 'MatMul')
      if (!product) return undefined
      const [q, key] = [unscaled(product.inputs[0]!, match), unscaled(product.inputs[1]!, match)]
      let k = untransposed(key.value, match)
      let scale = scores.scale * q.scale * key.scale
      if (k.transposed) {
        const inner = unscaled(k.value, match)
        k = { value: inner.value, transposed: true }
        scale *= inner.scale
      }
      const inputs = [match.through(q.value), match.through(k.value), match.through(v)]
      return {
        inputs: scores.mask ? [...inputs, scores.mask] : inputs,
        outputs: node.outputs,
        parameters: { scale: near(scale, 1) ? 1 : scale, probabilities: softmax.outputs[0]!, transposed: k.transposed },
      }
    })
  },
}
