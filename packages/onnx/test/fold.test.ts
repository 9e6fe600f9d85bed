import { foldConstants, Graph, GraphBuilder, inferShapes, type Node, specialise, Tensor } from '@ascribe/onnx'
import { expect, test } from 'vitest'

const operators = (graph: Graph): string[] => graph.nodes.map(node => node.operator)

test('x.view(x.size(0), -1) of a dynamic batch: the reshape stays, its known part is found', () => {
  const b = new GraphBuilder()
  const x = b.input('x', 'float32', ['batch', 3, 4, 5])
  const size = b.emit('Gather', [b.emit('Shape', [x]), b.constant(Tensor.from('int64', [], [0]))], { axis: 0 })
  const target = b.emit('Concat', [b.emit('Unsqueeze', [size, b.ints([0])]), b.ints([-1])], { axis: 0 })
  b.output(b.emit('Relu', [b.emit('Reshape', [x, target])]))
  const graph = b.build()
  const inferred = inferShapes(graph)
  expect(inferred.outputs[0]!.type.shape).toEqual(['batch', 60])
  const fixed = specialise(graph, { dimensions: { batch: 2 } })
  expect(operators(fixed)).toEqual(['Reshape', 'Relu'])
  expect([...fixed.initializers.get(fixed.nodes[0]!.inputs[1]!)!.numbers()]).toEqual([2, -1])
  expect(fixed.outputs[0]!.type.shape).toEqual([2, 60])
  expect([...fixed.initializers.keys()]).toHaveLength(1)
})

test('Constant nodes become initializers over the same bytes, also through a reshape', () => {
  const weight = Tensor.float32([2, 3], [1, 2, 3, 4, 5, 6])
  const b = new GraphBuilder()
  const x = b.input('x', 'float32', [1, 2])
  const w = b.emit('Constant', [], { value: weight })
  const again = b.emit('Reshape', [w, b.ints([3, 2])])
  const product = b.emit('MatMul', [x, b.emit('Identity', [w])])
  b.output(b.emit('MatMul', [product, again]))
  const folded = foldConstants(b.build())
  expect(operators(folded)).toEqual(['MatMul', 'MatMul'])
  expect(folded.initializers.get(folded.nodes[0]!.inputs[1]!)!.bytes).toBe(weight.bytes)
  const reshaped = folded.initializers.get(folded.nodes[1]!.inputs[1]!)!
  expect(reshaped.bytes).toBe(weight.bytes)
  expect(reshaped.dims).toEqual([3, 2])
})

test('outputs keep their names: a constant output is an Identity of an initializer, and folding again changes nothing', () => {
  const b = new GraphBuilder()
  b.input('x', 'float32', [2, 3])
  b.output(b.emit('Shape', ['x']), 'int64')
  const name = b.nodes[0]!.outputs[0]!
  const folded = foldConstants(b.build())
  expect(folded.outputs[0]!.name).toBe(name)
  expect(operators(folded)).toEqual(['Identity'])
  expect([...folded.initializers.get(folded.nodes[0]!.inputs[0]!)!.numbers()]).toEqual([2, 3])
  const twice = foldConstants(folded)
  expect(twice.nodes).toEqual(folded.nodes)
  expect([...twice.initializers.keys()]).toEqual([...folded.initializers.keys()])
})

test('a cast to the type of another value is nothing where the types agree', () => {
  const b = new GraphBuilder()
  const x = b.input('x', 'float32', [2])
  const y = b.input('y', 'float32', [3])
  const flag = b.input('flag', 'bool', [2])
  b.output(b.emit('Mul', [b.emit('CastLike', [b.emit('Relu', [x]), y]), b.emit('CastLike', [flag, y])]))
  const folded = foldConstants(b.build())
  expect(operators(folded)).toEqual(['Relu', 'CastLike', 'Mul'])
  expect(folded.nodes[2]!.inputs[0]).toBe(folded.nodes[0]!.outputs[0])
})

