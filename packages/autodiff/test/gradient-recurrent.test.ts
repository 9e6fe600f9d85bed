import { attributes, evaluate, GraphBuilder, inferShapes, ndarray, Tensor } from '@ascribe/onnx'
import { describe, expect, it } from 'vitest'
import { runOrt } from '../../onnx/test/support/ort.js'
import { differentiate } from '../src/index.js'
import { recurrentCases } from './cases/recurrent.js'
import { checkGradient, expectClose, generator } from './support/check.js'
import { title } from './support/title.js'

/** Two layers in both directions, of which only the last state is an output. */
function network(operator: string, gates: number, steps: number, hidden: number) {
  const random = generator(5)
  const b = new GraphBuilder()
  const weights = (...dims: number[]): string => {
    const count = dims.reduce((a, c) => a * c, 1)
    return b.constant(
      Tensor.float32(
        dims,
        Array.from({ length: count }, () => (random() - 0.5) * 0.8),
      ),
    )
  }
  const parameters = (inputs: number): string[] => [
    weights(2, gates * hidden, inputs),
    weights(2, gates * hidden, hidden),
    weights(2, 2 * gates * hidden),
  ]
  const settings = { hidden_size: hidden, direction: 'bidirectional' }
  const first = b.emit(operator, [b.input('x', 'float32', [steps, 2, 3]), ...parameters(3)], settings)
  const joined = b.emit('Reshape', [b.emit('Transpose', [first], { perm: [0, 2, 1, 3] }), b.ints([steps, 2, 2 * hidden])])
  b.append({
    domain: '',
    operator,
    name: 'last',
    inputs: [joined, ...parameters(2 * hidden)],
    outputs: ['', 'state'],
    attributes: attributes(settings),
  })
  b.output('state')
  return inferShapes(b.build())
}

describe('gradients of recurrent operators', () => {
  it.each(recurrentCases.map(test => [title(test), test] as const))('%s', (_, test) => checkGradient(test))

  it.each([
    ['RNN', 1],
    ['GRU', 3],
    ['LSTM', 4],
  ] as const)('%s: two layers both ways over 32 steps, of which only the last state is read', async (operator, gates) => {
    const graph = network(operator, gates, 32, 4)
    const result = differentiate(graph, { of: ['state'], at: ['x'], cotangents: { state: null } })
    expect(result.graph.nodes.length).toBeLessThan(2000)
    const random = generator(6)
    const x = Float64Array.from({ length: 32 * 2 * 3 }, () => Math.fround(random() - 0.5))
    const name = result.gradients['x']!
    const actual = evaluate(result.graph, { x: ndarray([32, 2, 3], x) }, [name]).get(name)!.data
    const f = (data: Float64Array): number =>
      evaluate(graph, { x: ndarray([32, 2, 3], data) }, ['state'])
        .get('state')!
        .data.reduce((a, b) => a + b, 0)
    const direction = x.map(() => random() - 0.5)
    const moved = (delta: number): number => f(x.map((v, i) => v + delta * direction[i]!))
    const along = direction.reduce((sum, d, i) => sum + d * actual[i]!, 0)
    expectClose([along], [(moved(1e-5) - moved(-1e-5)) / 2e-5], 1e-7, 'derivative along a random direction')
    const measured = await runOrt(result.graph, { x: ndarray([32, 2, 3], x) })
    expectClose(measured[name]!.data, actual, 1e-5, "ONNX Runtime's gradient")
  })
})
