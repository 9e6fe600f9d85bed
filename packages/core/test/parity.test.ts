/**
 * @file What users get against PyTorch: `explain -m gradient` on the parity fixtures of autodiff, through batching, tuning, programs and
 * the runtime. Each row of a fixture is explained by itself; the model's batch is 1, 2 or dynamic.
 */
import { type NdArray, Tensor } from '@ascribe/onnx'
import { afterAll, describe, expect, test } from 'vitest'
import {
  type Fixture,
  fixtureNames,
  loadFixture,
  loadGraph,
  loadInputs,
  loadSamples,
  positions,
} from '../../autodiff/test/parity/fixture.js'
import { explain, type TensorValue, type TensorValues } from '../src/index.js'
import { modelOf, testRuntime } from './support/models.js'

afterAll(() => testRuntime().dispose())

const folder = new URL('../../autodiff/test/fixtures/parity/', import.meta.url)

const integerArrays: Readonly<Record<string, (values: readonly number[]) => TensorValue['data']>> = {
  int64: values => BigInt64Array.from(values, BigInt),
  int32: values => Int32Array.from(values),
  bool: values => Uint8Array.from(values),
}

function value({ dtype, dims, data }: NdArray): TensorValue {
  const make = integerArrays[dtype]
  return { dtype, dims, data: make ? make(Array.from(data)) : Float32Array.from(data) } as TensorValue
}

/** Row `row` of every input where the model is batched, the inputs whole where it is not. */
function rowOf(fixture: Fixture, inputs: Readonly<Record<string, NdArray>>, row: number, batched: boolean): TensorValues {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, array]) => {
      if (!batched) return [name, value(array)]
      const size = array.data.length / fixture.rows
      return [name, value({ ...array, dims: [1, ...array.dims.slice(1)], data: array.data.slice(row * size, (row + 1) * size) })]
    }),
  )
}

/** Graph networks take one whole graph; everything else in the fixtures is batched. */
const graphNetwork = /^(gcn|gat|sage)/

describe('gradients as users get them', () => {
  test.each(fixtureNames(folder))('%s', { timeout: 120_000 }, async name => {
    const fixture = loadFixture(folder, name)
    const graph = loadGraph(folder, fixture)
    const batched = !graphNetwork.test(name)
    const model = modelOf(graph, { memory: 2 ** 31 })
    const inputs = loadInputs(fixture)
    const size = Tensor.float32(fixture.gradient.dims, []).size
    const found = new Float32Array(size)
    for (let row = 0; row < fixture.rows; row++) {
      // The fixture's score is a sum over rows: of a graph network, over its nodes.
      const target = batched ? fixture.target : `${row}/${fixture.target}`
      const { values } = await explain(model, rowOf(fixture, inputs, row, batched), 'gradient', { target, at: [fixture.at] })
      const start = batched ? row * (size / fixture.rows) : 0
      for (let i = 0; i < values.length; i++) found[start + i]! += values[i]!
    }
    await model.dispose()
    const places = positions(size)
    const expected = loadSamples(fixture)
    let worst = 0
    for (let i = 0; i < places.length; i++) {
      const error = Math.abs(found[places[i]!]! - expected[i]!)
      worst = Number.isNaN(error) ? Number.NaN : Math.max(worst, error)
    }
    expect(worst / fixture.gradient.max).toBeLessThanOrEqual(Math.max(1e-4, 3 * fixture.gradient.float32Error))
  })
})
