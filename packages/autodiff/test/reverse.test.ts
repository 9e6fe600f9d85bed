import { evaluate, type Graph, GraphBuilder, inferShapes, type NdArray, ndarray, Tensor } from '@ascribe/onnx'
import { describe, expect, it } from 'vitest'
import { runOrt } from '../../onnx/test/support/ort.js'
import { differentiate, gradientRules, MissingRuleError, NoGradientPathError, type RuleSet } from '../src/index.js'
import { expectClose, generator } from './support/check.js'

const vector = (...values: number[]): NdArray => ndarray([values.length], values)

/** A graph from a function that emits nodes and gives the outputs' names. */
function graphOf(build: (b: GraphBuilder) => readonly string[]): Graph {
  const b = new GraphBuilder()
  for (const output of build(b)) b.output(output)
  return inferShapes(b.build())
}

/** Gradients of `of`, seeded with ones, at the given inputs. */
function gradients(graph: Graph, of: string, at: readonly string[], feeds: Record<string, NdArray>): number[][] {
  const result = differentiate(graph, { of: [of], at, cotangents: { [of]: null } })
  const names = at.map(name => result.gradients[name]!)
  const values = evaluate(result.graph, feeds, names)
  return names.map(name => Array.from(values.get(name)!.data))
}

describe('sums over paths', () => {
  it('adds the gradients of a value used three times', () => {
    let y = ''
    const graph = graphOf(b => {
      const x = b.input('x', 'float32', [2])
      const square = b.emit('Mul', [x, x])
      y = b.emit('Add', [square, b.emit('Exp', [x])])
      return [y]
    })
    const [dx] = gradients(graph, y, ['x'], { x: vector(0, 1) })
    expectClose(dx!, [1, 2 + Math.E], 1e-12, '2x + exp(x)')
  })

  it('counts a value that a node reads twice, and one that is an output and read again', () => {
    let outputs: string[] = []
    const graph = graphOf(b => {
      const x = b.input('x', 'float32', [1])
      const cubed = b.emit('Mul', [b.emit('Mul', [x, x]), x])
      outputs = [cubed, b.emit('Concat', [cubed, cubed], { axis: 0 })]
      return outputs
    })
    const result = differentiate(graph, {
      of: outputs,
      at: ['x'],
      cotangents: { [outputs[0]!]: null, [outputs[1]!]: null },
    })
    const name = result.gradients['x']!
    expect(Array.from(evaluate(result.graph, { x: vector(2) }, [name]).get(name)!.data)).toEqual([36])
  })

  it('ignores outputs of a node that lead nowhere', () => {
    let part = ''
    const graph = graphOf(b => {
      const x = b.input('x', 'float32', [4])
      const parts = b.emitAll('Split', [x, b.ints([1, 2, 1])], 3, { axis: 0 })
      part = parts[1]!
      b.emit('Exp', [parts[0]!])
      return [part]
    })
    expect(gradients(graph, part, ['x'], { x: vector(1, 2, 3, 4) })).toEqual([[0, 1, 1, 0]])
  })
})

describe('blocks', () => {
  const counts = (graph: Graph, operator: string): number => graph.nodes.filter(node => node.operator === operator).length

  it('joins the cotangents of parts that do not overlap, without padding or adding', () => {
    let y = ''
    const graph = graphOf(b => {
      const x = b.input('x', 'float32', [3, 2])
      const [q, k, v] = [0, 1, 2].map(i => b.emit('Gather', [x, b.constant(Tensor.from('int64', [], [i]))], { axis: 0 }))
      y = b.emit('Mul', [b.emit('Mul', [q!, k!]), v!])
      return [y]
    })
    const { graph: whole } = differentiate(graph, { of: [y], at: ['x'] })
    expect([counts(whole, 'Concat'), counts(whole, 'Pad'), counts(whole, 'Add')]).toEqual([1, 0, 0])
    const [dx] = gradients(graph, y, ['x'], { x: ndarray([3, 2], [2, 3, 5, 7, 11, 13]) })
    expect(dx).toEqual([55, 91, 22, 39, 10, 21])
  })

  it('adds those that overlap and fills the gaps with zeros', () => {
    let y = ''
    const graph = graphOf(b => {
      const x = b.input('x', 'float32', [8])
      const cut = (from: number, to: number): string => b.emit('Slice', [x, b.ints([from]), b.ints([to])])
      const scaled = (value: string, by: number): string => b.emit('Mul', [value, b.float(by)])
      y = b.emit('Concat', [scaled(cut(1, 3), 2), scaled(cut(2, 4), 10), scaled(cut(5, 6), 7), scaled(cut(6, 7), 3)], { axis: 0 })
      return [y]
    })
    expect(gradients(graph, y, ['x'], { x: ndarray([8], new Array(8).fill(1)) })).toEqual([[0, 2, 12, 10, 0, 7, 3, 0]])
  })
})

