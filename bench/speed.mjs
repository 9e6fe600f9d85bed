/**
 * @file Speed against PyTorch and Captum on this machine, in one run: A and B alternate, and the median of the paired ratios is
 * printed with its quartiles.
 *
 *   npm run bench -- [--python .venv/bin/python] [--models out/bench] [--rounds 11] [--threads 2] [--networks a,b] [--tasks gradient,integrated-gradients]
 *
 * Without the peers (see bench/peers) only ascribe's own times are printed, on models that are there.
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { explain, float32, load, nodeRuntime, prepare } from 'ascribe'
import { pause, quantile } from './statistics.mjs'

const here = fileURLToPath(new URL('.', import.meta.url))
const { values: options } = parseArgs({
  options: {
    python: { type: 'string', default: '.venv/bin/python' },
    models: { type: 'string', default: 'out/bench' },
    rounds: { type: 'string', default: '11' },
    threads: { type: 'string', default: '2' },
    networks: { type: 'string', default: 'resnet50,mobilenet_v2,vit_b_16' },
    tasks: { type: 'string', default: 'gradient,integrated-gradients' },
    profile: { type: 'string' },
  },
})
const rounds = Number(options.rounds)
const batch = 8
const points = 50

/** A peer process that runs once per request; undefined where Python or the packages are missing. */
async function startPeer(task, network) {
  if (spawnSync(options.python, ['-c', 'import torch, torchvision, captum']).status !== 0) return undefined
  const child = spawn(options.python, [
    `${here}peers/server.py`,
    task,
    network,
    '--threads',
    options.threads,
    '--batch',
    String(batch),
    '--steps',
    String(points),
  ])
  let failure = ''
  child.stderr.on('data', text => {
    failure += text
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async () => {
    const { value, done } = await lines.next()
    if (done) throw new Error(`the peer ended: ${failure.trim().split('\n').at(-1)}`)
    return JSON.parse(value)
  }
  const ready = await next()
  return {
    versions: `torch ${ready.torch}`,
    run: () => {
      child.stdin.write('run\n')
      return next()
    },
    stop: () => child.stdin.end('quit\n'),
  }
}

/** Peak resident size of the processes that hold the sessions, plus this process as it is, where the system tells (Linux). */
function peakBytes(pids) {
  try {
    const peaks = pids.map(pid => 1024 * Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]))
    return peaks.reduce((sum, peak) => sum + peak, process.memoryUsage().rss)
  } catch {
    return undefined
  }
}

/** Deterministic picture values in [-2, 2]. */
const picture = rows =>
  Float32Array.from({ length: rows * 3 * 224 * 224 }, (_, i) => 2 * Math.sin(12.9898 * i + 78.233 * Math.cos(i)))

const ours = {
  gradient: async model => {
    const evaluator = await prepare(model, { [model.graph.inputs[0].name]: float32([1, 3, 224, 224], picture(1)) }, { target: 7 })
    const rows = { [evaluator.at[0]]: picture(batch) }
    return () => evaluator.gradient(rows, batch)
  },
  'integrated-gradients': async model => {
    const row = { [model.graph.inputs[0].name]: float32([1, 3, 224, 224], picture(1)) }
    return () => explain(model, row, 'integrated-gradients', { target: 7, options: { points } })
  },
}

console.log(`threads ${options.threads}, batch ${batch}, ${rounds} paired rounds; ratio = peer / ascribe, median [quartiles]`)
console.log('| task | network | ascribe ms | peer ms | ratio | ascribe peak MiB | peer peak MiB |')
console.log('| --- | --- | --- | --- | --- | --- | --- |')
for (const network of options.networks.split(',')) {
  const path = `${options.models}/${network}.onnx`
  if (!existsSync(path)) {
    console.log(`| skipped: ${path} is not there (make it with bench/peers/export.py) |`)
    continue
  }
  for (const task of options.tasks.split(',')) {
    const runtime = nodeRuntime({ threads: Number(options.threads) })
    const model = await load(path, { runtime })
    const run = await ours[task](model)
    const peer = await startPeer(task, network)
    if (!peer) console.error(`bench: no peer (${options.python} lacks torch, torchvision or captum; see bench/peers/README.md)`)
    const [mine, theirs, ratios] = [[], [], []]
    let peerPeak
    await run()
    for (let round = 0; round < rounds; round++) {
      await pause()
      const started = performance.now()
      await run()
      mine.push(performance.now() - started)
      if (!peer) continue
      await pause()
      const { ms, peakBytes: peak } = await peer.run()
      theirs.push(ms)
      peerPeak = peak
      ratios.push(ms / mine.at(-1))
    }
    peer?.stop()
    const mebibytes = bytes => (bytes === undefined ? '-' : (bytes / 2 ** 20).toFixed(0))
    const ratio = peer
      ? `${quantile(ratios, 0.5).toFixed(2)} [${quantile(ratios, 0.25).toFixed(2)}, ${quantile(ratios, 0.75).toFixed(2)}]`
      : '-'
    console.log(
      `| ${task} | ${network} | ${quantile(mine, 0.5).toFixed(0)} | ${peer ? quantile(theirs, 0.5).toFixed(0) : '-'} | ${ratio} | ${mebibytes(peakBytes(runtime.pids))} | ${mebibytes(peerPeak)} |`,
    )
    await model.dispose()
    await runtime.dispose()
  }
}
