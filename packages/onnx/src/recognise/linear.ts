/** @file Linear: y = x W (+ b) with constant W and b, as Gemm, or MatMul and Add. */
import { attribute } from '../attributes.js'
import type { Node } from '../graph.js'
import type { Found, Match, Pattern } from './pattern.js'

/** A constant matrix, perhaps behind a Transpose. */
function weightOf(name: string, match: Match): { weight: string; transposed: boolean } | undefined {
  const direct = match.tensor(name)
  if (direct) return direct.dims.length === 2 ? { weight: match.through(name), transposed: false } : undefined
  const transpose = match.node(name, 'Transpose')
  const behind = transpose && match.tensor(transpose.inputs[0]!)
  return behind?.dims.length === 2 ? { weight: match.through(transpose!.inputs[0]!), transposed: true } : undefined
}

function product(node: Node, match: Match): { x: string; weight: string; transposed: boolean } | undefined {
  const [x, w] = node.inputs as [string, string]
  const found = weightOf(w, match)
  return found && !match.tensor(x) ? { x, ...found } : undefined
}

function gemm(node: Node, match: Match): Found | undefined {
  const [x, w, bias = ''] = node.inputs as [string, string, string?]
  const weight = match.tensor(w) && match.through(w)
  if (!weight || match.tensor(x) || attribute(node, 'transA', 'int', 0) || (bias && !match.tensor(bias))) return undefined
  if (attribute(node, 'alpha', 'float', 1) !== 1 || (bias && attribute(node, 'beta', 'float', 1) !== 1)) return undefined
  return {
    inputs: bias ? [x, weight, match.through(bias)] : [x, weight],
    outputs: node.outputs,
    parameters: { transposed: attribute(node, 'transB', 'int', 0) === 1 },
  }
}

/** inputs: x, weight, bias where there is one; `transposed`: the weight is [out, in]. */
export const linear: Pattern = {
  kind: 'Linear',
  recognise(node, match) {
    if (node.domain !== '') return undefined
    if (node.operator === 'Gemm') return gemm(node, match)
    if (node.operator === 'MatMul') {
      const alone = product(node, match)
      return alone && { inputs: [alone.x, alone.weight], outputs: node.outputs, parameters: { transposed: alone.transposed } }
    }
    if (node.operator !== 'Add') return undefined
    const [a, b] = node.inputs as [string, string]
    for (const [from, bias] of [
      [a, b],
      [b, a],
    ] as const) {
      const constant = match.tensor(bias)
      if (!constant || constant.dims.slice(0, -1).some(dim => dim !== 1)) continue
      const matmul = match.node(from, 'MatMul')
      const found = matmul && product(matmul, match)
      if (found)
        return {
          inputs: [found.x, found.weight, match.through(bias)],
          outputs: node.outputs,
          parameters: { transposed: found.transposed },
        }
    }
    return undefined
  },
}
