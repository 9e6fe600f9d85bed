/** @file Graph to ModelProto bytes. Unchanged weights can stay in the user's file and be referred to. */
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import type { Attribute } from '../attributes.js'
import { dataTypes } from '../dtype.js'
import { UnsupportedModelError } from '../errors.js'
import { type Graph, type Node, type Port, subgraphs, type ValueType } from '../graph.js'
import type { Tensor } from '../tensor.js'

export interface EncodeOptions {
  /**
   * 'embed' puts every tensor's bytes into the file. 'reference' leaves those with an origin (see Tensor.origin) of at least
   * 1 KiB in the user's own files, as external data. Default 'embed'.
   */
  readonly weights?: 'embed' | 'reference'
  /** Write the types of intermediate values too. Default false. */
  readonly values?: boolean
}

/** Smaller tensors are embedded: ONNX Runtime's own shape inference wants to see shapes and axes. */
const referenceFrom = 1024

/** ONNX's IR version that goes with opset 21. */
const irVersion = 10

/** Nested messages as lists of chunks, so that large tensors are copied once, at the end, and not at every level. */
class MessageWriter {
  readonly chunks: Uint8Array[] = []
  length = 0

  push(chunk: Uint8Array): this {
    this.chunks.push(chunk)
    this.length += chunk.length
    return this
  }

  scalar(write: (writer: BinaryWriter) => BinaryWriter): this {
    return this.push(write(new BinaryWriter()).finish())
  }

  string(field: number, value: string): this {
    return this.scalar(writer => writer.tag(field, WireType.LengthDelimited).string(value))
  }

  int(field: number, value: number): this {
    return this.scalar(writer => writer.tag(field, WireType.Varint).int64(BigInt(Math.trunc(value))))
  }

  bytes(field: number, value: Uint8Array): this {
    this.scalar(writer => writer.tag(field, WireType.LengthDelimited).uint32(value.length))
    return this.push(value)
  }

  message(field: number, write: (inner: MessageWriter) => void): this {
    const inner = new MessageWriter()
    write(inner)
    this.scalar(writer => writer.tag(field, WireType.LengthDelimited).uint32(inner.length))
    for (const chunk of inner.chunks) this.push(chunk)
    return this
  }

  finish(): Uint8Array {
    const out = new Uint8Array(this.length)
    let offset = 0
    for (const chunk of this.chunks) {
      out.set(chunk, offset)
      offset += chunk.length
    }
    return out
  }
}

/** Serialises a graph as an ONNX model. */
export function encodeModel(graph: Graph, options: EncodeOptions = {}): Uint8Array {
  const writer = new MessageWriter()
  writer.int(1, irVersion).string(2, 'ascribe')
  const opsets = new Map(graph.opsets)
  for (const domain of domains(graph)) if (!opsets.has(domain)) opsets.set(domain, 1)
  writer.message(7, inner => writeGraph(inner, graph, options))
  for (const [domain, version] of opsets) writer.message(8, inner => inner.string(1, domain).int(2, version))
  for (const [key, value] of graph.metadata) writer.message(14, inner => inner.string(1, key).string(2, value))
  return writer.finish()
}

function domains(graph: Graph): Set<string> {
  const found = new Set<string>()
  for (const node of graph.nodes) {
    found.add(node.domain)
    for (const inner of subgraphs(node)) for (const domain of domains(inner)) found.add(domain)
  }
  return found
}

function writeGraph(writer: MessageWriter, graph: Graph, options: EncodeOptions): void {
  for (const node of graph.nodes) writer.message(1, inner => writeNode(inner, node, options))
  writer.string(2, graph.name || 'graph')
  for (const [name, tensor] of graph.initializers) writer.message(5, inner => writeTensor(inner, name, tensor, options))
  for (const port of graph.inputs) writer.message(11, inner => writePort(inner, port))
  for (const port of graph.outputs) writer.message(12, inner => writePort(inner, port))
  if (options.values) for (const [name, type] of graph.values) writer.message(13, inner => writePort(inner, { name, type }))
}

