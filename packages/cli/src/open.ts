/** @file A model opened the way the flags say. */
import type { Model } from '@ascribe/core'
import { load, nodeRuntime } from '@ascribe/core/node'
import type { RuntimeFlags } from './options.js'
import type { Terminal } from './terminal.js'

export interface ModelFlags extends RuntimeFlags {
  readonly labels?: string
  readonly preprocess?: string
}

/** Opens a model, says what reading had to change, hands it to `use`, and frees everything afterwards. */
export async function withModel(
  path: string,
  flags: ModelFlags,
  terminal: Terminal,
  use: (model: Model) => Promise<void>,
): Promise<void> {
  const runtime = nodeRuntime({
    device: flags.device,
    ...(flags.processes === undefined ? {} : { processes: flags.processes }),
    ...(flags.threads === undefined ? {} : { threads: flags.threads }),
  })
  try {
    const model = await load(path, {
      runtime,
      ...(flags.memory === undefined ? {} : { memory: flags.memory }),
      ...(flags.labels === undefined ? {} : { labelsFile: flags.labels }),
      ...(flags.preprocess === undefined ? {} : { preprocessorFile: flags.preprocess }),
    })
    try {
      for (const notice of model.notices) terminal.note(`note: ${notice}`)
      await use(model)
    } finally {
      await model.dispose()
    }
  } finally {
    await runtime.dispose()
  }
}
