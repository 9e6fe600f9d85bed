import { bindInputs, evaluate, type Graph, GraphBuilder, ndarray, ShapeError, specialise, Tensor } from '@ascribe/onnx'
import { expect, test } from 'vitest'

const operators = (graph: Graph): string[] => graph.nodes.map(node => node.operator)

/** Sums the rows of x over edges without self loops, then one loop per node, as exported graph layers do. */
function sumOverEdges(nodes: number): Graph {
  const b = new GraphBuilder()
  const x = b.input('x', 'float32', [nodes, 2])
  const edges = b.input('edges', 'int64', [2, 'count'])
  const row = (index: number): string => b.emit('Gather', [edges, b.constant(Tensor.from('int64', [], [index]))], { axis: 0 })
  const kept = b.emit('NonZero', [b.emit('Not', [b.emit('Equal', [row(0), row(1)])])])
  const flat = b.emit('Squeeze', [kept, b.ints([0])])
  const loops = b.ints(Array.from({ length: nodes }, (_, i) => i))
  const [from, to] = [0, 1].map(i => b.emit('Concat', [b.emit('Gather', [row(i), flat]), loops], { axis: 0 })) as [string, string]
  const messages = b.emit('Gather', [x, from], { axis: 0 })
  const index = b.emit('Expand', [b.emit('Unsqueeze', [to, b.ints([1])]), b.emit('Shape', [messages])])
  const zero = b.constant(Tensor.float32([nodes, 2], new Float32Array(nodes * 2)))
  b.output(b.emit('ScatterElements', [zero, index, messages], { axis: 0, reduction: 'add' }))
  return b.build()
}

test('an edge count that depends on the data becomes known, and all but the float arithmetic folds', () => {
  const graph = sumOverEdges(3)
  expect(specialise(graph, { dimensions: { count: 4 } }).nodes.some(node => node.operator === 'NonZero')).toBe(true)
  const bound = bindInputs(graph, new Map([['edges', Tensor.from('int64', [2, 4], [0, 1, 2, 2, 1, 1, 0, 1])]]))
  expect(operators(bound)).toEqual(['Gather', 'ScatterElements'])
  expect(bound.inputs.map(({ name }) => name)).toEqual(['x'])
  expect(bound.dims(bound.nodes[0]!.outputs[0]!)).toEqual([6, 2])
  const [value] = evaluate(bound, { x: ndarray([3, 2], [1, 10, 2, 20, 3, 30]) }).values()
  expect([...value!.data]).toEqual([4, 40, 6, 60, 3, 30])
})

test('Compress, Unique and Where beyond the sizes that shape arithmetic follows', () => {
  const b = new GraphBuilder()
  const x = b.input('x', 'float32', [5000])
  const mask = b.input('mask', 'bool', [5000])
  const ids = b.input('ids', 'int64', [5000])
  const kept = b.emit('Compress', [b.emit('Where', [mask, ids, b.emit('Neg', [ids])]), mask])
  const distinct = b.emitAll('Unique', [kept], 1)[0]!
  b.output(b.emit('Gather', [x, distinct]))
  const values = new Map([
    [
      'mask',
      Tensor.from(
        'bool',
        [5000],
        Float64Array.from({ length: 5000 }, (_, i) => (i < 3000 ? 1 : 0)),
      ),
    ],
    [
      'ids',
      Tensor.from(
        'int64',
        [5000],
        Float64Array.from({ length: 5000 }, (_, i) => i >> 1),
      ),
    ],
  ])
  const bound = bindInputs(b.build(), values)
  expect(operators(bound)).toEqual(['Gather'])
  expect(bound.outputs[0]!.type.shape).toEqual([1500])
  expect([...bound.initializers.get(bound.nodes[0]!.inputs[1]!)!.numbers()]).toEqual(Array.from({ length: 1500 }, (_, i) => i))
})

test('names, types and dimensions that do not fit are errors', () => {
  const graph = sumOverEdges(3)
  const bind = (name: string, tensor: Tensor) => () => bindInputs(graph, new Map([[name, tensor]]))
  expect(bind('edge', Tensor.ints([1]))).toThrow('there is no input "edge"; the inputs are x, edges')
  expect(bind('edges', Tensor.float32([2, 1], [0, 1]))).toThrow('input "edges" is given a value of float32 but holds int64')
  expect(bind('edges', Tensor.from('int64', [3, 1], [0, 1, 2]))).toThrow(ShapeError)
})
