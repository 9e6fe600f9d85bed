/** @file From what was measured to what the report shows. */

import { exampleRow } from '../../report/index.js'
import { ladderDependence } from '../importance.js'
import {
  compareScores,
  type Finding,
  ladderCorrelation,
  type Metric,
  type ModelRole,
  rungs,
  testFindings,
  type Variant,
  variantNames,
} from '../metrics/index.js'
import type { BamReport, ControlDifference, ModelRow, ScoreRow } from '../report/index.js'
import type { BamSource } from '../source.js'
import { isControl, type StudyMethod, spellMethod } from './methods.js'
import { ScoreBook } from './score-book.js'
import type { StudyScores } from './study.js'
import { ladderTable, tablesOf } from './tables.js'
import type { StudyTraining } from './train.js'

export interface AssembleOptions {
  readonly title: string
  readonly facts: readonly string[]
  readonly source: BamSource
  readonly methods: readonly StudyMethod[]
  readonly scores: StudyScores
  readonly seed: number
  /** Training records of models that were trained here. */
  readonly trainings?: readonly StudyTraining[]
  /** Tables that come before those of the scores: the audit. */
  readonly tables?: BamReport['tables']
}

/** Everything the report shows of a study. */
export async function assembleReport(options: AssembleOptions): Promise<BamReport> {
  const { source, methods, scores, seed } = options
  const books = scores.architectures.map(one => new ScoreBook(one, seed))
  const rows = books.flatMap(book => scores.metrics.flatMap(metric => scoreRows(book, metric, methods)))
  const findings = books.flatMap(book => findingsOf(book, scores.metrics, methods, seed))
  const examples = []
  for (const { architecture, examples: list } of scores.architectures)
    for (const { role, index, maps } of list) {
      const entry = source.entry('obj', 'val', index)
      examples.push(
        exampleRow({
          title: `${architecture}, ${role} model: ${source.objects[entry.object!]} on ${source.scenes[entry.scene]}`,
          picture: await source.picture('obj', 'val', index),
          maps: maps.map(({ method, value }) => ({ label: method, values: value.data as Float32Array, dims: value.dims })),
        }),
      )
    }
  return {
    title: options.title,
    facts: [...options.facts, `plan ${scores.digest.slice(0, 16)}`],
    models: modelRows(options),
    scores: rows,
    findings,
    tables: [
      ...(options.tables ?? []),
      ...tablesOf(source, scores, methods),
      ...books.flatMap(book => ladderTables(book, scores, methods, source, seed)),
    ],
    examples,
  }
}

function modelRows({ scores, trainings = [] }: AssembleOptions): ModelRow[] {
  return scores.architectures.flatMap(({ architecture, answers }) =>
    answers.map(({ role, path, accuracy, count }) => {
      const record = trainings.find(one => one.architecture === architecture && one.role === role)?.record
      return {
        architecture,
        set: role,
        file: path.split('/').at(-1)!,
        parameters: record?.parameters ?? 0,
        accuracy,
        count,
        ...(record ? { note: `${record.history.length} epochs` } : {}),
      }
    }),
  )
}

function scoreRows(book: ScoreBook, metric: Metric, methods: readonly StudyMethod[]): ScoreRow[] {
  return variantNames.flatMap(variant => {
    const scored = methods.flatMap(method => {
      const score = book.score(metric, method, variant)
      return score && score.valid > 0 ? [{ method, score }] : []
    })
    const controls = scored.filter(({ method }) => isControl(method))
    const best = controls.reduce<(typeof scored)[number] | undefined>(
      (found, one) => (found && found.score.estimate.value >= one.score.estimate.value ? found : one),
      undefined,
    )
    return scored.map(({ method, score }): ScoreRow => {
      const versus = best && best.method !== method ? versusControl(book, metric, variant, method, best.method) : undefined
      return {
        architecture: book.architecture.architecture,
        method: spellMethod(method),
        name: method.name,
        control: isControl(method),
        metric: metric.name,
        variant,
        score: { value: score.estimate.value, low: score.estimate.low, high: score.estimate.high },
        count: score.n,
        valid: score.valid,
        detectable: score.detectable,
        ...(versus ? { versusControl: versus } : {}),
      }
    })
  })
}

/** Paired difference from a control, on the images that both were run on. */
function versusControl(
  book: ScoreBook,
  metric: Metric,
  variant: Variant,
  method: StudyMethod,
  control: StudyMethod,
): ControlDifference | undefined {
  const limit = book.commonLimit([method, control], metric)
  const [own, other] = [book.score(metric, method, variant, limit), book.score(metric, control, variant, limit)]
  if (!own || !other || own.valid === 0) return undefined
  const { estimate, detectable } = compareScores(own, other)
  return {
    control: control.name,
    difference: { value: estimate.value, low: estimate.low, high: estimate.high },
    detectable,
  }
}

/** A finding compares its methods on the images that all of them were run on. */
function findingsOf(
  book: ScoreBook,
  metrics: readonly Metric[],
  methods: readonly StudyMethod[],
  seed: number,
): (Finding & { readonly architecture: string })[] {
  const methodOf = (name: string): StudyMethod | undefined => methods.find(method => method.name === name)
  const found = testFindings(
    ({ metric, method, variant }, { needs }) => {
      const definition = metrics.find(({ name }) => name === metric)
      const wanted = methodOf(method)
      const field = needs.flatMap(need => methodOf(need.method) ?? [])
      return definition && wanted ? book.score(definition, wanted, variant, book.commonLimit(field, definition)) : undefined
    },
    { seed },
  )
  return found.map(finding => ({ ...finding, architecture: book.architecture.architecture }))
}

function ladderTables(
  book: ScoreBook,
  scores: StudyScores,
  methods: readonly StudyMethod[],
  source: BamSource,
  seed: number,
): BamReport['tables'] {
  const metric = scores.metrics.find(({ name }) => name === 'relative-mcs')
  const { ladder, architecture, concepts } = book.architecture
  const last = ladder.get('scene10')
  if (!metric || !last) return []
  const rowsOf = (role: ModelRole, indices: readonly number[]) => {
    const { withDog, withoutDog } = ladder.get(role)!
    const rows = indices.map(index => ({
      source: withDog[index]!.source,
      withDog: withDog[index]!.logits,
      withoutDog: withoutDog[index]!.logits,
    }))
    return ladderDependence(rows, source.roles.bedroom)
  }
  const correlations = methods.flatMap(method => {
    const limit = book.architecture.limitOf(method, metric)
    if (limit === 0) return []
    const indices = book.architecture.images(metric, limit, { rung: rungs[0] }).map(({ pictures }) => pictures[0]!.index!)
    const steps = rungs.flatMap(rung => {
      const role = `scene${rung}` as ModelRole
      const score = book.score(metric, method, 'positive', limit, { rung })
      return score && ladder.has(role) ? [{ rung, score, rows: rowsOf(role, indices) }] : []
    })
    if (steps.length < 3) return []
    return [{ method: method.name, correlation: ladderCorrelation(steps, rowsOf('scene10', indices), { seed }) }]
  })
  return correlations.length === 0 ? [] : [ladderTable(architecture, correlations, concepts)]
}
