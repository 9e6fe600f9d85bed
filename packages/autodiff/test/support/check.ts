/** @file Checks a rule against central differences in double precision, its second derivative, and ONNX Runtime. */
import {
  type DataType,
  elementCount,
  evaluate,
  type Graph,
  GraphBuilder,
  inferShapes,
  isFloat,
  type NdArray,
  ndarray,
  type PlainAttributes,
  Tensor,
} from '@ascribe/onnx'
import { expect } from 'vitest'
import { runOrt } from '../../../onnx/test/support/ort.js'
import { differentiate } from '../../src/index.js'

/** An input: dimensions (random normal values), values given, a constant, or '' for an omitted one. */
export type Given =
  | readonly number[]
  | ''
  | {
      readonly dims: readonly number[]
      readonly data?: readonly number[]
      /** Uniform in [low, high] instead of normal. */
      readonly range?: readonly [number, number]
      readonly dtype?: DataType
      /** An initializer, with respect to which nothing is differentiated. */
      readonly constant?: boolean
    }

export interface GradientCase {
  readonly operator: string
  readonly inputs: readonly Given[]
  readonly attributes?: PlainAttributes
  /** Number of outputs; default 1. Those in `unused` get no cotangent. */
  readonly outputs?: number
  readonly unused?: readonly number[]
  /** What the case is about, where operator and inputs do not say it. */
  readonly note?: string
  readonly seed?: number
  /** Why ONNX Runtime's CPU provider cannot run this case. */
  readonly withoutOrt?: string
  /** Why the second derivative is not checked. */
  readonly withoutSecond?: string
  /**
   * The gradient of each input for cotangents of ones, instead of differences: for ties, corners and straight-through rules.
   * The second derivative is not checked then.
   */
  readonly expected?: readonly (readonly number[] | null)[]
  /** Relative to the largest value; default 1e-6. */
  readonly tolerance?: number
}

/** Mulberry32: small, seeded, good enough for test inputs. */
export function generator(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

const normal = (random: () => number): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())

export interface Built {
  graph: Graph
  feeds: Record<string, NdArray>
  /** Float inputs that are not constants. */
  free: string[]
  outputs: string[]
}

/** The case's one-node graph with its inputs. */
export function build(test: GradientCase, random: () => number): Built {
  const builder = new GraphBuilder()
  const feeds: Record<string, NdArray> = {}
  const free: string[] = []
  const names = test.inputs.map((given, index) => {
    if (given === '') return ''
    const spec = 'dims' in given ? given : { dims: given as readonly number[] }
    const dtype = spec.dtype ?? 'float32'
    const count = elementCount(spec.dims)
    const value = (): number => {
      if (spec.range) return spec.range[0] + (spec.range[1] - spec.range[0]) * random()
      return normal(random)
    }
    // Values that float32 holds exactly, so that both precisions see the same input.
    const data = Float64Array.from(spec.data ?? Array.from({ length: count }, value), v => (isFloat(dtype) ? Math.fround(v) : v))
    if (spec.constant) return builder.constant(Tensor.from(dtype, spec.dims, data), `constant${index}`)
    const name = builder.input(`x${index}`, dtype, spec.dims)
    feeds[name] = ndarray(spec.dims, data, dtype)
    if (isFloat(dtype)) free.push(name)
    return name
  })
  const outputs = builder.emitAll(test.operator, names, test.outputs ?? 1, test.attributes ?? {})
  for (const name of outputs) builder.output(name)
  return { graph: inferShapes(builder.build()), feeds, free, outputs }
}

const dot = (a: NdArray, b: NdArray): number => a.data.reduce((sum, value, i) => sum + value * b.data[i]!, 0)

/** Central differences of a scalar function of the named input, element by element. */
function differences(f: (feeds: Record<string, NdArray>) => number, feeds: Record<string, NdArray>, name: string): Float64Array {
  const at = feeds[name]!
  return at.data.map((value, i) => {
    const step = 1e-5 * Math.max(1, Math.abs(value))
    const moved = (delta: number): number => {
      const data = Float64Array.from(at.data)
      data[i] = value + delta
      return f({ ...feeds, [name]: { ...at, data } })
    }
    return (moved(step) - moved(-step)) / (2 * step)
  })
}

export function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number, what: string): void {
  expect(actual.length, `${what}: number of elements`).toBe(expected.length)
  let scale = 1e-3
  let worst = 0
  for (let i = 0; i < expected.length; i++) {
    scale = Math.max(scale, Math.abs(expected[i]!))
    const error = Math.abs(actual[i]! - expected[i]!)
    worst = Number.isNaN(error) ? Number.NaN : Math.max(worst, error)
  }
  expect(worst / scale, `${what}: largest error over largest value`).toBeLessThanOrEqual(tolerance)
}

