/** @file An ensemble study from beginning to end; every stage goes on where it stopped. */
import { createHash } from 'node:crypto'
import { fitPicture, InputError, type Model, pictureToTensor, prepare, Random, UsageError } from '@ascribe/core'
import { load, nodeRuntime } from '@ascribe/core/node'
import { estimateTime } from '../greedy/image/estimate.js'
import { generatedSet, type ImageSetRequest, openImages } from '../greedy/image/images.js'
import { shuffled } from '../order.js'
import { type Cell, canonicalJson, forkWorkers, readMap } from '../runner/index.js'
import { mapOf } from './combined.js'
import { candidates, defaults, type EnsembleEntry, type Entry, stressed } from './entry.js'
import { foldsOf } from './folds.js'
import type { AnswerValue, FormsOptions, FormsValue, MapKeys, MapOptions, MapValue, ScoreValue } from './identity.js'
import { greyMap, type JunkKind, junkCases } from './junk.js'
import { checkMember, controls, type MemberSpec, memberCost } from './members.js'
import type { EnsembleStudy, FoldChoice, JunkRun, ScoredRun, StudyExample } from './result.js'
import { rungsOf, survivors, worstMargin } from './search.js'
import { type EnsembleStudyOptions, type Mapped, type Scored, Session } from './session.js'
import { stages, storedIn } from './stored.js'
import { ensembleWork } from './work.js'

