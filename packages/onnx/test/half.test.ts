/** @file Half floats and doubles in the normal form. */
import { describe, expect, it } from 'vitest'
import { attribute, type DataType, type Graph, GraphBuilder, normalise, Tensor } from '../src/index.js'
import { runOrt } from './support/ort.js'

const raw = (graph: Graph) => ({ irVersion: 8, producer: '', graph, functions: [] })

function half(dtype: DataType, values: readonly number[]): Graph {
  const builder = new GraphBuilder()
  const x = builder.input('x', dtype, ['N', values.length])
  const sum = builder.emit('Add', [x, builder.constant(Tensor.from(dtype, [values.length], values), 'w')])
  const there = builder.emit('Cast', [sum], { to: 1 })
  const back = builder.emit('Cast', [there], { to: dtype === 'float16' ? 10 : dtype === 'float64' ? 11 : 16 })
  const k = builder.emit('Constant', [], { value: Tensor.from(dtype, [], [2]) })
  builder.output(builder.emit('Mul', [back, k]), dtype, ['N', values.length])
  return builder.build({ opsets: new Map([['', 17]]) })
}

describe('widening', () => {
  for (const dtype of ['float16', 'bfloat16', 'float64'] as const)
    it(`leaves no ${dtype}`, async () => {
      const values = [0, 1, -2.5, 0.375, 1024, Number.POSITIVE_INFINITY]
      const notices: string[] = []
      const graph = normalise(raw(half(dtype, values)), { notices })
      expect(graph.inputs[0]!.type.dtype).toBe('float32')
      expect(graph.outputs[0]!.type.dtype).toBe('float32')
      for (const tensor of graph.initializers.values()) expect(tensor.dtype).toBe('float32')
      for (const node of graph.nodes) if (node.operator === 'Cast') expect(attribute(node, 'to', 'int')).toBe(1)
      const result = await runOrt(graph, { x: { dtype: 'float32', dims: [1, 6], data: new Float64Array(6).fill(1) } })
      expect(Object.values(result)[0]!.data).toEqual(values.map(value => (value + 1) * 2))
      expect(notices.some(text => text.includes('input "x"'))).toBe(true)
    })

  it('is exact for every float16', () => {
    const bits = Uint16Array.from({ length: 65536 }, (_, i) => i)
    const bytes = new Uint8Array(bits.buffer)
    const builder = new GraphBuilder()
    builder.output(builder.emit('Identity', [builder.constant(new Tensor('float16', [65536], bytes), 'w')]), 'float16', [65536])
    const graph = normalise(raw(builder.build()))
    const wide = graph.initializers.get('w')!
    const expected = new Tensor('float16', [65536], bytes).numbers()
    const got = wide.numbers()
    for (let i = 0; i < 65536; i++) if (!Object.is(got[i], expected[i])) expect(`${i}: ${got[i]}`).toBe(`${i}: ${expected[i]}`)
  })

  it('reads weights only when asked', () => {
    let reads = 0
    const lazy = new Tensor('float16', [2], () => {
      reads++
      return new Uint8Array(4)
    })
    const builder = new GraphBuilder()
    const x = builder.input('x', 'float16', [2])
    const sum = builder.append({ domain: '', operator: 'Add', name: 'add', inputs: [x, 'w'], outputs: ['y'], attributes: {} })
    expect(sum).toBeUndefined()
    builder.output('y', 'float16', [2])
    const graph = normalise(raw(builder.build().with({ initializers: new Map([['w', lazy]]) })))
    expect(reads).toBe(0)
    expect(Array.from(graph.initializers.get('w')!.numbers())).toEqual([0, 0])
    expect(reads).toBe(1)
  })

  it('keeps finite doubles finite', () => {
    const builder = new GraphBuilder()
    const x = builder.input('x', 'float64', [3])
    builder.output(
      builder.emit('Add', [
        x,
        builder.constant(Tensor.from('float64', [3], [-Number.MAX_VALUE, 1e300, Number.NEGATIVE_INFINITY]), 'w'),
      ]),
      'float64',
      [3],
    )
    const graph = normalise(raw(builder.build()))
    expect(Array.from(graph.initializers.get('w')!.numbers())).toEqual([
      -3.4028234663852886e38,
      3.4028234663852886e38,
      Number.NEGATIVE_INFINITY,
    ])
  })
})
