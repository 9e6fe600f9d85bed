/**
 * @file A training step against PyTorch eager: the same network, weights, batches, loss and optimiser, in one run. Steps alternate; the
 * median of the paired ratios is printed with its quartiles, and the largest relative difference of the losses over the first 20 steps.
 *
 *   npm run build && node bench/training.mjs [--python .venv/bin/python] [--rounds 11] [--threads 2] [--rows 64] [--networks resnet,vit]
 */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Random, resolveOptionSpecs } from '@ascribe/core'
import { nodeRuntime } from '@ascribe/core/node'
import { architectureNamed, optimizerNamed, presetNamed, trainingStep } from '@ascribe/lab'
import { encodeModel } from '@ascribe/onnx'
import { pause, quantile } from './statistics.mjs'

const { values: options } = parseArgs({
  options: {
    python: { type: 'string', default: '.venv/bin/python' },
    rounds: { type: 'string', default: '11' },
    threads: { type: 'string', default: '2' },
    rows: { type: 'string', default: '64' },
    networks: { type: 'string', default: 'resnet,vit' },
  },
})
const [rounds, threads, rows] = [options.rounds, options.threads, options.rows].map(Number)
const [side, classes, batches, stepsPerRound, compared] = [64, 10, 20, 3, 20]
const smoothing = 0.1

/** Pictures with something to learn: stripes whose spacing is the class, in noise. */
function pictures() {
  const random = new Random(0)
  const labels = Array.from({ length: batches * rows }, () => random.integer(classes))
  const bytes = new Uint8Array(batches * rows * side * side * 3)
  for (const [n, label] of labels.entries())
    for (let i = 0; i < side * side; i++)
      for (let c = 0; c < 3; c++)
        bytes[(n * side * side + i) * 3 + c] = 128 + 60 * Math.sin(((i % side) * (label + 2)) / 5) + 60 * (random.uniform() - 0.5)
  return { labels, bytes }
}

async function startPeer(folder) {
  if (spawnSync(options.python, ['-c', 'import torch, numpy']).status !== 0) return undefined
  const script = fileURLToPath(new URL('peers/training.py', import.meta.url))
  const child = spawn(options.python, [script, folder, '--threads', String(threads)], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async () => {
    const { value, done } = await lines.next()
    if (done) throw new Error('the peer ended')
    return JSON.parse(value)
  }
  await next()
  return {
    step: () => {
      child.stdin.write('run\n')
      return next()
    },
    stop: () => child.stdin.end('quit\n'),
  }
}

/** The session with everything carried inside it, as training does. */
async function startOurs(built, optimizer, optimizerOptions, rate, data) {
  const runtime = nodeRuntime({ threads })
  const session = await runtime.open(encodeModel(built.graph))
  const { parameters, statistics } = built.layout.initialize(0)
  const vector = data => ({ dtype: 'float32', dims: [data.length], data })
  let feeds = { parameters: vector(parameters) }
  if (statistics.length > 0) feeds.statistics = vector(statistics)
  for (const slot of optimizer.slots) feeds[`slot/${slot}`] = vector(new Float32Array(parameters.length))
  const size = rows * side * side * 3
  let step = 0
  return {
    async step() {
      const at = step % batches
      const started = performance.now()
      const scalars = { learning_rate: rate, ...optimizer.scalars(optimizerOptions, ++step) }
      const { loss } = await session.run(
        {
          ...feeds,
          rows: { dtype: 'uint8', dims: [rows, side, side, 3], data: data.bytes.subarray(at * size, (at + 1) * size) },
          labels: {
            dtype: 'int64',
            dims: [rows],
            data: BigInt64Array.from(data.labels.slice(at * rows, (at + 1) * rows), BigInt),
          },
          weights: { dtype: 'float32', dims: [rows], data: new Float32Array(rows).fill(1) },
          ...Object.fromEntries(
            Object.entries(scalars).map(([name, value]) => [name, { dtype: 'float32', dims: [], data: Float32Array.of(value) }]),
          ),
        },
        ['loss'],
        { keep: built.carried },
      )
      feeds = {}
      return { ms: performance.now() - started, loss: Number(loss.data[0]) }
    },
    stop: () => runtime.dispose(),
  }
}

console.log(
  `threads ${threads}, batch ${rows}, ${rounds} rounds of ${stepsPerRound} steps; ratio = peer / ascribe, median [quartiles]`,
)
console.log(
  `| network | parameters | ascribe ms | PyTorch ms | ratio | loss after ${compared} steps: largest relative difference |`,
)
console.log('| --- | --- | --- | --- | --- | --- |')
const data = pictures()
for (const name of options.networks.split(',')) {
  const plan = presetNamed('quick').architectures.find(one => one.name === name)
  const architecture = architectureNamed(name)
  const optimizer = optimizerNamed(architecture.training.optimizer)
  const decay = architecture.training.weightDecay
  const optimizerOptions = resolveOptionSpecs(optimizer.name, optimizer.options, { decay })
  const architectureOptions = resolveOptionSpecs(name, architecture.options, plan.options)
  const rate = name === 'resnet' ? 0.05 : 1e-3
  const built = trainingStep({
    architecture,
    architectureOptions,
    task: { row: [3, side, side], classes },
    optimizer,
    optimizerOptions,
    rows,
    labelSmoothing: smoothing,
    clip: 0,
  })
  const folder = mkdtempSync(join(tmpdir(), 'ascribe-bench-'))
  const parameters = built.layout.parameters.map((piece, i) => ({ ...piece, decay: built.layout.parameterSpecs[i].decay }))
  const network = { architecture: name, options: architectureOptions, optimizer: optimizer.name, rate, decay, smoothing }
  writeFileSync(
    join(folder, 'network.json'),
    JSON.stringify({ ...network, rows, batches, side, labels: data.labels, parameters }),
  )
  writeFileSync(join(folder, 'parameters.f32'), built.layout.initialize(0).parameters)
  writeFileSync(join(folder, 'rows.u8'), data.bytes)
  const peer = await startPeer(folder)
  if (!peer) console.error(`bench: no peer (${options.python} lacks torch; see bench/peers/README.md)`)
  const ours = await startOurs(built, optimizer, optimizerOptions, rate, data)
  let difference = 0
  for (let step = 0; step < compared; step++) {
    const [a, b] = [await ours.step(), await peer?.step()]
    if (b) difference = Math.max(difference, Math.abs(a.loss - b.loss) / b.loss)
  }
  const [mine, theirs, ratios] = [[], [], []]
  const timed = async side => {
    await pause()
    await side.step()
    let total = 0
    for (let step = 0; step < stepsPerRound; step++) total += (await side.step()).ms
    return total / stepsPerRound
  }
  for (let round = 0; round < rounds; round++) {
    mine.push(await timed(ours))
    if (!peer) continue
    theirs.push(await timed(peer))
    ratios.push(theirs.at(-1) / mine.at(-1))
  }
  peer?.stop()
  await ours.stop()
  rmSync(folder, { recursive: true })
  const ratio = peer
    ? `${quantile(ratios, 0.5).toFixed(2)} [${quantile(ratios, 0.25).toFixed(2)}, ${quantile(ratios, 0.75).toFixed(2)}]`
    : '-'
  console.log(
    `| ${name} | ${built.layout.parameterCount} | ${quantile(mine, 0.5).toFixed(1)} | ${peer ? quantile(theirs, 0.5).toFixed(1) : '-'} | ${ratio} | ${peer ? difference.toExponential(1) : '-'} |`,
  )
}