test('an attention mask from shapes folds to a table once the length is known', () => {
  const b = new GraphBuilder()
  const ids = b.input('ids', 'int64', ['batch', 'sequence'])
  const length = b.emit('Shape', [ids], { start: 1, end: 2 })
  const ones = b.emit('ConstantOfShape', [b.emit('Concat', [length, length], { axis: 0 })], {
    value: Tensor.from('int64', [1], [1]),
  })
  const mask = b.emit('Trilu', [ones], { upper: 0 })
  const scores = b.input('scores', 'float32', ['batch', 1, 'sequence', 'sequence'])
  const kept = b.emit('Where', [b.emit('Cast', [mask], { to: 9 }), scores, b.float(-1e9)])
  b.output(kept)
  expect(inferShapes(b.build()).outputs[0]!.type.shape).toEqual(['batch', 1, 'sequence', 'sequence'])
  const fixed = specialise(b.build(), { dimensions: { sequence: 3 } })
  expect(operators(fixed)).toEqual(['Where'])
  const table = fixed.initializers.get(fixed.nodes[0]!.inputs[0]!)!
  expect(table.dtype).toBe('bool')
  expect([...table.numbers()]).toEqual([1, 0, 0, 1, 1, 0, 1, 1, 1])
  expect(fixed.outputs[0]!.type.shape).toEqual(['batch', 1, 3, 3])
})

test('dropout, identities, casts to the same type and empty pads are bypassed; a used mask keeps its dropout', () => {
  const b = new GraphBuilder()
  const x = b.input('x', 'float32', [2, 3])
  const dropped = b.emitAll('Dropout', [b.emit('Identity', [x])], 2)[0]!
  const padded = b.emit('Pad', [b.emit('Cast', [dropped], { to: 1 }), b.ints([0, 0, 0, 0])])
  b.output(b.emit('Relu', [padded]))
  expect(operators(foldConstants(b.build()))).toEqual(['Relu'])
  expect(foldConstants(b.build()).nodes[0]!.inputs).toEqual(['x'])
  const [kept, mask] = b.emitAll('Dropout', [x], 2)
  b.output(kept!)
  b.output(mask!, 'bool')
  expect(operators(foldConstants(b.build()))).toContain('Dropout')
})

function branch(name: string, operator: string): Graph {
  const nodes: Node[] = [{ domain: '', operator, name: 'n', inputs: ['x'], outputs: [name], attributes: {} }]
  return new Graph({ nodes, inputs: [], outputs: [{ name, type: { dtype: 'float32', shape: null } }], initializers: new Map() })
}

test('an If whose condition is known is replaced by its branch; one whose is not keeps both, with types', () => {
  const b = new GraphBuilder()
  const x = b.input('x', 'float32', ['n', 3])
  const rank = b.emit('Size', [b.emit('Shape', [x])])
  const condition = b.emit('Equal', [rank, b.constant(Tensor.from('int64', [], [2]))])
  const y = b.emit('If', [condition], { then_branch: branch('y', 'Relu'), else_branch: branch('y', 'Exp') })
  b.output(b.emit('Neg', [y]))
  const folded = foldConstants(b.build())
  expect(operators(folded)).toEqual(['Relu', 'Neg'])
  expect(folded.nodes[0]!.inputs).toEqual(['x'])

  const open = new GraphBuilder()
  open.input('x', 'float32', ['n', 3])
  const flag = open.input('flag', 'bool', [])
  open.output(open.emit('If', [flag], { then_branch: branch('y', 'Relu'), else_branch: branch('z', 'Exp') }))
  const kept = foldConstants(open.build())
  expect(operators(kept)).toEqual(['If'])
  expect(kept.outputs[0]!.type.shape).toEqual(['n', 3])
})

function loopBody(): Graph {
  const b = new GraphBuilder()
  b.input('i', 'int64', [])
  b.input('go', 'bool', [])
  b.input('sum', 'float32', [2])
  const go = b.emit('Identity', ['go'])
  const sum = b.emit('Add', ['sum', b.emit('Cast', ['i'], { to: 1 })])
  b.output(go, 'bool')
  b.output(sum)
  b.output(b.emit('Mul', [sum, 'x']))
  return b.build()
}

test('a Loop of constant length is unrolled: carried value and stacked outputs', () => {
  const b = new GraphBuilder()
  const x = b.input('x', 'float32', [2])
  const always = b.constant(Tensor.from('bool', [], [1]))
  const trips = b.constant(Tensor.from('int64', [], [3]))
  const [last, steps] = b.emitAll('Loop', [trips, always, x], 2, { body: loopBody() })
  b.output(last!)
  b.output(steps!)
  const before = inferShapes(b.build())
  expect(before.outputs.map(({ type }) => type.shape)).toEqual([[2], [null, 2]])
  const folded = foldConstants(b.build())
  expect(operators(folded)).not.toContain('Loop')
  expect(operators(folded).filter(name => name === 'Add')).toHaveLength(3)
  expect(folded.outputs.map(({ name, type }) => [name, type.shape])).toEqual([
    [last, [2]],
    [steps, [3, 2]],
  ])
})

