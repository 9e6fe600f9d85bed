/**
 * @file `npm run demo`: two bundled networks look at the same generated pictures, one trained to name the object and one to name the scene,
 * and the command explains both. `ascribe bam build` and `ascribe bam train --models examples/models` made them.
 */
import { spawnSync } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { encodePng } from '@ascribe/core'
import { GeneratedSource, presetNamed } from '@ascribe/lab'
import { ensureFolder, writeFileAtomic } from 'ascribe'

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = join(root, 'out', 'demo')
const photos = join(folder, 'pictures')
const methods = ['gradient', 'integrated-gradients', 'smooth-grad', 'guided-backprop', 'grad-cam', 'occlusion:window=12,stride=4']
const questions = [
  ['which object is it?', 'resnet-obj', 'objects'],
  ['which scene is it?', 'resnet-scene', 'scenes'],
]

const { size, validation, train } = presetNamed('quick')
const source = new GeneratedSource({ size, validation, train })
await rm(folder, { recursive: true, force: true })
await ensureFolder(photos)
for (const index of [3, 12, 25, 41]) {
  const { object, scene } = source.entry('obj', 'val', index)
  const { pixels } = await source.picture('obj', 'val', index)
  const name = `${source.objects[object]} on ${source.scenes[scene]}`.replaceAll(' ', '-')
  await writeFileAtomic(join(photos, `${name}.png`), encodePng({ width: size, height: size, channels: 3, data: pixels }))
}

const shown = path => relative(process.cwd(), path) || '.'
for (const [question, model, name] of questions) {
  const results = join(folder, name)
  const args = [
    'explain',
    shown(join(root, 'examples', 'models', `${model}.onnx`)),
    shown(photos),
    ...methods.flatMap(method => ['-m', method]),
    '-o',
    shown(results),
  ]
  console.log(`${question}\nascribe ${args.join(' ')}\n`)
  const { status } = spawnSync(process.execPath, [join(root, 'packages', 'cli', 'bin', 'ascribe.js'), ...args], {
    stdio: 'inherit',
  })
  if (status !== 0) process.exit(status ?? 1)
  console.log(`\nOpen ${join(results, 'report.html')} in a browser.\n`)
}