describe('targets', () => {
  const names = { hidden: '', y: '', weight: '' }
  const graph = graphOf(b => {
    const x = b.input('x', 'float32', [1, 2])
    names.weight = b.constant(Tensor.float32([2, 2], [1, -2, 3, 4]), 'weight')
    names.hidden = b.emit('MatMul', [x, names.weight])
    names.y = b.emit('Mul', [names.hidden, names.hidden])
    return [names.y]
  })
  const feeds = { x: ndarray([1, 2], [1, 0.5]) }

  it('may lie one behind another, in between, or be weights', () => {
    // h = [2.5, 0]; dy/dh = 2h; dx = 2h W'; dW = x' 2h
    const [dh, dx, dw] = gradients(graph, names.y, [names.hidden, 'x', names.weight], feeds)
    expect(dh).toEqual([5, 0])
    expect(dx).toEqual([5, 15])
    expect(dw).toEqual([5, 0, 2.5, 0])
  })

  it('may be the value differentiated itself', () => {
    expect(gradients(graph, names.y, [names.y], feeds)).toEqual([[1, 1]])
  })

  it('need not be asked for twice', () => {
    const result = differentiate(graph, { of: [names.y], at: ['x', 'x'] })
    expect(result.graph.outputs).toHaveLength(2)
  })

  it('carry their own shape and type as outputs', () => {
    const result = differentiate(graph, { of: [names.y], at: ['x', names.weight] })
    const types = result.graph.outputs.slice(1).map(({ type }) => type)
    expect(types).toEqual([
      { dtype: 'float32', shape: [1, 2] },
      { dtype: 'float32', shape: [2, 2] },
    ])
  })
})

describe('cotangents', () => {
  let y = ''
  const graph = graphOf(b => {
    const x = b.input('x', 'float32', [2])
    b.input('weighting', 'float32', [2])
    y = b.emit('Mul', [x, x])
    return [y]
  })
  const at = (cotangents: Readonly<Record<string, string | null>>, feeds: Record<string, NdArray>): number[] => {
    const result = differentiate(graph, { of: [y], at: ['x'], cotangents })
    const name = result.gradients['x']!
    return Array.from(evaluate(result.graph, { x: vector(3, 5), ...feeds }, [name]).get(name)!.data)
  }

  it('are ones for null', () => expect(at({ [y]: null }, {})).toEqual([6, 10]))
  it('are a tensor of the graph by name', () => expect(at({ [y]: 'weighting' }, { weighting: vector(1, -2) })).toEqual([6, -20]))
  it('are otherwise an input of the new graph', () => {
    const result = differentiate(graph, { of: [y], at: ['x'] })
    expect(result.cotangents[y]).toBe(`cotangent/${y}`)
    expect(result.graph.inputs.map(({ name }) => name)).toEqual(['x', 'weighting', `cotangent/${y}`])
    expect(at({}, { [`cotangent/${y}`]: vector(0, 1) })).toEqual([0, 10])
  })
})

