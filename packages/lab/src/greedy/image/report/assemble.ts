/** @file From what was measured to what the report shows. */
import { type ReportTable, type Statement, squareExamples } from '../../../report/index.js'
import { describeCell } from '../../../runner/index.js'
import { Statistics, type Verdict } from '../analysis.js'
import { mainEntry } from '../plan.js'
import type { ImageStudy } from '../result.js'
import { ablationTable, headlineOf, informationTable, maskOnlyTable, mosaicTable, twistTable } from './controls.js'
import type { ComparisonRow, ImageReport } from './data.js'
import { curveFigures } from './figures.js'
import { comparisonRows, differencesTable, meanRows, meansTable, objectivesTable, secondaryTable } from './tables.js'
import { number, signed, textCell } from './words.js'

/** Everything the report shows of a study. @param webp version of the encoder that sizes come from */
export function assembleImageReport(study: ImageStudy, webp: string): ImageReport {
  const { seed, preset } = study
  const statistics = new Statistics(study, seed)
  const comparisons = comparisonRows(study, statistics)
  const twins = study.twin ? comparisonRows(study, statistics, 'twin') : []
  const tables = [
    ...preset.baselines.flatMap(baseline => [
      meansTable(study, statistics, baseline),
      differencesTable(study, comparisons, baseline),
      ...(study.twin ? [differencesTable(study, twins, baseline, 'twin')] : []),
    ]),
    objectivesTable(study, statistics, comparisons),
    ...(preset.controls > 0
      ? [
          twistTable(study, statistics, 'wrong-class'),
          twistTable(study, statistics, 'shuffled-weights'),
          maskOnlyTable(study, statistics),
        ]
      : []),
    informationTable(study, statistics, webp),
    mosaicTable(study, statistics),
    ...(preset.ablation > 0 ? [ablationTable(study, statistics)] : []),
    secondaryTable(study, statistics),
    failureTable(study),
  ]
  return {
    title: 'Greedy PIG on pictures',
    facts: factsOf(study),
    warnings: warningsOf(study),
    statements: [...headlines(study, statistics), ...statementsOf(study, comparisons)],
    means: meanRows(study, statistics),
    comparisons,
    tables: tables.filter(table => table !== undefined),
    figures: preset.baselines.flatMap(baseline => curveFigures(study, baseline, seed)),
    examples: squareExamples(study.examples),
  }
}

function factsOf({ preset, model, twin, data, labelled, correct, scored, features, seed, digest }: ImageStudy): string[] {
  return [
    `model ${model.name}: ${model.classes} classes, pictures of ${model.side} x ${model.side}`,
    `${data.description}; ${labelled > 0 ? `${correct} of ${labelled} answered correctly` : 'no labels, so the predicted class is explained'}; ${scored.length} scored`,
    `features: ${preset.segments}, ${number(features).replace(/\.?0+$/, '')} in the median picture; Greedy PIG selects ${100 * preset.share}% per round with ${preset.points} points each (our choice)`,
    `optimised: ${preset.objectives.map(one => (one === 'kl' ? '−KL' : one)).join(', ')}, over ${preset.baselines.join(' and ')}; preset ${preset.name}, seed ${seed}, plan ${digest.slice(0, 16)}`,
    ...(twin
      ? [
          `twin ${twin.name}: answers as the model does on ${(100 * twin.agreement).toFixed(1)}% of the pictures${twin.agreement < 0.98 ? ' (98% are wanted: its numbers do not count as primary)' : ''}`,
        ]
      : []),
  ]
}

function warningsOf({ data, model, twin, labelled, noInformation, scored }: ImageStudy): string[] {
  const certain = scored.filter(({ probability }) => probability > 0.999).length
  return [
    ...(data.kind === 'photos' && model.classes >= 1000
      ? ['The photos are probably ImageNet training pictures: what the model knows of them may not hold for new ones.']
      : []),
    ...(data.kind === 'photos' && labelled === 0 ? ['Nothing says which predictions are right: labels.csv is missing.'] : []),
    ...(twin
      ? []
      : [
          'Not done: a mask-adapted twin of the model (--twin). Masked pictures are not what the model was trained on, and masks leak.',
        ]),
    ...(scored.length < 800
      ? [`${scored.length} pictures are fewer than the 800 that primary tables want: read this as a second table.`]
      : []),
    ...(certain > 0
      ? [`${certain} of ${scored.length} pictures are predicted above 0.999, where the softmax is flat; log odds are not.`]
      : []),
    ...(noInformation ? [`No SIC and AIC: ${noInformation}.`] : []),
  ]
}

