/** @file Integer kernels against the float operators that stand for them, on ONNX Runtime. */
import { describe, expect, it } from 'vitest'
import {
  type DataType,
  elementCount,
  GraphBuilder,
  type NdArray,
  normalise,
  operatorKey,
  type PlainAttributes,
  Tensor,
} from '../src/index.js'
import { runOrt } from './support/ort.js'

interface Case {
  readonly operator: string
  readonly attributes?: PlainAttributes
  /** A spec like `u8[2,3]` is a fed input; tensors are constants; '' is omitted. */
  readonly inputs: readonly (string | Tensor)[]
  readonly outputs?: readonly DataType[]
  /** Largest difference allowed: one step of an 8-bit output where rounding may fall either way. */
  readonly step?: number
  /** ONNX Runtime's own kernel truncates a table instead of rounding, so that one step is off in many places. */
  readonly truncated?: boolean
  readonly label?: string
}

const kinds: Readonly<Record<string, DataType>> = { u8: 'uint8', i8: 'int8', f32: 'float32', i32: 'int32', bool: 'bool' }

/** Deterministic values spread over the type's range. */
function values(dtype: DataType, dims: readonly number[], seed: number): number[] {
  return Array.from({ length: elementCount(dims) }, (_, i) => {
    const wave = Math.sin(12.9898 * (i + 1) + 78.233 * seed) * 43758.5453
    const unit = wave - Math.floor(wave)
    if (dtype === 'float32') return unit * 4 - 1.5
    if (dtype === 'bool') return unit > 0.5 ? 1 : 0
    return dtype === 'uint8' ? Math.floor(unit * 256) : Math.floor(unit * 255) - 127
  })
}

const scale = (...list: number[]): Tensor => Tensor.float32(list.length === 1 ? [] : [list.length], list)
const u8 = (...list: number[]): Tensor => Tensor.from('uint8', list.length === 1 ? [] : [list.length], list)
const i8 = (...list: number[]): Tensor => Tensor.from('int8', list.length === 1 ? [] : [list.length], list)
const weight = (dtype: DataType, dims: readonly number[]): Tensor => Tensor.from(dtype, dims, values(dtype, dims, 7))

