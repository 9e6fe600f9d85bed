/** @file Runs one case on the evaluator and on ONNX Runtime and compares. */
import { expect } from 'vitest'
import { type DataType, evaluate, type Graph, GraphBuilder, type NdArray, toTensor } from '../../../src/index.js'
import { runOrt } from '../ort.js'
import type { Case } from './case.js'

/** Mulberry32. */
export function generator(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t ^= t + Math.imul(t ^ (t >>> 7), 61 | t)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Types that the runtime's binding cannot be fed. */
const unfeedable: ReadonlySet<DataType> = new Set<DataType>(['int4', 'uint4', 'bfloat16'])

function caseGraph([operator, inputs, attributes = {}, { outputs = 1, opset = 21 } = {}]: Case, seed: number) {
  const random = generator(seed)
  const builder = new GraphBuilder()
  const feeds: Record<string, NdArray> = {}
  const names = inputs.map((given, index) => {
    if (!given) return ''
    const array = given(random)
    if (given.constant || unfeedable.has(array.dtype)) return builder.constant(toTensor(array))
    feeds[`x${index}`] = array
    return builder.input(`x${index}`, array.dtype, array.dims)
  })
  const results = builder.emitAll(operator, names, outputs, attributes)
  const build = (types: readonly DataType[]): Graph => {
    results.forEach((name, index) => {
      builder.output(name, types[index]!)
    })
    return builder.build({
      opsets: new Map([
        ['', opset],
        ['com.microsoft', 1],
      ]),
    })
  }
  return { build, feeds, results }
}

export function expectClose(
  actual: NdArray,
  dims: readonly number[],
  data: ArrayLike<number>,
  tolerance: number,
  what: string,
): void {
  expect(actual.dims, `${what}: dims`).toEqual([...dims])
  expect(actual.data.length, `${what}: length`).toBe(data.length)
  const finite = Array.from(data).filter(Number.isFinite)
  const scale = finite.reduce((top, x) => Math.max(top, Math.abs(x)), 0)
  for (let at = 0; at < data.length; at++) {
    const [mine, theirs] = [actual.data[at]!, data[at]!]
    if (Number.isFinite(theirs) && Math.abs(mine - theirs) <= tolerance * scale) continue
    if (Object.is(mine, theirs) || mine === theirs) continue
    expect.fail(`${what}: element ${at} is ${mine}, expected ${theirs} (largest ${scale})`)
  }
}

export async function runCase(test: Case, seed: number): Promise<void> {
  const { outputs = 1, expected, tolerance = 1e-5 } = test[3] ?? {}
  const { build, feeds, results } = caseGraph(test, seed)
  const draft = build(results.map(() => 'float32'))
  const mine = evaluate(draft, feeds)
  const arrays = results.map(name => mine.get(name)!)
  expect(arrays.every(Boolean), 'every output is computed').toBe(true)
  expect(arrays.length).toBe(outputs)
  const typed = draft.with({
    outputs: results.map((name, index) => ({ name, type: { dtype: arrays[index]!.dtype, shape: null } })),
  })
  const theirs = expected ?? Object.values(await runOrt(typed, feeds))
  arrays.forEach((array, index) => {
    expectClose(array, theirs[index]!.dims, theirs[index]!.data, tolerance, `output ${index}`)
  })
}
