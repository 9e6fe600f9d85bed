/** @file TensorProto and SparseTensorProto to Tensor: raw, typed and external storage. */
import { type BinaryReader, WireType } from '@bufbuild/protobuf/wire'
import { byteLength, type DataType, dataTypeOfCode, dataTypes } from '../dtype.js'
import { ExternalDataError, MalformedModelError, UnsupportedModelError } from '../errors.js'
import { encodeNumbers } from '../numbers.js'
import { elementCount, type Origin, Tensor } from '../tensor.js'
import { floats, integer, integers, message } from './wire.js'

/** What the decoder needs to know of the files around the model. */
export interface TensorSource {
  /** The model file's own name, so that its tensors can be referred to where they lie. */
  readonly location?: string
  /** Fetches bytes of an external data file in the model's folder. */
  readonly external?: (location: string, offset: number, length: number | undefined) => Uint8Array
  /** The model file's bytes, of which tensor bytes are views. */
  readonly modelBytes?: Uint8Array
}

/** No tensor larger than this is believed: 2^40 bytes. */
const maxBytes = 2 ** 40

export function decodeTensor(reader: BinaryReader, end: number, source: TensorSource): { name: string; tensor: Tensor } {
  const dims: number[] = []
  let code = 0
  let name = ''
  let raw: Uint8Array | undefined
  let location = 0
  const float: number[] = []
  const int: number[] = []
  const double: number[] = []
  const text: string[] = []
  const bigs: bigint[] = []
  const external = new Map<string, string>()
  const big = (unsigned: boolean) => (r: BinaryReader, e: number, wire: WireType) => {
    const one = () => bigs.push(BigInt(unsigned ? r.uint64() : r.int64()))
    if (wire !== WireType.LengthDelimited) one()
    else while (r.pos < e) one()
  }
  message(reader, end, {
    1: (r, e, wire) => integers(r, e, wire, dims),
    2: r => (code = integer(r)),
    3: () => {
      throw new UnsupportedModelError('a tensor is stored in segments, which no exporter writes and ascribe does not read')
    },
    4: (r, e, wire) => floats(r, e, wire, float),
    5: (r, e, wire) => {
      if (wire !== WireType.LengthDelimited) int.push(r.int32())
      else while (r.pos < e) int.push(r.int32())
    },
    6: r => text.push(r.string()),
    7: big(false),
    8: r => (name = r.string()),
    9: r => (raw = r.bytes()),
    10: (r, e, wire) => {
      if (wire !== WireType.LengthDelimited) double.push(r.double())
      else while (r.pos < e) double.push(r.double())
    },
    11: big(true),
    13: (r, e) => {
      let key = ''
      let value = ''
      message(r, e, { 1: s => (key = s.string()), 2: s => (value = s.string()) })
      external.set(key, value)
    },
    14: r => (location = integer(r)),
  })
  const dtype = dataTypeOfCode(code)
  if (!dtype) throw new MalformedModelError(`tensor "${name}" has element type ${code}, which ONNX does not define`)
  const count = checkedCount(name, dims, dtype)
  if (location === 1) return { name, tensor: externalTensor(name, dtype, dims, external, source) }
  if (dtype === 'string') {
    if (text.length !== count) throw new MalformedModelError(`tensor "${name}" of shape [${dims}] holds ${text.length} strings`)
    return { name, tensor: Tensor.strings(dims, text) }
  }
  const expected = byteLength(dtype, count)
  if (raw) {
    if (raw.length !== expected)
      throw new MalformedModelError(
        `tensor "${name}" of shape [${dims}] and type ${dtype} needs ${expected} bytes, the file has ${raw.length}`,
      )
    return { name, tensor: new Tensor(dtype, dims, raw, originOf(raw, source)) }
  }
  const bytes = typedBytes(dtype, float, int, double, bigs)
  if (bytes.length !== expected)
    throw new MalformedModelError(
      `tensor "${name}" of shape [${dims}] and type ${dtype} needs ${expected} bytes, the file has ${bytes.length}`,
    )
  return { name, tensor: new Tensor(dtype, dims, bytes) }
}

function originOf(raw: Uint8Array, source: TensorSource): Origin | undefined {
  if (source.location === undefined || !source.modelBytes || raw.buffer !== source.modelBytes.buffer) return undefined
  return { location: source.location, offset: raw.byteOffset - source.modelBytes.byteOffset, length: raw.length }
}

function checkedCount(name: string, dims: readonly number[], dtype: DataType): number {
  if (dims.some(dim => dim < 0)) throw new MalformedModelError(`tensor "${name}" has a negative dimension: [${dims}]`)
  const count = elementCount(dims)
  if (!(byteLength(dtype, count) <= maxBytes))
    throw new MalformedModelError(`tensor "${name}" claims the shape [${dims}], more elements than any machine holds`)
  return count
}