/** @throws InputError for pictures or a model that cannot be read, UsageError, AbortedError, OutputError; failed cells are in the result */
export async function runEnsembleStudy(options: EnsembleStudyOptions): Promise<EnsembleStudy> {
  const { processes, data, preset, members, folder } = options
  if (members.length < 2) throw new UsageError('a study of ensembles needs two members or more')
  for (const member of members) checkMember(member)
  const runtime = nodeRuntime({ threads: 1 })
  try {
    const model = await load(options.model, { runtime })
    const request: ImageSetRequest = {
      data,
      size: sideOf(model),
      seed: options.seed,
      set: data === 'generated' ? generatedSet(model.labels) : 'obj',
      // Generated pictures of one instance share their source: folds need several.
      limit: Math.max(Math.ceil(1.1 * preset.pictures), 200 * preset.folds),
    }
    const images = await openImages(request)
    const labels = members.map(({ label }) => label)
    const settings = { model: options.model, images: { ...request }, members: labels, folder }
    const pool = processes > 0 ? forkWorkers(new URL('worker.js', import.meta.url), { processes, settings }) : undefined
    try {
      const work = pool?.work ?? ensembleWork(images, model, labels, storedIn(folder))
      return await studied(new Session(options, model, images, work))
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
  const { preset, model, images, options } = session
  const { members, seed } = options
  const answers = await answersOf(session)
  const { scored } = answers
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
  const design = createHash('sha256')
    .update(
      canonicalJson(
        {
          preset: { ...preset },
          members: members.map(one => ({ ...one })),
          candidates: all.map(one => ({ ...one })),
          defaults: defaults.map(one => ({ ...one })),
          seed,
        },
        'design',
      ),
    )
    .digest('hex')
  options.log?.(
    `plan ${design.slice(0, 16)}: ${members.length} members, ${all.length} ensembles searched in ${preset.folds} folds, ${defaults.length} named in advance, ${scored.length} pictures`,
  )
  await tellCost(session, scored, all.length)
  const mapped = await mapsOf(session, scored)
  if (mapped.length < preset.folds)
    throw new InputError('too few pictures could be explained by every member; see the failures above')
  const singles: Entry[] = [...members.map(({ label }) => label)].flatMap(label =>
    [false, true].map(absolute => ({ single: label, absolute })),
  )
  const shown: Entry[] = controls.map(({ label }) => ({ single: label, absolute: false }))
  const fixed = await fullScores(session, 'members', [...singles, ...shown, ...defaults], mapped)
  const runOf = (entry: Entry): ScoredRun => fixed.find(run => run.entry === entry)!
  const rivals = singles.map(runOf)
  const choices = await search(session, all, mapped, rivals)
  const selected = await selectedRun(session, choices, mapped)
  const junk = await junkRuns(session, choices, mapped)
  return {
    preset,
    model: { name: model.name, digest: model.digest },
    data: { kind: images.kind, description: images.description },
    ...answers,
    scored: mapped,
    members,
    rivals,
    controls: shown.map(runOf),
    defaults: defaults.map(runOf),
    selected,
    choices,
    searched: all.length,
    junk,
    examples: await examplesOf(session, mapped, choices),
    failed: session.failed,
    seed,
    design,
    digest: session.digest,
  }
}

async function answersOf(session: Session) {
  const { items } = session.images
  const cells = items.map(({ key }) => session.cell('answer', key, {}, { forwards: 2, gradients: 0 }))
  const values = await session.run<AnswerValue>(stages.answers, cells)
  const labelled = items.filter(({ label }) => label !== undefined).length
  const right = items.flatMap((item, i) => {
    const value = values.get(cells[i]!.key)
    return value && (labelled === 0 || item.label === value.predicted)
      ? [{ item, class: value.predicted, probability: value.probability }]
      : []
  })
  const order = shuffled(right.length, new Random(session.options.seed, 0x1a9e))
  const scored: Scored[] = Array.from(order.subarray(0, session.preset.pictures), at => right[at]!)
  return { scored, labelled, correct: right.length }
}

/** Cost of the whole study in one line, before it starts. */
async function tellCost(session: Session, scored: readonly Scored[], count: number): Promise<void> {
  const { preset, model, images, options } = session
  const { log, members, processes, signal } = options
  if (!log) return
  const picture = fitPicture(await images.picture(scored[0]!.item.key), model.preprocessing!)
  const input = { [model.floatInputs[0]!]: pictureToTensor(picture, model.preprocessing!) }
  const evaluator = await prepare(model, input, { target: 'predicted' })
  const cells: Cell[] = []
  const add = (kind: string, times: number, cost: { forwards: number; gradients: number }): void => {
    for (let i = 0; i < times; i++) cells.push(session.cell(`planned ${kind}`, String(i), {}, cost))
  }
  const n = scored.length
  for (const [m, member] of members.entries()) add(`map ${m}`, n * (1 + preset.draws), memberCost(member, evaluator))
  add('weights', n, { forwards: preset.perturbations, gradients: 0 })
  const halving = rungsOf(count, n - Math.floor(n / preset.folds), preset.first, preset.keep)
  // Folds look at much the same candidates, and a picture is scored once for all of them.
  add(
    'search',
    halving.reduce((sum, rung) => sum + Math.ceil(1.5 * rung.count) * Math.min(n, rung.pictures + 1), 0),
    session.scoreCost(false),
  )
  add('score', n * (2 * members.length + controls.length + defaults.length + 1), session.scoreCost(true))
  add('junk', Math.min(n, preset.junk) * junkCases.length * (stressed + 1), session.scoreCost(true))
  log(await estimateTime({ model, picture, cells, processes: Math.max(1, processes), ...(signal && { signal }) }))
}

/** Maps of members and controls of every picture, and what weights are learned from. */
async function mapsOf(session: Session, scored: readonly Scored[]): Promise<Mapped[]> {
  const { preset, options } = session
  const { members } = options
  const cellOf = (picture: Scored, member: MemberSpec): Cell => {
    const asked: MapOptions = { member, class: picture.class }
    const { forwards, gradients } = memberCost(member)
    return session.cell('map', picture.item.key, asked, { forwards, gradients }, member.method)
  }
  const rows = scored.map(picture => ({
    picture,
    own: members.map(member => cellOf(picture, member)),
    others: controls.map(member => cellOf(picture, member)),
  }))
  const values = await session.run<MapValue>(
    stages.maps,
    rows.flatMap(({ own, others }) => [...own, ...others]),
  )
  const folds = foldsOf(
    scored.map(({ item }) => item.source),
    preset.folds,
  )
  const drawn = members.map(member => memberCost(member))
  const withForms = rows.flatMap(({ picture, own, others }, i) => {
    if ([...own, ...others].some(({ key }) => !values.has(key))) return []
    const maps: MapKeys = { members: own.map(({ key }) => key), controls: others.map(({ key }) => key) }
    const { segments, perturbations, draws } = preset
    const asked: FormsOptions = { maps, members, segments, perturbations, draws, class: picture.class }
    const cost = {
      forwards: perturbations + draws * drawn.reduce((sum, { forwards }) => sum + forwards, 0),
      gradients: draws * drawn.reduce((sum, { gradients }) => sum + gradients, 0),
    }
    const cell = session.cell('forms', picture.item.key, asked, cost)
    return [{ cell, mapped: { ...picture, maps, forms: cell.key, fold: folds[i]! } satisfies Mapped }]
  })
  const found = await session.run<FormsValue>(
    stages.forms,
    withForms.map(({ cell }) => cell),
  )
  return withForms.flatMap(({ cell, mapped }) => (found.has(cell.key) ? [mapped] : []))
}

/** Every metric of every entry on every picture. */
async function fullScores(
  session: Session,
  stage: string,
  entries: readonly Entry[],
  pictures: readonly Mapped[],
): Promise<ScoredRun[]> {
  const asked = pictures.flatMap(picture => entries.map(entry => ({ picture, entry, full: true as const })))
  const values = await session.scores(stage, asked)
  return entries.map((entry, e) => ({
    entry,
    values: valuesBy(pictures, i => values[i * entries.length + e]),
  }))
}

const valuesBy = (pictures: readonly Mapped[], at: (i: number) => ScoreValue | undefined): ReadonlyMap<string, ScoreValue> =>
  new Map(
    pictures.flatMap(({ item }, i) => {
      const value = at(i)
      return value ? [[item.key, value] as const] : []
    }),
  )

/** The best of all candidates by the pictures outside each fold: successive halving, the folds side by side. */
async function search(
  session: Session,
  all: readonly EnsembleEntry[],
  pictures: readonly Mapped[],
  rivals: readonly ScoredRun[],
): Promise<FoldChoice[]> {
  const { preset } = session
  const usable = pictures.filter(({ item }) => rivals.every(({ values }) => values.has(item.key)))
  const folds = Array.from({ length: preset.folds }, (_, fold) => {
    const training = usable.filter(picture => picture.fold !== fold)
    return {
      fold,
      training,
      rungs: rungsOf(all.length, training.length, preset.first, preset.keep),
      left: [...all.keys()],
      margin: Number.NaN,
    }
  })
  const rounds = Math.max(...folds.map(({ rungs }) => rungs.length))
  for (let round = 0; round < rounds; round++) {
    const active = folds.filter(({ rungs }) => round < rungs.length)
    const asked = active.flatMap(({ training, rungs, left }) =>
      training.slice(0, rungs[round]!.pictures).flatMap(picture => left.map(c => ({ picture, entry: all[c]! }))),
    )
    const values = await session.scores(`search-${round + 1}`, asked)
    let at = 0
    for (const fold of active) {
      const { training, rungs, left } = fold
      const seen = training.slice(0, rungs[round]!.pictures)
      const scores = left.map((_, k) => seen.map((_, i) => values[at + i * left.length + k]))
      at += seen.length * left.length
      const margins = scores.map(own => {
        const whole = own.flatMap((value, i) => (value ? [{ value, key: seen[i]!.item.key }] : []))
        if (whole.length < seen.length) return Number.NEGATIVE_INFINITY
        return worstMargin(
          whole.map(({ value }) => value),
          rivals.map(rival => whole.map(({ key }) => rival.values.get(key)!)),
        )
      })
      const best = survivors(margins, rungs[round + 1]?.count ?? 1)
      fold.margin = margins[best[0]!]!
      fold.left = best.map(k => left[k]!)
    }
  }
  return folds.map(({ fold, left, margin, training }) => ({
    fold,
    entry: all[left[0]!]!,
    margin,
    best: bestMember(session, training, rivals),
  }))
}

/** The member whose negative is the worst junk: the best by itself on these pictures. */
function bestMember(session: Session, training: readonly Mapped[], rivals: readonly ScoredRun[]): number {
  const scores = session.options.members.map((_, m) => training.map(({ item }) => rivals[2 * m]!.values.get(item.key)!))
  const margins = scores.map((own, m) =>
    worstMargin(
      own,
      scores.filter((_, other) => other !== m),
    ),
  )
  return survivors(margins, 1)[0]!
}

/** Every picture by what was selected without its fold. */
async function selectedRun(session: Session, choices: readonly FoldChoice[], pictures: readonly Mapped[]) {
  const asked = pictures.map(picture => ({ picture, entry: choices[picture.fold]!.entry, full: true as const }))
  const values = await session.scores('selected', asked)
  return valuesBy(pictures, i => values[i])
}

async function junkRuns(session: Session, choices: readonly FoldChoice[], pictures: readonly Mapped[]): Promise<JunkRun[]> {
  const some = pictures.slice(0, session.preset.junk)
  const entries: ('selected' | EnsembleEntry)[] = ['selected', ...defaults.slice(0, stressed)]
  const rows = entries.flatMap(entry => junkCases.map(junk => ({ entry, junk })))
  const asked = some.flatMap(picture =>
    rows.map(({ entry, junk }: { entry: 'selected' | EnsembleEntry; junk: readonly JunkKind[] }) => {
      const { entry: chosen, best } = choices[picture.fold]!
      return { picture, entry: entry === 'selected' ? chosen : entry, junk, best, full: true as const }
    }),
  )
  const values = await session.scores('junk', asked)
  return rows.map(({ entry, junk }, r) => ({
    entry: entry === 'selected' ? undefined : entry,
    junk,
    values: valuesBy(some, i => values[i * rows.length + r]),
  }))
}

async function examplesOf(
  session: Session,
  pictures: readonly Mapped[],
  choices: readonly FoldChoice[],
): Promise<StudyExample[]> {
  const { preset, model, images, options } = session
  const stored = storedIn(options.folder)
  const examples: StudyExample[] = []
  for (const { item, class: own, maps, forms, fold, probability } of pictures.slice(0, preset.examples)) {
    const picture = fitPicture(await images.picture(item.key), model.preprocessing!)
    const members = await Promise.all(maps.members.map(stored.map))
    const [noise, edges] = (await Promise.all(maps.controls.map(stored.map))) as [Float64Array, Float64Array]
    const { dims } = await readMap(session.folderOf(stages.maps), maps.members[0]!, 'map')
    const found = {
      members,
      named: new Map<string, Float64Array>(),
      junk: { grey: greyMap(picture), noise, edges },
      labels: new Int32Array(0),
    }
    const settings = { seed: options.seed, forms: await stored.forms(forms) }
    const { entry } = choices[fold]!
    const kemeny = entry.scheme === 'kemeny'
    examples.push({
      title: `${item.name}: ${model.labels?.[own] ?? `class ${own}`}, probability ${probability.toFixed(2)}`,
      picture,
      maps: [
        ...(kemeny ? [] : [{ label: 'selected', dims, values: mapOf(entry, found, settings) }]),
        { label: 'mean of min-max', dims, values: mapOf(defaults[0]!, found, settings) },
        ...members.map((values, m) => ({ label: options.members[m]!.label, dims, values })),
      ],
    })
  }
  return examples
}
