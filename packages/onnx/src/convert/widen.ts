/** @file Half floats widened to float32, and float64 narrowed to it: the normal form has one float type. */
import type { Attribute, Attributes } from '../attributes.js'
import type { DataType } from '../dtype.js'
import type { Graph, Node, Port, ValueType } from '../graph.js'
import { decodeNumbers } from '../numbers.js'
import { elementCount, Tensor } from '../tensor.js'
import { mapSubgraphs } from './context.js'

const widened: ReadonlySet<DataType> = new Set<DataType>(['float16', 'bfloat16', 'float64'])
/** Codes of those types in TensorProto.DataType. */
const widenedCodes: ReadonlySet<number> = new Set([10, 11, 16])
/** Attributes that hold an element type. */
const typeAttributes: ReadonlySet<string> = new Set([
  'to',
  'dtype',
  'output_dtype',
  'output_datatype',
  'stash_type',
  'softmax_precision',
])
const float32Max = 3.4028234663852886e38

/** Adds to `found` the types it replaced. */
export function widen(graph: Graph, found: Set<DataType>): Graph {
  const dtype = (type: DataType): DataType => {
    if (!widened.has(type)) return type
    found.add(type)
    return 'float32'
  }
  const valueType = (type: ValueType): ValueType => (widened.has(type.dtype) ? { ...type, dtype: dtype(type.dtype) } : type)
  const port = (one: Port): Port => ({ ...one, type: valueType(one.type) })
  const tensor = (one: Tensor): Tensor => {
    if (!widened.has(one.dtype)) return one
    found.add(one.dtype)
    return widenTensor(one)
  }
  const one = (name: string, value: Attribute): Attribute => {
    if (value.kind === 'tensor') return { kind: 'tensor', value: tensor(value.value) }
    if (value.kind === 'tensors') return { kind: 'tensors', value: value.value.map(tensor) }
    if (value.kind === 'type') return { kind: 'type', value: valueType(value.value) }
    if (value.kind === 'int' && typeAttributes.has(name) && widenedCodes.has(value.value)) return { kind: 'int', value: 1 }
    return value
  }
  const all = (map: Attributes): Attributes => {
    const entries = Object.entries(map)
    return entries.length === 0 ? map : Object.fromEntries(entries.map(([name, value]) => [name, one(name, value)]))
  }
  const walk = (inner: Graph): Graph =>
    inner.with({
      nodes: inner.nodes.map((node): Node => {
        const attributes = mapSubgraphs(all(node.attributes), walk)
        return attributes === node.attributes ? node : { ...node, attributes }
      }),
      inputs: inner.inputs.map(port),
      outputs: inner.outputs.map(port),
      initializers: new Map([...inner.initializers].map(([name, value]) => [name, tensor(value)])),
      values: new Map([...inner.values].map(([name, type]) => [name, valueType(type)])),
    })
  return walk(graph)
}

/**
 * A float16, bfloat16 or float64 tensor as float32, read when first needed. Finite doubles beyond float32's range become
 * its largest value, so that a "most negative double" used as a mask stays finite.
 */
function widenTensor(tensor: Tensor): Tensor {
  return new Tensor('float32', tensor.dims, () => {
    const out = new Float32Array(elementCount(tensor.dims))
    converters[tensor.dtype]!(tensor.bytes, out)
    return new Uint8Array(out.buffer)
  })
}

const converters: Partial<Record<DataType, (bytes: Uint8Array, out: Float32Array) => void>> = {
  float16: (bytes, out) => {
    const table = halfTable()
    for (let i = 0; i < out.length; i++) out[i] = table[bytes[2 * i]! | (bytes[2 * i + 1]! << 8)]!
  },
  bfloat16: (bytes, out) => {
    const bits = new Uint32Array(out.buffer)
    for (let i = 0; i < bits.length; i++) bits[i] = (bytes[2 * i]! | (bytes[2 * i + 1]! << 8)) << 16
  },
  float64: (bytes, out) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    for (let i = 0; i < out.length; i++) {
      const value = view.getFloat64(i * 8, true)
      out[i] = Number.isFinite(value) ? Math.min(float32Max, Math.max(-float32Max, value)) : value
    }
  },
}

let table: Float32Array | undefined

/** Every float16 as float32, by its bits. */
function halfTable(): Float32Array {
  if (!table) {
    const bits = Uint16Array.from({ length: 65536 }, (_, i) => i)
    table = Float32Array.from(decodeNumbers('float16', new Uint8Array(bits.buffer), bits.length))
  }
  return table
}
