/** @file A harmony study from beginning to end; every stage goes on where it stopped. */
import { createHash } from 'node:crypto'
import { fitPicture, InputError, methodNamed, Random, resolveOptions, UsageError } from '@ascribe/core'
import { nodeRuntime } from '@ascribe/core/node'
import { estimateTime } from '../greedy/image/estimate.js'
import { generatedSet, type ImageSetRequest } from '../greedy/image/images.js'
import { shuffled } from '../order.js'
import { type Cell, canonicalJson, forkWorkers } from '../runner/index.js'
import type { AnswerValue } from './identity.js'
import { openHarmonyModels } from './models.js'
import { openHarmonyPictures } from './pictures.js'
import type { HarmonyStudy, ModelRow } from './result.js'
import { type HarmonyStudyOptions, type Scored, Session } from './session.js'
import { agreementStage } from './stages/agreement.js'
import { detectorStage } from './stages/detector.js'
import { exampleStage } from './stages/examples.js'
import { harmonisedStage } from './stages/harmonised.js'
import { leakStage } from './stages/leaks.js'
import { mapStage } from './stages/maps.js'
import { transferStage } from './stages/transfer.js'
import { harmonisers } from './subject.js'
import { harmonyWork } from './work.js'
import { mapsFolder, mapsIn } from './worker.js'

/** Pictures of the generated data are drawn at this side at most. */
const generatedSide = 64

/** @throws InputError, UsageError for models or pictures that cannot be used, AbortedError, OutputError; failed cells are in the result */
export async function runHarmonyStudy(options: HarmonyStudyOptions): Promise<HarmonyStudy> {
  const { data, preset, folder, processes, families = {}, methods } = options
  if (options.models.length < 2) throw new UsageError('a study of harmony needs two models or more; name them with --model')
  for (const spec of methods) resolveOptions(methodNamed(spec.method), spec.options)
  const runtime = nodeRuntime({ threads: 1 })
  try {
    const models = await openHarmonyModels(options.models, runtime, families)
    const side = Math.max(...models.map(({ height, width }) => Math.max(height, width)))
    const request: ImageSetRequest = {
      data,
      size: options.size ?? (data === 'generated' ? Math.min(generatedSide, side) : side),
      seed: options.seed,
      set: data === 'generated' ? generatedSet(models[0]!.model.labels) : 'obj',
      limit: Math.ceil(1.2 * preset.pictures),
    }
    const pictures = await openHarmonyPictures(request)
    const settings = { models: [...options.models], families, images: { ...request }, maps: mapsFolder(folder) }
    const pool = processes > 0 ? forkWorkers(new URL('worker.js', import.meta.url), { processes, settings }) : undefined
    try {
      const work = pool?.work ?? harmonyWork({ models, pictures, map: mapsIn(mapsFolder(folder)) })
      return await studied(new Session(options, models, pictures, work))
    } finally {
      await pool?.dispose()
    }
  } finally {
    await runtime.dispose()
  }
}

async function studied(session: Session): Promise<HarmonyStudy> {
  const { preset, models, options, pictures } = session
  const { methods, seed, log } = options
  const answers = await answersOf(session)
  const { scored } = answers
  if (scored.length < 4)
    throw new InputError(
      `${scored.length} pictures are answered correctly by all models; a study needs four or more (accuracies: ${answers.rows
        .map(({ name, accuracy }) => `${name} ${(100 * accuracy).toFixed(1)}%`)
        .join(', ')})`,
    )
  const design = createHash('sha256')
    .update(
      canonicalJson(
        {
          preset: { ...preset, training: null },
          methods: methods.map(spec => ({ ...spec })),
          models: models.map(({ model, family }) => ({ digest: model.digest, family })),
          harmonisers: harmonisers.map(one => ({ ...one })),
          seed,
        },
        'design',
      ),
    )
    .digest('hex')
  log?.(
    `plan ${design.slice(0, 16)}: ${models.length} models, ${methods.length} methods, ${scored.length} pictures that all answer correctly`,
  )
  await tellCost(session, scored)
  const mapped = await mapStage(session, scored)
  if (mapped.pictures.length < 4)
    throw new InputError('too few pictures could be explained by every model; see the failures above')
  const transfer = await transferStage(session, mapped)
  const harmonised = await harmonisedStage(session, mapped, transfer)
  return {
    preset,
    design,
    data: pictures.description,
    size: pictures.size,
    models: answers.rows,
    labelled: answers.labelled,
    seen: answers.seen,
    jointly: answers.jointly,
    pictures: mapped.pictures,
    methods: mapped.methods,
    left: mapped.left,
    transfer,
    harmonised,
    leaks: await leakStage(session, mapped),
    agreement: await agreementStage(session, mapped),
    detector: await detectorStage(session, mapped),
    examples: await exampleStage(session, mapped),
    failed: session.failed,
    seed,
    digest: session.digest,
  }
}

