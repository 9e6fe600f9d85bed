/** @file LayerNorm and RMSNorm, as operators and as the arithmetic that exporters write. */
import { attribute } from '../attributes.js'
import type { Node } from '../graph.js'
import { Tensor } from '../tensor.js'
import { type Found, type Match, type Pattern, trailing } from './pattern.js'

/** x of x * x or x^2. */
function square(name: string, match: Match): string | undefined {
  const power = match.node(name, 'Pow')
  if (power) return match.scalar(power.inputs[1]!) === 2 ? power.inputs[0]! : undefined
  const product = match.node(name, 'Mul')
  return product && match.same(product.inputs[0]!, product.inputs[1]!) ? product.inputs[0]! : undefined
}

interface Mean {
  readonly of: string
  /** Negative: the first of the trailing axes it averages. */
  readonly axis: number
}

function mean(name: string, match: Match): Mean | undefined {
  const node = match.node(name, 'ReduceMean')
  if (!node || attribute(node, 'keepdims', 'int', 1) !== 1) return undefined
  const axis = trailing(match.axes(node), match.graph.type(node.inputs[0]!)?.shape?.length)
  return axis === undefined ? undefined : { of: node.inputs[0]!, axis }
}

/** sqrt(mean(of^2) + epsilon). */
function deviation(name: string, match: Match): (Mean & { readonly epsilon: number }) | undefined {
  const root = match.node(name, 'Sqrt') ?? powerOf(name, 0.5, match)
  const sum = root && match.node(root.inputs[0]!, 'Add')
  const parts = sum && match.scaled(sum)
  const average = parts && mean(parts.value, match)
  const of = average && square(average.of, match)
  return of === undefined ? undefined : { of, axis: average!.axis, epsilon: parts!.by }
}

function powerOf(name: string, exponent: number, match: Match): Node | undefined {
  const node = match.node(name, 'Pow')
  return node && match.scalar(node.inputs[1]!) === exponent ? node : undefined
}

interface Normal {
  readonly value: string
  readonly axis: number
  readonly epsilon: number
}

/** value / sqrt(mean(value^2) + epsilon), by division or through a reciprocal. */
function normal(name: string, match: Match): Normal | undefined {
  const from = (value: string, spread: string): Normal | undefined => {
    const found = deviation(spread, match)
    return found && same(value, found.of, match) ? { value, axis: found.axis, epsilon: found.epsilon } : undefined
  }
  const division = match.node(name, 'Div')
  if (division) return from(division.inputs[0]!, division.inputs[1]!)
  const product = match.node(name, 'Mul')
  if (!product) return undefined
  const [a, b] = product.inputs as [string, string]
  for (const [value, factor] of [
    [a, b],
    [b, a],
  ] as const) {
    const found = match.attempt(() => {
      const reciprocal = match.node(factor, 'Reciprocal')
      if (reciprocal) return from(value, reciprocal.inputs[0]!)
      const one = match.node(factor, 'Div')
      return one && match.scalar(one.inputs[0]!) === 1 ? from(value, one.inputs[1]!) : undefined
    })
    if (found) return found
  }
  return undefined
}

/** The same value, or the same difference computed twice. */
function same(a: string, b: string, match: Match): boolean {
  if (match.same(a, b)) return true
  const [left, right] = [centred(a, match), centred(b, match)]
  return left !== undefined && right !== undefined && match.same(left.of, right.of) && left.axis === right.axis
}

/** x - mean(x). */
function centred(name: string, match: Match): Mean | undefined {
  return match.attempt(() => {
    const difference = match.node(name, 'Sub')
    const average = difference && mean(difference.inputs[1]!, match)
    return average && match.same(average.of, difference!.inputs[0]!)
      ? { of: difference!.inputs[0]!, axis: average.axis }
      : undefined
  })
}

/** A product of a normalised value and a constant scale. */
function scaledNormal(node: Node, match: Match): { readonly normal: Normal; readonly scale: string } | undefined {
  if (node.operator !== 'Mul') return undefined
  const [a, b] = node.inputs as [string, string]
  for (const [value, scale] of [
    [a, b],
    [b, a],
  ] as const) {
    if (!match.tensor(scale)) continue
    const found = match.attempt(() => normal(value, match))
    if (found) return { normal: found, scale: match.through(scale) }
  }
  return undefined
}

