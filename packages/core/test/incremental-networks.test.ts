/** @file Incremental inference on real architectures with refilled weights: as exact as full passes are, and less work. */
import { afterAll, describe, expect, it } from 'vitest'
import { loadFixture, loadGraph, loadInputs } from '../../autodiff/test/parity/fixture.js'
import { incremental } from '../src/incremental/sweep.js'
import { float32, prepare } from '../src/index.js'
import { modelOf, testRuntime } from './support/models.js'

afterAll(() => testRuntime().dispose())

const folder = new URL('../../autodiff/test/fixtures/parity/', import.meta.url)

describe('windows over pictures of real networks', () => {
  it.each([['mobilenet_v2.dynamo-default.dynamic'], ['resnet50.script-17.dynamic'], ['regnet_x_400mf.dynamo-18.batch1']])(
    '%s',
    { timeout: 120_000 },
    async name => {
      const fixture = loadFixture(folder, name)
      const model = modelOf(loadGraph(folder, fixture), { memory: 2 ** 31 })
      const input = loadInputs(fixture)[fixture.at]!
      const dims = [1, ...input.dims.slice(1)]
      const [size, height, width] = [dims[1]! * dims[2]! * dims[3]!, dims[2]!, dims[3]!]
      const data = Float32Array.from(input.data.slice(0, size))
      const evaluator = await prepare(model, { [fixture.at]: float32(dims, data) }, { target: fixture.target })
      // A corner, an edge and the middle.
      const corners = [
        [0, 0],
        [0, width - 16],
        [height / 2 - 8, 0],
        [height / 2 - 8, width / 2 - 8],
        [height - 16, width / 2 - 8],
        [height - 16, width - 16],
      ].map(([y, x]) => [Math.floor(y!), Math.floor(x!)] as const)
      const windows = corners.map(([y, x]) => [
        { from: 0, to: dims[1]! },
        { from: y, to: y + 16 },
        { from: x, to: x + 16 },
      ])
      const filling = new Float32Array(size)
      const covered = new Float32Array(size * windows.length)
      corners.forEach(([top, left], row) => {
        covered.set(data, row * size)
        for (let c = 0; c < dims[1]!; c++)
          for (let y = top; y < top + 16; y++) {
            const at = row * size + (c * height + y) * width + left
            covered.fill(0, at, at + 16)
          }
      })
      const full = await evaluator.forward({ [fixture.at]: covered }, windows.length)
      const partly = incremental(evaluator.rows, fixture.at, filling, windows, 'cheapest')!
      const found = await partly.sweep()
      const largest = Math.max(...full.map(Math.abs))
      const worst = Math.max(...full.map((value, i) => Math.abs(value - found[i]!)))
      expect(new Set(full).size).toBeGreaterThan(1)
      expect(worst / largest).toBeLessThan(1e-5)
      expect(partly.share).toBeLessThan(1)
      await model.dispose()
    },
  )
})
