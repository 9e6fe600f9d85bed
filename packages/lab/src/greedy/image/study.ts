/** @file An image study from beginning to end; every stage goes on where it stopped. */
import { InputError, type Model, UsageError } from '@ascribe/core'
import { load, nodeRuntime } from '@ascribe/core/node'
import { forkWorkers } from '../../runner/index.js'
import { quantile } from '../../statistics/index.js'
import { generatedSet, type ImageSetRequest, openImages } from './images.js'
import { plannedEntries } from './plan.js'
import type { ImageStudy } from './result.js'
import { answersOf } from './stages/answers.js'
import { mosaicsOf } from './stages/mosaics.js'
import { examplesOf, informationOf, maskOnlyOf } from './stages/orders.js'
import { runsOf } from './stages/runs.js'
import { type ImageStudyOptions, Session } from './stages/session.js'
import { imageWork } from './work.js'

/** @throws InputError for pictures or a model that cannot be read, UsageError, AbortedError, OutputError; failed cells are in the result */
export async function runImageStudy(options: ImageStudyOptions): Promise<ImageStudy> {
  const { processes, data, preset } = options
  const runtime = nodeRuntime({ threads: 1 })
  try {
    const model = await load(options.model, { runtime })
    const twin = options.twin === undefined ? undefined : await load(options.twin, { runtime })
    if (twin) assertTwin(model, twin)
    const side = sideOf(model)
    const request: ImageSetRequest = {
      data,
      size: side,
      seed: options.seed,
      set: data === 'generated' ? (options.set ?? generatedSet(model.labels)) : 'obj',
      limit: Math.ceil(1.1 * preset.pictures),
    }
    const images = await openImages(request)
    const settings = { model: options.model, images: { ...request }, ...(options.twin !== undefined && { twin: options.twin }) }
    const pool = processes > 0 ? forkWorkers(new URL('worker.js', import.meta.url), { processes, settings }) : undefined
    try {
      const work = pool?.work ?? imageWork(images, model, twin)
      return await studied(new Session(options, model, twin, images, side, work))
    } finally {
      await pool?.dispose()
    }
  } finally {
    await runtime.dispose()
  }
}

/** @throws UsageError where the twin names other classes or takes other pictures */
function assertTwin(model: Model, twin: Model): void {
  const same = (read: (one: Model) => unknown): boolean => JSON.stringify(read(model)) === JSON.stringify(read(twin))
  if (!same(({ labels }) => labels))
    throw new UsageError(
      `--twin ${twin.name}: its classes are not those of ${model.name}; give the same model, fine-tuned on masked pictures`,
    )
  if (!same(({ graph }) => graph.inputs[0]?.type.shape?.slice(1)))
    throw new UsageError(`--twin ${twin.name}: its input is not of the shape that ${model.name} takes`)
}

/** The side of the pictures that a model takes. @throws UsageError for a model of anything else */
function sideOf(model: Model): number {
  const shape = model.graph.inputs[0]?.type.shape ?? []
  const layout = model.preprocessing?.layout
  if (!layout || shape.length !== 4)
    throw new UsageError(
      `${model.name}: a study of pictures needs a model with one picture as input, and a preprocessor_config.json beside it`,
    )
  const side = layout === 'NHWC' ? shape[1] : shape[2]
  return typeof side === 'number' ? side : 224
}

async function studied(session: Session): Promise<ImageStudy> {
  const { preset, seed, model, twin, images, side } = session
  const { scored, labelled, correct, agreement, classes } = await answersOf(session)
  if (scored.length === 0) throw new InputError('the model answers no picture correctly; nothing can be scored')
  const runs = await runsOf(session, plannedEntries(preset), scored, classes)
  const maskOnly = await maskOnlyOf(session, runs, scored)
  const mosaics = await mosaicsOf(session, runs, scored)
  const information = await informationOf(session, runs, scored)
  const examples = await examplesOf(session, runs, scored)
  return {
    preset,
    model: { name: model.name, digest: model.digest, classes, side },
    ...(twin && { twin: { name: twin.name, agreement } }),
    data: { kind: images.kind, description: images.description, count: images.items.length },
    labelled,
    correct,
    features: quantile(
      [...runs[0]!.values.values()].map(({ order }) => order.length),
      0.5,
    ),
    scored,
    runs,
    maskOnly,
    ...information,
    mosaics,
    examples,
    failed: session.failed,
    seed,
    digest: session.digest,
  }
}
