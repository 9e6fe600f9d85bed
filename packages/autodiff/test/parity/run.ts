/** @file Runs a graph on ONNX Runtime in this process, all optimisations on, as a user's session would. */
import { encodeModel, type Graph, type NdArray } from '@ascribe/onnx'
import { InferenceSession, Tensor } from 'onnxruntime-node'

export interface Floats {
  readonly dims: readonly number[]
  readonly data: Float32Array
}

const toOrt = ({ dtype, dims, data }: NdArray): Tensor =>
  dtype === 'int64'
    ? new Tensor(
        'int64',
        BigInt64Array.from(data, value => BigInt(value)),
        dims,
      )
    : new Tensor('float32', Float32Array.from(data), dims)

/** The named float32 values; inputs that the graph does not have are left out. */
export async function runFloats(
  graph: Graph,
  feeds: Readonly<Record<string, NdArray>>,
  outputs: readonly string[],
): Promise<Record<string, Floats>> {
  const session = await InferenceSession.create(encodeModel(graph), { intraOpNumThreads: 2, logSeverityLevel: 3 })
  try {
    const given = Object.fromEntries(session.inputNames.map(name => [name, toOrt(feeds[name]!)]))
    const results = await session.run(given, [...outputs])
    return Object.fromEntries(
      outputs.map(name => [name, { dims: [...results[name]!.dims], data: results[name]!.data as Float32Array }]),
    )
  } finally {
    await session.release()
  }
}
