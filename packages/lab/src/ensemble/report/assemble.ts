/** @file From what was measured to what the report shows. */
import { type Pixels, resize } from '@ascribe/core'
import type { ExampleRow } from '../../bam/report/data.js'
import { exampleRow } from '../../bam/report/index.js'
import { criticalDifference } from '../../charts/critical-difference.js'
import { describeCell } from '../../runner/index.js'
import { Analysis, type Comparison, type Contestant, type JunkCost } from '../analysis.js'
import { labelOf } from '../entry.js'
import { curveMetrics, higherIsBetter, metricNames } from '../identity.js'
import type { EnsembleStudy, StudyExample } from '../result.js'

export interface ReportCell {
  readonly text: string
  readonly sort?: number
  readonly note?: string
  readonly good?: boolean
}

export interface ReportTable {
  readonly id: string
  readonly title: string
  readonly caption: string
  readonly columns: readonly string[]
  readonly rows: readonly { readonly cells: readonly ReportCell[]; readonly muted?: boolean }[]
}

export interface EnsembleStatement {
  readonly text: string
  readonly verdict: 'holds' | 'does not hold' | 'not resolved'
  readonly details: readonly string[]
}

export interface EnsembleReport {
  readonly title: string
  readonly facts: readonly string[]
  readonly warnings: readonly string[]
  readonly statements: readonly EnsembleStatement[]
  readonly comparisons: readonly { readonly ensemble: string; readonly metrics: readonly Comparison[] }[]
  readonly junk: readonly JunkCost[]
  readonly ranking: string
  readonly tables: readonly ReportTable[]
  readonly examples: readonly ExampleRow[]
}

/** "None does" is a result only where differences of this size would be seen. */
const wantedDetectable = 0.02
/** Fewer pictures than these say nothing about junk. */
const leastForJunk = 20
/** Most that a worthless member may cost. */
const bars = { loss: 0.02, infidelity: 0.05, kept: 0.8 } as const

const minus = (text: string): string => text.replace(/-/g, '−')
const number = (value: number, digits = 3): string => (Number.isFinite(value) ? minus(value.toFixed(digits)) : '–')
const signed = (value: number): string => (value > 0 ? `+${number(value)}` : number(value))
const interval = (low: number, high: number): string => `[${number(low)}, ${number(high)}]`
const percent = (share: number): string => (Number.isFinite(share) ? `${share > 0 ? '+' : ''}${number(100 * share, 1)}%` : '–')
const keptText = (share: number): string => (Number.isFinite(share) ? `${number(100 * share, 0)}%` : 'nothing: it had no gain')
const cell = (text: string): ReportCell => ({ text })

export function assembleEnsembleReport(study: EnsembleStudy): EnsembleReport {
  const analysis = new Analysis(study)
  const comparisons = analysis.ensembles.map(contestant => ({
    contestant,
    ensemble: contestant.label,
    metrics: analysis.comparisons(contestant),
  }))
  const junk = analysis.junk()
  const { contestants, ranks, differ } = analysis.ranking()
  const figure = criticalDifference({
    title: 'Mean ranks on insertion and deletion in two fills',
    items: contestants.map(({ label, role }, i) => ({ label, rank: ranks[i]!, muted: role === 'member' })),
    differ,
  })
  const n = study.scored.length
  return {
    title: 'Ensembles of explanations',
    facts: [
      `model ${study.model.name}; ${study.data.description}; ${study.labelled > 0 ? `${study.correct} of ${study.labelled} answered correctly` : 'no labels, so the predicted class is explained'}; ${n} scored`,
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
      `${study.searched} ensembles searched by successive halving in ${study.preset.folds} folds, each picture scored by what was selected without its fold; ${study.defaults.length} named in advance and scored unselected`,
      `preset ${study.preset.name}, seed ${study.seed}, plan ${study.design.slice(0, 16)} (made before scoring), cells ${study.digest.slice(0, 16)}`,
    ],
    warnings: warningsOf(study),
    statements: [...winStatements(comparisons), ...junkStatements(analysis, junk)],
    comparisons: comparisons.map(({ ensemble, metrics }) => ({ ensemble, metrics })),
    junk,
    ranking: figure,
    tables: [
      meansTable(analysis, n),
      winsTable(comparisons),
      choiceTable(study),
      junkTable(junk),
      ...(study.failed.length > 0 ? [failureTable(study)] : []),
    ],
    examples: study.examples.flatMap(exampleOf),
  }
}

function warningsOf({ scored, data, labelled, preset }: EnsembleStudy): string[] {
  return [
    ...(data.kind === 'photos'
      ? ['The photos may be training pictures of the model: what it knows of them may not hold for new ones.']
      : []),
    ...(labelled === 0 ? ['Nothing says which predictions are right: labels.csv is missing.'] : []),
    ...(scored.length < 800
      ? [`${scored.length} pictures are fewer than the 800 that primary tables want: read this as a second table.`]
      : []),
    ...(preset.slow ? [] : ['RBM and Kemeny are scored at their defaults, not searched.']),
    'Not done here: a mask-adapted twin of the model, a wrong class, shuffled weights.',
  ]
}

