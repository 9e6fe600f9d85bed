/** @file Local functions: inlined with their attributes, defaults, own opsets and subgraphs, and the numbers they should give. */
import { describe, expect, it } from 'vitest'
import {
  attributes,
  evaluate,
  Graph,
  type LocalFunction,
  type Node,
  ndarray,
  normalise,
  type PlainAttributes,
  Tensor,
} from '../src/index.js'

const node = (
  operator: string,
  inputs: readonly string[],
  outputs: readonly string[],
  plain: PlainAttributes = {},
  domain = '',
): Node => ({
  domain,
  operator,
  name: '',
  inputs,
  outputs,
  attributes: attributes(plain),
})

const call = (operator: string, inputs: readonly string[], outputs: readonly string[], plain: PlainAttributes = {}): Node =>
  node(operator, inputs, outputs, plain, 'mine')

const fn = (
  name: string,
  inputs: readonly string[],
  outputs: readonly string[],
  nodes: readonly Node[],
  rest: Partial<LocalFunction> = {},
): LocalFunction => ({
  domain: 'mine',
  name,
  inputs,
  outputs,
  nodes,
  attributes: [],
  defaults: {},
  opsets: new Map([['', 18]]),
  ...rest,
})

const boolean = Tensor.from('bool', [], [1])

const port = (name: string) => ({ name, type: { dtype: 'float32' as const, shape: [3] } })

function inlined(nodes: readonly Node[], functions: readonly LocalFunction[], outputs = ['y'], opset = 18): Graph {
  const graph = new Graph({
    nodes,
    inputs: [port('x')],
    outputs: outputs.map(port),
    initializers: new Map(),
    opsets: new Map([['', opset]]),
  })
  return normalise({ irVersion: 8, producer: '', graph, functions })
}

const run = (graph: Graph, ...x: number[]): number[] => Array.from(evaluate(graph, { x: ndarray([3], x) }).get('y')!.data)

