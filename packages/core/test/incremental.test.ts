/** @file Incremental inference gives what full passes give, on small random networks with every kind of window operator and border. */
import { type Graph, GraphBuilder, inferShapes, Tensor } from '@ascribe/onnx'
import { afterAll, describe, expect, it } from 'vitest'
import { incremental } from '../src/incremental/sweep.js'
import { explain, float32, prepare, Random, type Target } from '../src/index.js'
import { modelOf, testRuntime } from './support/models.js'

afterAll(() => testRuntime().dispose())

const normal = (seed: number, dims: readonly number[], scale = 1): Tensor => {
  const random = new Random(seed)
  const size = dims.reduce((product, dim) => product * dim, 1)
  return Tensor.float32(
    dims,
    Float32Array.from({ length: size }, () => scale * random.normal()),
  )
}

class Network {
  readonly b = new GraphBuilder()
  #seed = 0

  constructor(readonly x: string) {}

  /** A convolution with a bias: `weight` is [out, in / group, ...kernel]. */
  conv(from: string, weight: number[], plain: Record<string, number | number[] | string> = {}): string {
    const fan = weight.slice(1).reduce((product, dim) => product * dim, 1)
    const [w, bias] = [normal(++this.#seed, weight, fan ** -0.5), normal(++this.#seed, [weight[0]!], 0.5)]
    return this.b.emit('Conv', [from, this.b.constant(w), this.b.constant(bias)], plain)
  }

  relu(from: string): string {
    return this.b.emit('Relu', [from])
  }

  head(from: string, channels: number): string {
    const pooled = this.b.emit('Flatten', [this.b.emit('GlobalAveragePool', [from])])
    return this.b.emit('Gemm', [pooled, this.b.constant(normal(++this.#seed, [channels, 3]))])
  }
}

function network(dims: readonly (number | string)[], make: (n: Network) => string): Graph {
  const n = new Network('image')
  n.b.input('image', 'float32', dims)
  n.b.output(make(n))
  return inferShapes(n.b.build())
}

const pads = (...list: number[]) => ({ pads: list })

const networks: Record<string, Graph> = {
  'strides, uneven pads, max pool, residual': network(['n', 3, 23, 21], n => {
    const stem = n.relu(n.conv('image', [4, 3, 5, 5], { strides: [2, 2], ...pads(2, 1, 3, 2) }))
    const pooled = n.b.emit('MaxPool', [stem], { kernel_shape: [3, 3], strides: [2, 1], ...pads(1, 0, 1, 1) })
    const inner = n.conv(n.relu(n.conv(pooled, [6, 4, 3, 3], pads(1, 1, 1, 1))), [4, 6, 3, 3], pads(1, 1, 1, 1))
    const sum = n.relu(n.b.emit('Add', [inner, pooled]))
    const short = n.conv(sum, [8, 4, 1, 1], { strides: [2, 2] })
    const long = n.conv(sum, [8, 4, 3, 3], { strides: [2, 2], ...pads(1, 1, 1, 1) })
    return n.head(n.b.emit('Add', [long, short]), 8)
  }),
  'dilations, average pools, concat': network(['n', 2, 20, 24], n => {
    const a = n.relu(n.conv('image', [3, 2, 3, 3], { dilations: [2, 3], ...pads(2, 3, 2, 3) }))
    const b = n.b.emit('AveragePool', ['image'], { kernel_shape: [3, 3], ...pads(1, 1, 1, 1) })
    const c = n.b.emit('AveragePool', ['image'], { kernel_shape: [3, 3], count_include_pad: 1, ...pads(1, 1, 1, 1) })
    const all = n.b.emit('Concat', [a, b, c], { axis: 1 })
    const ceil = n.b.emit('AveragePool', [all], { kernel_shape: [3, 2], strides: [3, 3], ceil_mode: 1 })
    return n.head(n.b.emit('Tanh', [n.conv(ceil, [4, 7, 2, 2])]), 4)
  }),
  'depthwise, clip, stride 3, padding of its own, automatic padding': network(['n', 3, 26, 25], n => {
    const padded = n.b.emit('Pad', ['image', n.b.ints([0, 0, 1, 0, 0, 0, 2, 1]), n.b.float(0.25)], { mode: 'constant' })
    const clip = (from: string): string => n.b.emit('Clip', [from, n.b.float(0), n.b.float(1.5)])
    const wide = clip(n.conv(padded, [8, 3, 3, 3], { strides: [2, 2], auto_pad: 'SAME_UPPER' }))
    const deep = clip(n.conv(wide, [8, 1, 3, 3], { group: 8, auto_pad: 'SAME_LOWER' }))
    const scaled = n.b.emit('Mul', [n.conv(deep, [4, 8, 1, 1]), n.b.constant(normal(77, [1, 4, 1, 1]))])
    return n.head(n.conv(scaled, [6, 4, 2, 2], { strides: [3, 3], ...pads(1, 1, 0, 1) }), 6)
  }),
  'a gate over all places ends it': network(['n', 3, 16, 16], n => {
    const h = n.relu(n.conv('image', [4, 3, 3, 3], pads(1, 1, 1, 1)))
    const gate = n.b.emit('Sigmoid', [n.conv(n.b.emit('GlobalAveragePool', [h]), [4, 4, 1, 1])])
    return n.head(n.relu(n.conv(n.b.emit('Mul', [h, gate]), [5, 4, 3, 3])), 5)
  }),
  'one axis of time': network(['n', 3, 40], n => {
    const h = n.relu(n.conv('image', [4, 3, 5], { strides: [2], ...pads(2, 2) }))
    return n.head(n.b.emit('MaxPool', [n.conv(h, [6, 4, 3], pads(1, 0))], { kernel_shape: [2], strides: [2] }), 6)
  }),
  'channels last': network(['n', 18, 20, 3], n => {
    const first = n.b.emit('Transpose', ['image'], { perm: [0, 3, 1, 2] })
    return n.head(n.relu(n.conv(n.relu(n.conv(first, [4, 3, 3, 3], pads(1, 1, 1, 1))), [4, 4, 3, 3])), 4)
  }),
  'a batch of one': network([1, 3, 17, 17], n => n.head(n.relu(n.conv('image', [4, 3, 3, 3], pads(0, 1, 1, 0))), 4)),
}

const windowsOf = (space: readonly { axis: number; length: number }[], dims: readonly number[], size: number, stride: number) => {
  let windows: { from: number; to: number }[][] = [dims.slice(1).map(length => ({ from: 0, to: length }))]
  for (const { axis, length } of space) {
    const starts = Array.from({ length: Math.ceil(Math.max(0, length - size) / stride) + 1 }, (_, k) => k * stride)
    windows = windows.flatMap(window =>
      starts.map(from => window.map((range, i) => (i === axis - 1 ? { from, to: Math.min(length, from + size) } : range))),
    )
  }
  return windows
}

describe('windows recomputed in part', () => {
  for (const [name, graph] of Object.entries(networks))
    it.each([
      [1, 3],
      [5, 4],
      [12, 7],
    ])(`${name}: window %i, stride %i`, async (size, stride) => {
      const dims = [1, ...(graph.dims('image')?.slice(1) ?? (graph.type('image')!.shape!.slice(1) as number[]))]
      const data = Float32Array.from(normal(500, dims).numbers())
      const filling = Float32Array.from(normal(501, dims).numbers())
      const model = modelOf(graph)
      const evaluator = await prepare(model, { image: float32(dims, data) }, { target: 1 })
      const channel = name === 'channels last' ? dims.length - 1 : 1
      const space = dims.map((length, axis) => ({ axis, length })).filter(({ axis }) => axis > 0 && axis !== channel)
      const windows = windowsOf(space, dims, size, stride)
      // Single channels, too.
      if (size === 5)
        windows.push(...windows.slice(0, 9).map(one => one.map((r, i) => (i === channel - 1 ? { from: 1, to: 2 } : r))))
      const covered = new Float32Array(windows.length * data.length)
      windows.forEach((window, row) => {
        for (let i = 0, rest = 0; i < data.length; i++) {
          rest = i
          const inside = window
            .map((_, axis) => axis)
            .reverse()
            .every(axis => {
              const place = rest % dims[axis + 1]!
              rest = Math.floor(rest / dims[axis + 1]!)
              return place >= window[axis]!.from && place < window[axis]!.to
            })
          covered[row * data.length + i] = (inside ? filling : data)[i]!
        }
      })
      const full = await evaluator.forward({ image: covered }, windows.length)
      const largest = Math.max(...full.map(value => Math.abs(evaluator.value - value)))
      expect(largest).toBeGreaterThan(1e-3)
      for (const extend of ['cheapest', 'furthest'] as const) {
        const found = await incremental(evaluator.rows, 'image', filling, windows, extend)!.sweep()
        const worst = Math.max(...full.map((value, i) => Math.abs(value - found[i]!)))
        expect(worst / largest).toBeLessThan(1e-5)
      }
      await model.dispose()
    })

  it('is left to whole passes where the target reads other outputs than the explained one', async () => {
    const b = new GraphBuilder()
    const image = b.input('image', 'float32', ['n', 1, 16, 16])
    const conv = b.emit('Relu', [b.emit('Conv', [image, b.constant(normal(7, [2, 1, 3, 3]))], { pads: [1, 1, 1, 1] })])
    const [first, second] = [b.emit('Flatten', [conv]), b.emit('Flatten', [b.emit('GlobalMaxPool', [conv])])]
    b.output(first)
    b.output(second)
    const model = modelOf(inferShapes(b.build()))
    const data = { image: float32([1, 1, 16, 16], normal(8, [1, 1, 16, 16]).numbers()) }
    const both: Target = {
      describe: 'largest of the second, and the first',
      outputs: [second, first],
      build: (builder, { [first]: one, [second]: other }) =>
        builder.emit('Add', [
          builder.emit('ReduceMax', [other!, builder.ints([1])], { keepdims: 1 }),
          builder.emit('ReduceSum', [one!, builder.ints([1])], { keepdims: 1 }),
        ]),
      value: ({ [first]: one, [second]: other }) => Math.max(...other!.data) + one!.data.reduce((sum, value) => sum + value, 0),
    }
    const other: Target = {
      ...both,
      outputs: [second],
      build: (builder, o) => builder.emit('ReduceMax', [o[second]!, builder.ints([1])], { keepdims: 1 }),
      value: o => Math.max(...o[second]!.data),
    }
    for (const target of [both, other]) {
      const run = (incrementally: string) =>
        explain(model, data, 'occlusion', {
          target,
          output: first,
          options: { window: 3, stride: 2, incremental: incrementally },
        })
      const [auto, off] = [await run('auto'), await run('off')]
      expect(Array.from(auto.values)).toEqual(Array.from(off.values))
      expect(Math.max(...auto.values.map(Math.abs))).toBeGreaterThan(0.1)
      await expect(run('on')).rejects.toThrow(/use incremental=auto/)
    }
    await model.dispose()
  })

  it('says what it computes, in occlusion, and is refused where nothing can be saved', async () => {
    const image = float32([1, 3, 16, 16], normal(500, [1, 3, 16, 16]).numbers())
    const model = modelOf(networks['a gate over all places ends it']!)
    const options = { window: 3, stride: 2 }
    const on = await explain(model, { image }, 'occlusion', { target: 1, options: { ...options, incremental: 'on' } })
    const off = await explain(model, { image }, 'occlusion', { target: 1, options: { ...options, incremental: 'off' } })
    expect(on.options['computed']).not.toEqual({ image: 1 })
    expect(off.options['computed']).toEqual({ image: 1 })
    const largest = Math.max(...off.values.map(Math.abs))
    expect(Math.max(...off.values.map((value, i) => Math.abs(value - on.values[i]!)))).toBeLessThan(1e-5 * largest)
    const dense = modelOf(network(['n', 3, 16, 16], n => n.head(n.b.emit('GlobalAveragePool', ['image']), 3)))
    await expect(explain(dense, { image }, 'occlusion', { options: { incremental: 'on' } })).rejects.toThrow('incremental=auto')
  })
})
