/** @file A parity fixture: an exported graph without weights, and what PyTorch computed with it. */
import { readdirSync, readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { type DataType, elementCount, type Graph, type NdArray, ndarray, readModel } from '@ascribe/onnx'
import { type Fill, integers, refill, uniform } from './refill.js'

/** How an input is made. */
type InputFill = { readonly dtype: DataType; readonly dims: readonly number[] } & (
  | { readonly key: string; readonly centre: number; readonly half: number }
  | { readonly key: string; readonly below: number }
  | { readonly values: readonly number[] }
)

export interface Fixture {
  readonly name: string
  readonly exporter: 'script' | 'dynamo'
  readonly opset: number
  readonly batch: 1 | 2 | 'dynamic'
  readonly rows: number
  /** Values of the graph's symbolic dimensions. */
  readonly symbols: Readonly<Record<string, number>>
  readonly inputs: Readonly<Record<string, InputFill>>
  /** Tensor that the gradient is taken at. */
  readonly at: string
  /** The score is the sum over rows of output.reshape(rows, -1)[:, target]. */
  readonly target: number
  /** First values of the output, in double precision. */
  readonly output: readonly number[]
  readonly gradient: {
    readonly dims: readonly number[]
    readonly norm: number
    readonly max: number
    /** PyTorch's float32 gradient against its float64 one: largest error over largest value. */
    readonly float32Error: number
    /** Float32, little-endian, base64: every element, or those at `positions`. */
    readonly samples: string
  }
  readonly weights: Readonly<Record<string, Fill & { readonly offset: number }>>
}

const sampleCount = 4096

/** Flat indices of the sampled elements of a tensor of `size` elements. */
export const positions = (size: number): Float64Array =>
  size <= sampleCount ? Float64Array.from({ length: size }, (_, i) => i) : integers('positions', sampleCount, size)

export const fixtureNames = (folder: URL): string[] =>
  readdirSync(folder)
    .filter(name => name.endsWith('.json'))
    .map(name => name.slice(0, -'.json'.length))
    .sort()

export const loadFixture = (folder: URL, name: string): Fixture =>
  JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')) as Fixture

/** The fixture's graph with its weights refilled, each when first read. */
export function loadGraph(folder: URL, fixture: Fixture): Graph {
  const byOffset = new Map(Object.entries(fixture.weights).map(([name, fill]) => [fill.offset, { name, fill }]))
  const bytes = gunzipSync(readFileSync(new URL(`${fixture.name}.onnx.gz`, folder)))
  return readModel(bytes, {
    external: (_location, offset, length) => {
      const found = byOffset.get(offset)
      if (!found || length === undefined) throw new Error(`fixture ${fixture.name} has no weight at ${offset}`)
      return new Uint8Array(refill(found.name, length / 4, found.fill).buffer)
    },
  })
}

export function loadInputs(fixture: Fixture): Record<string, NdArray> {
  const make = (spec: InputFill): ArrayLike<number> => {
    if ('values' in spec) return spec.values
    const count = elementCount(spec.dims)
    return 'below' in spec ? integers(spec.key, count, spec.below) : uniform(spec.key, count, spec.centre, spec.half)
  }
  return Object.fromEntries(
    Object.entries(fixture.inputs).map(([name, spec]) => [name, ndarray(spec.dims, Float64Array.from(make(spec)), spec.dtype)]),
  )
}

export function loadSamples(fixture: Fixture): Float32Array {
  const bytes = Uint8Array.from(Buffer.from(fixture.gradient.samples, 'base64'))
  return new Float32Array(bytes.buffer)
}
