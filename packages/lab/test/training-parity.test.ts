/** @file Training against PyTorch: losses of 20 steps from the same weights and batches. */
import { readFileSync } from 'node:fs'
import { resolveOptionSpecs, type TensorValue, type TensorValues } from '@ascribe/core'
import { nodeRuntime } from '@ascribe/core/node'
import { encodeModel } from '@ascribe/onnx'
import { afterAll, describe, expect, it } from 'vitest'
import { optimizerNamed } from '../src/index.js'
import { parityBatches, parityNetworks, parityStep } from './support/training-parity.mjs'

const expected: Record<string, number[]> = JSON.parse(
  readFileSync(new URL('fixtures/training-losses.json', import.meta.url), 'utf8'),
)
const runtime = nodeRuntime({ threads: 1 })
afterAll(() => runtime.dispose())

describe('training steps', () => {
  it.each(parityNetworks)('$architecture with $optimizer has the losses of PyTorch to 1e-3', async network => {
    const { graph, layout, carried } = parityStep(network)
    const { labels, bytes } = parityBatches(network)
    const { rows, side, rate, decay } = network
    const optimizer = optimizerNamed(network.optimizer)
    const options = resolveOptionSpecs(optimizer.name, optimizer.options, { decay })
    const vector = (data: Float32Array): TensorValue => ({ dtype: 'float32', dims: [data.length], data })
    const { parameters, statistics } = layout.initialize(0)
    let state: TensorValues = { parameters: vector(parameters), statistics: vector(statistics) }
    for (const slot of optimizer.slots) state = { ...state, [`slot/${slot}`]: vector(new Float32Array(parameters.length)) }
    const session = await runtime.open(encodeModel(graph))
    const size = rows * side * side * 3
    const losses: number[] = []
    for (let step = 0; step < network.batches; step++) {
      const scalars = { learning_rate: rate, ...optimizer.scalars(options, step + 1) }
      const result = await session.run({
        ...state,
        rows: { dtype: 'uint8', dims: [rows, side, side, 3], data: bytes.subarray(step * size, (step + 1) * size) },
        labels: { dtype: 'int64', dims: [rows], data: BigInt64Array.from(labels.slice(step * rows, (step + 1) * rows), BigInt) },
        weights: vector(new Float32Array(rows).fill(1)),
        ...Object.fromEntries(
          Object.entries(scalars).map(([name, value]) => [name, { ...vector(Float32Array.of(value)), dims: [] }]),
        ),
      })
      state = Object.fromEntries(Object.entries(carried).map(([output, input]) => [input, result[output]!]))
      losses.push(Number(result['loss']!.data[0]))
    }
    const peer = expected[network.architecture]!
    expect(losses).toHaveLength(peer.length)
    const worst = Math.max(...losses.map((loss, i) => Math.abs(loss - peer[i]!) / peer[i]!))
    expect(worst).toBeLessThan(1e-3)
    expect(losses.at(-1)).not.toBe(losses[0])
  })
})
