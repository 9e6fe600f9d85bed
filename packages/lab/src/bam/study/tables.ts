/** @file Plain tables of a BAM report: importance, patches, concepts, the ladder, costs. */

import { describeCell } from '../../runner/index.js'
import { pearson, spearman } from '../../statistics/index.js'
import type { AuditRow } from '../audit/index.js'
import type { LadderCorrelation, ModelRole } from '../metrics/index.js'
import { type Acceptance, acceptance } from '../patch/index.js'
import type { PlainTable } from '../report/index.js'
import type { BamSource } from '../source.js'
import { isNested, type StudyMethod, spellMethod } from './methods.js'
import type { ArchitectureScores, StudyScores } from './study.js'

const percent = (share: number | null | undefined): string =>
  share === null || share === undefined || Number.isNaN(share) ? 'none' : `${(100 * share).toFixed(1)}%`
const fixed = (value: number, digits = 3): string => (Number.isFinite(value) ? value.toFixed(digits) : 'none')
const interval = ({ value, low, high }: { value: number; low: number; high: number }): string =>
  `${fixed(value)} [${fixed(low)}, ${fixed(high)}]`

export function tablesOf(source: BamSource, scores: StudyScores, methods: readonly StudyMethod[]): PlainTable[] {
  return [
    ...importanceTable(scores.architectures),
    ...patchTable(scores.architectures),
    ...conceptTable(source, scores.architectures),
    costTable(methods),
    ...failureTable(scores),
  ]
}

function importanceTable(architectures: readonly ArchitectureScores[]): PlainTable[] {
  const measured = architectures.filter(({ importance }) => importance)
  if (measured.length === 0) return []
  const rows = measured.flatMap(({ architecture, importance }) =>
    (['obj', 'scene'] as const).map(role => {
      const { correct, n, estimates, objectSwap, sceneSwap, removed } = importance![role]
      return [
        architecture,
        `f_${role}`,
        `${correct} / ${n}`,
        percent(objectSwap.flips),
        interval(estimates.objectSwap.fall),
        percent(sceneSwap.flips),
        interval(estimates.sceneSwap.fall),
        percent(removed.flips),
      ]
    }),
  )
  const verdicts = measured.map(({ architecture, importance, jointlyCorrect }) => {
    const { admitted, reasons } = importance!.admitted
    return `${architecture}: ${admitted ? 'the pair enters MCS' : `not as MCS takes for granted (${reasons.join('; ')})`}, both right on ${percent(jointlyCorrect)}.`
  })
  return [
    {
      title: 'Importance, measured',
      caption: `What the models depend on: share of predictions that change, and fall of the log odds of the own class (mean and 95% interval), when the object is swapped for another, the scene is, or the object is taken away. f_obj must flip on at least 90% of object swaps and at most 2% of scene swaps, f_scene the reverse. ${verdicts.join(' ')}`,
      columns: [
        'architecture',
        'model',
        'correct',
        'flips: object',
        'fall: object',
        'flips: scene',
        'fall: scene',
        'flips: removed',
      ],
      rows,
    },
  ]
}

function patchTable(architectures: readonly ArchitectureScores[]): PlainTable[] {
  const made = architectures.filter(({ patches }) => patches.length > 0)
  if (made.length === 0) return []
  const rows = made.map(({ architecture, patches }) => {
    const all = patches.flatMap(value => value.patches)
    const reference = patches[0]!.referenceDistance
    const tolerances: Acceptance[] = acceptance(all, reference)
    const accepted = all.filter(patch => patch.accepted)
    const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
    return [
      architecture,
      all.length,
      ...tolerances.map(one => one.accepted),
      percent(all.filter(({ kept }) => kept).length / all.length),
      fixed(mean(all.map(({ distance }) => distance / reference))),
      fixed(mean(all.map(({ rms }) => 255 * rms)), 1),
      `${accepted.filter(({ functional }) => functional).length} / ${accepted.length}`,
    ]
  })
  const columns = acceptance(made[0]!.patches[0]!.patches, made[0]!.patches[0]!.referenceDistance).map(
    ({ tolerance }) => `accepted at ${100 * tolerance}%`,
  )
  return [
    {
      title: 'Functionally insignificant patches',
      caption:
        "Tried, and accepted where the logits moved by at most the tolerance times the median distance between two pictures' logits (5% counts in IIR) at a root mean square of at least 20/255 inside the mask; share of all tried that kept the prediction; mean logit distance as a share of the reference; mean strength in levels of 255; accepted patches with a functional counterpart of equal strength. This tolerance is on the logits; that of IIR is on the attribution.",
      columns: ['architecture', 'tried', ...columns, 'kept', 'distance', 'strength', 'functional'],
      rows,
    },
  ]
}

