/** @file What Node adds to core: models from files, pictures from files, and the runtime in child processes. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { access } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { readModelFile } from '@ascribe/onnx/node'
import { labelsFromMetadata } from './io/labels.js'
import { readLabels, readPreprocessing } from './io/node.js'
import { Model, type ModelOptions } from './model.js'
import { nodeRuntime } from './runtime/node.js'
import type { Runtime } from './runtime/runtime.js'

export * from './io/node.js'
export { webpBytes, webpVersion } from './io/webp.js'
export { type NodeRuntime, type NodeRuntimeOptions, nodeRuntime } from './runtime/node.js'

export interface LoadOptions extends Omit<ModelOptions, 'runtime' | 'name' | 'digest' | 'folder' | 'notices'> {
  /** Where to run; default a `nodeRuntime()` that the model's `dispose` ends. */
  readonly runtime?: Runtime
  /** Path of a file with labels: config.json of Hugging Face, or one label per line. Default: config.json beside the model. */
  readonly labelsFile?: string
  /** Path of a preprocessor_config.json. Default: the one beside the model. */
  readonly preprocessorFile?: string
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )

/** SHA-256 of a file, read piece by piece: the model's bytes are in memory once already. */
async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const piece of createReadStream(path)) hash.update(piece as Uint8Array)
  return hash.digest('hex')
}

/**
 * Loads a model file, with labels and preprocessing from the files beside it where they are there.
 * @throws OnnxError subclasses for a bad model, InputError for bad companion files
 */
export async function load(path: string, options: LoadOptions = {}): Promise<Model> {
  const notices: string[] = []
  const graph = readModelFile(path, { notices })
  const folder = dirname(path)
  const beside = async (given: string | undefined, name: string): Promise<string | undefined> => {
    if (given !== undefined) return given
    const candidate = join(folder, name)
    return (await exists(candidate)) ? candidate : undefined
  }
  const labelsFile = await beside(options.labelsFile, 'config.json')
  const preprocessorFile = await beside(options.preprocessorFile, 'preprocessor_config.json')
  const labels =
    options.labels ??
    (labelsFile ? await readLabels(labelsFile) : undefined) ??
    labelsFromMetadata(Object.fromEntries(graph.metadata))
  const preprocessing = options.preprocessing ?? (preprocessorFile ? await readPreprocessing(preprocessorFile) : undefined)
  const digest = await digestOf(path)
  const owned = options.runtime === undefined
  const runtime = options.runtime ?? nodeRuntime()
  const model = new Model(graph, {
    runtime,
    name: basename(path),
    digest,
    folder,
    notices,
    ...(labels ? { labels } : {}),
    ...(preprocessing ? { preprocessing } : {}),
    ...(options.memory === undefined ? {} : { memory: options.memory }),
  })
  if (owned) {
    const dispose = model.dispose.bind(model)
    model.dispose = async () => {
      await dispose()
      await runtime.dispose()
    }
  }
  return model
}
