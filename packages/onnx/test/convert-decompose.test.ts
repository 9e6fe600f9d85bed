/** @file Composite operators taken apart give what ONNX Runtime's fused kernels give. */
import { describe, expect, it } from 'vitest'
import {
  type DataType,
  decompose,
  decompositions,
  elementCount,
  GraphBuilder,
  inferShapes,
  type NdArray,
  normalise,
  operatorKey,
  type PlainAttributes,
  Tensor,
} from '../src/index.js'
import { runOrt } from './support/ort.js'

type Constant = Tensor

interface Case {
  readonly operator: string
  readonly attributes?: PlainAttributes
  /** Dimensions of fed float inputs, constants, or '' where omitted. */
  readonly inputs: readonly (readonly number[] | Constant | '')[]
  readonly outputs?: readonly (DataType | '')[]
  readonly label?: string
  /** ONNX Runtime rounds activations to 8 bits unless told otherwise, or approximates. */
  readonly tolerance?: number
}

const wave = (dims: readonly number[], seed: number): Float64Array =>
  Float64Array.from({ length: elementCount(dims) }, (_, i) => Math.fround(Math.sin(1.3 * i + 2.1 * seed) + 0.1 * Math.cos(7 * i)))

const f = (dims: readonly number[], seed = 5): Tensor => Tensor.float32(dims, wave(dims, seed))
const i32 = (dims: readonly number[], values: readonly number[]): Tensor => Tensor.from('int32', dims, values)
const i64 = (dims: readonly number[], values: readonly number[]): Tensor => Tensor.from('int64', dims, values)
const bytes = (dims: readonly number[]): Tensor =>
  Tensor.from(
    'uint8',
    dims,
    Array.from({ length: elementCount(dims) }, (_, i) => (i * 37 + 11) % 256),
  )
/** Angles' cosines or sines, as rotary tables hold them. */
const table = (of: (x: number) => number, rows: number, half: number): Tensor =>
  Tensor.float32(
    [rows, half],
    Array.from({ length: rows * half }, (_, i) => of(Math.floor(i / half) / 10 ** (i % half))),
  )

const ms = (name: string): string => `com.microsoft:${name}`
const heads2 = { num_heads: 2 }

