/** @file Scores a BAM study, stage by stage; every stage goes on where it stopped. */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { AscribeError, InputError } from '@ascribe/core'
import {
  type Cell,
  type CellFailure,
  type JsonValue,
  makePlan,
  type RunResult,
  readCells,
  runPlan,
  type Work,
} from '../../runner/index.js'
import { admitPair, measureImportance, predictedClass, type SwapLogits } from '../importance.js'
import { bamMetrics, imagesOf, insideAlpha, type Metric, type MetricImage, type ModelRole } from '../metrics/index.js'
import { labelOf } from '../source.js'
import { Concepts } from './concept-stage.js'
import { type ExampleMaps, Examples } from './example-stage.js'
import { Answers, type AnswerValue, accuracyOf, importanceImages } from './importance-stage.js'
import { isNested, type StudyMethod, spellMethod } from './methods.js'
import { closeModels, openModels, type StudyModel } from './models.js'
import { Patches, type PatchValue } from './patch-stage.js'
import { type PatchedPictures, picturesOf, remembering } from './pictures.js'
import { metricUses, Readings, type ReadingValue } from './readings.js'
import {
  type ArchitectureScores,
  type ModelAnswers,
  type ScoreStudyOptions,
  type StudyScores,
  UnfitModelsError,
} from './study.js'

/** @throws UnfitModelsError below the preset's accuracies; AbortedError, OutputError; failed cells are in the result */
export async function scoreStudy(options: ScoreStudyOptions): Promise<StudyScores> {
  const source = remembering(options.source)
  const scores: ArchitectureScores[] = []
  const failed: CellFailure[] = []
  const digests: string[] = []
  const metrics = metricUses(bamMetrics, options.roles)
  for (const architecture of options.architectures) {
    const models = await openModels(source, options.models, architecture, options.roles, options.runtime, options.own)
    try {
      const study = new ArchitectureStudy({ ...options, source }, architecture, models, metrics)
      scores.push(await study.run())
      failed.push(...study.failed)
      digests.push(...study.digests)
    } finally {
      if (!options.signal?.aborted) await closeModels(models)
    }
  }
  const digest = createHash('sha256').update(digests.join()).digest('hex')
  return { architectures: scores, metrics, failed, digest }
}

class ArchitectureStudy {
  readonly failed: CellFailure[] = []
  readonly digests: string[] = []

  constructor(
    private readonly options: ScoreStudyOptions,
    private readonly architecture: string,
    private readonly models: readonly StudyModel[],
    private readonly metrics: readonly Metric[],
  ) {}

