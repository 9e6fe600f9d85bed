/** @file Attention found in graphs of real architectures by both exporters, without running them. */
import { type Graph, specialise } from '@ascribe/onnx'
import { describe, expect, it } from 'vitest'
import { loadFixture, loadGraph } from '../../autodiff/test/parity/fixture.js'
import { findAttention } from '../src/attention/find.js'
import { standardOperators, tuneOperators } from '../src/tune.js'

const folder = new URL('../../autodiff/test/fixtures/parity/', import.meta.url)

function found(name: string) {
  const fixture = loadFixture(folder, name)
  const graph: Graph = tuneOperators(specialise(loadGraph(folder, fixture), { dimensions: fixture.symbols }), standardOperators)
  return findAttention(graph, { at: [fixture.at], output: graph.outputs[0]!.name, rows: fixture.rows })
}

describe('attention in exported graphs', () => {
  it.each([
    ['deit_tiny.script-14.dynamic', 12, 3, 197],
    ['vit_b_16.script-14.batch2', 2, 12, 197],
    ['vit_b_16.script-17.batch1', 4, 12, 197],
    ['vit_b_16.dynamo-default.dynamic', 3, 12, 197],
    ['bert_eager.script-17.dynamic', 3, 12, 32],
    ['bert_sdpa.dynamo-default.batch2', 3, 12, 32],
    ['gpt2_eager.dynamo-18.batch1', 3, 12, 32],
    ['gpt2_sdpa.script-17.dynamic', 3, 12, 32],
  ])('%s', { timeout: 60_000 }, (name, layers, heads, tokens) => {
    const attention = found(name)
    expect(attention.map(one => [one.heads, one.queries, one.keys, one.windows])).toEqual(
      Array(layers).fill([heads, tokens, tokens, 1]),
    )
  })

  it.each(['swin_t.script-17.batch1', 'swin_t.dynamo-default.batch1', 'maxvit_t.script-17.batch1'])(
    '%s: windows',
    { timeout: 60_000 },
    name => {
      const attention = found(name)
      expect(attention.length).toBeGreaterThan(2)
      expect(attention[0]!.windows).toBeGreaterThan(1)
    },
  )

  it.each(['resnet50.dynamo-default.batch2', 'mixer_b16.dynamo-default.dynamic', 'lstm.script-17.batch2'])(
    '%s: none',
    { timeout: 60_000 },
    name => {
      expect(found(name)).toEqual([])
    },
  )
})