const cases: readonly Case[] = [
  {
    operator: 'QLinearConv',
    attributes: { pads: [1, 1, 1, 1], strides: [2, 1] },
    inputs: ['u8[1,2,5,5]', scale(0.02), u8(120), weight('uint8', [3, 2, 3, 3]), scale(0.01), u8(130), scale(0.07), u8(128)],
    step: 1,
  },
  {
    operator: 'QLinearConv',
    attributes: { group: 2 },
    label: 'per channel, bias, groups',
    inputs: [
      'u8[1,2,4,4]',
      scale(0.02),
      u8(100),
      weight('int8', [4, 1, 2, 2]),
      scale(0.01, 0.02, 0.03, 0.005),
      i8(0, 0, 0, 0),
      scale(0.05),
      u8(90),
      Tensor.from('int32', [4], [100, -2000, 50, 0]),
    ],
    step: 1,
  },
  {
    operator: 'QLinearMatMul',
    inputs: ['u8[2,4]', scale(0.02), u8(120), weight('uint8', [4, 3]), scale(0.03), u8(7), scale(0.1), u8(118)],
    step: 1,
  },
  {
    operator: 'QLinearMatMul',
    label: 'per column',
    inputs: [
      'u8[2,2,4]',
      scale(0.02),
      u8(120),
      weight('int8', [4, 3]),
      scale(0.03, 0.01, 0.02),
      i8(0, 0, 0),
      scale(0.1),
      u8(118),
    ],
    step: 1,
  },
  {
    operator: 'ConvInteger',
    attributes: { pads: [1, 0, 1, 0] },
    inputs: ['u8[1,2,5,4]', weight('uint8', [3, 2, 3, 3]), u8(128), u8(3)],
    outputs: ['int32'],
  },
  { operator: 'MatMulInteger', inputs: ['u8[2,5]', weight('int8', [5, 3]), u8(12), i8(0)], outputs: ['int32'] },
  {
    operator: 'MatMulInteger',
    label: 'per column',
    inputs: ['u8[2,5]', weight('int8', [5, 3]), u8(12), i8(1, -2, 3)],
    outputs: ['int32'],
  },
  { operator: 'MatMulInteger', label: 'no zero points', inputs: ['i8[2,3,5]', 'i8[5,3]'], outputs: ['int32'] },
  { operator: 'DynamicQuantizeLinear', inputs: ['f32[3,7]'], outputs: ['uint8', 'float32', 'uint8'] },
  {
    operator: 'com.microsoft:DynamicQuantizeMatMul',
    inputs: ['f32[2,5]', weight('int8', [5, 3]), scale(0.02, 0.01, 0.03), i8(0, 0, 0), 'f32[3]'],
    outputs: ['float32'],
  },
  {
    operator: 'com.microsoft:DynamicQuantizeMatMul',
    inputs: ['f32[2,5]', weight('uint8', [5, 3]), scale(0.02), u8(100)],
    outputs: ['float32'],
    label: 'per tensor',
  },
  {
    operator: 'com.microsoft:MatMulIntegerToFloat',
    inputs: ['u8[2,5]', weight('int8', [5, 3]), scale(0.1), scale(0.02), u8(99), i8(0), 'f32[3]'],
    outputs: ['float32'],
  },
  {
    operator: 'com.microsoft:QLinearAdd',
    inputs: ['u8[2,3]', scale(0.02), u8(99), 'u8[3]', scale(0.03), u8(120), scale(0.04), u8(110)],
    step: 1,
  },
  {
    operator: 'com.microsoft:QLinearMul',
    inputs: ['i8[2,3]', scale(0.02), i8(9), 'i8[2,3]', scale(0.03), i8(-12), scale(0.08), i8(10)],
    outputs: ['int8'],
    step: 1,
  },
  { operator: 'com.microsoft:QLinearSigmoid', inputs: ['u8[2,5]', scale(0.03), u8(120), scale(0.004), u8(0)], step: 1 },
  {
    operator: 'com.microsoft:QLinearLeakyRelu',
    attributes: { alpha: 0.2 },
    inputs: ['u8[2,5]', scale(0.03), u8(120), scale(0.02), u8(60)],
    step: 1,
  },
  {
    operator: 'com.microsoft:QLinearSoftmax',
    attributes: { axis: -1, opset: 13 },
    inputs: ['u8[2,5]', scale(0.02), u8(120), scale(0.004), u8(0)],
    step: 1,
    truncated: true,
  },
  {
    operator: 'com.microsoft:QLinearGlobalAveragePool',
    inputs: ['u8[1,3,4,4]', scale(0.02), u8(120), scale(0.01), u8(110)],
    step: 1,
  },
  {
    operator: 'com.microsoft:QLinearGlobalAveragePool',
    attributes: { channels_last: 1 },
    inputs: ['u8[1,4,4,3]', scale(0.02), u8(120), scale(0.01), u8(110)],
    step: 1,
  },
  {
    operator: 'com.microsoft:QLinearAveragePool',
    attributes: { kernel_shape: [2, 2], strides: [2, 2] },
    inputs: ['u8[1,3,4,4]', scale(0.02), u8(120), scale(0.015), u8(110)],
    step: 1,
  },
  {
    operator: 'com.microsoft:QLinearConcat',
    attributes: { axis: 1 },
    inputs: [scale(0.03), u8(120), 'u8[2,2]', scale(0.02), u8(100), 'u8[2,3]', scale(0.03), u8(90)],
    step: 1,
  },
  {
    operator: 'com.microsoft:QLinearWhere',
    inputs: ['bool[2,3]', 'u8[2,3]', scale(0.02), u8(100), 'u8[2,3]', scale(0.03), u8(90), scale(0.04), u8(110)],
    step: 1,
  },
  {
    operator: 'com.microsoft:QGemm',
    attributes: { alpha: 0.5, transB: 1 },
    inputs: [
      'u8[2,4]',
      scale(0.02),
      u8(120),
      weight('uint8', [3, 4]),
      scale(0.03),
      u8(7),
      Tensor.from('int32', [3], [100, -50, 7]),
      scale(0.05),
      u8(118),
    ],
    step: 1,
  },
  {
    operator: 'com.microsoft:QGemm',
    label: 'float output',
    inputs: ['u8[2,4]', scale(0.02), u8(120), weight('uint8', [4, 3]), scale(0.03), u8(7)],
    outputs: ['float32'],
  },
  {
    operator: 'com.microsoft:QuantizeLinear',
    inputs: ['f32[2,3]', scale(0.02), Tensor.from('uint16', [], [300])],
    outputs: ['uint16'],
  },
  { operator: 'com.microsoft:DequantizeLinear', inputs: ['u8[2,3]', scale(0.02), u8(3)], outputs: ['float32'] },
  {
    operator: 'com.microsoft:QAttention',
    attributes: { num_heads: 2 },
    inputs: ['u8[1,3,4]', weight('int8', [4, 12]), 'f32[12]', scale(0.02), scale(0.01), '', u8(120), i8(0)],
    outputs: ['float32'],
  },
]

