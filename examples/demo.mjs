/** @file `npm run demo`: writes a small network and two pictures, and explains them with the command. */
import { spawnSync } from 'node:child_process'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ensureFolder, writeFileAtomic } from 'ascribe'
import { config, networkBytes, preprocessorConfig } from './demo/network.mjs'
import { pictures } from './demo/pictures.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = join(root, 'out', 'demo')
const photos = join(folder, 'pictures')
const results = join(folder, 'explanation')
const methods = ['gradient', 'integrated-gradients', 'smooth-grad', 'grad-cam', 'occlusion']

await ensureFolder(photos)
await writeFileAtomic(join(folder, 'four-shapes.onnx'), networkBytes())
await writeFileAtomic(join(folder, 'config.json'), JSON.stringify(config, undefined, 2))
await writeFileAtomic(join(folder, 'preprocessor_config.json'), JSON.stringify(preprocessorConfig, undefined, 2))
for (const [name, bytes] of pictures()) await writeFileAtomic(join(photos, `${name}.png`), bytes)

const shown = path => relative(process.cwd(), path) || '.'
const args = [
  'explain',
  shown(join(folder, 'four-shapes.onnx')),
  shown(photos),
  ...methods.flatMap(name => ['-m', name]),
  '-o',
  shown(results),
]
console.log(`ascribe ${args.join(' ')}\n`)
const { status } = spawnSync(process.execPath, [join(root, 'packages', 'cli', 'bin', 'ascribe.js'), ...args], {
  stdio: 'inherit',
})
if (status === 0) console.log(`\nOpen ${join(results, 'report.html')} in a browser.`)
process.exitCode = status ?? 1