describe('errors', () => {
  it('names the operators that stop the gradient', () => {
    let y = ''
    const graph = graphOf(b => {
      y = b.emit('Exp', [b.emit('Floor', [b.input('x', 'float32', [2])], {}, 'round down')])
      return [y]
    })
    const run = () => differentiate(graph, { of: [y], at: ['x'] })
    expect(run).toThrow(NoGradientPathError)
    expect(run).toThrow(/Floor "round down"/)
  })

  it('says which value does not depend on the target', () => {
    let y = ''
    const graph = graphOf(b => {
      b.input('other', 'float32', [2])
      y = b.emit('Exp', [b.input('x', 'float32', [2])])
      return [y]
    })
    expect(() => differentiate(graph, { of: [y], at: ['other'] })).toThrow(`"${y}" does not depend on "other"`)
  })

  it('does not follow a path through integers', () => {
    let y = ''
    const graph = graphOf(b => {
      const whole = b.emit('Cast', [b.input('x', 'float32', [2])], { to: 7 })
      y = b.emit('Cast', [whole], { to: 1 })
      return [y]
    })
    expect(() => differentiate(graph, { of: [y], at: ['x'] })).toThrow(NoGradientPathError)
  })

  it('names operator and node without a rule', () => {
    let y = ''
    const graph = graphOf(b => {
      y = b.emit('example.org:Mystery', [b.input('x', 'float32', [2])], {}, 'the odd one')
      return [y]
    })
    const run = () => differentiate(graph, { of: [y], at: ['x'] })
    expect(run).toThrow(MissingRuleError)
    expect(run).toThrow(/example\.org:Mystery.*the odd one/)
  })

  it('leaves alone an operator without a rule that is on no path', () => {
    let y = ''
    const graph = graphOf(b => {
      const x = b.input('x', 'float32', [2])
      b.emit('example.org:Mystery', [x])
      y = b.emit('Exp', [x])
      return [y]
    })
    expect(differentiate(graph, { of: [y], at: ['x'] }).gradients['x']).toBeDefined()
  })

  it('asks for fixed shapes where a rule needs them', () => {
    let y = ''
    const graph = graphOf(b => {
      y = b.emit('Flatten', [b.input('x', 'float32', ['batch', 2, 3])])
      return [y]
    })
    expect(() => differentiate(graph, { of: [y], at: ['x'] })).toThrow(/Flatten.*shape of.*fix the model's input shapes/)
  })

  const branching = (): { graph: Graph; y: string } => {
    const branch = (operator: string): Graph => {
      const b = new GraphBuilder(undefined, operator)
      b.output(b.emit(operator, ['hidden']), 'float32', [2])
      return b.build()
    }
    let y = ''
    const graph = graphOf(b => {
      const hidden = b.emit('Mul', [b.input('x', 'float32', [2]), b.float(2)])
      // The branches read the value by this name.
      b.append({ domain: '', operator: 'Identity', name: 'capture', inputs: [hidden], outputs: ['hidden'], attributes: {} })
      y = b.emit('If', [b.input('condition', 'bool', [])], { then_branch: branch('Exp'), else_branch: branch('Neg') }, 'choice')
      return [y]
    })
    return { graph, y }
  }

  it('stops at a branch that reads the target from outside', () => {
    const { graph, y } = branching()
    const run = () => differentiate(graph, { of: [y], at: ['x'] })
    expect(run).toThrow(MissingRuleError)
    expect(run).toThrow(/If.*choice/)
  })

  it('says which outer value a subgraph reads when its operator has a rule', () => {
    const { graph, y } = branching()
    const rules: RuleSet = (node, of) => (node.operator === 'If' ? { kind: 'gradient', rule: () => [] } : gradientRules(node, of))
    expect(() => differentiate(graph, { of: [y], at: ['x'], rules })).toThrow(/reads "hidden"/)
  })
})

describe('higher derivatives', () => {
  /** sum(tanh(x W)^2); each order is compared with differences of the one before. */
  it('differentiates its own output: first, second and third of a small net', async () => {
    const random = generator(4)
    const weights = Array.from({ length: 6 }, () => Math.fround(random() - 0.5))
    const point = Array.from({ length: 3 }, () => Math.fround(random() - 0.5))
    const direction = [0.3, -0.7, 0.5].map(Math.fround)
    let graph = graphOf(b => {
      const h = b.emit('Tanh', [b.emit('MatMul', [b.input('x', 'float32', [1, 3]), b.float(weights, [3, 2])])])
      return [b.emit('ReduceSum', [b.emit('Mul', [h, h]), b.ints([0, 1])], { keepdims: 0 })]
    })
    let of = graph.outputs[0]!.name
    for (const order of [1, 2, 3]) {
      const [before, scalar] = [graph, of]
      const f = (x: readonly number[]): number => evaluate(before, { x: ndarray([1, 3], x) }, [scalar]).get(scalar)!.data[0]!
      const partial = (i: number): number => {
        const moved = (delta: number): number => f(point.map((v, j) => (j === i ? v + delta : v)))
        return (moved(1e-5) - moved(-1e-5)) / 2e-5
      }
      const result = differentiate(graph, { of: [of], at: ['x'], cotangents: { [of]: null } })
      const feeds = { x: ndarray([1, 3], point) }
      const name = result.gradients['x']!
      const actual = evaluate(result.graph, feeds, [name]).get(name)!.data
      expectClose(actual, [0, 1, 2].map(partial), 1e-8, `derivative ${order}`)
      const measured = await runOrt(result.graph, feeds)
      expectClose(measured[name]!.data, actual, 1e-5, `ONNX Runtime's derivative ${order}`)
      // What is differentiated next: the derivative along the direction.
      const b = new GraphBuilder(result.graph)
      const product = b.emit('Mul', [name, b.float(direction, [1, 3])])
      of = b.emit('ReduceSum', [product, b.ints([0, 1])], { keepdims: 0 })
      b.output(of)
      graph = inferShapes(b.build())
    }
  })
})

describe('size', () => {
  it('walks a chain of 5,000 nodes in under two seconds', () => {
    let y = ''
    const graph = graphOf(b => {
      y = b.input('x', 'float32', [2])
      for (let i = 0; i < 2500; i++) y = b.emit('Sigmoid', [b.emit('Add', [y, b.float(0.001 * i)])])
      return [y]
    })
    const start = performance.now()
    const result = differentiate(graph, { of: [y], at: ['x'] })
    expect(performance.now() - start).toBeLessThan(2000)
    expect(result.graph.nodes.length).toBeGreaterThan(10_000)
  })

  it('sums thousands of uses of one value', () => {
    let y = ''
    const graph = graphOf(b => {
      const x = b.input('x', 'float32', [1])
      const terms = Array.from({ length: 1000 }, (_, i) => b.emit('Mul', [x, b.float(i)]))
      y = b.emit('Sum', terms)
      return [y]
    })
    expect(gradients(graph, y, ['x'], { x: vector(1) })).toEqual([[499_500]])
  })
})