  #model(role: ModelRole): StudyModel | undefined {
    return this.models.find(model => model.role === role)
  }

  async #stage<Value>(name: string, cells: readonly Cell[], work: Work<Value>, protocol?: JsonValue): Promise<RunResult<Value>> {
    const { folder, runtime, signal, log, onProgress } = this.options
    const plan = makePlan({
      study: `${this.architecture} ${name}`,
      version: '1',
      cells,
      ...(protocol === undefined ? {} : { protocol }),
    })
    this.digests.push(plan.digest)
    if (this.options.stored) {
      const { done } = await readCells(join(folder, this.architecture, name))
      const missing = cells.filter(({ key }) => !done.has(key)).length
      if (missing > 0)
        throw new InputError(
          `${missing} of ${cells.length} results of ${plan.study} are not there yet; ascribe bam score computes them`,
        )
    }
    const result = await runPlan(plan, work, {
      folder: join(folder, this.architecture, name),
      concurrency: runtime.processes ?? 1,
      ...(signal && { signal }),
      ...(log && { log }),
      ...(onProgress && { onProgress }),
    })
    this.failed.push(...result.failed)
    return result
  }

  async run(): Promise<ArchitectureScores> {
    const answers = await this.#answers()
    const patches = new Patches(this.options.source, this.options.preset.patches, this.options.seed, this.options.descent)
    const sceneOnly = this.#model('scene_only')
    if (sceneOnly) patches.add(sceneOnly)
    const patchRun = await this.#stage('patches', patches.cells, patches.work)
    const made = sceneOnly
      ? await patches.pictures(join(this.options.folder, this.architecture, 'patches'), patchRun.values, sceneOnly.path)
      : { patched: new Map(), functional: new Map() }
    const patchValues = sceneOnly ? patches.valuesOf(patchRun.values, sceneOnly.path) : []
    const concepts = new Concepts(this.options.source, this.options.preset.conceptImages, this.options.seed)
    for (const model of this.models) if (model.role !== 'scene_only') concepts.add(model)
    const conceptRun = await this.#stage('concepts', concepts.cells, concepts.work)
    const refused = this.options.preset.admission && answers.importance?.admitted.admitted === false
    const { readings, values, images } = await this.#readings(made, patchValues, patches.cells, refused)
    return {
      architecture: this.architecture,
      ...answers,
      patches: patchValues,
      concepts: new Map(
        this.models.flatMap(({ role, path }) => {
          const found = concepts.find(conceptRun.values, path)
          return found ? [[role, found] as const] : []
        }),
      ),
      reading: (method, wanted, variant) => readings.find(values, this.models, method, wanted, variant),
      images,
      limitOf: (method, metric) => this.#limitOf(method, metric),
      examples: await this.#examples(),
    }
  }

  #limitOf(method: StudyMethod, { name }: Metric): number {
    const { images, nestedImages, fewerImages } = this.options.preset
    if (method.metrics && !method.metrics.includes(name)) return 0
    const usual = isNested(method) || method.spoiled ? nestedImages : images
    return Math.min(usual, fewerImages[name] ?? Number.POSITIVE_INFINITY)
  }

  async #answers() {
    const { source, preset, seed } = this.options
    const answers = new Answers(source, seed)
    const all = (set: Parameters<Answers['add']>[1]): number[] => Array.from({ length: source.count(set, 'val') }, (_, i) => i)
    const pair = [this.#model('obj'), this.#model('scene')] as const
    const measured = pair[0] && pair[1] ? importanceImages(source, preset.importanceImages, seed) : []
    for (const model of this.models) {
      answers.add(model, model.role, all(model.role), false)
      if (model.role === 'obj' || model.role === 'scene') answers.add(model, model.role, measured, true)
      if (/^scene\d/.test(model.role)) answers.add(model, 'dog_bedroom', all('dog_bedroom'), true)
    }
    const { values } = await this.#stage<AnswerValue>('answers', answers.cells, answers.work)
    const rows = (model: StudyModel, set: Parameters<Answers['add']>[1], swaps: boolean): SwapLogits[] => {
      const found = answers.rows(values, model, set, swaps)
      if (!found) throw new AscribeError(`${model.path}: its answers could not be computed; see the failures above`)
      return found
    }
    const list = this.models.map((model): ModelAnswers => {
      const own = rows(model, model.role, false)
      return { role: model.role, path: model.path, accuracy: accuracyOf(own, model.role), count: own.length }
    })
    for (const { path, accuracy, role } of list)
      if (accuracy < preset.accuracy && (role === 'obj' || role === 'scene' || role === 'scene_only'))
        throw new UnfitModelsError(
          `${path}: answers ${(100 * accuracy).toFixed(1)}% of the validation pictures, ${100 * preset.accuracy}% are needed; train it for longer`,
        )
    const ladder = new Map(
      this.models.flatMap(model => {
        if (!/^scene\d/.test(model.role)) return []
        const withDog = rows(model, 'dog_bedroom', true)
        const withoutDog = withDog.map(row => ({ entry: row.entry, source: row.source, logits: row.removed! }))
        return [[model.role, { withDog, withoutDog }] as const]
      }),
    )
    if (!pair[0] || !pair[1]) return { answers: list, ladder }
    const [object, scene] = [rows(pair[0], 'obj', true), rows(pair[1], 'scene', true)]
    const importance = { obj: measureImportance('obj', object, { seed }), scene: measureImportance('scene', scene, { seed }) }
    const joint = object.filter((row, i) => right(row, 'obj') && right(scene[i]!, 'scene')).length / object.length
    if (joint < preset.jointlyCorrect)
      throw new UnfitModelsError(
        `${this.architecture}: f_obj and f_scene are both right on ${(100 * joint).toFixed(1)}% of the pictures, ${100 * preset.jointlyCorrect}% are needed; train them for longer`,
      )
    return {
      answers: list,
      ladder,
      importance: { ...importance, admitted: admitPair(importance.obj, importance.scene) },
      jointlyCorrect: joint,
    }
  }

  async #readings(made: PatchedPictures, patchValues: readonly PatchValue[], patchCells: readonly Cell[], refused: boolean) {
    const { source, methods, target, seed } = this.options
    const state = new Map(patchValues.flatMap(({ indices, patches }) => indices.map((index, i) => [index, patches[i]!] as const)))
    const images = (metric: Metric, limit: number, given?: Readonly<Record<string, number>>): MetricImage[] => {
      const options = { seed, ...(given && { options: given }) }
      if (metric.views(given ?? {})[0]!.picture !== 'bamboo_forest') {
        const found = imagesOf(source, metric, { ...options, limit })
        const excluded = refused && metric.exclusions.includes('pair not admitted')
        return excluded ? found.map(image => ({ ...image, excluded: 'pair not admitted' as const })) : found
      }
      const withPatch = imagesOf(source, metric, options).filter(({ pictures }) => state.has(pictures[0]!.index!))
      return withPatch.slice(0, limit).flatMap(image => {
        const patch = state.get(image.pictures[0]!.index!)
        if (!patch) return []
        if (!patch.accepted) return [{ ...image, excluded: 'patch not accepted' as const }]
        const functional = image.pictures.some(({ picture }) => picture === 'functional_patch')
        return functional && !patch.functional ? [{ ...image, excluded: 'patch not functional' as const }] : [image]
      })
    }
    const readings = new Readings({
      source,
      pictureOf: picturesOf(source, made),
      maskOf: async (set, index) => {
        const mask = set === 'bamboo_forest' ? made.patched.get(index)!.mask! : (await source.picture(set, 'val', index)).mask!
        return mask.some(alpha => alpha >= insideAlpha) ? mask : mask.map(alpha => (alpha > 0 ? 255 : 0))
      },
      target,
      seed,
      madeBy: createHash('sha256')
        .update(patchCells.map(({ key }) => key).join())
        .digest('hex'),
    })
    for (const method of methods)
      for (const metric of this.metrics)
        for (const options of settingsOf(metric)) {
          const limit = this.#limitOf(method, metric)
          if (limit > 0) readings.add(this.models, method, images(metric, limit, options))
        }
    const { values } = await this.#stage<readonly ReadingValue[]>('readings', readings.cells, readings.work, {
      methods: methods.map(spellMethod),
      metrics: this.metrics.map(({ name }) => name),
      target,
    })
    return { readings, values, images }
  }

  async #examples(): Promise<ExampleMaps[]> {
    const { source, methods, target, seed, folder } = this.options
    const examples = new Examples(source, target, seed)
    examples.add(this.models, methods)
    const { values } = await this.#stage('examples', examples.cells, examples.work)
    return examples.rows(join(folder, this.architecture, 'examples'), values)
  }
}

/** The settings of a metric that need attributions of their own. */
function settingsOf(metric: Metric): readonly Readonly<Record<string, number>>[] {
  const moving = Object.entries(metric.options).filter(
    ([name, { values }]) =>
      JSON.stringify(metric.views({ [name]: values[0]! })) !== JSON.stringify(metric.views({ [name]: values.at(-1)! })),
  )
  return moving.length === 0 ? [{}] : moving.flatMap(([name, { values }]) => values.map(value => ({ [name]: value })))
}

const right = ({ entry, logits }: SwapLogits, set: 'obj' | 'scene'): boolean => predictedClass(logits) === labelOf(set, entry)