/** The typed fields of TensorProto as raw bytes: int32_data carries every type of up to 32 bits, halves as bit patterns. */
function typedBytes(dtype: DataType, float: number[], int: number[], double: number[], bigs: bigint[]): Uint8Array {
  if (float.length > 0) return encodeNumbers('float32', float)
  if (double.length > 0) return encodeNumbers('float64', double)
  if (bigs.length > 0) {
    if (dtype === 'uint32') return encodeNumbers('uint32', bigs.map(Number))
    const bytes = new Uint8Array(bigs.length * 8)
    const view = new DataView(bytes.buffer)
    for (const [i, value] of bigs.entries()) view.setBigUint64(i * 8, BigInt.asUintN(64, value), true)
    return bytes
  }
  const bits = dataTypes[dtype].bits
  const carrier = bits === 16 ? 'uint16' : bits === 32 ? 'int32' : 'uint8'
  return encodeNumbers(carrier, int)
}

function externalTensor(
  name: string,
  dtype: DataType,
  dims: readonly number[],
  entries: ReadonlyMap<string, string>,
  source: TensorSource,
): Tensor {
  const location = entries.get('location') ?? ''
  checkLocation(name, location)
  const offset = Number(entries.get('offset') ?? 0)
  const length = entries.has('length') ? Number(entries.get('length')) : byteLength(dtype, elementCount(dims))
  if (!Number.isSafeInteger(offset) || offset < 0 || !Number.isSafeInteger(length) || length < 0)
    throw new MalformedModelError(
      `tensor "${name}" refers to external data at an impossible place (offset ${offset}, length ${length})`,
    )
  if (length !== byteLength(dtype, elementCount(dims)))
    throw new MalformedModelError(
      `tensor "${name}" of shape [${dims}] and type ${dtype} refers to ${length} bytes of external data`,
    )
  const load = (): Uint8Array => {
    if (!source.external)
      throw new ExternalDataError(
        `tensor "${name}" lies in the external file "${location}"; pass that file's bytes along with the model`,
      )
    const bytes = source.external(location, offset, length)
    if (bytes.length !== length)
      throw new ExternalDataError(
        `external data file "${location}" is too short: tensor "${name}" needs ${length} bytes at ${offset}`,
      )
    return bytes
  }
  return new Tensor(dtype, dims, load, { location, offset, length })
}

/** External data must lie in the model's own folder, or a model could make its reader open any file of the machine. */
function checkLocation(name: string, location: string): void {
  const parts = location.split(/[\\/]/)
  if (location === '' || location.includes('\0') || parts.includes('..') || parts[0] === '' || /^[a-zA-Z]:/.test(location))
    throw new ExternalDataError(`tensor "${name}" refers to external data at "${location}", outside the model's folder; refused`)
}

/** A sparse tensor as a dense one; its indices are flat or one row per element. */
export function decodeSparseTensor(reader: BinaryReader, end: number, source: TensorSource): { name: string; tensor: Tensor } {
  const dims: number[] = []
  let values: { name: string; tensor: Tensor } | undefined
  let indices: Tensor | undefined
  message(reader, end, {
    1: (r, e) => (values = decodeTensor(r, e, source)),
    2: (r, e) => (indices = decodeTensor(r, e, source).tensor),
    3: (r, e, wire) => integers(r, e, wire, dims),
  })
  if (!values) throw new MalformedModelError('a sparse tensor has no values')
  const { dtype } = values.tensor
  const count = checkedCount(values.name, dims, dtype)
  const { bits } = dataTypes[dtype]
  const width = bits / 8
  // A sparse tensor claims its size without bringing the bytes, so it gets a tighter limit.
  if (byteLength(dtype, count) > 2 ** 30)
    throw new MalformedModelError(`sparse tensor "${values.name}" would take ${byteLength(dtype, count)} bytes when made dense`)
  if (bits < 8)
    throw new UnsupportedModelError(`sparse tensor "${values.name}" has elements of type ${dtype}, which ascribe does not read`)
  const dense = new Uint8Array(count * width)
  const given = values.tensor.bytes
  const places = indices ? indices.numbers() : new Float64Array(0)
  const rank = indices && indices.dims.length === 2 ? dims.length : 1
  if (places.length < values.tensor.size * rank)
    throw new MalformedModelError(
      `sparse tensor "${values.name}" has ${values.tensor.size} elements and ${places.length} indices`,
    )
  for (let i = 0; i < values.tensor.size; i++) {
    let place = 0
    for (let axis = 0; axis < rank; axis++) place = rank === 1 ? places[i]! : place * dims[axis]! + places[i * rank + axis]!
    if (!(place >= 0 && place < count))
      throw new MalformedModelError(`sparse tensor "${values.name}" of shape [${dims}] has an element outside it`)
    dense.set(given.subarray(i * width, (i + 1) * width), place * width)
  }
  return { name: values.name, tensor: new Tensor(dtype, dims, dense) }
}