const cases: readonly Case[] = [
  { operator: ms('Gelu'), inputs: [[2, 5]] },
  { operator: ms('FastGelu'), inputs: [[2, 5], [5]] },
  { operator: ms('FastGelu'), inputs: [[2, 5]], label: 'no bias' },
  { operator: ms('BiasGelu'), inputs: [[2, 5], [5]] },
  { operator: ms('QuickGelu'), attributes: { alpha: 1.3 }, inputs: [[2, 5]] },
  {
    operator: ms('FusedMatMul'),
    attributes: { alpha: 0.5, transA: 1 },
    inputs: [
      [2, 4, 3],
      [2, 4, 5],
    ],
  },
  {
    operator: ms('FusedMatMul'),
    attributes: { transB: 1 },
    inputs: [
      [2, 3, 4],
      [5, 4],
    ],
  },
  {
    operator: ms('FusedMatMul'),
    attributes: { transBatchA: 1 },
    inputs: [
      [3, 2, 4],
      [2, 4, 5],
    ],
  },
  {
    operator: ms('FusedMatMul'),
    attributes: { transBatchB: 1, transB: 1 },
    inputs: [
      [2, 3, 4],
      [5, 2, 4],
    ],
  },
  {
    operator: ms('FusedConv'),
    attributes: { activation: 'Relu', pads: [1, 1, 1, 1] },
    inputs: [[1, 2, 4, 4], f([3, 2, 3, 3]), f([3])],
  },
  {
    operator: ms('FusedConv'),
    attributes: { activation: 'Clip', activation_params: { kind: 'floats', value: [-0.5, 0.8] } },
    inputs: [[1, 2, 4, 4], f([3, 2, 3, 3]), f([3])],
  },
  {
    operator: ms('FusedConv'),
    attributes: { activation: 'Relu' },
    inputs: [[1, 2, 4, 4], f([3, 2, 3, 3]), f([3]), [1, 3, 2, 2]],
    label: 'added',
  },
  {
    operator: ms('FusedGemm'),
    attributes: { activation: 'LeakyRelu', activation_alpha: { kind: 'float', value: 0.3 }, transB: 1 },
    inputs: [[2, 3], [4, 3], [4]],
  },
  {
    operator: ms('MatMulNBits'),
    attributes: { K: 32, N: 3, bits: 4, block_size: 16 },
    inputs: [[2, 32], bytes([3, 2, 8]), f([6])],
    label: 'no zeros',
  },
  {
    operator: ms('MatMulNBits'),
    attributes: { K: 48, N: 3, bits: 4, block_size: 16 },
    inputs: [[2, 48], bytes([3, 3, 8]), f([9]), bytes([6])],
  },
  {
    operator: ms('MatMulNBits'),
    attributes: { K: 32, N: 2, bits: 8, block_size: 32 },
    inputs: [[2, 32], bytes([2, 1, 32]), f([2])],
    tolerance: 1e-5,
  },
  { operator: ms('SkipLayerNormalization'), attributes: { epsilon: 1e-5 }, inputs: [[2, 3, 4], [2, 3, 4], [4], [4], [4]] },
  {
    operator: ms('SkipLayerNormalization'),
    inputs: [[2, 3, 4], [2, 3, 4], [4]],
    outputs: ['float32', '', '', 'float32'],
    label: 'sum',
  },
  {
    operator: ms('SkipSimplifiedLayerNormalization'),
    attributes: { epsilon: 1e-5 },
    inputs: [[2, 3, 4], [2, 3, 4], [4]],
    outputs: ['float32', '', '', 'float32'],
  },
  { operator: 'SimplifiedLayerNormalization', attributes: { epsilon: 1e-5, axis: -1, stash_type: 1 }, inputs: [[2, 3, 4], [4]] },
  { operator: 'MeanVarianceNormalization', inputs: [[2, 3, 4, 2]] },
  {
    operator: ms('EmbedLayerNormalization'),
    attributes: { epsilon: 1e-5 },
    inputs: [
      i32([2, 3], [0, 3, 1, 2, 2, 4]),
      i32([2, 3], [0, 1, 0, 1, 1, 0]),
      f([5, 4], 1),
      f([6, 4], 2),
      f([2, 4], 3),
      f([4], 4),
      f([4], 6),
      i32([2, 3], [1, 1, 0, 1, 1, 1]),
    ],
    outputs: ['float32', 'int32'],
  },
  {
    operator: ms('EmbedLayerNormalization'),
    inputs: [i32([1, 3], [0, 3, 1]), '', f([5, 4], 1), f([6, 4], 2), '', f([4], 4), f([4], 6), '', i32([1, 3], [4, 0, 2])],
    outputs: ['float32', 'int32'],
    label: 'positions given',
  },
  { operator: ms('RotaryEmbedding'), inputs: [[1, 2, 3, 4], i64([1], [1]), table(Math.cos, 8, 2), table(Math.sin, 8, 2)] },
  {
    operator: ms('RotaryEmbedding'),
    attributes: { interleaved: 1 },
    inputs: [[2, 3, 8], i64([2, 3], [0, 1, 2, 4, 5, 7]), table(Math.cos, 8, 2), table(Math.sin, 8, 2)],
  },
  {
    operator: ms('RotaryEmbedding'),
    attributes: { num_heads: 2, rotary_embedding_dim: 4 },
    inputs: [[1, 3, 12], i64([1, 3], [0, 1, 2]), table(Math.cos, 8, 2), table(Math.sin, 8, 2)],
  },
  { operator: ms('Attention'), attributes: heads2, inputs: [[2, 3, 4], [4, 12], [12]] },
  { operator: ms('Attention'), attributes: { ...heads2, unidirectional: 1 }, inputs: [[1, 3, 4], [4, 12], [12]] },
  {
    operator: ms('Attention'),
    attributes: heads2,
    inputs: [[2, 3, 4], [4, 12], [12], i32([2, 3], [1, 1, 0, 1, 1, 1])],
    label: 'key mask',
  },
  { operator: ms('Attention'), attributes: heads2, inputs: [[2, 3, 4], [4, 12], [12], i32([2], [2, 3])], label: 'lengths' },
  {
    operator: ms('Attention'),
    attributes: heads2,
    inputs: [[2, 3, 4], [4, 12], [12], i32([4], [3, 3, 1, 0])],
    label: 'ends and starts',
  },
  {
    operator: ms('Attention'),
    attributes: heads2,
    inputs: [[1, 2, 4], [4, 12], [12], i32([1, 2, 2], [1, 0, 1, 1])],
    label: 'mask per query',
  },
  {
    operator: ms('Attention'),
    attributes: heads2,
    inputs: [[1, 2, 4], [4, 12], [12], '', [2, 1, 2, 3, 2]],
    outputs: ['float32', 'float32'],
    label: 'past',
  },
  {
    operator: ms('Attention'),
    attributes: { ...heads2, unidirectional: 1, scale: 0.4 },
    inputs: [[1, 2, 4], [4, 12], [12], '', [2, 1, 2, 3, 2]],
    outputs: ['float32', 'float32'],
    label: 'past, causal',
  },
  { operator: ms('Attention'), attributes: heads2, inputs: [[1, 2, 4], [4, 12], [12], '', '', [1, 2, 2, 2]], label: 'bias' },
  { operator: ms('Attention'), attributes: { ...heads2, qkv_hidden_sizes: [4, 4, 6] }, inputs: [[1, 3, 4], [4, 14], [14]] },
  {
    operator: ms('MultiHeadAttention'),
    attributes: heads2,
    inputs: [
      [2, 3, 4],
      [2, 5, 4],
      [2, 5, 4],
    ],
  },
  { operator: ms('MultiHeadAttention'), attributes: heads2, inputs: [[2, 3, 4], [2, 5, 4], [2, 5, 4], [12]], label: 'bias' },
  {
    operator: ms('MultiHeadAttention'),
    attributes: heads2,
    inputs: [[2, 3, 4], [2, 5, 4], [2, 5, 6], [14]],
    label: 'wider values',
  },
  {
    operator: ms('MultiHeadAttention'),
    attributes: { ...heads2, scale: 0.3 },
    inputs: [[2, 3, 4], [2, 3, 4], [2, 3, 4], '', i32([2, 3], [1, 1, 0, 1, 0, 0]), [2, 2, 3, 3]],
    label: 'mask and bias',
  },
  {
    operator: ms('MultiHeadAttention'),
    attributes: heads2,
    inputs: [
      [2, 3, 4],
      [2, 2, 5, 2],
      [2, 2, 5, 2],
    ],
    label: 'keys by head',
  },
  {
    operator: ms('MultiHeadAttention'),
    attributes: { ...heads2, unidirectional: 1 },
    inputs: [
      [1, 3, 4],
      [1, 3, 4],
      [1, 3, 4],
    ],
  },
  {
    operator: ms('MultiHeadAttention'),
    attributes: heads2,
    inputs: [[1, 2, 4], [1, 2, 4], [1, 2, 4], '', '', '', [1, 2, 3, 2], [1, 2, 3, 2]],
    outputs: ['float32', 'float32', 'float32'],
    label: 'past',
  },
  {
    operator: ms('GroupQueryAttention'),
    attributes: { num_heads: 4, kv_num_heads: 2 },
    inputs: [[1, 3, 32], [1, 3, 16], [1, 3, 16], '', '', i32([1], [2]), i32([], [3])],
    outputs: ['float32', 'float32', 'float32'],
  },
  {
    operator: ms('GroupQueryAttention'),
    attributes: { num_heads: 2, kv_num_heads: 2, do_rotary: 1, softcap: 3, scale: 0.5 },
    inputs: [
      [1, 3, 32],
      [1, 3, 32],
      [1, 3, 32],
      '',
      '',
      i32([1], [2]),
      i32([], [3]),
      table(Math.cos, 8, 8),
      table(Math.sin, 8, 8),
    ],
    outputs: ['float32', 'float32', 'float32'],
    label: 'rotary',
  },
  {
    operator: ms('GroupQueryAttention'),
    attributes: { num_heads: 2, kv_num_heads: 1, local_window_size: 2 },
    inputs: [[1, 5, 32], '', '', '', '', i32([1], [4]), i32([], [5])],
    outputs: ['float32', 'float32', 'float32'],
    label: 'packed, window',
  },
]

