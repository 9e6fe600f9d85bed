/** @file ONNX Runtime in-process, for tests that compare with it. */
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { type DataType, elementCount, encodeModel, type Graph, type NdArray } from '../../src/index.js'
import { decodeNumbers, encodeNumbers } from '../../src/numbers.js'

export interface OrtValue {
  readonly dims: readonly number[]
  readonly data: readonly number[]
}

type Words = new (buffer: ArrayBuffer) => ArrayBufferView

/** Array type that the runtime's binding wants for each element type. */
const words: Partial<Record<DataType, Words>> = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  bool: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
}

function toOrt({ dtype, dims, data }: NdArray): Tensor {
  const bytes = encodeNumbers(dtype, data)
  const list = new words[dtype]!(bytes.buffer as ArrayBuffer)
  return new Tensor(dtype as 'float32', list as never, [...dims])
}

function fromOrt({ type, dims, data }: Tensor): OrtValue {
  const view = data as unknown as ArrayBufferView
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
  return { dims, data: Array.from(decodeNumbers(type as DataType, bytes, elementCount(dims))) }
}

/**
 * Runs a graph on ONNX Runtime's CPU provider with one thread and no graph optimisation, so that each node's own kernel is
 * what runs. 64-bit integers and booleans come back as plain numbers.
 */
export async function runOrt(graph: Graph, feeds: Readonly<Record<string, NdArray>>): Promise<Record<string, OrtValue>> {
  const session = await InferenceSession.create(encodeModel(graph), {
    intraOpNumThreads: 1,
    graphOptimizationLevel: 'disabled',
    logSeverityLevel: 4,
  })
  try {
    const given = Object.fromEntries(Object.entries(feeds).map(([name, array]) => [name, toOrt(array)]))
    const results = await session.run(given)
    return Object.fromEntries(Object.entries(results).map(([name, tensor]) => [name, fromOrt(tensor as Tensor)]))
  } finally {
    await session.release()
  }
}
