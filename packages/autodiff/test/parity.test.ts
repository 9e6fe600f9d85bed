/**
 * @file The gradient graph of real architectures against PyTorch's float64 gradient, with the same weights.
 * Fixtures come from tools/parity; set ASCRIBE_PARITY to a folder of further ones (the full-size variants).
 */
import { pathToFileURL } from 'node:url'
import { GraphBuilder, inferShapes, specialise } from '@ascribe/onnx'
import { describe, expect, test } from 'vitest'
import { differentiate } from '../src/index.js'
import { type Fixture, fixtureNames, loadFixture, loadGraph, loadInputs, loadSamples, positions } from './parity/fixture.js'
import { integers, keyHash, uniform } from './parity/refill.js'
import { runFloats } from './parity/run.js'

const given = process.env['ASCRIBE_PARITY']
const folder = given ? pathToFileURL(given.endsWith('/') ? given : `${given}/`) : new URL('./fixtures/parity/', import.meta.url)

/** Largest |actual - expected|; NaN where a value is not a number. */
function largestError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let worst = 0
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(actual[i]! - expected[i]!)
    worst = Number.isNaN(error) ? Number.NaN : Math.max(worst, error)
  }
  return worst
}

async function compute(fixture: Fixture) {
  const graph = specialise(loadGraph(folder, fixture), { dimensions: fixture.symbols })
  const output = graph.outputs[0]!.name
  const builder = new GraphBuilder(graph, 'score')
  const rows = builder.emit('Reshape', [output, builder.ints([fixture.rows, -1])])
  const column = builder.emit('Gather', [rows, builder.ints([fixture.target])], { axis: 1 })
  const score = builder.emit('ReduceSum', [column], { keepdims: 0 })
  builder.output(output)
  const { graph: both, gradients } = differentiate(inferShapes(builder.build()), {
    of: [score],
    at: [fixture.at],
    cotangents: { [score]: null },
  })
  const gradient = gradients[fixture.at]!
  const results = await runFloats(both, loadInputs(fixture), [output, gradient])
  return { output: results[output]!, gradient: results[gradient]! }
}

describe('parity with PyTorch', () => {
  test('the generator gives the bits that Python got', () => {
    expect(keyHash('conv1.weight')).toBe(3184444564)
    expect(Array.from(uniform('conv1.weight', 3, 0.25, 1.5))).toEqual([
      1.613256573677063, -0.3951449394226074, -0.6138922572135925,
    ])
    expect(Array.from(integers('positions', 4, 150528))).toEqual([36732, 108173, 99470, 131916])
  })

  test.each(fixtureNames(folder))('%s', { timeout: 120_000 }, async name => {
    const fixture = loadFixture(folder, name)
    const { output, gradient } = await compute(fixture)
    const tolerance = Math.max(1e-4, 3 * fixture.gradient.float32Error)

    const largest = Math.max(...fixture.output.map(Math.abs))
    expect(largestError(output.data, fixture.output) / largest, 'output').toBeLessThanOrEqual(1e-4)

    expect(gradient.dims).toEqual(fixture.gradient.dims)
    const samples = Float64Array.from(positions(gradient.data.length), place => gradient.data[place]!)
    const error = largestError(samples, loadSamples(fixture)) / fixture.gradient.max
    expect(error, 'largest gradient error over largest value').toBeLessThanOrEqual(tolerance)
    const norm = Math.sqrt(gradient.data.reduce((sum, value) => sum + value * value, 0))
    expect(Math.abs(norm - fixture.gradient.norm) / fixture.gradient.norm, 'norm').toBeLessThanOrEqual(tolerance)
  })
})