describe('inlining', () => {
  const scaled = fn(
    'Scaled',
    ['a'],
    ['b'],
    [
      node('Constant', [], ['k'], { value_float: { kind: 'reference', value: 'factor', of: 'float' } }),
      node('Mul', ['a', 'k'], ['b']),
    ],
    { attributes: [], defaults: attributes({ factor: { kind: 'float', value: 2 } }) },
  )

  it('takes the attribute of the caller, else the default', () => {
    expect(run(inlined([call('Scaled', ['x'], ['y'])], [scaled]), 1, 2, 3)).toEqual([2, 4, 6])
    expect(run(inlined([call('Scaled', ['x'], ['y'], { factor: { kind: 'float', value: 5 } })], [scaled]), 1, 2, 3)).toEqual([
      5, 10, 15,
    ])
  })

  it('leaves an attribute out where neither caller nor default has it', () => {
    const leaky = fn(
      'Leaky',
      ['a'],
      ['b'],
      [node('LeakyRelu', ['a'], ['b'], { alpha: { kind: 'reference', value: 'slope', of: 'float' } })],
      { attributes: ['slope'] },
    )
    expect(run(inlined([call('Leaky', ['x'], ['y'])], [leaky]), -100, 0, 1)[0]).toBeCloseTo(-1, 6)
    expect(run(inlined([call('Leaky', ['x'], ['y'], { slope: { kind: 'float', value: 0.5 } })], [leaky]), -100, 0, 1)[0]).toBe(
      -50,
    )
  })

  it('keeps the names of several calls apart, and the graph acyclic', () => {
    const graph = inlined([call('Scaled', ['x'], ['m']), call('Scaled', ['m'], ['n']), call('Scaled', ['n'], ['y'])], [scaled])
    expect(run(graph, 1, 0, -1)).toEqual([8, 0, -8])
    expect(new Set(graph.nodes.map(({ name }) => name)).size).toBe(graph.nodes.length)
  })

  it('follows functions inside functions, passing attributes down', () => {
    const outer = fn(
      'Outer',
      ['p'],
      ['q'],
      [
        call('Scaled', ['p'], ['t'], { factor: { kind: 'reference', value: 'gain', of: 'float' } }),
        node('Add', ['t', 'p'], ['q']),
      ],
    )
    expect(run(inlined([call('Outer', ['x'], ['y'], { gain: { kind: 'float', value: 3 } })], [scaled, outer]), 1, 2, 3)).toEqual([
      4, 8, 12,
    ])
    expect(run(inlined([call('Outer', ['x'], ['y'])], [scaled, outer]), 1, 2, 3)).toEqual([3, 6, 9])
  })

  it('hands omitted inputs on and skips omitted outputs', () => {
    const clip = fn(
      'Bounded',
      ['a', 'low', 'high'],
      ['b', 'spare'],
      [node('Clip', ['a', 'low', 'high'], ['b']), node('Neg', ['a'], ['spare'])],
    )
    const one = node('Constant', [], ['one'], { value_float: { kind: 'float', value: 1 } })
    expect(run(inlined([one, call('Bounded', ['x', '', 'one'], ['y'])], [clip]), -5, 0.5, 7)).toEqual([-5, 0.5, 1])
    expect(run(inlined([one, call('Bounded', ['x', 'one'], ['y', ''])], [clip]), -5, 0.5, 7)).toEqual([1, 1, 7])
  })

  it('gives an output that is an input, or twice the same value', () => {
    const pass = fn('Pass', ['a'], ['a'], [])
    expect(run(inlined([call('Pass', ['x'], ['y'])], [pass]), 1, 2, 3)).toEqual([1, 2, 3])
    const both = fn('Both', ['a'], ['b', 'b'], [node('Neg', ['a'], ['b'])])
    const graph = inlined([call('Both', ['x'], ['u', 'v']), node('Add', ['u', 'v'], ['y'])], [both])
    expect(run(graph, 1, 2, 3)).toEqual([-2, -4, -6])
  })

  it('reads a body at its own opset', () => {
    const old = fn(
      'Old',
      ['a'],
      ['b'],
      [node('Clip', ['a'], ['b'], { min: { kind: 'float', value: 0 }, max: { kind: 'float', value: 2 } })],
      {
        opsets: new Map([['', 10]]),
      },
    )
    expect(run(inlined([call('Old', ['x'], ['m']), node('Neg', ['m'], ['y'])], [old]), -1, 1, 9)).toEqual([-0, -1, -2])
  })

  it('renames inside subgraphs', () => {
    const branch = (operator: string): Graph =>
      new Graph({
        nodes: [node(operator, ['a'], ['r'])],
        inputs: [],
        outputs: [port('r')],
        initializers: new Map(),
        opsets: new Map(),
      })
    const choose = fn(
      'Choose',
      ['a'],
      ['b'],
      [
        node('ReduceSum', ['a'], ['s'], { keepdims: 0 }),
        node('Constant', [], ['zero'], { value_float: { kind: 'float', value: 0 } }),
        node('Greater', ['s', 'zero'], ['c']),
        node('If', ['c'], ['b'], { then_branch: branch('Neg'), else_branch: branch('Abs') }),
      ],
    )
    const graph = inlined([call('Choose', ['x'], ['m']), call('Choose', ['m'], ['y'])], [choose])
    expect(run(graph, 1, 2, 3)).toEqual([1, 2, 3])
  })

  it('replaces a call inside a subgraph', () => {
    const branch = new Graph({
      nodes: [call('Scaled', ['x'], ['r'])],
      inputs: [],
      outputs: [port('r')],
      initializers: new Map(),
      opsets: new Map(),
    })
    const nodes = [
      node('Constant', [], ['c'], { value: { kind: 'tensor', value: boolean } }),
      node('If', ['c'], ['y'], { then_branch: branch, else_branch: branch }),
    ]
    expect(run(inlined(nodes, [scaled]), 1, 2, 3)).toEqual([2, 4, 6])
  })

  it('refuses a call with more inputs than the function has', () => {
    expect(() => inlined([call('Scaled', ['x', 'x'], ['y'])], [scaled])).toThrow(/more inputs/)
  })
})
