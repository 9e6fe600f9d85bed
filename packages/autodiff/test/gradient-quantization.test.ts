import { evaluate, GraphBuilder, inferShapes, ndarray, Tensor } from '@ascribe/onnx'
import { describe, expect, it } from 'vitest'
import { runOrt } from '../../onnx/test/support/ort.js'
import { differentiate } from '../src/index.js'
import { quantizationCases, type StraightThrough, straightThroughCases } from './cases/quantization.js'
import { checkGradient, expectClose } from './support/check.js'
import { title } from './support/title.js'

describe('gradients of dequantisation', () => {
  it.each(quantizationCases.map(test => [title(test), test] as const))('%s', (_, test) => checkGradient(test))
})

/** x -> quantise -> reshape of the integers -> dequantise. */
function build({ operator, x, scale, zero, attributes = {} }: StraightThrough) {
  const builder = new GraphBuilder()
  const input = builder.input('x', 'float32', x.dims)
  const constants = [
    ...(scale ? [builder.constant(Tensor.from('float32', scale.dims, scale.data))] : []),
    ...(zero ? [builder.constant(Tensor.from(zero.dtype, zero.dims, zero.data))] : []),
  ]
  const outputs = builder.emitAll(operator, [input, ...constants], scale ? 1 : 3, attributes)
  const moved = builder.emit('Reshape', [outputs[0]!, builder.ints(x.dims)])
  const parameters = scale ? constants : outputs.slice(1)
  const y = builder.emit('DequantizeLinear', [moved, ...parameters], attributes)
  builder.output(y)
  return { graph: inferShapes(builder.build()), y }
}

describe('gradients through quantisation', () => {
  it.each(straightThroughCases.map(test => [`${test.operator}: ${test.note}`, test] as const))('%s', async (_, test) => {
    const { graph, y } = build(test)
    const { graph: both, gradients } = differentiate(graph, { of: [y], at: ['x'], cotangents: { [y]: null } })
    const name = gradients['x']!
    const feeds = { x: ndarray(test.x.dims, Float64Array.from(test.x.data, Math.fround)) }
    const value = evaluate(both, feeds, [name]).get(name)!
    expect(value.dims).toEqual(test.x.dims)
    expectClose(value.data, test.expected, 1e-6, 'gradient')
    expectClose((await runOrt(both, feeds))[name]!.data, test.expected, 1e-6, "ONNX Runtime's gradient")
  })
})
