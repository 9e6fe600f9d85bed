/**
 * @file Occlusion with incremental inference against Captum's (PyTorch eager, its fastest number of perturbations per evaluation) and
 * against ascribe's own full passes, in one run: the sides alternate, and the median of the paired ratios is printed with its quartiles. Also
 * the largest difference of the maps, as a share of the largest value.
 *
 *   npm run build && node bench/occlusion.mjs [--python .venv/bin/python] [--models out/bench] [--rounds 5] [--threads 2] [--networks resnet18,mobilenet_v2]
 *       [--window 16] [--stride 8] [--full false]
 *
 * Without the peers (see bench/peers) only ascribe's own times are printed, on models that are there.
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { explain, float32, load, nodeRuntime } from 'ascribe'
import { pause, quantile } from './statistics.mjs'

const { values: options } = parseArgs({
  options: {
    python: { type: 'string', default: '.venv/bin/python' },
    models: { type: 'string', default: 'out/bench' },
    rounds: { type: 'string', default: '5' },
    threads: { type: 'string', default: '2' },
    networks: { type: 'string', default: 'resnet18,mobilenet_v2' },
    window: { type: 'string', default: '16' },
    stride: { type: 'string', default: '8' },
    full: { type: 'string', default: 'true' },
  },
})
const rounds = Number(options.rounds)
const target = 7
const folder = mkdtempSync(join(tmpdir(), 'ascribe-bench-'))
const script = fileURLToPath(new URL('./peers/occlusion.py', import.meta.url))

/** Deterministic picture values in [-2, 2]. */
const picture = Float32Array.from({ length: 3 * 224 * 224 }, (_, i) => 2 * Math.sin(12.9898 * i + 78.233 * Math.cos(i)))
writeFileSync(join(folder, 'picture.f32'), picture)

/** A peer process that answers one line with one; undefined where Python or the packages are missing. */
async function startPeer(network) {
  if (spawnSync(options.python, ['-c', 'import torch, torchvision, captum']).status !== 0) return undefined
  const settings = {
    picture: join(folder, 'picture.f32'),
    threads: options.threads,
    window: options.window,
    stride: options.stride,
    target,
  }
  const child = spawn(options.python, [
    script,
    network,
    ...Object.entries(settings).flatMap(([name, value]) => [`--${name}`, `${value}`]),
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
  console.error(
    `bench: ${network}: captum ${ready.captum}, torch ${ready.torch}, ${ready.perturbations} perturbations per evaluation`,
  )
  return {
    ask: line => {
      child.stdin.write(`${line}\n`)
      return next()
    },
    stop: () => child.stdin.end('quit\n'),
  }
}

/** Largest difference as a share of the largest value. */
function difference(a, b) {
  const largest = b.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0) / largest
}

const spread = list => (list.length === 0 ? '-' : [0.5, 0.25, 0.75].map(q => quantile(list, q).toFixed(2)).join(' / '))
const middle = list => (list.length === 0 ? '-' : quantile(list, 0.5).toFixed(0))

console.log(
  `threads ${options.threads}, window ${options.window}, stride ${options.stride}, ${rounds} paired rounds; ratios: median / quartiles`,
)
console.log(
  '| network | share | ascribe ms | full passes ms | Captum ms | full / ascribe | Captum / ascribe | map against full | map against Captum |',
)
console.log('| --- | --- | --- | --- | --- | --- | --- | --- | --- |')
for (const network of options.networks.split(',')) {
  const path = `${options.models}/${network}.onnx`
  if (!existsSync(path)) {
    console.log(`| skipped: ${path} is not there (make it with bench/peers/export.py) |`)
    continue
  }
  const runtime = nodeRuntime({ threads: Number(options.threads) })
  const model = await load(path, { runtime })
  const row = { [model.graph.inputs[0].name]: float32([1, 3, 224, 224], picture) }
  const run = async incremental => {
    const settings = { window: options.window, stride: options.stride, incremental }
    const started = performance.now()
    const result = await explain(model, row, 'occlusion', { target, options: settings })
    return { result, ms: performance.now() - started }
  }
  const peer = await startPeer(network)
  if (!peer) console.error(`bench: no peer (${options.python} lacks torch, torchvision or captum; see bench/peers/README.md)`)
  const times = { auto: [], off: [], peer: [] }
  const maps = {}
  await run('auto')
  if (options.full === 'true') await run('off')
  for (let round = 0; round < rounds; round++) {
    for (const choice of options.full === 'true' ? ['auto', 'off'] : ['auto']) {
      await pause()
      const { result, ms } = await run(choice)
      maps[choice] = result
      times[choice].push(ms)
    }
    if (!peer) continue
    await pause()
    times.peer.push((await peer.ask('run')).ms)
  }
  const valuesFile = join(folder, 'values.f32')
  if (peer) await peer.ask(`values ${valuesFile}`)
  const theirs = peer && new Float32Array(new Uint8Array(readFileSync(valuesFile)).buffer)
  peer?.stop()
  const mine = maps.auto.values
  const planes = theirs && theirs.length !== mine.length ? theirs.slice(0, mine.length) : theirs
  const cells = [
    network,
    Object.values(maps.auto.options.computed)[0].toFixed(2),
    middle(times.auto),
    middle(times.off),
    middle(times.peer),
    spread(times.off.map((ms, i) => ms / times.auto[i])),
    spread(times.peer.map((ms, i) => ms / times.auto[i])),
    maps.off ? difference(mine, maps.off.values).toExponential(1) : '-',
    planes ? difference(mine, planes).toExponential(1) : '-',
  ]
  console.log(`| ${cells.join(' | ')} |`)
  await model.dispose()
  await runtime.dispose()
}
rmSync(folder, { recursive: true, force: true })