function model({ operator, attributes = {}, inputs, outputs = ['float32'] }: Case) {
  const builder = new GraphBuilder()
  const feeds: Record<string, NdArray> = {}
  const names = inputs.map((input, i) => {
    if (input === '') return ''
    if (input instanceof Tensor) return builder.constant(input)
    feeds[`x${i}`] = { dtype: 'float32', dims: input, data: wave(input, i) }
    return builder.input(`x${i}`, 'float32', input)
  })
  const colon = operator.indexOf(':')
  builder.append({
    domain: colon < 0 ? '' : operator.slice(0, colon),
    operator: operator.slice(colon + 1),
    name: 'composite',
    inputs: names,
    outputs: outputs.map((dtype, i) => (dtype === '' ? '' : `y${i}`)),
    attributes: tagged(attributes),
  })
  for (const [i, dtype] of outputs.entries()) if (dtype !== '') builder.output(`y${i}`, dtype, null)
  return { graph: builder.build({ opsets: new Map([['', 17]]) }), feeds }
}

function tagged(plain: PlainAttributes) {
  const builder = new GraphBuilder()
  builder.emit('Identity', [''], plain)
  return builder.nodes[0]!.attributes
}

describe('decomposition', () => {
  for (const one of cases)
    it(`${one.operator} ${one.label ?? JSON.stringify(one.attributes ?? {})}`, async () => {
      const { graph, feeds } = model(one)
      const normal = inferShapes(normalise({ irVersion: 8, producer: '', graph, functions: [] }))
      expect(normal.nodes.map(operatorKey)).toEqual([one.operator])
      const apart = decompose(normal)
      for (const node of apart.nodes) expect(node.domain).toBe('')
      const fused = await runOrt(normal, feeds)
      const single = await runOrt(apart, feeds)
      for (const [name, { dims, data }] of Object.entries(fused)) {
        expect(single[name]!.dims).toEqual(dims)
        const largest = Math.max(1, ...data.map(Math.abs))
        const off = Math.max(...data.map((value, i) => Math.abs(value - single[name]!.data[i]!)))
        expect(off, name).toBeLessThanOrEqual((one.tolerance ?? 2e-6) * largest)
      }
    })

  it('leaves what it is told to keep, and graphs without composites as they are', () => {
    const { graph } = model(cases[0]!)
    const normal = normalise({ irVersion: 8, producer: '', graph, functions: [] })
    expect(decompose(normal, new Set([cases[0]!.operator]))).toBe(normal)
    expect(Object.keys(decompositions)).toContain('com.microsoft:Gelu')
  })

  it('takes composites in subgraphs apart', () => {
    const inner = new GraphBuilder()
    inner.append({ domain: 'com.microsoft', operator: 'QuickGelu', name: 'q', inputs: ['x'], outputs: ['r'], attributes: {} })
    inner.output('r')
    const builder = new GraphBuilder()
    builder.input('x', 'float32', [2])
    const c = builder.constant(Tensor.from('bool', [], [1]))
    builder.output(builder.emit('If', [c], { then_branch: inner.build(), else_branch: inner.build() }))
    const apart = decompose(builder.build())
    const branch = apart.nodes[0]!.attributes.then_branch
    expect(branch?.kind === 'graph' && branch.value.nodes.map(({ operator }) => operator)).toEqual(['Mul', 'Sigmoid', 'Mul'])
  })

  it('reads the weight of MatMulNBits only when asked', () => {
    let reads = 0
    const packed = new Tensor('uint8', [3, 1, 32], () => {
      reads++
      return new Uint8Array(96).fill(0x98)
    })
    const builder = new GraphBuilder()
    const x = builder.input('x', 'float32', [1, 64])
    builder.append({
      domain: 'com.microsoft',
      operator: 'MatMulNBits',
      name: 'm',
      inputs: [x, 'w', 's'],
      outputs: ['y'],
      attributes: tagged({ K: 64, N: 3, bits: 4, block_size: 64 }),
    })
    builder.output('y')
    const graph = builder.build().with({
      initializers: new Map([
        ['w', packed],
        ['s', Tensor.float32([3], [1, 2, 3])],
      ]),
    })
    const apart = decompose(graph)
    expect(reads).toBe(0)
    const weight = apart.initializers.get(apart.nodes[0]!.inputs[1]!)!
    expect(weight.dims).toEqual([64, 3])
    expect(Array.from(weight.numbers().slice(0, 6))).toEqual([0, 0, 0, 1, 2, 3])
  })
})
