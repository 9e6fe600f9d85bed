/** @file A harmony study from beginning to end; every stage goes on where it stopped. */
import { createHash } from 'node:crypto'
import { InputError, methodNamed, Random, resolveOptions, UsageError } from '@ascribe/core'
import { nodeRuntime } from '@ascribe/core/node'
import { foldsOf } from '../ensemble/folds.js'
import { generatedSet, type ImageSetRequest } from '../greedy/image/images.js'
import { shuffled } from '../order.js'
import { type Cell, canonicalJson, forkWorkers } from '../runner/index.js'
import { costLine } from './cost.js'
import type { AnswerValue } from './identity.js'
import { openHarmonyModels } from './models.js'
import { openHarmonyPictures } from './pictures.js'
import type { HarmonyStudy, ModelRow } from './result.js'
import { type HarmonyStudyOptions, type Scored, Session } from './session.js'
import { agreementStage } from './stages/agreement.js'
import { detectorStage } from './stages/detector.js'
import { exampleStage } from './stages/examples.js'
import { harmonisedStage } from './stages/harmonised/index.js'
import { leakStage } from './stages/leaks.js'
import { mapStage } from './stages/maps.js'
import { transferStage } from './stages/transfer/index.js'
import { harmonisers } from './subject.js'
import { harmonyWork } from './work.js'
import { mapsIn } from './worker.js'

/** What is claimed and how it is decided, fixed before anything is scored. */
const claims = {
  family:
    'within-minus-across contrast of T after main effects, first fill, probability, mask-adapted testers; Holm over methods',
  gain: 'first harmoniser of the list, mean over all fills, against every rival, as they are and all blurred alike; largest p-value, Holm over methods; four of six methods',
  choices: 'weights, best single model, sigma, seeds and scheme on the other folds, by the first fill',
  consistency: 'Spearman and top 10% at equal smoothness, two disjoint sets of models; Holm over methods',
}

/** Pictures of the generated data are drawn at this side at most. */
const generatedSide = 64

