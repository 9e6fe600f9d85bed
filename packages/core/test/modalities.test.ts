/** @file Inputs that are no pictures: graphs by nodes and edges, time series by windows and channels. */
import { GraphBuilder, inferShapes, Tensor } from '@ascribe/onnx'
import { afterAll, describe, expect, it } from 'vitest'
import { explain, float32, InputError, prepare, renderSeries, renderTokens, type TensorValue } from '../src/index.js'
import { featuresOf } from '../src/segments/index.js'
import { build, modelOf, testRuntime } from './support/models.js'

afterAll(() => testRuntime().dispose())

const features = 2
const weight = [0.5, -1, 2, 1.5]

/** y[i] = sum over edges j -> i of m_e x_j W, then, where `deep`, the same again after ReLU. */
function network(deep: boolean) {
  const b = new GraphBuilder()
  const x = b.input('x', 'float32', ['nodes', features])
  const list = b.input('edge_index', 'int64', [2, 'edges'])
  const mask = b.input('edge_weight', 'float32', ['edges'])
  const [from, to] = [0, 1].map(i => b.emit('Gather', [list, b.constant(Tensor.from('int64', [], [i]))], { axis: 0 }))
  const layer = (nodes: string): string => {
    const hidden = b.emit('MatMul', [nodes, b.constant(Tensor.float32([features, features], weight))])
    const sent = b.emit('Gather', [hidden, from!], { axis: 0 })
    const messages = b.emit('Mul', [sent, b.emit('Unsqueeze', [mask, b.ints([1])])])
    const index = b.emit('Expand', [b.emit('Unsqueeze', [to!, b.ints([1])]), b.emit('Shape', [messages])])
    const empty = b.emit('Expand', [b.float(0), b.emit('Shape', [hidden])])
    return b.emit('ScatterElements', [empty, index, messages], { axis: 0, reduction: 'add' })
  }
  const first = layer(x)
  b.output(deep ? layer(b.emit('Relu', [first])) : first)
  return inferShapes(b.build())
}

const pairs = [
  [0, 1],
  [1, 0],
  [1, 2],
  [2, 1],
  [2, 2],
  [3, 0],
]
const x = float32([4, features], [1, -2, 0.5, 3, -1, 1.5, 2, 0.25])
const edge_index: TensorValue = {
  dtype: 'int64',
  dims: [2, pairs.length],
  data: BigInt64Array.from([...pairs.map(([a]) => a!), ...pairs.map(([, b]) => b!)].map(BigInt)),
}
const row = { x, edge_index, edge_weight: float32([pairs.length], [1, 1, 1, 1, 1, 1]) }
const sent = (node: number, c: number): number => x.data[node * 2]! * weight[c]! + x.data[node * 2 + 1]! * weight[2 + c]!

describe('graphs', () => {
  it('76: integrated gradients of edge masks on a linear message step is x_j w, edge by edge', async () => {
    const model = modelOf(network(false))
    const found = await explain(model, row, 'integrated-gradients', {
      at: ['edge_weight'],
      target: '0/1',
      options: { points: 8 },
    })
    expect(found.dims).toEqual([6])
    pairs.forEach(([from, to], i) => {
      expect(found.values[i]).toBeCloseTo(to === 0 ? sent(from!, 1) : 0, 5)
    })
    expect(Math.abs(found.residual!)).toBeLessThan(1e-5)
    await model.dispose()
  })

  it('edges are features with both directions; loops are never absent; their worths are what removing them does', async () => {
    const model = modelOf(network(true))
    const options = { at: ['edge_weight'], target: '1/0' }
    const { labels, count } = featuresOf(await prepare(model, row, options), 'edges')
    expect([...labels['edge_weight']!]).toEqual([0, 0, 1, 1, -1, 2])
    expect(count).toBe(3)
    const removed = await explain(model, row, 'feature-ablation', { ...options, options: { segments: 'edges' } })
    const evaluator = await prepare(model, row, options)
    for (const feature of [0, 1, 2]) {
      const without = Float32Array.from(labels['edge_weight']!, label => Number(label !== feature))
      const [value] = await evaluator.forward({ edge_weight: without }, 1)
      labels['edge_weight']!.forEach((label, i) => {
        if (label === feature) expect(removed.values[i]).toBeCloseTo(removed.value - value!, 5)
      })
    }
    expect(removed.values[4]).toBe(0)
    await model.dispose()
  })

  it('nodes and edges together', async () => {
    const model = modelOf(network(true))
    const { labels, count } = featuresOf(await prepare(model, row, { target: '1/0' }), 'graph')
    expect([...labels['x']!]).toEqual([0, 0, 1, 1, 2, 2, 3, 3])
    expect([...labels['edge_weight']!]).toEqual([4, 4, 5, 5, -1, 6])
    expect(count).toBe(7)
    const found = await explain(model, row, 'exact-shapley', { target: '1/0', options: { segments: 'graph' } })
    const nobody = found.baselineValue!
    const each = [
      ...[0, 2, 4, 6].map(i => found.maps['x']!.values[i]!),
      ...[0, 2, 5].map(i => found.maps['edge_weight']!.values[i]!),
    ]
    expect(each.reduce((sum, worth) => sum + worth, nobody)).toBeCloseTo(found.value, 5)
    await expect(explain(model, row, 'feature-ablation', { options: { segments: 'edges' } })).rejects.toThrow(
      '"x" [4,2] holds no edges; explain the edge weights alone',
    )
    await model.dispose()
  })

  it('edges of an adjacency matrix: neither its diagonal nor what is no edge', async () => {
    const model = modelOf(build({ a: [3, 3] }, (b, a) => b.emit('MatMul', [a!, a!])))
    const a = float32([3, 3], [1, 1, 0, 1, 1, 0, 0.5, 0, 1])
    const { labels } = featuresOf(await prepare(model, { a }), 'edges')
    expect([...labels['a']!]).toEqual([-1, 0, 1, 0, -1, -1, 1, -1, -1])
    await model.dispose()
  })
})