type Compared = readonly { readonly contestant: Contestant; readonly ensemble: string; readonly metrics: readonly Comparison[] }[]

const onCurves = (metrics: readonly Comparison[]): Comparison[] =>
  metrics.filter(({ metric }) => (curveMetrics as readonly string[]).includes(metric))

const wins = (metrics: readonly Comparison[]): boolean => onCurves(metrics).every(({ beaten, rivals }) => beaten === rivals)

function winStatements(comparisons: Compared): EnsembleStatement[] {
  const [selected, ...rest] = comparisons as [Compared[number], ...Compared]
  const own = onCurves(selected.metrics)
  const resolved = own.every(({ hardest }) => hardest.detectable <= wantedDetectable)
  const winners = rest.filter(({ metrics }) => wins(metrics))
  const anyResolved = rest.every(({ metrics }) =>
    onCurves(metrics).every(({ hardest }) => hardest.detectable <= wantedDetectable),
  )
  return [
    {
      text: 'The ensemble selected on other pictures beats every single member on insertion and deletion in two fills',
      verdict: wins(own) ? 'holds' : resolved ? 'does not hold' : 'not resolved',
      details: own.map(
        ({ metric, beaten, rivals, hardest }) =>
          `${metric}: beats ${beaten} of ${rivals}; hardest ${hardest.rival}, ${signed(hardest.value)} ${interval(hardest.low, hardest.high)}, detects ${number(hardest.detectable)}`,
      ),
    },
    {
      text: 'An ensemble named in advance beats every single member on insertion and deletion in two fills',
      verdict: winners.length > 0 ? 'holds' : anyResolved ? 'does not hold' : 'not resolved',
      details:
        winners.length > 0
          ? [`these do: ${winners.map(({ ensemble }) => ensemble).join(', ')}`]
          : [...rest]
              .map(({ ensemble, metrics }) => ({
                ensemble,
                beaten: onCurves(metrics).reduce((sum, one) => sum + one.beaten, 0),
                of: onCurves(metrics).reduce((sum, one) => sum + one.rivals, 0),
              }))
              .sort((a, b) => b.beaten - a.beaten)
              .slice(0, 3)
              .map(({ ensemble, beaten, of }) => `${ensemble}: ${beaten} of ${of} comparisons`),
    },
  ]
}

const worstLoss = ({ losses }: JunkCost): number => Math.max(losses.insertion, losses.deletion, losses.IROF)
const worstKept = ({ kept }: JunkCost): number => Math.min(kept.insertion.value, kept.deletion.value, kept.IROF.value)

function junkStatements(analysis: Analysis, junk: readonly JunkCost[]): EnsembleStatement[] {
  const labels = [...new Set(junk.map(({ label }) => label))]
  const single = labels.map(label => {
    const own = junk.filter(one => one.label === label && one.junk.length === 1)
    return {
      label,
      loss: Math.max(...own.map(worstLoss)),
      infidelity: Math.max(...own.map(one => one.infidelity)),
      above: analysis.aboveMedian(analysis.ensembles.find(one => one.label === label)!),
    }
  })
  const robust = single.filter(({ loss, infidelity, above }) => above && loss < bars.loss && infidelity < bars.infidelity)
  const selected = junk.filter(({ label }) => label === labels[0])
  const keeps = selected.every(one => worstKept(one) >= bars.kept)
  const few = (junk[0]?.n ?? 0) < leastForJunk
  const noGain = selected.some(one => Number.isNaN(worstKept(one)))
  return [
    {
      text: 'A scheme above the median member loses under 0.02 on insertion, deletion and IROF and under 5% on infidelity with one junk member',
      verdict: few ? 'not resolved' : robust.length > 0 ? 'holds' : 'does not hold',
      details: single.map(
        ({ label, loss, infidelity, above }) =>
          `${label}: loses at most ${number(loss)}, infidelity ${percent(infidelity)}${above ? '' : ', not above the median member'}`,
      ),
    },
    {
      text: 'The ensemble selected without junk keeps 80% of its gain over the members’ mean with one and two junk members',
      verdict: noGain || few ? 'not resolved' : keeps ? 'holds' : 'does not hold',
      details: selected.map(
        ({ junk: kinds, kept }) =>
          `${kinds.join(' + ')}: keeps ${(['insertion', 'deletion', 'IROF'] as const).map(name => `${name} ${keptText(kept[name].value)}`).join(', ')}`,
      ),
    },
  ]
}

