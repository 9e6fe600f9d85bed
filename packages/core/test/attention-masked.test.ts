/** @file Relevance through attention whose mask is minus infinity: GPT-2 as PyTorch exports it. */
import { afterAll, describe, expect, it } from 'vitest'
import { loadFixture, loadGraph, loadInputs } from '../../autodiff/test/parity/fixture.js'
import { explain } from '../src/index.js'
import { modelOf, testRuntime } from './support/models.js'

afterAll(() => testRuntime().dispose())

const folder = new URL('../../autodiff/test/fixtures/parity/', import.meta.url)

describe('GPT-2 with a causal mask', () => {
  const fixture = loadFixture(folder, 'gpt2_sdpa.script-17.dynamic')
  const model = modelOf(loadGraph(folder, fixture), { memory: 2 ** 31 })
  afterAll(() => model.dispose())
  const row = Object.fromEntries(
    Object.entries(loadInputs(fixture)).map(([name, { dims, data }]) => {
      const size = data.length / fixture.rows
      return [
        name,
        { dtype: 'int64', dims: [1, ...dims.slice(1)], data: BigInt64Array.from(data.slice(0, size), BigInt) } as const,
      ]
    }),
  )

  it.each(['chefer', 'lrp'])('%s sees no token behind the one that is read', { timeout: 60_000 }, async method => {
    const { dims, data } = loadInputs(fixture)['input_ids']!
    const tokens = dims[1]!
    const a = await explain(model, row, method, { target: '9/7', at: [fixture.at] })
    const width = a.values.length / tokens
    const sums = Array.from({ length: tokens }, (_, token) =>
      a.values.slice(token * width, (token + 1) * width).reduce((sum, value) => sum + Math.abs(value), 0),
    )
    expect(data.length).toBe(fixture.rows * tokens)
    expect(sums.slice(0, 10).every(value => value > 0)).toBe(true)
    expect(sums.slice(10)).toEqual(Array(tokens - 10).fill(0))
  })
})
