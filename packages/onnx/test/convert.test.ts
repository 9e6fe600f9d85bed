/** @file Version steps: each old or new form of an operator, run as it is and in normal form, gives the same numbers. */
import { describe, expect, it } from 'vitest'
import { normalise } from '../src/convert/normalise.js'
import type { DataType } from '../src/dtype.js'
import type { Shape } from '../src/graph.js'
import { type Graph, GraphBuilder, normalOpset, type PlainAttributes, Tensor } from '../src/index.js'
import { runOrt } from './support/ort.js'

interface Case {
  readonly operator: string
  readonly opset: number
  readonly attributes?: PlainAttributes
  /** Dimensions of float inputs, or constants. */
  readonly inputs: readonly (readonly number[] | Tensor | '')[]
  readonly outputs?: number
  /** Declared shape of the first input where it should not be its real one. */
  readonly declared?: Shape | null
  readonly as?: readonly DataType[]
  readonly label?: string
}

const wave = (dims: readonly number[], seed: number): Float32Array =>
  Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(1.7 * i + seed) * 1.5)

function model({ operator, opset, attributes = {}, inputs, outputs = 1, declared, as = [] }: Case) {
  const builder = new GraphBuilder()
  const feeds: Record<string, { dtype: DataType; dims: readonly number[]; data: Float64Array }> = {}
  const names = inputs.map((input, i) => {
    if (input === '') return ''
    if (input instanceof Tensor) return builder.constant(input)
    const name = `x${i}`
    feeds[name] = { dtype: 'float32', dims: input, data: Float64Array.from(wave(input, i)) }
    return builder.input(name, 'float32', i === 0 && declared !== undefined ? declared : input)
  })
  const made = builder.emitAll(operator, names, outputs, attributes)
  for (const [i, name] of made.entries()) builder.output(name, as[i] ?? 'float32', null)
  return { graph: builder.build({ opsets: new Map([['', opset]]) }), feeds }
}

const raw = (graph: Graph) => ({ irVersion: 8, producer: 'test', graph, functions: [] })
const ints = (...values: number[]): Tensor => Tensor.ints(values)