function meansTable(analysis: Analysis, n: number): ReportTable {
  const all = [...analysis.ensembles, ...analysis.members, ...analysis.controls]
  return {
    id: 'means',
    title: 'Every ensemble, member and control',
    caption: `Means over n = ${n} pictures with 95% intervals, bootstrap clustered by source. Ensembles named in advance are unselected; members and controls are grey. Infidelity is relative: 0 is perfect, 1 is no map at all.`,
    columns: ['map', ...metricNames.map(name => `${name} ${higherIsBetter(name) ? '↑' : '↓'}`)],
    rows: all.map(contestant => ({
      muted: contestant.role === 'member' || contestant.role === 'control',
      cells: [
        { text: contestant.label, ...(contestant.role === 'control' ? { note: 'control' } : {}) },
        ...metricNames.map(name => {
          const { value, low, high } = analysis.mean(contestant, name)
          return { text: number(value), sort: value, note: interval(low, high) }
        }),
      ],
    })),
  }
}

function winsTable(comparisons: Compared): ReportTable {
  const found = comparisons.flatMap(({ metrics }) => onCurves(metrics).map(({ hardest }) => hardest))
  const [least, most] = [
    Math.min(...found.map(({ detectable }) => detectable)),
    Math.max(...found.map(({ detectable }) => detectable)),
  ]
  return {
    id: 'wins',
    title: 'Against every member',
    caption: `For each metric, the member that the ensemble is least above: difference (positive: the ensemble is better), 95% interval, members beaten at 95%. n = ${found[0]?.n ?? 0}, detectable difference 2.8 s_d / sqrt(n) from ${number(least)} to ${number(most)}; smaller effects are not resolved. p after Holm’s correction over members and the four curves.`,
    columns: ['ensemble', 'beats all', ...metricNames],
    rows: comparisons.map(({ ensemble, metrics }) => ({
      cells: [
        cell(ensemble),
        { text: wins(metrics) ? 'yes' : 'no', good: wins(metrics) },
        ...metrics.map(({ hardest, beaten, rivals }) => ({
          text: `${signed(hardest.value)} ${interval(hardest.low, hardest.high)}`,
          sort: hardest.value,
          note: `${hardest.rival}; beats ${beaten} of ${rivals}; p ${number(hardest.adjusted)}`,
          good: beaten === rivals,
        })),
      ],
    })),
  }
}

const choiceTable = ({ choices, members }: EnsembleStudy): ReportTable => ({
  id: 'choices',
  title: 'What the search took',
  caption:
    'For each fold, from the pictures of the others: the candidate whose smallest margin over the best member, over insertion and deletion in two fills and in standard deviations of that member, is largest.',
  columns: ['fold', 'ensemble', 'margin there', 'best member there'],
  rows: choices.map(({ fold, entry, margin, best }) => ({
    cells: [cell(String(fold + 1)), cell(labelOf(entry)), { text: signed(margin), sort: margin }, cell(members[best]!.label)],
  })),
})

const junkTable = (junk: readonly JunkCost[]): ReportTable => ({
  id: 'junk',
  title: 'Worthless members added',
  caption: `What adding them costs (positive: a loss), and the share of the gain over the members’ mean that is left, on n = ${junk[0]?.n ?? 0} pictures. Insertion and deletion are means over both fills. Inverted is the negative of the best member.`,
  columns: ['ensemble', 'junk', 'insertion', 'deletion', 'IROF', 'infidelity', 'insertion kept', 'deletion kept', 'IROF kept'],
  rows: junk.map(({ label, junk: kinds, losses, infidelity, kept }) => ({
    cells: [
      cell(label),
      cell(kinds.join(' + ')),
      ...(['insertion', 'deletion', 'IROF'] as const).map(name => ({
        text: signed(losses[name]),
        sort: losses[name],
        good: losses[name] < bars.loss,
      })),
      { text: percent(infidelity), sort: infidelity, good: infidelity < bars.infidelity },
      ...(['insertion', 'deletion', 'IROF'] as const).map(name => ({
        text: Number.isFinite(kept[name].value) ? `${number(100 * kept[name].value, 0)}%` : 'no gain',
        sort: kept[name].value,
        good: kept[name].value >= bars.kept,
      })),
    ],
  })),
})

const failureTable = ({ failed }: EnsembleStudy): ReportTable => ({
  id: 'failures',
  title: 'Failures',
  caption: 'Cells that could not be computed; the same command tries them again. Numbers above leave them out.',
  columns: ['cell', 'why'],
  rows: failed.map(({ cell: one, error }) => ({ cells: [cell(describeCell(one.identity)), cell(error.message)] })),
})

const shownSide = 160

function exampleOf({ title, picture, maps }: StudyExample): ExampleRow[] {
  const { width, height } = picture
  if (width !== height || picture.channels !== 3) return []
  const side = Math.min(width, shownSide)
  const small: Pixels = side === width ? picture : resize(picture, side, side, 'bilinear')
  return [exampleRow({ title, picture: { pixels: Uint8Array.from(small.data), mask: null, box: null }, maps })]
}
