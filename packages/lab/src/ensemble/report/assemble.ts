/** @file From what was measured to what the report shows. */
import { criticalDifference } from '../../charts/critical-difference.js'
import { squareExamples } from '../../report/index.js'
import { Analysis } from '../analysis.js'
import { maskOnlyRows, twistGains } from '../control-analysis.js'
import type { EnsembleStudy } from '../result.js'
import { maskOnlyTable, membersTable, twistTable } from './controls.js'
import type { EnsembleComparison, EnsembleReport } from './data.js'
import { headlineStatements, junkStatements, winStatements } from './statements.js'
import { choiceTable, failureTable, junkTable, meansTable, winsTable } from './tables.js'
import { number } from './words.js'

const comparisonsOf = (analysis: Analysis): EnsembleComparison[] =>
  analysis.ensembles.map(contestant => ({ ensemble: contestant.label, metrics: analysis.comparisons(contestant) }))

export function assembleEnsembleReport(study: EnsembleStudy): EnsembleReport {
  const analysis = new Analysis(study)
  const comparisons = comparisonsOf(analysis)
  const byModel = study.beside && new Analysis(study, study.beside)
  const beside = byModel && comparisonsOf(byModel)
  const junk = analysis.junk()
  const twists = twistGains(study, analysis)
  const maskOnly = maskOnlyRows(study, analysis)
  const { contestants, ranks, differ } = analysis.ranking()
  const figure = criticalDifference({
    title: 'Mean ranks on insertion and deletion in two fills',
    items: contestants.map(({ label, role }, i) => ({ label, rank: ranks[i]!, muted: role === 'member' })),
    differ,
  })
  const n = study.scored.length
  const model = { id: '-model', title: ', predicted by the model' }
  return {
    title: 'Ensembles of explanations',
    facts: [
      `model ${study.model.name}; ${study.data.description}; ${study.labelled > 0 ? `${study.correct} of ${study.labelled} answered correctly${study.twin ? ' by the model and its twin' : ''}` : 'no labels, so the predicted class is explained'}; ${n} scored`,
      `members: ${study.members
        .map(
          ({ label, options }) =>
            `${label}${
              Object.keys(options).length > 0
                ? ` (${Object.entries(options)
                    .map(pair => pair.join('='))
                    .join(', ')})`
                : ''
            }`,
        )
        .join(', ')}; black where a method wants a baseline`,
      `${study.searched} ensembles searched by successive halving in ${study.preset.folds} folds, each picture scored by what was selected without its fold; ${study.scores.defaults.length} named in advance and scored unselected`,
      ...(study.twin
        ? [
            `predicted by the twin ${study.twin.name}, fine-tuned on masked pictures, which answers as the model does on ${number(100 * study.twin.agreement, 1)}% of the pictures; maps are the model’s`,
          ]
        : []),
      `preset ${study.preset.name}, seed ${study.seed}, plan ${study.design.slice(0, 16)} (made before scoring), cells ${study.digest.slice(0, 16)}`,
    ],
    warnings: warningsOf(study),
    statements: [
      ...winStatements(comparisons, ''),
      ...(beside ? winStatements(beside, `, predicted by the model (n = ${byModel.pictures})`) : []),
      ...junkStatements(analysis, junk),
      ...headlineStatements(twists),
    ],
    comparisons,
    ...(beside && { beside }),
    junk,
    twists,
    maskOnly,
    ranking: figure,
    tables: [
      meansTable(analysis),
      winsTable(comparisons),
      membersTable(analysis.members, comparisons),
      ...(byModel && beside ? [meansTable(byModel, model), winsTable(beside, model)] : []),
      choiceTable(study),
      junkTable(junk),
      ...twistTable(twists, 'wrong-class'),
      ...twistTable(twists, 'shuffled-weights'),
      ...maskOnlyTable(maskOnly),
      ...(study.failed.length > 0 ? [failureTable(study)] : []),
    ],
    examples: squareExamples(study.examples),
  }
}

function warningsOf({ scored, data, labelled, preset, twin }: EnsembleStudy): string[] {
  return [
    ...(data.kind === 'photos'
      ? ['The photos may be training pictures of the model: what it knows of them may not hold for new ones.']
      : []),
    ...(labelled === 0 ? ['Nothing says which predictions are right: labels.csv is missing.'] : []),
    ...(scored.length < 800
      ? [`${scored.length} pictures are fewer than the 800 that primary tables want: read this as a second table.`]
      : []),
    ...(preset.slow ? [] : ['RBM and Kemeny are scored at their defaults, not searched.']),
    ...(twin
      ? twin.agreement < 0.98
        ? ['The twin answers as the model does on less than the 98% that are wanted: its numbers do not count as primary.']
        : []
      : [
          'Not done: a mask-adapted twin of the model (--twin). Masked pictures are not what the model was trained on, and masks leak.',
        ]),
  ]
}