const cases: readonly Case[] = [
  {
    operator: 'Clip',
    opset: 7,
    attributes: { min: { kind: 'float', value: -0.5 }, max: { kind: 'float', value: 0.7 } },
    inputs: [[2, 3]],
  },
  { operator: 'Clip', opset: 10, attributes: { min: { kind: 'float', value: 0 } }, inputs: [[2, 3]] },
  { operator: 'Slice', opset: 9, attributes: { starts: [1, 0], ends: [3, 2], axes: [0, 2] }, inputs: [[4, 2, 5]] },
  { operator: 'Slice', opset: 7, attributes: { starts: [1], ends: [3] }, inputs: [[4, 2, 5]] },
  { operator: 'Squeeze', opset: 12, attributes: { axes: [0, 2] }, inputs: [[1, 3, 1, 2]] },
  { operator: 'Squeeze', opset: 9, inputs: [[1, 3, 1, 2]] },
  { operator: 'Unsqueeze', opset: 11, attributes: { axes: [0, 3] }, inputs: [[2, 3]] },
  { operator: 'Split', opset: 12, attributes: { axis: 1, split: [1, 3] }, inputs: [[2, 4]], outputs: 2 },
  { operator: 'Split', opset: 9, attributes: { axis: 1 }, inputs: [[2, 4]], outputs: 2 },
  { operator: 'Split', opset: 13, inputs: [[4, 2]], outputs: 2 },
  { operator: 'Split', opset: 13, attributes: { axis: 1 }, inputs: [[2, 4], ints(3, 1)], outputs: 2 },
  { operator: 'ReduceSum', opset: 11, attributes: { axes: [1], keepdims: 0 }, inputs: [[2, 3, 2]] },
  ...['L1', 'L2', 'LogSumExp', 'Max', 'Mean', 'Min', 'Prod', 'SumSquare'].map(kind => ({
    operator: `Reduce${kind}`,
    opset: 13,
    attributes: { axes: [-1] },
    inputs: [[2, 3, 4]],
  })),
  { operator: 'ReduceMean', opset: 9, attributes: { keepdims: 0 }, inputs: [[2, 3, 4]] },
  { operator: 'Pad', opset: 10, attributes: { pads: [0, 1, 2, 0], value: { kind: 'float', value: 1.5 } }, inputs: [[2, 3]] },
  { operator: 'Pad', opset: 9, attributes: { pads: [0, 1, 1, 0], mode: 'reflect' }, inputs: [[3, 3]] },
  { operator: 'Pad', opset: 13, inputs: [[2, 3], ints(1, 0, 0, 2), Tensor.float32([], [2])] },
  { operator: 'TopK', opset: 9, attributes: { axis: 1, k: 2 }, inputs: [[3, 5]], outputs: 2, as: ['float32', 'int64'] },
  { operator: 'TopK', opset: 10, attributes: { axis: 1 }, inputs: [[3, 5], ints(2)], outputs: 2, as: ['float32', 'int64'] },
  { operator: 'Upsample', opset: 7, attributes: { scales: [1, 1, 2, 3], mode: 'nearest' }, inputs: [[1, 2, 3, 2]] },
  { operator: 'Upsample', opset: 8, attributes: { scales: [1, 1, 2, 2], mode: 'linear' }, inputs: [[1, 2, 3, 3]] },
  { operator: 'Upsample', opset: 9, attributes: { mode: 'linear' }, inputs: [[1, 2, 3, 2], Tensor.float32([4], [1, 1, 1.5, 2])] },
  { operator: 'Resize', opset: 10, attributes: { mode: 'nearest' }, inputs: [[1, 2, 3, 3], Tensor.float32([4], [1, 1, 1.7, 2])] },
  {
    operator: 'Resize',
    opset: 10,
    attributes: { mode: 'nearest' },
    inputs: [[1, 1, 6, 6], Tensor.float32([4], [1, 1, 0.6, 0.5])],
    label: 'down',
  },
  { operator: 'Resize', opset: 10, attributes: { mode: 'linear' }, inputs: [[1, 2, 4, 4], Tensor.float32([4], [1, 1, 0.6, 2])] },
  {
    operator: 'Resize',
    opset: 11,
    attributes: { mode: 'nearest', coordinate_transformation_mode: 'tf_half_pixel_for_nn', nearest_mode: 'floor' },
    inputs: [[1, 1, 5, 4], Tensor.float32([0], []), Tensor.float32([4], [1, 1, 1.6, 0.7])],
    label: 'tf_half_pixel_for_nn',
  },
  {
    operator: 'Resize',
    opset: 11,
    attributes: { mode: 'linear', coordinate_transformation_mode: 'align_corners' },
    inputs: [[1, 1, 3, 4], Tensor.float32([0], []), Tensor.float32([0], []), ints(1, 1, 5, 7)],
    label: 'sizes',
  },
  { operator: 'Resize', opset: 13, attributes: { mode: 'cubic' }, inputs: [[1, 1, 3, 4], '', Tensor.float32([4], [1, 1, 2, 2])] },
  { operator: 'Dropout', opset: 7, attributes: { ratio: 0.3 }, inputs: [[2, 3]] },
  { operator: 'Dropout', opset: 10, inputs: [[2, 3]] },
  {
    operator: 'BatchNormalization',
    opset: 7,
    attributes: { epsilon: 1e-3 },
    inputs: [
      [2, 3, 2, 2],
      Tensor.float32([3], [1, 2, -1]),
      Tensor.float32([3], [0, 1, 2]),
      Tensor.float32([3], [0.1, 0.2, 0.3]),
      Tensor.float32([3], [1, 2, 3]),
    ],
  },
  {
    operator: 'BatchNormalization',
    opset: 9,
    inputs: [
      [2, 2, 3],
      Tensor.float32([2], [1, 2]),
      Tensor.float32([2], [0, 1]),
      Tensor.float32([2], [0.1, 0.2]),
      Tensor.float32([2], [1, 2]),
    ],
  },
  ...['Softmax', 'LogSoftmax', 'Hardmax'].flatMap(operator => [
    { operator, opset: 11, inputs: [[2, 5]] },
    { operator, opset: 9, attributes: { axis: 1 }, inputs: [[2, 3, 4]], label: 'coerced' },
    { operator, opset: 12, attributes: { axis: 2 }, inputs: [[2, 3, 4]] },
    { operator, opset: 12, attributes: { axis: -1 }, inputs: [[2, 3, 4]] },
    { operator, opset: 12, attributes: { axis: -2 }, inputs: [[2, 3, 4]] },
    { operator, opset: 8, attributes: { axis: 0 }, inputs: [[2, 3]] },
    { operator, opset: 9, attributes: { axis: 1 }, inputs: [[2, 3, 1, 1]] },
    { operator, opset: 11, attributes: { axis: 1 }, inputs: [[2, 3, 4]], declared: null, label: 'rank unknown' },
    { operator, opset: 11, attributes: { axis: 1 }, inputs: [[2, 3, 4]], declared: ['N', 3, 'L'], label: 'symbolic' },
  ]),
  { operator: 'Scatter', opset: 9, attributes: { axis: 1 }, inputs: [[1, 5], Tensor.from('int64', [1, 2], [1, 3]), [1, 2]] },
  {
    operator: 'RoiAlign',
    opset: 10,
    attributes: { output_height: 2, output_width: 2, sampling_ratio: 2 },
    inputs: [[1, 1, 6, 6], Tensor.float32([2, 4], [0, 0, 3, 3, 1, 1, 5, 4]), ints(0, 0)],
  },
  {
    operator: 'GridSample',
    opset: 16,
    attributes: { mode: 'bilinear' },
    inputs: [
      [1, 1, 4, 4],
      [1, 3, 3, 2],
    ],
  },
  {
    operator: 'GridSample',
    opset: 16,
    attributes: { mode: 'bicubic', padding_mode: 'border' },
    inputs: [
      [1, 1, 4, 4],
      [1, 3, 3, 2],
    ],
  },
  { operator: 'DFT', opset: 17, attributes: { axis: 1 }, inputs: [[1, 5, 1]] },
  {
    operator: 'GroupNormalization',
    opset: 18,
    attributes: { num_groups: 2 },
    inputs: [[2, 4, 3], Tensor.float32([2], [1, 2]), Tensor.float32([2], [0.5, -1])],
  },
  { operator: 'Gemm', opset: 7, attributes: { alpha: 0.5, transB: 1 }, inputs: [[2, 3], [4, 3], [4]] },
  { operator: 'MaxPool', opset: 8, attributes: { kernel_shape: [2, 2], strides: [1, 2] }, inputs: [[1, 2, 4, 4]] },
  {
    operator: 'AveragePool',
    opset: 7,
    attributes: { kernel_shape: [3], pads: [1, 1], count_include_pad: 1 },
    inputs: [[1, 2, 5]],
  },
  {
    operator: 'LSTM',
    opset: 7,
    attributes: { hidden_size: 2 },
    inputs: [
      [3, 1, 2],
      [1, 8, 2],
      [1, 8, 2],
    ],
    outputs: 3,
  },
  { operator: 'Swish', opset: 24, inputs: [[2, 3]], attributes: { alpha: 1.5 } },
  {
    operator: 'RMSNormalization',
    opset: 23,
    attributes: { axis: 1 },
    inputs: [
      [2, 3, 4],
      [3, 4],
    ],
  },
  { operator: 'RMSNormalization', opset: 23, inputs: [[2, 3, 4], [4]] },
  {
    operator: 'RotaryEmbedding',
    opset: 23,
    inputs: [
      [1, 2, 3, 4],
      [1, 3, 2],
      [1, 3, 2],
    ],
  },
  {
    operator: 'RotaryEmbedding',
    opset: 23,
    attributes: { interleaved: 1, num_heads: 2 },
    inputs: [
      [1, 3, 8],
      [1, 3, 2],
      [1, 3, 2],
    ],
  },
  {
    operator: 'RotaryEmbedding',
    opset: 23,
    attributes: { rotary_embedding_dim: 4 },
    inputs: [[1, 2, 3, 6], [8, 2], [8, 2], Tensor.from('int64', [1, 3], [2, 5, 1])],
  },
  {
    operator: 'Attention',
    opset: 23,
    inputs: [
      [1, 2, 3, 4],
      [1, 2, 5, 4],
      [1, 2, 5, 3],
    ],
  },
  {
    operator: 'Attention',
    opset: 23,
    attributes: { q_num_heads: 2, kv_num_heads: 2, scale: 0.3 },
    inputs: [
      [1, 3, 8],
      [1, 5, 8],
      [1, 5, 4],
    ],
  },
  {
    operator: 'Attention',
    opset: 23,
    attributes: { q_num_heads: 4, kv_num_heads: 2 },
    inputs: [
      [1, 3, 16],
      [1, 3, 8],
      [1, 3, 8],
    ],
    label: 'grouped',
  },
  {
    operator: 'Attention',
    opset: 23,
    attributes: { is_causal: 1 },
    inputs: [
      [2, 4, 3, 4],
      [2, 2, 3, 4],
      [2, 2, 3, 4],
    ],
    label: 'grouped causal',
  },
  {
    operator: 'Attention',
    opset: 23,
    attributes: { softcap: 2 },
    inputs: [
      [1, 2, 3, 4],
      [1, 2, 5, 4],
      [1, 2, 5, 4],
    ],
  },
  {
    operator: 'Attention',
    opset: 23,
    inputs: [
      [1, 2, 3, 4],
      [1, 2, 5, 4],
      [1, 2, 5, 4],
      [3, 5],
    ],
    label: 'float mask',
  },
  {
    operator: 'Attention',
    opset: 23,
    inputs: [[1, 2, 2, 4], [1, 2, 3, 4], [1, 2, 3, 4], Tensor.from('bool', [2, 3], [1, 1, 0, 0, 1, 1])],
    label: 'boolean mask',
  },
  {
    operator: 'Attention',
    opset: 23,
    attributes: { is_causal: 1 },
    inputs: [[1, 2, 2, 4], [1, 2, 2, 4], [1, 2, 2, 4], '', [1, 2, 3, 4], [1, 2, 3, 4]],
    outputs: 3,
    label: 'past',
  },
]

describe('version steps keep the numbers', () => {
  for (const one of cases)
    it(`${one.operator} ${one.opset} ${one.label ?? JSON.stringify(one.attributes ?? {})}`, async () => {
      const { graph, feeds } = model(one)
      const normal = normalise(raw(graph))
      expect(normal.opsets.get('')).toBe(normalOpset)
      const before = await runOrt(graph, feeds)
      const after = await runOrt(normal, feeds)
      expect(Object.keys(after)).toEqual(Object.keys(before))
      for (const [name, value] of Object.entries(before)) {
        expect(after[name]!.dims).toEqual(value.dims)
        const largest = Math.max(1, ...value.data.map(Math.abs))
        value.data.forEach((number, i) => {
          expect(
            Math.abs(after[name]!.data[i]! - number),
            `${name}[${i}]: ${after[name]!.data[i]} against ${number}`,
          ).toBeLessThanOrEqual(1e-6 * largest)
        })
      }
    })
})
