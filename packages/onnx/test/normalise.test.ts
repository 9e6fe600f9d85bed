/** @file The shape of the normal form: order, names, inputs, constants, subgraphs. */
import { describe, expect, it } from 'vitest'
import { attribute, attributes, Graph, GraphBuilder, type Node, normalise, normalOpset, subgraphs, Tensor } from '../src/index.js'

const raw = (graph: Graph, irVersion = 8) => ({ irVersion, producer: '', graph, functions: [] })
const port = (name: string, dtype: 'float32' | 'bool' = 'float32') => ({ name, type: { dtype, shape: [2, 3] } })
const node = (operator: string, inputs: readonly string[], outputs: readonly string[], name = '', plain = {}): Node => ({
  domain: '',
  operator,
  name,
  inputs,
  outputs,
  attributes: attributes(plain),
})
const graph = (nodes: readonly Node[], parts: Partial<Graph> = {}, opset = 13): Graph =>
  new Graph({
    nodes,
    inputs: [port('x')],
    outputs: [port('y')],
    initializers: new Map(),
    opsets: new Map([['', opset]]),
    ...parts,
  })

describe('the normal form', () => {
  it('sorts nodes and keeps value names', () => {
    const normal = normalise(raw(graph([node('Neg', ['b'], ['y']), node('Abs', ['a'], ['b']), node('Relu', ['x'], ['a'])])))
    expect(normal.nodes.map(({ operator, outputs }) => `${operator}:${outputs}`)).toEqual(['Relu:a', 'Abs:b', 'Neg:y'])
    expect(normal.opsets.get('')).toBe(normalOpset)
  })

  it('gives unnamed and equally named nodes names of their own', () => {
    const normal = normalise(
      raw(graph([node('Relu', ['x'], ['a'], 'n'), node('Relu', ['a'], ['b'], 'n'), node('Abs', ['b'], ['y'])])),
    )
    expect(normal.nodes.map(({ name }) => name)).toEqual(['n', 'Relu_1', 'Abs_2'])
  })

  it('takes initializers out of the inputs and drops what nothing needs', () => {
    const initializers = new Map([
      ['w', Tensor.float32([3], [1, 2, 3])],
      ['unused', Tensor.float32([1], [0])],
    ])
    const normal = normalise(
      raw(
        graph([node('Add', ['x', 'w'], ['y']), node('Neg', ['x'], ['dead'])], { inputs: [port('x'), port('w')], initializers }),
      ),
    )
    expect(normal.inputs.map(({ name }) => name)).toEqual(['x'])
    expect([...normal.initializers.keys()]).toEqual(['w'])
    expect(normal.nodes.map(({ operator }) => operator)).toEqual(['Add'])
  })

  it('makes constants initializers, but not an output itself', () => {
    const value = { value: Tensor.float32([], [3]) }
    const normal = normalise(raw(graph([node('Constant', [], ['k'], '', value), node('Add', ['x', 'k'], ['y'])])))
    expect(normal.nodes.map(({ operator }) => operator)).toEqual(['Add'])
    expect(normal.initializers.get('k')!.scalar()).toBe(3)
    const alone = normalise(raw(graph([node('Constant', [], ['y'], '', value)], { inputs: [] })))
    expect(alone.nodes.map(({ operator, outputs }) => `${operator}:${outputs}`)).toEqual(['Identity:y'])
  })

  it('converts subgraphs, which see constants and shapes around them', () => {
    const branch = (operator: string): Graph =>
      graph([node(operator, ['x'], ['r'], '', { axis: 1 })], { inputs: [], outputs: [port('r')], opsets: new Map() })
    const normal = normalise(
      raw(
        graph(
          [node('If', ['c'], ['y'], 'if', { then_branch: branch('Softmax'), else_branch: branch('LogSoftmax') })],
          { inputs: [port('x'), port('c', 'bool')] },
          11,
        ),
      ),
    )
    const inner = subgraphs(normal.nodes[0]!).map(one => one.nodes[0]!)
    expect(inner.map(({ operator }) => operator)).toEqual(['Softmax', 'LogSoftmax'])
    expect(inner.map(one => attribute(one, 'axis', 'int'))).toEqual([1, 1])
  })

  it('uses inferred shapes where the model declares none', () => {
    const builder = new GraphBuilder()
    const x = builder.input('x', 'float32', ['N', 4])
    builder.output(builder.emit('Softmax', [builder.emit('Relu', [x])], { axis: 1 }))
    const normal = normalise(raw(builder.build({ opsets: new Map([['', 9]]) })))
    expect(normal.nodes.map(({ operator }) => operator)).toEqual(['Relu', 'Softmax'])
  })

  it('keeps other domains and their versions', () => {
    const fused: Node = { ...node('FusedMatMul', ['x', 'x'], ['y']), domain: 'com.microsoft' }
    const normal = normalise(
      raw(
        graph([fused], {
          opsets: new Map([
            ['', 17],
            ['com.microsoft', 1],
          ]),
        }),
      ),
    )
    expect(normal.nodes[0]).toMatchObject({ domain: 'com.microsoft', operator: 'FusedMatMul' })
    expect(normal.opsets.get('com.microsoft')).toBe(1)
  })

  it('is its own normal form', () => {
    const builder = new GraphBuilder()
    const x = builder.input('x', 'float32', [2, 3, 4])
    builder.output(builder.emit('Softmax', [builder.emit('ReduceMean', [x], { axes: [2] })], { axis: 1 }))
    const once = normalise(raw(builder.build({ opsets: new Map([['', 11]]) })))
    const twice = normalise(raw(once))
    expect(twice.nodes).toEqual(once.nodes)
  })

  it('makes Dropout that does nothing an Identity, and leaves one that trains', () => {
    const bool = (value: number): Tensor => Tensor.from('bool', [], [value])
    const operators = (ratio: number, training: number): string[] => {
      const initializers = new Map([
        ['r', Tensor.float32([], [ratio])],
        ['t', bool(training)],
      ])
      return normalise(raw(graph([node('Dropout', ['x', 'r', 't'], ['y'])], { initializers }))).nodes.map(
        ({ operator }) => operator,
      )
    }
    expect(operators(0.5, 0)).toEqual(['Identity'])
    expect(operators(0, 1)).toEqual(['Identity'])
    expect(operators(0.5, 1)).toEqual(['Dropout'])
  })

  it('wants to know the opset', () => {
    expect(() => normalise(raw(graph([node('Relu', ['x'], ['y'])], { opsets: new Map() })))).toThrow(/no opset import/)
  })

  it('counts inputs', () => {
    expect(() => normalise(raw(graph([node('Conv', ['x'], ['y'], 'c')])))).toThrow('Conv "c" has 1 inputs, it takes 2 to 3')
    expect(() => normalise(raw(graph([node('Relu', ['x', 'x'], ['y'], 'r')])))).toThrow('it takes 1')
  })
})
