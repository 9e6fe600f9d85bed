/** @file The command's small parts: parsing of flags and methods, preprocessing plans, predictions, drawing, progress. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { float32, Model, type ModelOptions, UsageError, writeNpy } from '@ascribe/core'
import { nodeRuntime } from '@ascribe/core/node'
import { GraphBuilder } from '@ascribe/onnx'
import { describe, expect, it } from 'vitest'
import { draw, pictureOfTensor, positionLabels } from '../src/explain/draw.js'
import { pictureInput, picturePlan } from '../src/explain/pictures.js'
import { outputKind, scoresBeside, topPredictions } from '../src/explain/predictions.js'
import { ProgressMeter } from '../src/explain/progress.js'
import { methodRequests, parseMethod } from '../src/methods.js'
import { bytes, numbers, size, whole } from '../src/options.js'
import type { Terminal } from '../src/terminal.js'

describe('methods on the command line', () => {
  it.each([
    ['rise', 'rise', {}],
    ['rise:masks=10', 'rise', { masks: '10' }],
    ['ig:points=5,baseline=blur:10', 'ig', { points: '5', baseline: 'blur:10' }],
    ['occlusion:window=3,16,16,stride=8', 'occlusion', { window: '3,16,16', stride: '8' }],
    ['ig:baseline=a=b.npy', 'ig', { baseline: 'a=b.npy' }],
  ])('%s', (text, name, options) => {
    expect(parseMethod(text)).toEqual({ name, options })
  })

  it.each(['rise:masks', 'rise:', 'rise:masks=1,masks=2'])('%s is refused', text => {
    expect(() => parseMethod(text)).toThrow(UsageError)
  })
})

describe('options of a wrapped method', () => {
  it('are read like its own: a baseline from a file', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ascribe-units-'))
    const path = join(folder, 'base.npy')
    writeFileSync(path, writeNpy(float32([1, 2], [0.5, -1])))
    try {
      const [request] = await methodRequests([`noise-tunnel:of=ig,of.points=3,of.baseline=${path}`])
      expect(request!.files).toEqual({ 'of.baseline': 'base.npy' })
      expect(request!.options['of.baseline']).toMatchObject({ dims: [1, 2], data: Float32Array.of(0.5, -1) })
    } finally {
      rmSync(folder, { recursive: true })
    }
    await expect(methodRequests(['noise-tunnel:of=gradient,of.points=3'])).rejects.toThrow(/no option "of.points"/)
  })
})

describe('values of flags', () => {
  it('sizes of memory', () => {
    expect([bytes('512M'), bytes('2G'), bytes('1.5GiB'), bytes('800'), bytes('10kb')]).toEqual([
      2 ** 29,
      2 ** 31,
      1.5 * 2 ** 30,
      800,
      10240,
    ])
    for (const text of ['', 'G', '-1M', '1..5G', '0', '1X']) expect(() => bytes(text), text).toThrow(/512M/)
  })

  it('numbers and sizes', () => {
    expect(numbers('--mean')('0.5, 1,2e-1')).toEqual([0.5, 1, 0.2])
    expect(size('224')).toEqual({ height: 224, width: 224 })
    expect(size('224x320')).toEqual({ height: 224, width: 320 })
    expect(whole('--seed', 0)('0')).toBe(0)
    for (const text of ['', '1.5', '-1', 'x']) expect(() => whole('--limit', 1)(text)).toThrow(UsageError)
    for (const text of ['1,,2', 'a']) expect(() => numbers('--mean')(text)).toThrow(UsageError)
    for (const text of ['0x3', '3x', 'x']) expect(() => size(text)).toThrow(UsageError)
  })
})

function modelOf(shape: readonly (number | string)[], options: Partial<ModelOptions> = {}): Model {
  const builder = new GraphBuilder()
  builder.output(builder.emit('Relu', [builder.input('x', 'float32', shape)]), 'float32', shape)
  return new Model(builder.build(), { runtime: nodeRuntime(), ...options })
}

describe('the plan for pictures', () => {
  it('reads layout and channels off the shape', () => {
    expect(pictureInput(modelOf(['n', 3, 64, 48]).graph.inputs)).toMatchObject({
      layout: 'NCHW',
      channels: 3,
      height: 64,
      width: 48,
    })
    expect(pictureInput(modelOf([1, 64, 48, 3]).graph.inputs)).toMatchObject({
      layout: 'NHWC',
      channels: 3,
      height: 64,
      width: 48,
    })
    expect(pictureInput(modelOf([1, 1, 28, 28]).graph.inputs)).toMatchObject({ layout: 'NCHW', channels: 1 })
    expect(pictureInput(modelOf(['n', 'c', 'h', 'w']).graph.inputs)).toMatchObject({
      layout: 'NCHW',
      channels: 3,
      height: undefined,
    })
    expect(pictureInput(modelOf([1, 16, 768]).graph.inputs)).toBeUndefined()
    expect(pictureInput(modelOf([1, 16, 64, 64]).graph.inputs)).toBeUndefined()
  })

  it('derives the size, and warns that no normalisation is known', () => {
    const plan = picturePlan(modelOf(['n', 3, 64, 48]), { crop: true })
    expect(plan.preprocessing).toMatchObject({
      resize: { kind: 'exact', height: 64, width: 48 },
      crop: null,
      scale: 1 / 255,
      normalize: null,
    })
    expect(plan.warnings).toHaveLength(1)
    expect(() => picturePlan(modelOf(['n', 3, 'h', 'w']), { crop: true })).toThrow(/--size/)
    expect(picturePlan(modelOf([1, 1, 28, 28]), { crop: true, mean: [0.1] }).preprocessing).toMatchObject({
      channels: 'grey',
      normalize: { mean: [0.1], std: [1] },
    })
  })

  it('squeezes instead of cropping, and lets flags replace parts', () => {
    const preprocessing = {
      resize: { kind: 'shortest', edge: 256 },
      resample: 'bilinear',
      crop: { height: 224, width: 200 },
      scale: 1 / 255,
      offset: 0,
      normalize: { mean: [0.5, 0.5, 0.5], std: [0.2, 0.2, 0.2] },
      channels: 'RGB',
      layout: 'NCHW',
    } as const
    const model = modelOf(['n', 'h', 'w', 3], { preprocessing })
    expect(picturePlan(model, { crop: true }).preprocessing).toEqual({ ...preprocessing, layout: 'NHWC' })
    expect(picturePlan(model, { crop: false }).preprocessing).toMatchObject({
      resize: { kind: 'exact', height: 224, width: 200 },
      crop: null,
    })
    expect(picturePlan(model, { crop: true, size: { height: 8, width: 9 }, channels: 'BGR' }).preprocessing).toMatchObject({
      resize: { kind: 'exact', height: 8, width: 9 },
      crop: null,
      channels: 'BGR',
      normalize: preprocessing.normalize,
    })
    expect(() => picturePlan(model, { crop: true, std: [1, 1, 1] })).toThrow(/--std needs --mean/)
    expect(() => picturePlan(model, { crop: true, mean: [0, 0, 0], std: [1, 0, 1] })).toThrow(/not be zero/)
  })
})

const value = (dims: readonly number[], data: readonly number[]) =>
  ({ dtype: 'float32', dims, data: Float32Array.from(data) }) as const

describe('predictions', () => {
  const { graph } = modelOf([1, 3])
  const name = graph.outputs[0]!.name

  it('apply softmax to scores, not to probabilities, and to nothing else', () => {
    expect(outputKind(graph, name, value([1, 3], [2, 1, 0]))).toBe('scores')
    expect(outputKind(graph, name, value([1, 3], [0.5, 0.25, 0.25]))).toBe('probabilities')
    expect(outputKind(graph, name, value([1, 1], [0.7]))).toBe('values')
    expect(outputKind(graph, name, value([1, 2, 3], [1, 2, 3, 4, 5, 6]))).toBe('values')
    expect(outputKind(graph, name, value([2, 3], [1, 2, 3, 4, 5, 6]))).toBe('values')
  })

  it('are those of the row that the target names', () => {
    const target = { output: name, link: 'logit', classes: [{ index: 4, weight: 1 }], description: '' } as const
    const scores = value([2, 3], [1, 2, 3, 4, 5, 6])
    expect(scoresBeside(target, scores)).toBe(scores)
    expect(scoresBeside({ ...target, rowClasses: 3 }, scores)).toEqual(value([1, 3], [4, 5, 6]))
  })

  it('are the largest, the first of equal ones first', () => {
    const found = topPredictions(value([1, 4], [1, 3, 3, 0]), 'scores', ['a', undefined, 'c'], 3)
    expect(found.map(({ index, label }) => [index, label])).toEqual([
      [1, 'class 1'],
      [2, 'c'],
      [0, 'a'],
    ])
    const total = Math.exp(1) + 2 * Math.exp(3) + 1
    expect(found[0]!.probability).toBeCloseTo(Math.exp(3) / total, 12)
    expect(topPredictions(value([1, 2], [1000, 999]), 'scores', undefined)[0]!.probability).toBeCloseTo(
      1 / (1 + Math.exp(-1)),
      12,
    )
    expect(topPredictions(value([1, 1], [0.7]), 'values', undefined)).toEqual([
      { index: 0, label: 'output', score: expect.closeTo(0.7, 6) },
    ])
  })
})

describe('drawing', () => {
  const context = {
    layout: 'NCHW',
    shape: (tensor: string) => ({ picture: ['n', 1, 2, 4], layer: ['n', 3, 1, 2], tokens: ['n', 4, 5] })[tensor] ?? ['n', 3],
    positions: (_: string, length: number, tokens: boolean) => positionLabels({}, length, tokens),
    colormaps: ['magma'],
    mapAlone: false,
    isInput: (tensor: string) => tensor === 'picture',
    input: () => undefined,
  } as const
  const seen = { width: 4, height: 2, channels: 1, data: new Uint8Array(8).fill(100) } as const

  it('overlays spatial maps, and gives a signed map its diverging colours whatever sequential ones are asked for', () => {
    const signed = draw(
      'picture',
      { values: Float32Array.of(-1, 0, 0, 1, 0, 0, 0, 0), dims: [1, 1, 2, 4] },
      { ...context, picture: seen },
    )
    expect(signed.file!.extension).toBe('png')
    expect(signed.legend).toMatchObject({ colormap: 'blue-white-red', range: { kind: 'diverging' } })
    const plain = draw('layer', { values: Float32Array.of(0, 1), dims: [1, 1, 2] }, { ...context, picture: seen })
    expect(plain.legend).toMatchObject({ colormap: 'magma', range: { kind: 'sequential' } })
    expect(plain.overlay).toBeDefined()
    expect(draw('layer', { values: Float32Array.of(0, 1), dims: [1, 1, 2] }, context).overlay).toBeUndefined()
    const raised = draw('layer', { values: Float32Array.of(10, 12), dims: [1, 1, 2] }, context)
    expect(raised.legend!.range.low).toBe(10)
  })

  it('overlays the tokens of a picture on their grid, and draws their own elements as bars', () => {
    const grid = draw('tokens', { values: Float32Array.of(0, 1, 2, 3), dims: [1, 2, 2] }, { ...context, picture: seen })
    expect(grid.overlay).toBeDefined()
    const own = draw('tokens', { values: new Float32Array(20).fill(1), dims: [1, 4, 5] }, { ...context, picture: seen })
    expect(own.file!.extension).toBe('svg')
  })

  it('draws bars for columns and tokens, and nothing for what has no picture', () => {
    const columns = draw('columns', { values: Float32Array.of(1, -2, 3), dims: [1, 3] }, context)
    expect(columns.bars).toMatchObject({ order: 'strength', labels: ['feature 0', 'feature 1', 'feature 2'] })
    const tokens = draw('tokens', { values: Float32Array.of(1, 1, -2, 0), dims: [1, 2, 2] }, context)
    expect(Array.from(tokens.bars!.values)).toEqual([2, -2])
    expect(draw('video', { values: new Float32Array(16), dims: [1, 2, 2, 2, 2] }, context)).toEqual({})
  })

  it('shows what a tensor holds: undone preprocessing, or its range', () => {
    const tensor = value([1, 1, 1, 3], [-1, 0, 1])
    expect(Array.from(pictureOfTensor(tensor, undefined, 'NCHW')!.data)).toEqual([0, 128, 255])
    expect(pictureOfTensor(value([1, 5, 1, 1], [1, 2, 3, 4, 5]), undefined, 'NCHW')).toBeUndefined()
    expect(pictureOfTensor(value([1, 3], [1, 2, 3]), undefined, 'NCHW')).toBeUndefined()
  })

  it('names tokens by their ids', () => {
    const row = { ids: { dtype: 'int64', dims: [1, 2], data: BigInt64Array.of(101n, 7n) } } as const
    expect(positionLabels(row, 2, true)).toEqual(['0: id 101', '1: id 7'])
    expect(positionLabels(row, 3, true)).toEqual(['0', '1', '2'])
  })
})

describe('progress', () => {
  it('never runs backwards and ends at the whole', () => {
    const bars: string[] = []
    const terminal = { live: true, bar: (text: string) => bars.push(text), note: () => {} } as unknown as Terminal
    const meter = new ProgressMeter(terminal, 10)
    const clock = performance.now
    let now = clock.call(performance) + 1000
    performance.now = () => (now += 1000)
    try {
      meter.update('a', 0.5, 6)
      meter.update('a', 0.2, 6)
      meter.finish('a', 6)
      meter.finish('b', 4)
    } finally {
      performance.now = clock
    }
    expect(bars.map(text => Number(/(\d+)%/.exec(text)![1]))).toEqual([30, 30, 60, 100])
    expect(bars[2]).toMatch(/ left/)
  })
})
