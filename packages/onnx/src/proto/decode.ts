/** @file ModelProto bytes to a Graph at the model's own opset. Tensor bytes stay views; field numbers are those of onnx.proto. */
import { BinaryReader } from '@bufbuild/protobuf/wire'
import type { Attribute } from '../attributes.js'
import { dataTypeOfCode } from '../dtype.js'
import { MalformedModelError, OnnxError, UnsupportedModelError } from '../errors.js'
import { Graph, type Node, type Port, type ValueType } from '../graph.js'
import type { Tensor } from '../tensor.js'
import { decodeSparseTensor, decodeTensor, type TensorSource } from './decode-tensor.js'
import { floats, integer, integers, message } from './wire.js'

/** A function the model defines for itself. */
export interface LocalFunction {
  readonly domain: string
  readonly name: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly nodes: readonly Node[]
  /** Attribute names without a default, and those with one. */
  readonly attributes: readonly string[]
  readonly defaults: Readonly<Record<string, Attribute>>
  readonly opsets: ReadonlyMap<string, number>
}

/** A model as the file has it, before normalisation. */
export interface RawModel {
  readonly irVersion: number
  readonly producer: string
  readonly graph: Graph
  readonly functions: readonly LocalFunction[]
}

/** Subgraphs and types nested deeper than any real model are refused, not followed. */
const maxDepth = 32

/**
 * Decodes a serialised ModelProto.
 * @throws MalformedModelError for anything that is not one
 */
