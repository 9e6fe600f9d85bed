import {
  evaluate,
  foldConstants,
  type Graph,
  GraphBuilder,
  ndarray,
  normalOpset,
  ShapeError,
  specialise,
  Tensor,
} from '@ascribe/onnx'
import { describe, expect, it } from 'vitest'
import { runOrt } from './support/ort.js'

const at = (b: GraphBuilder, sequence: string, index: number): string =>
  b.emit('SequenceAt', [sequence, b.constant(Tensor.from('int64', [], [index]))])

const operators = (graph: Graph): string[] => graph.nodes.map(node => node.operator)

const ramp = (dims: readonly number[]): number[] =>
  Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i + 1))

/** Opens the sequences of a graph over x, checks that none is left, and compares with ONNX Runtime on the graph as built. */
async function check(dims: readonly number[], make: (b: GraphBuilder, x: string) => string[]): Promise<Graph> {
  const b = new GraphBuilder()
  const x = b.input('x', 'float32', dims)
  for (const output of make(b, x)) b.output(output, output.includes('Length') ? 'int64' : 'float32')
  const graph = b.build({ opsets: new Map([['', normalOpset]]) })
  const opened = foldConstants(graph)
  expect(operators(opened).filter(name => name.includes('Sequence'))).toEqual([])
  const feeds = { x: ndarray(dims, Float32Array.from(ramp(dims))) }
  const values = evaluate(opened, feeds)
  const expected = await runOrt(graph, feeds)
  for (const { name, type } of opened.outputs) {
    const result = expected[name]!
    expect(type.shape).toEqual([...result.dims])
    expect([...values.get(name)!.data]).toEqual(result.data)
  }
  return opened
}

describe('sequences of known items', () => {
  it('SplitToSequence by one size, the last part shorter', async () => {
    const opened = await check([2, 7], (b, x) => {
      const parts = b.emit('SplitToSequence', [x, b.constant(Tensor.from('int64', [], [3]))], { axis: -1 })
      return [at(b, parts, 0), at(b, parts, 2), at(b, parts, -2), b.emit('SequenceLength', [parts])]
    })
    expect(operators(opened).filter(name => name === 'Split')).toHaveLength(1)
  })

  it('SplitToSequence by sizes, and into slices with and without the axis', async () => {
    await check([5, 2], (b, x) => {
      const parts = b.emit('SplitToSequence', [x, b.ints([1, 4])], { axis: 0 })
      const rows = b.emit('SplitToSequence', [x], { axis: 0, keepdims: 0 })
      const columns = b.emit('SplitToSequence', [x], { axis: 1 })
      return [at(b, parts, 1), at(b, rows, 4), at(b, columns, 1), b.emit('SequenceLength', [rows])]
    })
  })

  it('construct, insert, erase, join along an axis and a new one', async () => {
    await check([2, 3], (b, x) => {
      const y = b.emit('Neg', [x])
      const pair = b.emit('SequenceConstruct', [x, y])
      const three = b.emit('SequenceInsert', [pair, b.emit('Abs', [x]), b.constant(Tensor.from('int64', [], [-1]))])
      const four = b.emit('SequenceInsert', [three, b.emit('Floor', [x])])
      const less = b.emit('SequenceErase', [four, b.constant(Tensor.from('int64', [], [0]))])
      const least = b.emit('SequenceErase', [less])
      const grown = b.emit('SequenceInsert', [b.emit('SequenceEmpty', []), x])
      return [
        b.emit('ConcatFromSequence', [four], { axis: 1 }),
        b.emit('ConcatFromSequence', [less], { axis: -1, new_axis: 1 }),
        b.emit('ConcatFromSequence', [least], { axis: 0, new_axis: 1 }),
        at(b, grown, 0),
      ]
    })
  })

  it('waits for a dimension that specialisation gives', () => {
    const b = new GraphBuilder()
    const x = b.input('x', 'float32', ['n', 2])
    const parts = b.emit('SplitToSequence', [x], { axis: 0, keepdims: 0 })
    b.output(b.emit('ConcatFromSequence', [parts], { axis: 1, new_axis: 1 }))
    const read = foldConstants(b.build())
    expect(operators(read)).toEqual(['SplitToSequence', 'ConcatFromSequence'])
    const fixed = specialise(read, { dimensions: { n: 3 } })
    expect(operators(fixed)).toEqual(['Split', 'Squeeze', 'Squeeze', 'Squeeze', 'Unsqueeze', 'Unsqueeze', 'Unsqueeze', 'Concat'])
    expect(fixed.outputs[0]!.type.shape).toEqual([2, 3])
    const value = evaluate(fixed, { x: ndarray([3, 2], [1, 2, 3, 4, 5, 6]) }).get(fixed.outputs[0]!.name)!
    expect([...value.data]).toEqual([1, 3, 5, 2, 4, 6])
  })

  it('leaves a position known only at run time, and names one out of range', () => {
    const b = new GraphBuilder()
    const x = b.input('x', 'float32', [4])
    const i = b.input('i', 'int64', [])
    b.output(b.emit('SequenceAt', [b.emit('SplitToSequence', [x], {}), i]))
    expect(operators(foldConstants(b.build()))).toEqual(['SplitToSequence', 'SequenceAt'])
    const c = new GraphBuilder()
    c.output(at(c, c.emit('SequenceConstruct', [c.input('x', 'float32', [4])]), 1))
    expect(() => foldConstants(c.build())).toThrow(ShapeError)
    expect(() => foldConstants(c.build())).toThrow('names position 1 of a sequence of 1')
  })
})