function conceptTable(source: BamSource, architectures: readonly ArchitectureScores[]): PlainTable[] {
  const rows = architectures.flatMap(({ architecture, concepts }) => {
    const object = concepts.get('obj')
    const own = [...concepts].map(([role, result]) => [
      architecture,
      `f_${role}`,
      role === 'obj' ? source.objects[source.roles.dog]! : source.scenes[source.roles.bedroom]!,
      fixed(result.score),
      percent(result.accuracy),
      object && role === 'scene' ? fixed(object.score - result.score) : '',
    ])
    return own
  })
  if (rows.length === 0) return []
  return [
    {
      title: 'TCAV: the dog as a concept',
      caption: `Share of pictures of ${source.objects[source.roles.dog]} on ${source.scenes[source.roles.bedroom]} whose class score rises towards the concept, mean over four layers; accuracy of the concept classifier on held-out pictures; contrast = TCAV(f_obj) - TCAV(f_scene).`,
      columns: ['architecture', 'model', 'class', 'TCAV', 'classifier', 'contrast'],
      rows,
    },
  ]
}

/** Contrasts along the ladder, rung by rung, and their correlations as text. */
interface LadderLine {
  readonly method: string
  readonly contrasts: readonly number[]
  readonly correlations: readonly [dependence: string, ranks: string, accuracy: string]
}

/** The correlations of relative MCS, one row per method, and of TCAV, whose value is one number per model and has no interval. */
export function ladderTable(
  architecture: string,
  correlations: readonly { readonly method: string; readonly correlation: LadderCorrelation }[],
  concepts: ArchitectureScores['concepts'],
): PlainTable {
  const points = correlations[0]!.correlation.points
  const lines = correlations.map(
    ({ method, correlation }): LadderLine => ({
      method,
      contrasts: correlation.points.map(({ contrast }) => contrast),
      correlations: [
        interval(correlation.dependence.pearson),
        interval(correlation.dependence.spearman),
        interval(correlation.accuracyChange.pearson),
      ],
    }),
  )
  const scores = points.map(({ rung }) => concepts.get(`scene${rung}` as ModelRole)?.score)
  const last = concepts.get('scene10')?.score
  if (last !== undefined && scores.every(score => score !== undefined)) {
    const contrasts = scores.map(score => score! - last)
    const [dependence, accuracy] = [points.map(point => point.dependence), points.map(point => point.accuracyChange)]
    lines.push({
      method: 'tcav',
      contrasts,
      correlations: [
        fixed(pearson(contrasts, dependence)),
        fixed(spearman(contrasts, dependence)),
        fixed(pearson(contrasts, accuracy)),
      ],
    })
  }
  return {
    title: `Commonality ladder: ${architecture}`,
    caption:
      'MCS(scene_i, scene_10) for i = 1..9 on the dog in the bedroom, and its correlation over the rungs with the measured dependence on the dog (fall of the log odds without it) and with the change of accuracy, which the paper reports.',
    columns: [
      'method',
      ...points.map(({ rung }) => `scene${rung}`),
      'Pearson, dependence',
      'Spearman, dependence',
      'Pearson, accuracy',
    ],
    rows: lines.map(line => [line.method, ...line.contrasts.map(contrast => fixed(contrast)), ...line.correlations]),
  }
}

function costTable(methods: readonly StudyMethod[]): PlainTable {
  return {
    title: 'Cost',
    caption: 'Rows passed forward, and forward and backward, for one attribution.',
    columns: ['method', 'as the command takes it', 'forwards', 'gradients', ''],
    rows: methods.map(method => {
      const { forwards, gradients } = method.method.cost(method.options)
      return [method.name, spellMethod(method), forwards, gradients, isNested(method) ? 'on fewer pictures' : '']
    }),
  }
}

function failureTable({ failed }: StudyScores): PlainTable[] {
  if (failed.length === 0) return []
  return [
    {
      title: 'Failures',
      caption: 'Cells that could not be computed; the next run tries them again. Methods that need them are missing above.',
      columns: ['cell', 'why'],
      rows: failed.map(({ cell, error }) => [describeCell(cell.identity), error.message]),
    },
  ]
}

/** The shortcut audit as a table. */
export const auditTable = (rows: readonly AuditRow[]): PlainTable => ({
  title: 'Shortcut audit',
  caption:
    'What can be told from features that are no objects and no scenes: accuracy of simple classifiers on validation pictures with its 95% interval, against the limit that the data must stay below (guessing is 10%).',
  columns: ['labels', 'features', 'classifier', 'accuracy', 'limit', 'verdict'],
  rows: rows.map(({ labels, features, classifier, accuracy, interval: [low, high], limit, passed }) => [
    labels,
    features,
    classifier,
    `${percent(accuracy)} [${percent(low)}, ${percent(high)}]`,
    percent(limit),
    passed ? 'passed' : 'exceeded',
  ]),
})
