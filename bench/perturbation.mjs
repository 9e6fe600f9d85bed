/**
 * @file RISE and KernelSHAP of pictures against PyTorch and Captum on this machine, in one run: A and B alternate, and the median of the paired
 * ratios is printed with its quartiles. Both sides take time in proportion to the masks.
 *
 *   node bench/perturbation.mjs [--python .venv/bin/python] [--models out/bench] [--rounds 11] [--masks 400] [--threads 1] [--processes 2]
 *     [--peer-threads 2] [--networks a,b] [--tasks rise,kernel-shap]
 */
import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { explain, float32, load, nodeRuntime } from 'ascribe'
import { heading, line, rounds, startPeer } from './peer.mjs'

const { values: options } = parseArgs({
  options: {
    python: { type: 'string', default: '.venv/bin/python' },
    models: { type: 'string', default: 'out/bench' },
    rounds: { type: 'string', default: '11' },
    masks: { type: 'string', default: '400' },
    threads: { type: 'string', default: '1' },
    processes: { type: 'string', default: '2' },
    'peer-threads': { type: 'string', default: '2' },
    networks: { type: 'string', default: 'resnet50,mobilenet_v2' },
    tasks: { type: 'string', default: 'rise,kernel-shap' },
  },
})
const masks = Number(options.masks)
const picture = Float32Array.from({ length: 3 * 224 * 224 }, (_, i) => 2 * Math.sin(12.9898 * i + 78.233 * Math.cos(i)))
const settings = { rise: { masks }, 'kernel-shap': { samples: masks, segments: 'grid:8' } }

console.log(
  `${masks} masks; ascribe ${options.processes} processes of ${options.threads} threads, peer ${options['peer-threads']} threads`,
)
console.log(heading)
for (const network of options.networks.split(',')) {
  const path = `${options.models}/${network}.onnx`
  if (!existsSync(path)) {
    console.log(`| skipped: ${path} is not there (make it with bench/peers/export.py) |`)
    continue
  }
  for (const task of options.tasks.split(',')) {
    const runtime = nodeRuntime({ threads: Number(options.threads), processes: Number(options.processes) })
    const model = await load(path, { runtime })
    const row = { [model.graph.inputs[0].name]: float32([1, 3, 224, 224], picture) }
    const peer = await startPeer(options.python, 'perturbation.py', [
      task,
      network,
      '--masks',
      options.masks,
      '--threads',
      options['peer-threads'],
    ])
    const ours = () => explain(model, row, task, { target: 7, options: settings[task] })
    const found = await rounds(Number(options.rounds), () => runtime.pids, ours, peer)
    console.log(line(task, network, found, peer && `torch ${peer.ready.torch}, batch ${peer.ready.batch}`))
    peer?.stop()
    await model.dispose()
    await runtime.dispose()
  }
}