const spec = /^(\w+)\[([\d,]*)\]$/

function model({ operator, attributes = {}, inputs, outputs = ['uint8'] }: Case) {
  const builder = new GraphBuilder()
  const feeds: Record<string, NdArray> = {}
  const names = inputs.map((input, i) => {
    if (input === '') return ''
    if (input instanceof Tensor) return builder.constant(input)
    const [, kind, list] = spec.exec(input)!
    const dims = list === '' ? [] : list!.split(',').map(Number)
    const dtype = kinds[kind!]!
    feeds[`x${i}`] = { dtype, dims, data: Float64Array.from(values(dtype, dims, i)) }
    return builder.input(`x${i}`, dtype, dims)
  })
  for (const [i, name] of builder.emitAll(operator, names, outputs.length, attributes).entries())
    builder.output(name, outputs[i]!, null)
  return { graph: builder.build({ opsets: new Map([['', 17]]) }), feeds }
}

describe('integer kernels', () => {
  for (const one of cases)
    it(`${one.operator} ${one.label ?? JSON.stringify(one.attributes ?? {})}`, async () => {
      const { graph, feeds } = model(one)
      const normal = normalise({ irVersion: 8, producer: 'test', graph, functions: [] })
      for (const node of normal.nodes)
        expect(operatorKey(node)).not.toMatch(/Integer|QLinear|QGemm|QAttention|DynamicQuantize|microsoft:.*Quantize/)
      const before = await runOrt(graph, feeds)
      const after = await runOrt(normal, feeds)
      for (const [name, { dims, data }] of Object.entries(before)) {
        expect(after[name]!.dims).toEqual(dims)
        const largest = Math.max(1, ...data.map(Math.abs))
        const off = data.map((value, i) => Math.abs(value - after[name]!.data[i]!))
        expect(Math.max(...off)).toBeLessThanOrEqual(one.step ?? 2e-6 * largest)
        // Where rounding may differ by a step it does so rarely.
        expect(off.filter(value => value > 2e-6 * largest).length).toBeLessThanOrEqual(
          one.truncated ? data.length : one.step ? Math.ceil(data.length / 10) : 0,
        )
      }
    })

  it('leaves a float path from a dynamically quantised product to its input', () => {
    const builder = new GraphBuilder()
    const x = builder.input('x', 'float32', [2, 4])
    const [q, s, z] = builder.emitAll('DynamicQuantizeLinear', [x], 3) as [string, string, string]
    const product = builder.emit('MatMulInteger', [q, builder.constant(weight('int8', [4, 3])), z])
    builder.output(builder.emit('Mul', [builder.emit('Cast', [product], { to: 1 }), s]))
    const normal = normalise({
      irVersion: 8,
      producer: 'test',
      graph: builder.build({ opsets: new Map([['', 17]]) }),
      functions: [],
    })
    const scaled = normal.producer(normal.outputs[0]!.name)!
    const toFloat = normal.producer(scaled.inputs[0]!)!
    expect(toFloat.operator).toBe('Cast')
    expect(normal.producer(toFloat.inputs[0]!)!.operator).toBe('MatMul')
    expect(normal.nodes.some(node => node.operator === 'Cast' && node.attributes.to?.value === 6)).toBe(false)
  })
})
