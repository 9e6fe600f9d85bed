/**
 * @file Writes packages/lab/test/fixtures/training-losses.json: losses of 20 training steps by PyTorch, from the weights and batches that
 * packages/lab/test/training-parity.test.ts makes. Needs Python with torch: node tools/training-fixture.mjs .venv/bin/python
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parityBatches, parityNetworks, parityStep } from '../packages/lab/test/support/training-parity.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const losses = {}
for (const network of parityNetworks) {
  const { layout } = parityStep(network)
  const { labels, bytes } = parityBatches(network)
  const folder = mkdtempSync(join(tmpdir(), 'ascribe-parity-'))
  const parameters = layout.parameters.map((piece, i) => ({ ...piece, decay: layout.parameterSpecs[i].decay }))
  writeFileSync(join(folder, 'network.json'), JSON.stringify({ ...network, labels, parameters }))
  writeFileSync(join(folder, 'parameters.f32'), layout.initialize(0).parameters)
  writeFileSync(join(folder, 'rows.u8'), bytes)
  const child = spawn(process.argv[2] ?? 'python3', [join(root, 'bench/peers/training.py'), folder, '--threads', '1'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  await lines.next()
  losses[network.architecture] = []
  for (let step = 0; step < network.batches; step++) {
    child.stdin.write('run\n')
    losses[network.architecture].push(JSON.parse((await lines.next()).value).loss)
  }
  child.stdin.end('quit\n')
  rmSync(folder, { recursive: true })
}
writeFileSync(join(root, 'packages/lab/test/fixtures/training-losses.json'), `${JSON.stringify(losses, undefined, 2)}\n`)