function writeNode(writer: MessageWriter, node: Node, options: EncodeOptions): void {
  for (const input of node.inputs) writer.string(1, input)
  for (const output of node.outputs) writer.string(2, output)
  writer.string(3, node.name).string(4, node.operator)
  for (const [name, attribute] of Object.entries(node.attributes))
    writer.message(5, inner => writeAttribute(inner, name, attribute, options))
  if (node.domain) writer.string(7, node.domain)
}

const attributeCodes = {
  float: 1,
  int: 2,
  string: 3,
  tensor: 4,
  graph: 5,
  floats: 6,
  ints: 7,
  strings: 8,
  tensors: 9,
  graphs: 10,
  type: 13,
}

type AttributeWriters = {
  [K in Exclude<Attribute['kind'], 'reference'>]: (
    writer: MessageWriter,
    value: Extract<Attribute, { kind: K }>['value'],
    options: EncodeOptions,
  ) => void
}

const attributeWriters: AttributeWriters = {
  float: (w, value) => w.scalar(writer => writer.tag(2, WireType.Bit32).float(value)),
  int: (w, value) => w.int(3, value),
  string: (w, value) => w.string(4, value),
  tensor: (w, value, options) => w.message(5, inner => writeTensor(inner, '', value, { ...options, weights: 'embed' })),
  graph: (w, value, options) => w.message(6, inner => writeGraph(inner, value, { ...options, weights: 'embed' })),
  floats: (w, value) => {
    for (const one of value) w.scalar(writer => writer.tag(7, WireType.Bit32).float(one))
  },
  ints: (w, value) => {
    for (const one of value) w.int(8, one)
  },
  strings: (w, value) => {
    for (const one of value) w.string(9, one)
  },
  tensors: (w, value) => {
    for (const one of value) w.message(10, inner => writeTensor(inner, '', one, {}))
  },
  graphs: (w, value, options) => {
    for (const one of value) w.message(11, inner => writeGraph(inner, one, { ...options, weights: 'embed' }))
  },
  type: (w, value) => w.message(14, inner => writeType(inner, value)),
}

function writeAttribute(writer: MessageWriter, name: string, attribute: Attribute, options: EncodeOptions): void {
  if (attribute.kind === 'reference')
    throw new UnsupportedModelError(`attribute "${name}" still refers to a function's parameter`)
  writer.string(1, name)
  const write = attributeWriters[attribute.kind] as (w: MessageWriter, value: unknown, o: EncodeOptions) => void
  write(writer, attribute.value, options)
  writer.int(20, attributeCodes[attribute.kind])
}

function writeTensor(writer: MessageWriter, name: string, tensor: Tensor, options: EncodeOptions): void {
  for (const dim of tensor.dims) writer.int(1, dim)
  writer.int(2, dataTypes[tensor.dtype].code)
  if (name) writer.string(8, name)
  if (tensor.strings) {
    for (const text of tensor.strings) writer.string(6, text)
    return
  }
  const { origin } = tensor
  if (options.weights === 'reference' && origin && origin.length >= referenceFrom) {
    const entries = { location: origin.location, offset: String(origin.offset), length: String(origin.length) }
    for (const [key, value] of Object.entries(entries)) writer.message(13, inner => inner.string(1, key).string(2, value))
    writer.int(14, 1)
  } else writer.bytes(9, tensor.bytes)
}

function writePort(writer: MessageWriter, { name, type }: Port): void {
  writer.string(1, name).message(2, inner => writeType(inner, type))
}

function writeType(writer: MessageWriter, type: ValueType): void {
  const tensor = (inner: MessageWriter): void => {
    inner.int(1, dataTypes[type.dtype].code)
    const { shape } = type
    if (!shape) return
    inner.message(2, dims => {
      for (const dim of shape)
        dims.message(1, one => {
          if (typeof dim === 'number') one.int(1, dim)
          else if (dim) one.string(2, dim)
        })
    })
  }
  if (type.kind === 'sequence' || type.kind === 'optional') {
    writer.message(type.kind === 'sequence' ? 4 : 9, inner => inner.message(1, element => element.message(1, tensor)))
    return
  }
  if (type.kind) throw new UnsupportedModelError(`values of kind ${type.kind} cannot be written`)
  writer.message(1, tensor)
}
