/** @file Node attributes: tagged values, readers with defaults, and the shorthand the builder accepts. */
import { OnnxError, UnsupportedModelError } from './errors.js'
import type { Graph, ValueType } from './graph.js'
import type { Tensor } from './tensor.js'

export type Attribute =
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'int'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'tensor'; readonly value: Tensor }
  | { readonly kind: 'graph'; readonly value: Graph }
  | { readonly kind: 'type'; readonly value: ValueType }
  | { readonly kind: 'floats'; readonly value: readonly number[] }
  | { readonly kind: 'ints'; readonly value: readonly number[] }
  | { readonly kind: 'strings'; readonly value: readonly string[] }
  | { readonly kind: 'tensors'; readonly value: readonly Tensor[] }
  | { readonly kind: 'graphs'; readonly value: readonly Graph[] }
  /** Inside a local function only: the value of the caller's attribute of that name. */
  | { readonly kind: 'reference'; readonly value: string; readonly of: Exclude<Attribute['kind'], 'reference'> }

export type Attributes = Readonly<Record<string, Attribute>>

type Valued<K extends Attribute['kind']> = Extract<Attribute, { kind: K }>['value']

/** The attribute's value, the default where it is absent; a clear error where it has another kind. */
export function attribute<K extends Attribute['kind'], D extends Valued<K> | undefined = undefined>(
  node: { readonly attributes: Attributes; readonly operator: string; readonly name: string },
  name: string,
  kind: K,
  fallback?: D,
): Valued<K> | D {
  const found = node.attributes[name]
  if (found === undefined) return fallback as D
  if (found.kind !== kind)
    throw new UnsupportedModelError(
      `attribute "${name}" of ${node.operator} "${node.name}" is of kind ${found.kind}, expected ${kind}`,
    )
  return found.value as never
}

/** What `attributes()` accepts: a number list is ints unless the name is a known float attribute. */
export type PlainAttribute = number | string | boolean | readonly number[] | readonly string[] | Tensor | Graph | Attribute

/** Names that ONNX and com.microsoft operators use for float attributes; every other number is an int. */
const floatNames: ReadonlySet<string> = new Set([
  'alpha',
  'beta',
  'gamma',
  'epsilon',
  'lambd',
  'bias',
  'ratio',
  'scale',
  'high',
  'low',
  'mean',
  'momentum',
  'decay_factor',
  'norm_coefficient',
  'norm_coefficient_post',
  'spatial_scale',
  'extrapolation_value',
  'cubic_coeff_a',
  'value_float',
  'value_floats',
  'scales',
  'activation_alpha',
  'activation_beta',
  'clip',
  'softcap',
  'mask_filter_value',
  'qk_matmul_scale',
  'scale_value',
])

const isTagged = (value: PlainAttribute): value is Attribute => typeof value === 'object' && 'kind' in value && 'value' in value

/** Tagged attributes from plain values: `attributes({ axis: 1, alpha: 0.5, perm: [1, 0], mode: 'linear' })`. */
export function attributes(plain: Readonly<Record<string, PlainAttribute | undefined>>): Attributes {
  const out: Record<string, Attribute> = {}
  for (const [name, value] of Object.entries(plain)) if (value !== undefined) out[name] = tag(name, value)
  return out
}

function tag(name: string, value: PlainAttribute): Attribute {
  if (typeof value === 'boolean') return { kind: 'int', value: value ? 1 : 0 }
  if (typeof value === 'number') return floatNames.has(name) ? { kind: 'float', value } : { kind: 'int', value }
  if (typeof value === 'string') return { kind: 'string', value }
  if (Array.isArray(value)) {
    const list = value as readonly (number | string)[]
    if (list.some(item => typeof item === 'string')) return { kind: 'strings', value: list as readonly string[] }
    return { kind: floatNames.has(name) ? 'floats' : 'ints', value: list as readonly number[] }
  }
  if (isTagged(value as PlainAttribute)) return value as Attribute
  if (typeof value === 'object' && 'nodes' in value) return { kind: 'graph', value: value as Graph }
  if (typeof value === 'object' && 'dtype' in value && 'dims' in value) return { kind: 'tensor', value: value as Tensor }
  throw new OnnxError(`attribute "${name}" has a value of no known kind`)
}
