/**
 * @file Shapley values of tables against shap on this machine, in one run: A and B alternate, and the median of the paired ratios is printed with its
 * quartiles. TreeSHAP explains a whole table per round, on one thread on both sides; KernelSHAP a few rows of it.
 *
 *   node bench/trees.mjs [--python .venv/bin/python] [--models out/bench/tables] [--rounds 11] [--rows 200] [--kernel-rows 5] [--background 100]
 *     [--threads 1] [--processes 2] [--peer-threads 2] [--tasks path-dependent,interventional,kernel-perceptron,kernel-trees]
 */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { explain, float32, load, nodeRuntime, treeShapRows } from 'ascribe'
import { heading, line, rounds, startPeer } from './peer.mjs'

const { values: options } = parseArgs({
  options: {
    python: { type: 'string', default: '.venv/bin/python' },
    models: { type: 'string', default: 'out/bench/tables' },
    rounds: { type: 'string', default: '11' },
    rows: { type: 'string', default: '200' },
    'kernel-rows': { type: 'string', default: '5' },
    background: { type: 'string', default: '100' },
    samples: { type: 'string', default: '2000' },
    threads: { type: 'string', default: '1' },
    processes: { type: 'string', default: '2' },
    'peer-threads': { type: 'string', default: '2' },
    tasks: { type: 'string', default: 'path-dependent,interventional,kernel-perceptron,kernel-trees' },
  },
})

/** A file of float32 rows. */
function table(path, columns) {
  const bytes = readFileSync(path)
  const values = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length))
  return float32([values.length / columns, columns], values)
}

const all = (model, input, rows, background, game) => async () =>
  Array.from((await treeShapRows(model, { [input]: rows }, { background, game, target: 0 })).maps[input].values)

const each = (model, input, rows, background) => async () => {
  const [count, columns] = rows.dims
  const settings = { samples: Number(options.samples), baseline: background }
  const values = []
  for (let row = 0; row < count; row++) {
    const one = float32([1, columns], rows.data.slice(row * columns, (row + 1) * columns))
    values.push(...(await explain(model, { [input]: one }, 'kernel-shap', { target: 0, options: settings })).values)
  }
  return values
}

const tasks = {
  'path-dependent': { work: all, rows: options.rows },
  interventional: { work: all, rows: options.rows },
  'kernel-perceptron': { work: each, rows: options['kernel-rows'] },
  'kernel-trees': { work: each, rows: options['kernel-rows'] },
}

console.log(heading)
for (const task of options.tasks.split(',')) {
  const { work, rows: count } = tasks[task]
  const peer = await startPeer(options.python, 'trees.py', [
    ...[options.models, task, '--rows', count, '--background', options.background, '--samples', options.samples],
    ...['--threads', options['peer-threads']],
  ])
  if (!peer) continue
  const base = `${options.models}/${task}`
  const { columns, values: theirs } = JSON.parse(readFileSync(`${base}.json`, 'utf8'))
  const runtime = nodeRuntime({ threads: Number(options.threads), processes: Number(options.processes) })
  const model = await load(`${base}.onnx`, { runtime })
  const run = work(
    model,
    model.graph.inputs[0].name,
    table(`${base}.rows.f32`, columns),
    table(`${base}.background.f32`, columns),
    task,
  )
  const values = await run()
  const largest = theirs.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  const apart = values.reduce((most, value, i) => Math.max(most, Math.abs(value - theirs[i])), 0) / largest
  const found = await rounds(Number(options.rounds), () => runtime.pids, run, peer)
  console.log(
    line(task, `${count} rows`, found, `shap ${peer.ready.shap}, values apart by ${apart.toExponential(1)} of the largest`),
  )
  peer.stop()
  await model.dispose()
  await runtime.dispose()
}
