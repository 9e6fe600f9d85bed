/** @file An ensemble study from beginning to end; every stage goes on where it stopped. */
import { createHash } from 'node:crypto'
import { InputError, type Model, UsageError } from '@ascribe/core'
import { load, nodeRuntime } from '@ascribe/core/node'
import { generatedSet, type ImageSetRequest, openImages } from '../greedy/image/images.js'
import { canonicalJson, forkWorkers } from '../runner/index.js'
import { candidates, defaults, type Entry } from './entry.js'
import { checkMember, controls } from './members.js'
import { partOf } from './presets.js'
import type { ByPicture, EnsembleStudy, FoldChoice, ScoredRun, StudyScores } from './result.js'
import { type EnsembleStudyOptions, Session } from './session.js'
import { answersOf } from './stages/answers.js'
import { tellCost } from './stages/cost.js'
import { examplesOf } from './stages/examples.js'
import { forwardSelection } from './stages/forward.js'
import { foundScores, scoresOf } from './stages/full-scores.js'
import { mapsOf } from './stages/maps.js'
import { search } from './stages/search.js'
import { junkRuns, maskOnlyRuns, twistRuns } from './stages/stress.js'
import { storedIn } from './stored.js'
import { ensembleWork } from './work.js'

/** @throws InputError for pictures or a model that cannot be read, UsageError, AbortedError, OutputError; failed cells are in the result */
export async function runEnsembleStudy(options: EnsembleStudyOptions): Promise<EnsembleStudy> {
  const { processes, data, preset, members, folder } = options
  if (members.length < 2) throw new UsageError('a study of ensembles needs two members or more')
  for (const member of members) checkMember(member)
  const runtime = nodeRuntime({ threads: 1 })
  try {
    const model = await load(options.model, { runtime })
    const twin = options.twin === undefined ? undefined : await load(options.twin, { runtime })
    const request: ImageSetRequest = {
      data,
      size: sideOf(model),
      seed: options.seed,
      set: data === 'generated' ? generatedSet(model.labels) : 'obj',
      // Generated pictures of one instance share their source: folds need several.
      limit: Math.max(Math.ceil(1.1 * preset.pictures), 20 * preset.folds),
    }
    const images = await openImages(request)
    const labels = members.map(({ label }) => label)
    const settings = {
      model: options.model,
      images: { ...request },
      members: labels,
      folder,
      ...(options.twin !== undefined && { twin: options.twin }),
    }
    const pool = processes > 0 ? forkWorkers(new URL('worker.js', import.meta.url), { processes, settings }) : undefined
    try {
      const work = pool?.work ?? ensembleWork(images, model, labels, storedIn(folder), twin)
      return await studied(new Session(options, model, twin, images, work))
    } finally {
      await pool?.dispose()
    }
  } finally {
    await runtime.dispose()
  }
}

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

async function studied(session: Session): Promise<EnsembleStudy> {
  const { preset, model, twin, images, options } = session
  const { members, seed } = options
  const { scored, labelled, correct, classes, agreement } = await answersOf(session)
  if (scored.length < preset.folds)
    throw new InputError(
      `${scored.length} pictures are answered correctly; ${preset.folds}-fold cross-fitting needs ${preset.folds} or more`,
    )
  const sources = new Set(scored.map(({ item }) => item.source)).size
  if (sources < preset.folds)
    throw new InputError(
      `the pictures come from ${sources} sources; ${preset.folds}-fold cross-fitting needs ${preset.folds} or more`,
    )
  const all = candidates(preset.slow, preset.normalisers)
  const plan = { preset, members, candidates: all, defaults, seed, ...(twin && { twin: twin.digest }) }
  const design = createHash('sha256')
    .update(canonicalJson(JSON.parse(JSON.stringify(plan)), 'design'))
    .digest('hex')
  options.log?.(
    `plan ${design.slice(0, 16)}: ${members.length} members, ${all.length} ensembles searched in ${preset.folds} folds, ${defaults.length} named in advance, ${scored.length} pictures`,
  )
  await tellCost(session, scored, all.length)
  const { mapped, twisted } = await mapsOf(session, scored, classes)
  if (mapped.length < preset.folds)
    throw new InputError('too few pictures could be explained by every member; see the failures above')
  const singles = members.flatMap(({ label }) => [false, true].map((absolute): Entry => ({ single: label, absolute })))
  const shown = controls.map(({ label }): Entry => ({ single: label, absolute: false }))
  const named = [...singles, ...shown, ...defaults]
  const fixed = await scoresOf(session, 'members', named, mapped)
  const rivals = fixed.slice(0, singles.length)
  const forward = await forwardSelection(session, mapped, rivals)
  const choices = (await search(session, all, mapped, rivals)).map(
    (choice): FoldChoice => ({ ...choice, forward: forward[choice.fold]! }),
  )
  const scoresBy = (runs: readonly ScoredRun[], selected: ByPicture, picked: ByPicture): StudyScores => ({
    rivals: runs.slice(0, singles.length),
    controls: runs.slice(singles.length, singles.length + shown.length),
    defaults: runs.slice(singles.length + shown.length),
    selected,
    forward: picked,
  })
  const scores = scoresBy(
    fixed,
    await foundScores(session, 'selected', 'selected', choices, mapped),
    await foundScores(session, 'forward', 'forward', choices, mapped),
  )
  const some = partOf(mapped, preset.beside)
  const besides = { full: true, by: 'model' } as const
  const beside =
    twin && some.length > 0
      ? scoresBy(
          await scoresOf(session, 'model', named, some, besides),
          await foundScores(session, 'model-selected', 'selected', choices, some, besides),
          await foundScores(session, 'model-forward', 'forward', choices, some, besides),
        )
      : undefined
  return {
    preset,
    model: { name: model.name, digest: model.digest },
    ...(twin && { twin: { name: twin.name, digest: twin.digest, agreement } }),
    data: { kind: images.kind, description: images.description },
    labelled,
    correct,
    scored: mapped,
    members,
    scores,
    ...(beside && { beside }),
    choices,
    searched: all.length,
    junk: await junkRuns(session, choices, mapped),
    twists: await twistRuns(session, choices, twisted),
    maskOnly: await maskOnlyRuns(session, choices, mapped),
    examples: await examplesOf(session, mapped, choices),
    failed: session.failed,
    seed,
    design,
    digest: session.digest,
  }
}