async function answersOf(session: Session) {
  const { pictures, models, options, preset } = session
  const { items } = pictures
  const cellOf = (key: string, label: number | undefined, model: number): Cell =>
    session.cell('answer', key, label === undefined ? {} : { class: label }, { model, cost: { forwards: 1, gradients: 0 } })
  const cells = items.map(({ key, label }) => models.map((_, model) => cellOf(key, label, model)))
  await session.run('answers', cells.flat())
  const labelled = items.filter(({ label }) => label !== undefined).length
  const classes = models[0]!.classes.length
  const answered = items.flatMap((item, i) => {
    const values = cells[i]!.map(cell => session.valueOf<AnswerValue>(cell))
    return values.every(value => value !== undefined) ? [{ item, values: values as AnswerValue[] }] : []
  })
  const joint = answered.filter(({ item, values }) => {
    const wanted = labelled === 0 ? values[0]!.predicted : item.label
    return values.every(({ predicted }) => predicted === wanted)
  })
  const order = shuffled(joint.length, new Random(options.seed, 0x4a9e))
  const chosen = Array.from(order.subarray(0, preset.pictures), at => joint[at]!)
  // Pictures of one source stay in one half; where all are of one, pictures are divided.
  const sources = new Set(chosen.map(({ item }) => item.source))
  const halfBy = (item: (typeof items)[number]): string => (sources.size > 1 ? item.source : item.key)
  const selection = new Set([...new Set(chosen.map(({ item }) => halfBy(item)))].filter((_, i) => i % 2 === 0))
  const scored = chosen.map(({ item, values }): Scored => {
    const own = values[0]!.predicted
    const draw = new Random(options.seed, Number.parseInt(createHash('sha256').update(item.key).digest('hex').slice(0, 8), 16))
    return {
      item,
      class: own,
      wrong: (own + 1 + draw.integer(Math.max(1, classes - 1))) % classes,
      selection: selection.has(halfBy(item)),
      full: values.map(({ probability }) => probability),
    }
  })
  const rows = models.map(({ name, family, architecture, height, width }, m): ModelRow => {
    const known = answered.filter(({ item }) => item.label !== undefined)
    const correct = known.filter(({ item, values }) => values[m]!.predicted === item.label).length
    return { name, family, architecture, height, width, accuracy: known.length > 0 ? correct / known.length : Number.NaN }
  })
  return { scored, rows, labelled, seen: answered.length, jointly: joint.length }
}

/** Cost of the whole study in one line, before it starts. */
async function tellCost(session: Session, scored: readonly Scored[]): Promise<void> {
  const { models, options, preset, pictures } = session
  const { log, methods, processes, signal } = options
  if (!log) return
  const [first] = models
  const picture = await pictures.picture(scored[0]!.item.key)
  const k = models.length
  const passes = preset.fills.length * preset.fractions.length
  const cells: Cell[] = []
  for (const { item } of scored) {
    const map = (spec: (typeof methods)[number]): Cell['cost'] => {
      const method = methodNamed(spec.method)
      const { forwards, gradients } = method.cost(resolveOptions(method, spec.options))
      const times = 2 * k + (k > 2 ? (k - 1) * (k / 2) : 0)
      return { forwards: times * forwards, gradients: times * gradients }
    }
    for (const spec of methods) cells.push(session.cell('planned', item.key, { spec: { ...spec } }, { cost: map(spec)! }))
    const singles = k * k * methods.length * 4 + 5 * 2 * k
    const combined = k > 2 ? methods.length * k * (preset.harmonisers + preset.sigmas.length / 2 + 2) : 0
    const forwards = Math.round((singles + combined) * passes)
    cells.push(session.cell('planned', item.key, {}, { cost: { forwards, gradients: 0 } }))
  }
  log(
    await estimateTime({
      model: first!.model,
      picture: fitPicture(picture.pixels, first!.preprocessing),
      cells,
      processes: Math.max(1, processes),
      ...(signal && { signal }),
    }),
  )
}