function layer(node: Node, match: Match): Found | undefined {
  const written = node.operator === 'LayerNormalization'
  if (written) {
    const rank = match.graph.type(node.inputs[0]!)?.shape?.length
    const axis = attribute(node, 'axis', 'int', -1)
    return {
      inputs: node.inputs,
      outputs: node.outputs.slice(0, 1),
      parameters: {
        axis: axis < 0 || rank === undefined ? axis : axis - rank,
        epsilon: attribute(node, 'epsilon', 'float', 1e-5),
      },
    }
  }
  let product: Node | undefined = node
  let bias = ''
  if (node.operator === 'Add') {
    const [a, b] = node.inputs as [string, string]
    const constant = match.tensor(b) ? b : match.tensor(a) ? a : undefined
    if (constant === undefined) return undefined
    bias = match.through(constant)
    product = match.node(constant === b ? a : b, 'Mul')
  }
  const found = product && scaledNormal(product, match)
  const from = found && centred(found.normal.value, match)
  if (!from || from.axis !== found.normal.axis) return undefined
  const inputs = bias ? [from.of, found.scale, bias] : [from.of, found.scale]
  return { inputs, outputs: node.outputs, parameters: { axis: from.axis, epsilon: found.normal.epsilon } }
}

/** inputs: x, scale, bias where there is one; over the axes from `axis` (negative) on. */
export const layerNorm: Pattern = {
  kind: 'LayerNorm',
  recognise: (node, match) => (node.domain === '' ? layer(node, match) : undefined),
  lift(found, ctx) {
    const { axis, epsilon } = found.parameters as { axis: number; epsilon: number }
    const [x, scale, bias = ''] = found.inputs as [string, string, string?]
    const dims = ctx.shape(x)?.slice(axis)
    // A scale that broadcasts over the normalised axes must be spread: the operator wants their full shape.
    const fits = (name: string): boolean => name === '' || String(ctx.tensor(name)?.dims) === String(dims)
    if (!dims?.every(dim => typeof dim === 'number') || !fits(scale) || !fits(bias)) {
      const size = dims?.every(dim => typeof dim === 'number') ? (dims as readonly number[]) : undefined
      const spread = (name: string): string | undefined => {
        const tensor = ctx.tensor(name)
        if (!tensor || !size) return undefined
        const all = size.reduce((a, b) => a * b, 1)
        if (tensor.size === all) return ctx.constant(tensor.reshaped(size), 'scale')
        return tensor.size === 1
          ? ctx.constant(Tensor.float32(size, new Float32Array(all).fill(tensor.scalar())), 'scale')
          : undefined
      }
      const [wide, added] = [spread(scale), bias ? spread(bias) : '']
      if (wide === undefined || added === undefined) return false
      ctx.emitTo(found.outputs, 'LayerNormalization', [x, wide, added], { axis, epsilon })
      return true
    }
    ctx.emitTo(found.outputs, 'LayerNormalization', [x, scale, bias], { axis, epsilon })
    return true
  },
}

/** inputs: x, scale. y = x / sqrt(mean(x^2) + epsilon) * scale over the axes from `axis` on. */
export const rmsNorm: Pattern = {
  kind: 'RMSNorm',
  recognise(node, match) {
    if (node.domain !== '') return undefined
    if (node.operator === 'SimplifiedLayerNormalization')
      return {
        inputs: node.inputs,
        outputs: node.outputs.slice(0, 1),
        parameters: { axis: attribute(node, 'axis', 'int', -1), epsilon: attribute(node, 'epsilon', 'float', 1e-5) },
      }
    const found = scaledNormal(node, match)
    if (!found || centred(found.normal.value, match)) return undefined
    return {
      inputs: [found.normal.value, found.scale],
      outputs: node.outputs,
      parameters: { axis: found.normal.axis, epsilon: found.normal.epsilon },
    }
  },
}