/** Holds where every comparison ends well, and does not where one ends badly. */
function verdictOver(verdicts: readonly Verdict[]): Statement['verdict'] {
  if (verdicts.includes('worse')) return 'does not hold'
  return verdicts.length > 0 && verdicts.every(verdict => verdict === 'better') ? 'holds' : 'not resolved'
}

/** Of optimised scores, what counts is right minus wrong class. */
const headlines = (study: ImageStudy, statistics: Statistics): Statement[] =>
  study.preset.controls === 0
    ? []
    : headlineOf(study, statistics).map(({ metric, own, others }) => ({
        text: `${metric.title}, right minus wrong class: Greedy PIG gains ${number(own.value)} [${number(own.low)}, ${number(own.high)}], more than every other method that was run for a wrong class (n = ${own.n})`,
        verdict: verdictOver(others.map(({ difference }) => difference.verdict)),
        details: [
          `Greedy PIG's gain minus theirs: ${others
            .map(
              ({ contestant, difference: { value, low, high, verdict } }) =>
                `${contestant} ${signed(value)} [${number(low)}, ${number(high)}] ${verdict}`,
            )
            .join('; ')}`,
        ],
      }))

/** The bar: above every rival on Softmax AUC and on KL AUC. */
function statementsOf(study: ImageStudy, rows: readonly ComparisonRow[]): Statement[] {
  const { objective, baseline } = mainEntry(study.preset)
  const claims = [
    { metric: `softmax-auc:${baseline}`, words: `Softmax AUC over the ${baseline} fill` },
    { metric: `kl-auc:${baseline}`, words: `KL AUC over the ${baseline} fill` },
    ...(['black', 'blur'] as const)
      .filter(fill => fill !== baseline)
      .flatMap(fill => [
        { metric: `softmax-auc:${fill}`, words: `Softmax AUC over the ${fill} fill, which was not optimised` },
        { metric: `kl-auc:${fill}`, words: `KL AUC over the ${fill} fill, which was not optimised` },
      ]),
    { metric: 'insertion', words: 'insertion over the mean fill, which was not optimised' },
    { metric: 'deletion', words: 'deletion over the mean fill, which was not optimised' },
  ]
  return claims.map(({ metric, words }) => {
    const own = rows.filter(row => row.metric === metric && row.objective === objective && row.baseline === baseline)
    const verdicts = (['better', 'not resolved', 'worse'] as const).map(verdict => ({
      verdict,
      found: own.filter(({ difference }) => difference.verdict === verdict),
    }))
    const trained = own.some(row => row.trained) ? ' (training objective)' : ''
    return {
      text: `Greedy PIG is above every other method on ${words}${trained}`,
      verdict: verdictOver(own.map(({ difference }) => difference.verdict)),
      details: verdicts
        .filter(({ found }) => found.length > 0)
        .map(
          ({ verdict, found }) =>
            `${verdict === 'not resolved' ? verdict : `${verdict} than`}: ${found
              .map(({ contestant, difference }) => `${contestant} (${signed(difference.value)})`)
              .join(', ')}`,
        ),
    }
  })
}

function failureTable({ failed }: ImageStudy): ReportTable | undefined {
  if (failed.length === 0) return undefined
  return {
    id: 'failures',
    title: 'Failures',
    caption: 'Runs that could not be computed; the same command tries them again. Numbers above leave them out.',
    columns: ['run', 'why'],
    rows: failed.map(({ cell, error }) => ({ cells: [textCell(describeCell(cell.identity)), textCell(error.message)] })),
  }
}