test('a Scan of known length is unrolled', () => {
  const body = new GraphBuilder()
  body.input('state', 'float32', [4])
  body.input('row', 'float32', [4])
  const next = body.emit('Add', ['state', 'row'])
  body.output(next)
  body.output(body.emit('Identity', [next]))
  const b = new GraphBuilder()
  const x = b.input('x', 'float32', ['steps', 4])
  const start = b.input('start', 'float32', [4])
  const [last, all] = b.emitAll('Scan', [start, x], 2, { body: body.build(), num_scan_inputs: 1 })
  b.output(last!)
  b.output(all!)
  const open = foldConstants(b.build())
  expect(operators(open)).toEqual(['Scan'])
  expect(open.outputs.map(({ type }) => type.shape)).toEqual([[4], ['steps', 4]])
  const fixed = specialise(b.build(), { inputs: { x: [5, 4] } })
  expect(operators(fixed).filter(name => name === 'Add')).toHaveLength(5)
  expect(fixed.outputs.map(({ type }) => type.shape)).toEqual([[4], [5, 4]])
})

test('loops in loops stop at a bound, and huge ranges and fills are not made', () => {
  const inner = (depth: number): Graph => {
    const b = new GraphBuilder()
    b.input('i', 'int64', [])
    b.input('go', 'bool', [])
    b.input('v', 'float32', [])
    b.output('go', 'bool')
    const limit = b.constant(Tensor.from('int64', [], [200]))
    const next = depth === 0 ? b.emit('Neg', ['v']) : b.emit('Loop', [limit, '', 'v'], { body: inner(depth - 1) })
    b.output(next)
    return b.build()
  }
  const b = new GraphBuilder()
  const limit = b.constant(Tensor.from('int64', [], [200]))
  b.output(b.emit('Loop', [limit, '', b.input('x', 'float32', [])], { body: inner(3) }))
  const start = performance.now()
  expect(operators(foldConstants(b.build()))).toEqual(['Loop'])
  expect(performance.now() - start).toBeLessThan(1000)

  const huge = new GraphBuilder()
  const scalar = (value: number) => huge.constant(Tensor.from('int64', [], [value]))
  huge.output(huge.emit('Range', [scalar(0), scalar(2 ** 40), scalar(1)]), 'int64')
  huge.output(huge.emit('ConstantOfShape', [huge.ints([2 ** 20, 2 ** 20])]))
  huge.output(huge.emit('Tile', [huge.ints([1, 2]), huge.ints([2 ** 40])]), 'int64')
  expect(foldConstants(huge.build()).outputs.map(({ type }) => type.shape)).toEqual([[2 ** 40], [2 ** 20, 2 ** 20], [2 ** 41]])
})

test('dead nodes and unused initializers go; inputs stay', () => {
  const b = new GraphBuilder()
  const x = b.input('x', 'float32', [2])
  b.input('unused', 'float32', [1])
  b.emit('Add', [x, b.float([1, 2])])
  b.output(b.emit('Relu', [x]))
  const folded = foldConstants(b.build())
  expect(operators(folded)).toEqual(['Relu'])
  expect(folded.initializers.size).toBe(0)
  expect(folded.inputs.map(({ name }) => name)).toEqual(['x', 'unused'])
})

test('random operators are never folded; large float results are left to the runtime', () => {
  const b = new GraphBuilder()
  const x = b.input('x', 'float32', [2])
  b.output(b.emit('Add', [x, b.emit('RandomNormalLike', [b.float([1, 2])])]))
  const big = b.constant(Tensor.float32([100, 100], new Float32Array(10000)))
  b.output(b.emit('Add', [b.emit('Neg', [big]), b.input('y', 'float32', [])]))
  expect(operators(foldConstants(b.build()))).toEqual(['RandomNormalLike', 'Add', 'Neg', 'Add'])
})

test('ten thousand nodes fold in linear time', () => {
  const b = new GraphBuilder()
  let value = b.input('x', 'float32', ['n', 8])
  for (let i = 0; i < 10_000; i++) value = b.emit('Relu', [value])
  b.output(value)
  const graph = b.build()
  const start = performance.now()
  expect(foldConstants(graph).outputs[0]!.type.shape).toEqual(['n', 8])
  expect(performance.now() - start).toBeLessThan(4000)
})