/** @throws InputError, UsageError for models or pictures that cannot be used, AbortedError, OutputError; failed cells are in the result */
export async function runHarmonyStudy(options: HarmonyStudyOptions): Promise<HarmonyStudy> {
  const { data, preset, folder, processes, families = {}, twins = {}, methods } = options
  if (options.models.length < 2) throw new UsageError('a study of harmony needs two models or more; name them with --model')
  for (const spec of methods) resolveOptions(methodNamed(spec.method), spec.options)
  const runtime = nodeRuntime({ threads: 1 })
  try {
    const models = await openHarmonyModels(options.models, runtime, { families, twins })
    const side = Math.max(...models.map(({ height, width }) => Math.max(height, width)))
    const request: ImageSetRequest = {
      data,
      size: options.size ?? (data === 'generated' ? Math.min(generatedSide, side) : side),
      seed: options.seed,
      set: data === 'generated' ? generatedSet(models[0]!.model.labels) : 'obj',
      limit: Math.ceil(1.2 * preset.pictures),
    }
    const pictures = await openHarmonyPictures(request)
    const settings = { models: [...options.models], families, twins, images: { ...request }, folder }
    const pool = processes > 0 ? forkWorkers(new URL('worker.js', import.meta.url), { processes, settings }) : undefined
    try {
      const work = pool?.work ?? harmonyWork({ models, pictures, map: mapsIn(folder) })
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
          models: models.map(({ model, family, twin }) => ({
            digest: model.digest,
            family,
            twin: twin?.model.digest ?? null,
          })),
          claims,
          pictures: scored.map(({ item, fold, wrong }) => ({ key: item.key, fold, wrong })),
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
  log?.(await costLine(session, scored))
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
    testers: session.bases.map(m => models[m]!.name),
    adapted: session.bases.some(m => models[m]!.twin),
    labelled: answers.labelled,
    seen: answers.seen,
    jointly: answers.jointly,
    pictures: mapped.pictures,
    methods: mapped.methods,
    left: [...mapped.left, ...testerNotes(session, answers.rows)],
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

/** What each answer cell is of: a model, or its twin. */
const seenBy = (session: Session) =>
  session.models.map(({ model, twin }) => ({ own: model.digest, tester: (twin?.model ?? model).digest }))

async function answersOf(session: Session) {
  const { pictures, models, options, preset, bases } = session
  const { items, kind } = pictures
  const cellOf = (key: string, label: number | undefined, digest: string): Cell =>
    session.cell('answer', key, label === undefined ? {} : { class: label }, { digest, cost: { forwards: 1, gradients: 0 } })
  const seeing = seenBy(session)
  const digests = [...new Set(seeing.flatMap(({ own, tester }) => [own, tester]))]
  await session.run(
    'answers',
    items.flatMap(({ key, label }) => digests.map(digest => cellOf(key, label, digest))),
  )
  const labelled = items.filter(({ label }) => label !== undefined).length
  const classes = models[0]!.classes.length
  const answered = items.flatMap(item => {
    const value = (digest: string) => session.found<AnswerValue>(cellOf(item.key, item.label, digest))
    const values = seeing.map(({ own, tester }) => ({ own: value(own), tester: value(tester) }))
    return values.every(({ own, tester }) => own && tester)
      ? [{ item, values: values as { own: AnswerValue; tester: AnswerValue }[] }]
      : []
  })
  const joint = answered.filter(({ item, values }) => {
    const wanted = labelled === 0 ? values[0]!.own.predicted : item.label
    return values.every(({ own, tester }) => own.predicted === wanted && tester.predicted === wanted)
  })
  // Generated pictures come in sources that hold every class once: the first of them are those of a larger study too.
  const order = kind === 'generated' ? [...joint.keys()] : [...shuffled(joint.length, new Random(options.seed, 0x4a9e))]
  const chosen = order.slice(0, preset.pictures).map(at => joint[at]!)
  // Pictures of one source stay in one fold; where there are too few sources, pictures are divided.
  const enough = new Set(chosen.map(({ item }) => item.source)).size >= preset.folds
  const folds = foldsOf(
    chosen.map(({ item }) => (enough ? item.source : item.key)),
    preset.folds,
  )
  const scored = chosen.map(({ item, values }, i): Scored => {
    const own = values[0]!.own.predicted
    const draw = new Random(options.seed, Number.parseInt(createHash('sha256').update(item.key).digest('hex').slice(0, 8), 16))
    return {
      item,
      class: own,
      wrong: (own + 1 + draw.integer(Math.max(1, classes - 1))) % classes,
      fold: folds[i]!,
      full: values.map(({ tester }) => tester.probability),
      plain: values.map(value => value.own.probability),
    }
  })
  const share = (count: number, of: number): number => (of > 0 ? count / of : Number.NaN)
  const rows = models.map(({ name, family, architecture, height, width, twin }, m): ModelRow => {
    const known = answered.filter(({ item }) => item.label !== undefined)
    const correct = (by: 'own' | 'tester') => known.filter(({ item, values }) => values[m]![by].predicted === item.label).length
    const same = answered.filter(({ values }) => values[m]!.own.predicted === values[m]!.tester.predicted).length
    return {
      name,
      family,
      architecture,
      height,
      width,
      accuracy: share(correct('own'), known.length),
      tests: bases.includes(m),
      ...(twin && { twin: { accuracy: share(correct('tester'), known.length), agreement: share(same, answered.length) } }),
    }
  })
  return { scored, rows, labelled, seen: answered.length, jointly: joint.length }
}

/** Below this share of equal answers a twin is not the model's. */
const twinAgreement = 0.98

/** What a reader must know about the testers. */
function testerNotes({ bases, models }: Session, rows: readonly ModelRow[]): string[] {
  const without = bases.filter(m => !models[m]!.twin).map(m => models[m]!.name)
  if (without.length === bases.length)
    return [
      'No model has a mask-adapted twin: every model tests as it is, so part of what is measured is how it takes masked pictures.',
    ]
  const off = rows.filter(({ tests, twin }) => tests && twin && twin.agreement < twinAgreement)
  return [
    ...(without.length > 0 ? [`Without a mask-adapted twin, and so their own testers: ${without.join(', ')}.`] : []),
    ...off.map(
      ({ name, twin }) =>
        `The twin of ${name} answers as its model on ${(100 * twin!.agreement).toFixed(1)}% of the pictures, which is less than the 98% asked for.`,
    ),
  ]
}
