/** @file Graph attention networks of this package, explained by their attention. */
import { explain, float32, Model, Random } from '@ascribe/core'
import { nodeRuntime } from '@ascribe/core/node'
import { afterAll, expect, test } from 'vitest'
import { architectureNamed } from '../src/architectures/index.js'
import { exportGraph } from '../src/train/export.js'
import { layoutOf } from '../src/train/step.js'
import { withDefaults } from './support/networks.js'

const runtime = nodeRuntime({ threads: 1 })
afterAll(() => runtime.dispose())

test('graph-attention gives the coefficients of a gat, edge weights counted', async () => {
  const [nodes, columns, classes] = [4, 3, ['a', 'b']]
  const architecture = architectureNamed('gat')
  const options = withDefaults(architecture.options, { depth: 1 })
  const task = { row: [columns], classes: classes.length }
  const layout = layoutOf(architecture, options, task)
  const { parameters, statistics } = layout.initialize(3)
  const parameter = layout.reader(parameters, statistics)
  const graph = exportGraph({
    architecture,
    task,
    layout,
    parameters,
    statistics,

    architectureOptions: options,
    classes,
  })
  const random = new Random(4)
  const x = Array.from({ length: nodes * columns }, () => random.normal())
  const [sources, targets] = [
    [0, 1, 2, 3, 0, 2],
    [1, 0, 1, 2, 3, 0],
  ]
  const weights = [1, 0.5, 0.25, 1, 0, 1]
  const a = await explain(
    new Model(graph, { runtime, name: 'gat' }),
    {
      input: float32([nodes, columns], x),
      edge_index: { dtype: 'int64', dims: [2, weights.length], data: BigInt64Array.from([...sources, ...targets].map(BigInt)) },
      edge_weight: float32([weights.length], weights),
    },
    'graph-attention',
    { target: '1/0', at: ['edge_weight'] },
  )
  const part = (name: string): ArrayLike<number> => parameter(`convolution1.${name}`)!
  const h = (node: number): number[] =>
    classes.map((_, k) =>
      Array.from({ length: columns }, (_, c) => x[node * columns + c]! * part('weight')[c * classes.length + k]!).reduce(
        (p, q) => p + q,
      ),
    )
  const dot = (node: number, name: string): number => h(node).reduce((sum, value, k) => sum + value * part(name)[k]!, 0)
  const term = (from: number, to: number): number => {
    const score = dot(from, 'source') + dot(to, 'target')
    return Math.exp(score > 0 ? score : 0.2 * score)
  }
  weights.forEach((weight, e) => {
    const to = targets[e]!
    const total = weights.reduce((sum, one, k) => sum + (targets[k] === to ? one * term(sources[k]!, to) : 0), term(to, to))
    expect(a.values[e]).toBeCloseTo((weight * term(sources[e]!, to)) / total, 6)
  })
})