/** One test: first derivative, second derivative, and the same numbers from ONNX Runtime. */
export async function checkGradient(test: GradientCase): Promise<void> {
  const random = generator(test.seed ?? 1)
  const { graph, feeds, free, outputs } = build(test, random)
  const tolerance = test.tolerance ?? 1e-6
  const forward = evaluate(graph, feeds, outputs)
  const used = outputs.filter((name, i) => isFloat(graph.type(name)?.dtype ?? 'float32') && !test.unused?.includes(i))
  const first = differentiate(graph, { of: used, at: free })
  const withCotangents: Record<string, NdArray> = { ...feeds }
  for (const name of used) {
    const dims = forward.get(name)!.dims
    withCotangents[first.cotangents[name]!] = ndarray(
      dims,
      Float64Array.from({ length: elementCount(dims) }, () => (test.expected ? 1 : Math.fround(normal(random)))),
      graph.type(name)?.dtype,
    )
  }
  const loss = (given: Record<string, NdArray>): number => {
    const values = evaluate(graph, given, used)
    return used.reduce((sum, name) => sum + dot(values.get(name)!, withCotangents[first.cotangents[name]!]!), 0)
  }
  const gradients = evaluate(
    first.graph,
    withCotangents,
    free.map(name => first.gradients[name]!),
  )
  for (const name of free) {
    const gradient = gradients.get(first.gradients[name]!)!
    expect(gradient.dims, `dimensions of the gradient of ${name}`).toEqual(feeds[name]!.dims)
    const expected = test.expected?.[Number(name.slice(1))] ?? differences(loss, feeds, name)
    expectClose(gradient.data, expected, tolerance, `gradient of ${name}`)
  }

  if (!test.withoutOrt) {
    const measured = await runOrt(first.graph, withCotangents)
    for (const name of free)
      expectClose(
        measured[first.gradients[name]!]!.data,
        gradients.get(first.gradients[name]!)!.data,
        2e-5,
        `ONNX Runtime's gradient of ${name}`,
      )
  }

  if (!test.withoutSecond && !test.expected)
    await checkSecond(first.graph, free, first.gradients, withCotangents, random, tolerance * 10)
}

/** Differentiates the inner product of the gradients with random vectors, and compares with differences of that product. */
async function checkSecond(
  graph: Graph,
  free: readonly string[],
  gradients: Readonly<Record<string, string>>,
  feeds: Record<string, NdArray>,
  random: () => number,
  tolerance: number,
): Promise<void> {
  const of = free.map(name => gradients[name]!)
  const vectors = new Map(
    free.map(name => [
      gradients[name]!,
      ndarray(
        feeds[name]!.dims,
        feeds[name]!.data.map(() => normal(random)),
      ),
    ]),
  )
  const product = (given: Record<string, NdArray>): number => {
    const values = evaluate(graph, given, of)
    return of.reduce((sum, name) => sum + dot(values.get(name)!, vectors.get(name)!), 0)
  }
  const at = Object.keys(feeds).filter(name => isFloat(feeds[name]!.dtype))
  const inferred = inferShapes(graph)
  for (const target of at) {
    const expected = differences(product, feeds, target)
    const second = tryDifferentiate(inferred, of, target)
    if (!second) {
      expectClose(
        new Float64Array(expected.length),
        expected,
        tolerance,
        `second derivative at ${target}, which the graph says is zero`,
      )
      continue
    }
    const all = { ...feeds }
    for (const name of of) if (second.cotangents[name]) all[second.cotangents[name]!] = vectors.get(name)!
    const actual = evaluate(second.graph, all, [second.gradients[target]!]).get(second.gradients[target]!)!
    expectClose(actual.data, expected, tolerance, `second derivative at ${target}`)
  }
}

function tryDifferentiate(graph: Graph, of: readonly string[], target: string) {
  const reachable = of.filter(name => dependsOn(graph, name, target))
  if (reachable.length === 0) return undefined
  try {
    return differentiate(graph, { of: reachable, at: [target] })
  } catch (error) {
    if (error instanceof Error && error.constructor.name === 'NoGradientPathError') return undefined
    throw error
  }
}

function dependsOn(graph: Graph, name: string, target: string): boolean {
  const found = new Set([target])
  for (const node of graph.nodes)
    if (node.inputs.some(input => found.has(input)))
      for (const output of node.outputs) if (isFloat(graph.type(output)?.dtype ?? 'float32')) found.add(output)
  return found.has(name)
}
