import { evaluate, GraphBuilder, inferShapes, ndarray, Tensor } from '@ascribe/onnx'
import { describe, expect, it } from 'vitest'
import { differentiate } from '../src/index.js'
import { indexingCases } from './cases/indexing.js'
import { checkGradient } from './support/check.js'
import { title } from './support/title.js'

describe('gradients of gathering and scattering', () => {
  it.each(indexingCases.map(test => [title(test), test] as const))('%s', (_, test) => checkGradient(test))

  it.each(['max', 'min'])('ScatterElements %s shares equally among data and updates that tie', reduction => {
    const b = new GraphBuilder()
    const sign = reduction === 'max' ? 1 : -1
    const data = b.input('data', 'float32', [2])
    const updates = b.input('updates', 'float32', [4])
    const indices = b.constant(Tensor.ints([0, 0, 0, 1]))
    const y = b.emit('ScatterElements', [data, indices, updates], { reduction })
    b.output(y)
    const result = differentiate(inferShapes(b.build()), { of: [y], at: ['data', 'updates'], cotangents: { [y]: null } })
    const feeds = {
      data: ndarray([2], [3 * sign, 1 * sign]),
      updates: ndarray([4], [3 * sign, 2 * sign, 3 * sign, 5 * sign]),
    }
    const names = [result.gradients['data']!, result.gradients['updates']!]
    const values = evaluate(result.graph, feeds, names)
    expect(names.map(name => Array.from(values.get(name)!.data))).toEqual([
      [1 / 3, 0],
      [1 / 3, 0, 1 / 3, 1],
    ])
  })

  it('never emits a ScatterND that adds: it loses updates with several threads', () => {
    const emitted = new Set<string>()
    for (const test of indexingCases) {
      const b = new GraphBuilder()
      const inputs = test.inputs.map((given, i) => {
        const spec = given === '' ? { dims: [] } : 'dims' in given ? given : { dims: given as readonly number[] }
        const dtype = ('dtype' in spec && spec.dtype) || 'float32'
        if ('constant' in spec && spec.constant) return b.constant(Tensor.from(dtype, spec.dims, spec.data!))
        return b.input(`x${i}`, dtype, spec.dims)
      })
      const [y] = b.emitAll(test.operator, inputs, test.outputs ?? 1, test.attributes ?? {})
      b.output(y!)
      const graph = inferShapes(b.build())
      const at = graph.inputs.filter(({ type }) => type.dtype === 'float32').map(({ name }) => name)
      const whole = differentiate(graph, { of: [y!], at }).graph
      for (const node of whole.nodes.slice(graph.nodes.length))
        if (node.operator === 'ScatterND') emitted.add(JSON.stringify(node.attributes))
    }
    expect([...emitted].filter(text => text.includes('add'))).toEqual([])
  })
})
