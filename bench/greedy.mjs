/**
 * @file What adapting costs: R rounds of Greedy PIG with N points each against R integrated gradients of N points, wall time; the bar
 * is 1.1. Both run on one prepared evaluator, alternate, and the median of the paired ratios is printed with its quartiles.
 *
 *   npm run build && node bench/greedy.mjs [--models examples/models/resnet-obj.onnx,out/bench/mobilenet_v2.onnx] [--points 16] [--rounds 8] [--repeats 9] [--segments slic:64] [--threads 2]
 */
import { parseArgs } from 'node:util'
import { float32, load, methodNamed, nodeRuntime, prepare, resolveOptions } from 'ascribe'
import { quantile } from './statistics.mjs'

const { values: given } = parseArgs({
  options: {
    models: { type: 'string', default: 'examples/models/resnet-obj.onnx' },
    points: { type: 'string', default: '16' },
    rounds: { type: 'string', default: '8' },
    repeats: { type: 'string', default: '9' },
    segments: { type: 'string', default: 'slic:64' },
    threads: { type: 'string', default: '2' },
  },
})
const [points, wanted, repeats] = [given.points, given.rounds, given.repeats].map(Number)
const bar = 1.1

const greedyPig = methodNamed('greedy-pig')
const integratedGradients = methodNamed('integrated-gradients')

/** A smooth pattern, so that superpixels mean something. */
const picture = dims => {
  const [height, width] = dims[1] === 3 ? [dims[2], dims[3]] : [dims[1], dims[2]]
  const at = dims[1] === 3 ? i => i % (height * width) : i => Math.floor(i / 3)
  return Float32Array.from({ length: 3 * height * width }, (_, i) => {
    const [y, x] = [Math.floor(at(i) / width) / height, (at(i) % width) / width]
    return Math.sin(9 * x + 2 * i) * Math.cos(7 * y) + Math.sin(40 * x * y)
  })
}

let failed = false
for (const file of given.models.split(',')) {
  const runtime = nodeRuntime({ threads: Number(given.threads) })
  const model = await load(file, { runtime })
  const [{ name, type }] = model.graph.inputs
  const dims = type.shape.map((size, axis) => (typeof size === 'number' ? size : axis === 0 ? 1 : 224))
  const evaluator = await prepare(model, { [name]: float32(dims, picture(dims)) }, { target: 'log-odds:predicted' })
  const inner = resolveOptions(integratedGradients, { points })
  const share = 1 / wanted
  const outer = resolveOptions(greedyPig, { perRound: share, segments: given.segments, 'of.points': points })
  let rounds = 0
  const adaptive = async () => {
    const { settled } = await greedyPig.run(evaluator, outer, 0)
    rounds = settled.rounds
  }
  const plain = async () => {
    for (let round = 0; round < rounds; round++) await integratedGradients.run(evaluator, inner, 0)
  }
  const timed = async run => {
    const begun = performance.now()
    await run()
    return performance.now() - begun
  }
  await adaptive()
  await plain()
  const pairs = []
  for (let i = 0; i < repeats; i++) {
    const first = await timed(i % 2 ? plain : adaptive)
    const second = await timed(i % 2 ? adaptive : plain)
    pairs.push(i % 2 ? { adaptive: second, plain: first } : { adaptive: first, plain: second })
  }
  const ratios = pairs.map(pair => pair.adaptive / pair.plain)
  const middle = side =>
    quantile(
      pairs.map(pair => pair[side]),
      0.5,
    ).toFixed(0)
  const ratio = quantile(ratios, 0.5)
  failed ||= ratio > bar
  console.log(
    `${model.name} [${dims}]: ${rounds} rounds of ${points} points ${middle('adaptive')} ms, as many integrated gradients ${middle('plain')} ms, ` +
      `ratio ${ratio.toFixed(3)} [${quantile(ratios, 0.25).toFixed(3)}, ${quantile(ratios, 0.75).toFixed(3)}]${ratio > bar ? `, above ${bar}` : ''}`,
  )
  await runtime.dispose()
}
process.exitCode = failed ? 1 : 0
