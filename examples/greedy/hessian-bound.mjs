/**
 * @file How far integrated gradients can be from the gain of a feature alone. With a_i = integral_0^1 d_i g(t 1) dt and
 * D_i = g(e_i) - g(0), both from 0 on the cube [0, 1]^n, |a_i - D_i| <= 1/2 sum_{j != i} max |H_ij| where g is twice differentiable.
 * Shown on g(s) = softplus(w.s + c) nets; relu(s1 + s2 - 1) has H = 0 almost everywhere and is off by 0.5: the bound needs smoothness.
 * `node examples/greedy/hessian-bound.mjs` after `npm run build`; `--json` for the numbers alone.
 */
import { GraphBuilder, inferShapes, Tensor } from '@ascribe/onnx'
import { float32, integratedGradients, Model, nodeRuntime } from 'ascribe'

const weights = [
  [1.5, 1, -0.5, 0.25],
  [-1, 2, 0.5, 1],
]
const [offsets, heads] = [
  [-1, 0.5],
  [1, -0.75],
]

/** max over z in [low, high] of the slope of the logistic function, s (1 - s), which is highest at 0. */
const steepest = (low, high) => {
  const nearest = low > 0 ? low : high < 0 ? high : 0
  const s = 1 / (1 + Math.exp(-nearest))
  return s * (1 - s)
}

/** An upper bound of max |H_ij| over the cube: softplus'' of each unit where it is steepest. */
function hessian(i, j) {
  return weights.reduce((sum, w, unit) => {
    const low = offsets[unit] + w.reduce((all, one) => all + Math.min(0, one), 0)
    const high = offsets[unit] + w.reduce((all, one) => all + Math.max(0, one), 0)
    return sum + Math.abs(heads[unit] * w[i] * w[j]) * steepest(low, high)
  }, 0)
}

const runtime = nodeRuntime({ threads: 1 })

/** a and D of the model that `make` builds on n features switched from 0 to 1. */
async function measure(n, make) {
  const builder = new GraphBuilder()
  const x = builder.input('x', 'float32', ['batch', n])
  const dense = (from, rows) => {
    const values = rows[0].flatMap((_, column) => rows.map(row => row[column]))
    return builder.emit('MatMul', [from, builder.constant(Tensor.float32([rows[0].length, rows.length], values))])
  }
  builder.output(make(builder, x, dense))
  const model = new Model(inferShapes(builder.build()), { runtime, name: 'hessian bound' })
  const explained = async present => {
    const row = { x: float32([1, n], Float32Array.from(present)) }
    return integratedGradients(model, row, { target: 0, points: 200 })
  }
  const { values, baselineValue } = await explained(Array(n).fill(1))
  const gains = []
  for (let i = 0; i < n; i++)
    gains.push((await explained(Array.from({ length: n }, (_, k) => Number(k === i)))).value - baselineValue)
  await model.dispose()
  return Array.from(values, (a, i) => ({
    feature: `s${i + 1}`,
    attribution: a,
    gain: gains[i],
    difference: Math.abs(a - gains[i]),
  }))
}

const smooth = await measure(4, (builder, x, dense) => {
  const hidden = builder.emit('Add', [dense(x, weights), builder.constant(Tensor.float32([2], offsets))])
  return dense(builder.emit('Softplus', [hidden]), [heads])
})
const kinked = await measure(2, (builder, x, dense) =>
  builder.emit('Relu', [builder.emit('Sub', [dense(x, [[1, 1]]), builder.float(1)])]),
)
await runtime.dispose()

const bounded = smooth.map((row, i) => ({
  ...row,
  bound: 0.5 * smooth.reduce((sum, _, j) => (j === i ? sum : sum + hessian(i, j)), 0),
}))
const counterexample = kinked.map(row => ({ ...row, bound: 0 }))
if (process.argv.includes('--json')) console.log(JSON.stringify({ softplus: bounded, relu: counterexample }))
else
  for (const [name, rows] of [
    ['a net of softplus units', bounded],
    ['relu(s1 + s2 - 1): the bound does not hold', counterexample],
  ]) {
    console.log(`${name}\n  feature  attribution a  gain alone D  |a - D|  bound`)
    for (const { feature, attribution, gain, difference, bound } of rows)
      console.log(
        `  ${feature.padEnd(7)} ${[attribution, gain, difference, bound].map(v => v.toFixed(4).padStart(9)).join('    ')}`,
      )
  }