describe('time series', () => {
  it.each([
    ['time:4', [1, 2, 6], [0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 1, 1]],
    ['time:4', [1, 6, 2], [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1]],
    ['time:2:1', [1, 3, 4], [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1]],
    ['time:5', [1, 12], [0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2]],
    ['channels', [1, 2, 6], [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1]],
  ])('%s of %j', async (segments, dims, expected) => {
    const model = modelOf(build({ x: ['batch', ...dims.slice(1)] }, (b, x) => b.emit('Mul', [x!, x!])))
    const x = float32(dims, Array(12).fill(1))
    expect([...featuresOf(await prepare(model, { x }), segments).labels['x']!]).toEqual(expected)
    await model.dispose()
  })

  it('windows of a sum of squares are worth the squares in them', async () => {
    const series = [1, 2, 3, 4, 5, 6, -1, -2, -3, -4, -5, -6]
    const model = modelOf(
      build({ x: ['batch', 2, 6] }, (b, x) => b.emit('ReduceSum', [b.emit('Mul', [x!, x!]), b.ints([1, 2])], { keepdims: 1 })),
    )
    const found = await explain(model, { x: float32([1, 2, 6], series) }, 'feature-ablation', {
      target: 'value',
      options: { segments: 'time:3' },
    })
    expect([...found.values]).toEqual([28, 28, 28, 154, 154, 154, 28, 28, 28, 154, 154, 154])
    await model.dispose()
  })

  it('an axis that cannot be told is an error', async () => {
    const model = modelOf(build({ x: ['batch', 4, 4] }, (b, x) => b.emit('Mul', [x!, x!])))
    await expect(
      explain(model, { x: float32([1, 4, 4], Array(16).fill(1)) }, 'feature-ablation', { options: { segments: 'time' } }),
    ).rejects.toThrow('name it as in time:10:1')
    await model.dispose()
  })
})

describe('pictures', () => {
  it('tokens stand on the colours of their values, in order, escaped', () => {
    const html = renderTokens({ tokens: ['<a>', 'b', 'c'], values: [1, -1, 0], spaced: [true, true, false] })
    const spans = [
      ...html.matchAll(/( ?)<span style="background:rgb\((\d+) (\d+) (\d+)\);color:(#\w+)" title="([^"]+)">([^<]+)<\/span>/g),
    ]
    expect(spans.map(span => [span[1], span[7]])).toEqual([
      ['', '&lt;a&gt;'],
      [' ', 'b'],
      ['', 'c'],
    ])
    expect(spans.map(span => span[6])).toEqual(['1', '−1', '0'])
    const [red, blue, zero] = spans.map(span => [span[2], span[3], span[4]].map(Number)) as [number[], number[], number[]]
    expect(red[0]).toBeGreaterThan(red[2]!)
    expect(blue[2]).toBeGreaterThan(blue[0]!)
    for (const level of zero) expect(level).toBeGreaterThan(235)
    expect(spans.map(span => span[5])).toEqual(['#fff', '#fff', '#000'])
    expect(() => renderTokens({ tokens: ['a'], values: [1, 2] })).toThrow(InputError)
  })

  it('a series has a line per channel and a bar per value that is not zero, up for and down against', () => {
    const svg = renderSeries({
      values: [0, 1, 2, 4, 4, 4],
      attributions: [0, 2, -1, 0, 0, 1],
      channels: 2,
      steps: 3,
      names: ['a<', 'b'],
    })
    expect(svg.match(/<polyline points="([^"]+)"/g)).toHaveLength(2)
    expect(svg).toContain('points="181.67,46 365,24 548.33,2"')
    const bars = [...svg.matchAll(/<rect x="([\d.]+)" y="([\d.]+)" width="[\d.]+" height="([\d.]+)"/g)].map(bar =>
      bar.slice(1).map(Number),
    )
    expect(bars).toEqual([
      [273.33, 48, 14],
      [456.67, 62, 7],
      [456.67, 143, 7],
    ])
    expect(svg).toContain('a&lt;')
    const few = renderSeries({
      values: Array(40).fill(1),
      attributions: Array.from({ length: 40 }, (_, i) => i),
      channels: 20,
      steps: 2,
    })
    expect(few).toContain('and 8 more channels')
    expect(() => renderSeries({ values: [1], attributions: [1], channels: 2, steps: 1 })).toThrow(InputError)
  })
})
