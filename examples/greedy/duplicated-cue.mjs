/**
 * @file Why attribution should adapt: f = min(x1 + x2 + x3, 1) + 0.2 x4, explained at (1, 1, 1, 1) from zeros. One strong cue stands there three
 * times, so that any one copy says all; x4 is weaker, but nothing repeats it.
 * `node examples/greedy/duplicated-cue.mjs` after `npm run build`; `--json` for the numbers alone.
 */
import { GraphBuilder, inferShapes, Tensor } from '@ascribe/onnx'
import { exactShapley, float32, greedyGain, greedyPig, integratedGradients, Model, nodeRuntime } from 'ascribe'

const builder = new GraphBuilder()
const x = builder.input('x', 'float32', ['batch', 4])
const weighted = weights => builder.emit('MatMul', [x, builder.constant(Tensor.float32([4, 1], weights))])
const cue = weighted([1, 1, 1, 0])
const excess = builder.emit('Relu', [builder.emit('Sub', [cue, builder.float(1)])])
builder.output(builder.emit('Add', [builder.emit('Sub', [cue, excess]), weighted([0, 0, 0, 0.2])]))

const runtime = nodeRuntime({ threads: 1 })
const model = new Model(inferShapes(builder.build()), { runtime, name: 'duplicated cue' })
const row = { x: float32([1, 4], new Float32Array(4).fill(1)) }
// The slope changes at a third of the way: an odd number of middle points, a multiple of three, is exact.
const path = { points: 300, rule: 'middle' }
const inner = { 'of.points': path.points, 'of.rule': path.rule }
const single = { target: 0, segments: 'elements', perRound: 1 }

const ranked = values => [...values.keys()].sort((a, b) => values[b] - values[a] || a - b)
const byOrder = order => [...order.keys()].sort((a, b) => order[a] - order[b])
const explanations = {
  'integrated-gradients': await integratedGradients(model, row, { target: 0, ...path }),
  'exact-shapley': await exactShapley(model, row, { target: 0, segments: 'elements' }),
  'greedy-pig': await greedyPig(model, row, { ...single, ...inner }),
  'greedy-gain': await greedyGain(model, row, single),
}
const worth = features => Math.min(features.filter(i => i < 3).length, 1) + (features.includes(3) ? 0.2 : 0)
const rows = Object.entries(explanations).map(([method, { values, order }]) => {
  const ranking = order ? byOrder(order.x) : ranked(values)
  return {
    method,
    values: Array.from(values, value => Number(value.toFixed(4))),
    ranking: ranking.map(i => `x${i + 1}`),
    worthOfTwo: worth(ranking.slice(0, 2)),
  }
})
await model.dispose()
await runtime.dispose()

if (process.argv.includes('--json')) console.log(JSON.stringify(rows))
else {
  console.log('f = min(x1 + x2 + x3, 1) + 0.2 x4 at (1, 1, 1, 1) from zeros\n')
  for (const { method, values, ranking, worthOfTwo } of rows)
    console.log(`${method.padEnd(22)} ${values.join(', ').padEnd(34)} ${ranking.join(' > ')}   f of the first two: ${worthOfTwo}`)
}