export function decodeModel(bytes: Uint8Array, source: TensorSource = {}): RawModel {
  try {
    return model(bytes, { ...source, modelBytes: bytes })
  } catch (error) {
    if (error instanceof OnnxError) throw error
    throw new MalformedModelError(`not an ONNX model, or damaged: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    })
  }
}

function model(bytes: Uint8Array, source: TensorSource): RawModel {
  let irVersion = 0
  let producer = ''
  let graph: Graph | undefined
  const functions: LocalFunction[] = []
  const opsets = new Map<string, number>()
  const metadata = new Map<string, string>()
  message(new BinaryReader(bytes), bytes.length, {
    1: reader => (irVersion = integer(reader)),
    2: reader => (producer = reader.string()),
    7: (reader, end) => {
      if (graph) throw new MalformedModelError('the model holds two graphs')
      graph = decodeGraph(reader, end, source, 0)
    },
    8: (reader, end) => opset(reader, end, opsets),
    14: (reader, end) => entry(reader, end, metadata),
    25: (reader, end) => functions.push(decodeFunction(reader, end, source)),
  })
  if (!graph) throw new MalformedModelError('not an ONNX model: the file holds no graph')
  return { irVersion, producer, graph: graph.with({ opsets, metadata }), functions }
}

function opset(reader: BinaryReader, end: number, into: Map<string, number>): void {
  let domain = ''
  let version = 1
  message(reader, end, { 1: r => (domain = r.string()), 2: r => (version = integer(r)) })
  into.set(domain === 'ai.onnx' ? '' : domain, version)
}

function entry(reader: BinaryReader, end: number, into: Map<string, string>): void {
  let key = ''
  let value = ''
  message(reader, end, { 1: r => (key = r.string()), 2: r => (value = r.string()) })
  into.set(key, value)
}

function decodeGraph(reader: BinaryReader, end: number, source: TensorSource, depth: number): Graph {
  if (depth > maxDepth) throw new MalformedModelError(`subgraphs are nested deeper than ${maxDepth} levels`)
  let name = ''
  const nodes: Node[] = []
  const inputs: Port[] = []
  const outputs: Port[] = []
  const values = new Map<string, ValueType>()
  const initializers = new Map<string, Tensor>()
  const define = ({ name: key, tensor }: { name: string; tensor: Tensor }): void => {
    if (key === '') throw new MalformedModelError('an initializer has no name')
    initializers.set(key, tensor)
  }
  message(reader, end, {
    1: (r, e) => nodes.push(decodeNode(r, e, source, depth)),
    2: r => (name = r.string()),
    5: (r, e) => define(decodeTensor(r, e, source)),
    11: (r, e) => inputs.push(valueInfo(r, e)),
    12: (r, e) => outputs.push(valueInfo(r, e)),
    13: (r, e) => {
      const port = valueInfo(r, e)
      values.set(port.name, port.type)
    },
    15: (r, e) => define(decodeSparseTensor(r, e, source)),
  })
  return new Graph({ name, nodes, inputs, outputs, values, initializers, opsets: new Map() })
}

function decodeNode(reader: BinaryReader, end: number, source: TensorSource, depth: number): Node {
  const inputs: string[] = []
  const outputs: string[] = []
  const attributes: Record<string, Attribute> = {}
  let name = ''
  let operator = ''
  let overload = ''
  let domain = ''
  message(reader, end, {
    1: r => inputs.push(r.string()),
    2: r => outputs.push(r.string()),
    3: r => (name = r.string()),
    4: r => (operator = r.string()),
    5: (r, e) => {
      const [key, value] = decodeAttribute(r, e, source, depth)
      attributes[key] = value
    },
    7: r => (domain = r.string()),
    8: r => (overload = r.string()),
  })
  if (operator === '') throw new MalformedModelError(`node "${name}" names no operator`)
  return {
    domain: domain === 'ai.onnx' ? '' : domain,
    operator: overload ? `${operator}:${overload}` : operator,
    name,
    inputs,
    outputs,
    attributes,
  }
}

/** AttributeProto.type to our kind; sparse tensors and lists of types do not occur in operators ascribe knows. */
const kinds = [
  '',
  'float',
  'int',
  'string',
  'tensor',
  'graph',
  'floats',
  'ints',
  'strings',
  'tensors',
  'graphs',
  '',
  '',
  'type',
] as const

function decodeAttribute(reader: BinaryReader, end: number, source: TensorSource, depth: number): [string, Attribute] {
  let name = ''
  let type = 0
  let reference = ''
  const found: Partial<Record<(typeof kinds)[number], unknown>> = {}
  const listed = {
    floats: [] as number[],
    ints: [] as number[],
    strings: [] as string[],
    tensors: [] as Tensor[],
    graphs: [] as Graph[],
  }
  message(reader, end, {
    1: r => (name = r.string()),
    2: r => (found.float = r.float()),
    3: r => (found.int = integer(r)),
    4: r => (found.string = r.string()),
    5: (r, e) => (found.tensor = decodeTensor(r, e, source).tensor),
    6: (r, e) => (found.graph = decodeGraph(r, e, source, depth + 1)),
    7: (r, e, wire) => floats(r, e, wire, listed.floats),
    8: (r, e, wire) => integers(r, e, wire, listed.ints),
    9: r => listed.strings.push(r.string()),
    10: (r, e) => listed.tensors.push(decodeTensor(r, e, source).tensor),
    11: (r, e) => listed.graphs.push(decodeGraph(r, e, source, depth + 1)),
    14: (r, e) => (found.type = valueType(r, e, 0)),
    20: r => (type = integer(r)),
    21: r => (reference = r.string()),
    22: (r, e) => (found.tensor = decodeSparseTensor(r, e, source).tensor),
  })
  Object.assign(found, Object.fromEntries(Object.entries(listed).filter(([, list]) => list.length > 0)))
  // Old exporters leave the type out; the one field present then tells.
  const kind = type === 11 ? 'tensor' : type ? kinds[type] : (Object.keys(found)[0] as (typeof kinds)[number] | undefined)
  if (!kind) throw new UnsupportedModelError(`attribute "${name}" is of a kind (${type}) that ascribe cannot represent`)
  if (reference) return [name, { kind: 'reference', value: reference, of: kind } as Attribute]
  const empty: Record<string, unknown> = { ...listed, float: 0, int: 0, string: '' }
  const value = found[kind] ?? empty[kind]
  if (value === undefined) throw new MalformedModelError(`attribute "${name}" says it is a ${kind} but holds none`)
  return [name, { kind, value } as Attribute]
}

function valueInfo(reader: BinaryReader, end: number): Port {
  let name = ''
  let type: ValueType = { dtype: 'float32', shape: null }
  message(reader, end, { 1: r => (name = r.string()), 2: (r, e) => (type = valueType(r, e, 0)) })
  return { name, type }
}

function valueType(reader: BinaryReader, end: number, depth: number): ValueType {
  if (depth > maxDepth) throw new MalformedModelError(`types are nested deeper than ${maxDepth} levels`)
  let type: ValueType = { dtype: 'float32', shape: null }
  const container = (kind: ValueType['kind']) => (r: BinaryReader, e: number) => {
    message(r, e, { 1: (inner, innerEnd) => (type = valueType(inner, innerEnd, depth + 1)) })
    type = { ...type, kind }
  }
  message(reader, end, {
    1: (r, e) => (type = tensorType(r, e)),
    4: container('sequence'),
    5: (r, e) => {
      r.pos = e
      type = { dtype: 'float32', shape: null, kind: 'map' }
    },
    8: (r, e) => (type = { ...tensorType(r, e), kind: 'sparse' }),
    9: container('optional'),
  })
  return type
}

function tensorType(reader: BinaryReader, end: number): ValueType {
  let code = 1
  let shape: (number | string | null)[] | null = null
  message(reader, end, {
    1: r => (code = integer(r)),
    2: (r, e) => {
      const dims: (number | string | null)[] = []
      message(r, e, {
        1: (dimension, dimensionEnd) => {
          let dim: number | string | null = null
          message(dimension, dimensionEnd, {
            1: d => (dim = integer(d)),
            2: d => (dim = d.string() || null),
          })
          if (typeof dim === 'number' && dim < 0) dim = null
          dims.push(dim)
        },
      })
      shape = dims
    },
  })
  const dtype = dataTypeOfCode(code)
  if (!dtype) throw new UnsupportedModelError(`a value has element type ${code}, which ascribe does not know`)
  return { dtype, shape }
}

function decodeFunction(reader: BinaryReader, end: number, source: TensorSource): LocalFunction {
  let name = ''
  let domain = ''
  let overload = ''
  const inputs: string[] = []
  const outputs: string[] = []
  const attributes: string[] = []
  const defaults: Record<string, Attribute> = {}
  const nodes: Node[] = []
  const opsets = new Map<string, number>()
  message(reader, end, {
    1: r => (name = r.string()),
    4: r => inputs.push(r.string()),
    5: r => outputs.push(r.string()),
    6: r => attributes.push(r.string()),
    7: (r, e) => nodes.push(decodeNode(r, e, source, 0)),
    9: (r, e) => opset(r, e, opsets),
    10: r => (domain = r.string()),
    11: (r, e) => {
      const [key, value] = decodeAttribute(r, e, source, 0)
      defaults[key] = value
    },
    13: r => (overload = r.string()),
  })
  return {
    domain: domain === 'ai.onnx' ? '' : domain,
    name: overload ? `${name}:${overload}` : name,
    inputs,
    outputs,
    nodes,
    attributes,
    defaults,
    opsets,
  }
}
