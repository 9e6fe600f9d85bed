/** @file Tables that ask what the scores are worth: wrong class, shuffled weights, masks alone, settings, other metrics. */
import { aggregateCurves } from '@ascribe/core'
import type { ReportTable } from '../../../report/index.js'
import { type Column, columnOf, metricColumn, runOf, type Statistics } from '../analysis.js'
import type { Entry, Twist } from '../entry.js'
import type { InformationValue } from '../identity.js'
import { informationThresholds, mainEntry } from '../plan.js'
import type { ImageStudy } from '../result.js'
import { imageMetrics } from '../scores.js'
import { mainMetrics } from './tables.js'
import { countCell, differenceCell, meanCell, number, signed, sizeWords, textCell } from './words.js'

const softmax = imageMetrics.filter(({ name }) => name.startsWith('softmax-auc'))

/** Values of the pictures that both have. */
const shared = (column: Column, other: Column): Column => new Map([...column].filter(([key]) => other.has(key)))

const minus = (first: Column, second: Column): Column =>
  new Map([...first].flatMap(([key, value]) => (second.has(key) ? [[key, value - second.get(key)!] as const] : [])))

/** What a contestant lifts the right class by beyond a twisted run, by picture, for every Softmax AUC. */
const gains = (study: ImageStudy, twist: Twist) =>
  study.runs
    .filter(({ entry }) => entry.twist === twist)
    .flatMap(({ entry, values }) => {
      const plain = runOf(study, { ...mainEntry(study.preset), contestant: entry.contestant }, 'rivals')
      if (!plain) return []
      const columns = softmax.map(metric => {
        const [right, wrong] = [metricColumn(plain.values, metric), metricColumn(values, metric)]
        return { right: shared(right, wrong), wrong, gain: minus(right, wrong) }
      })
      return [{ contestant: entry.contestant, columns }]
    })

/** The headline: right minus wrong class on Softmax AUC, Greedy PIG's minus that of each other contestant. */
export function headlineOf(study: ImageStudy, statistics: Statistics) {
  const all = gains(study, 'wrong-class')
  const greedy = all.find(({ contestant }) => contestant === 'greedy-pig')
  const others = all.filter(one => one !== greedy)
  if (!greedy) return []
  return softmax.map((metric, m) => ({
    metric,
    own: statistics.mean(greedy.columns[m]!.gain),
    others: statistics
      .differences(
        others.map(({ columns }) => [greedy.columns[m]!.gain, columns[m]!.gain]),
        true,
      )
      .map((difference, i) => ({ contestant: others[i]!.contestant, difference })),
  }))
}

const twists: Readonly<Record<Twist, { id: string; title: string; caption: string; columns: [string, string] }>> = {
  'wrong-class': {
    id: 'wrong-class',
    title: 'Right class minus wrong class',
    caption:
      "Softmax AUC of the right class with the order made for it, minus that of a wrong class (drawn from the others by seed) with the order made for that one. A search lifts any class: what it lifts the right one by beyond a wrong one is the method's headline.",
    columns: ['right', 'wrong'],
  },
  'shuffled-weights': {
    id: 'shuffled-weights',
    title: 'Model minus shuffled model',
    caption:
      'Softmax AUC of the right class with the order made on the model, minus that with the order made on the same model with the values of every weight tensor shuffled; both predicted by the model.',
    columns: ['model', 'shuffled'],
  },
}

export function twistTable(study: ImageStudy, statistics: Statistics, twist: Twist): ReportTable {
  const { id, title, caption, columns } = twists[twist]
  const lines = gains(study, twist)
  const differences = softmax.map((_, m) =>
    statistics.differences(
      lines.map(line => [line.columns[m]!.right, line.columns[m]!.wrong]),
      true,
    ),
  )
  return {
    id,
    title,
    caption: `${caption} ${sizeWords(differences.flat())}`,
    columns: ['method', ...softmax.flatMap(metric => [...columns.map(name => `${metric.title}: ${name}`), 'difference'])],
    rows: lines.map(({ contestant, columns: own }, i) => ({
      cells: [
        textCell(contestant),
        ...own.flatMap(({ right, wrong }, m) => [
          meanCell(statistics.mean(right)),
          meanCell(statistics.mean(wrong)),
          differenceCell(differences[m]![i]!),
        ]),
      ],
    })),
  }
}

export function maskOnlyTable(study: ImageStudy, statistics: Statistics): ReportTable {
  const random = study.maskOnly.find(({ entry }) => entry.contestant === 'random')
  const contents = ['own', 'noise', 'other'] as const
  const lines = study.maskOnly.map(({ entry, values }) => ({
    entry,
    columns: contents.map(content => columnOf(values, value => value[content])),
  }))
  const baseline = contents.map(content => (random ? columnOf(random.values, value => value[content]) : new Map()))
  const others = lines.filter(({ entry }) => entry.contestant !== 'random')
  const found = contents.map((_, c) =>
    statistics.differences(
      others.map(({ columns }) => [columns[c]!, baseline[c]!]),
      true,
    ),
  )
  return {
    id: 'mask-only',
    title: 'Masks alone',
    caption: `Do masks leak the class by their shape? Softmax AUC of a picture's class over the black fill, when its order uncovers the picture itself, uniform noise, or a picture of another class. Below each number: its difference from the random order's. ${sizeWords(found.flat())}`,
    columns: ['method', 'its own picture', 'noise', 'picture of another class'],
    rows: lines.map(line => ({
      muted: line.entry.contestant === 'random',
      cells: [
        textCell(line.entry.contestant),
        ...line.columns.map((column, c) => {
          const difference = found[c]![others.indexOf(line)]
          const mean = meanCell(statistics.mean(column))
          if (!difference) return mean
          const { value, low, high, verdict } = difference
          const leaks = verdict === 'not resolved' ? ', not resolved' : ''
          return { ...mean, notes: [...(mean.notes ?? []), `${signed(value)} [${number(low)}, ${number(high)}]${leaks}`] }
        }),
      ],
    })),
  }
}

export function ablationTable(study: ImageStudy, statistics: Statistics): ReportTable {
  const main = mainEntry(study.preset)
  const own = runOf(study, main, 'rivals')
  const ablated = study.runs.filter(({ purpose }) => purpose === 'ablation')
  const changed = ({ share, points, baseline, contestant }: Entry): string =>
    [
      contestant === main.contestant ? '' : 'random features in every round',
      share === main.share
        ? ''
        : share < 1e-3
          ? 'z = 1 feature per round'
          : `z = ${100 * share}% per round${share === 1 ? ' (one round: plain IG)' : ''}`,
      points === main.points ? '' : `${points} ${points === 1 ? 'point' : 'points'} per round`,
      baseline === main.baseline ? '' : `optimised over the ${baseline} fill`,
    ]
      .filter(Boolean)
      .join(', ')
  const columns = mainMetrics.map(metric => {
    const all = own ? metricColumn(own.values, metric) : new Map()
    return statistics.differences(
      ablated.map(({ values }) => [metricColumn(values, metric), all]),
      metric.higherIsBetter,
    )
  })
  const gradients = (values: (typeof ablated)[number]['values']) =>
    countCell(statistics.mean(columnOf(values, ({ cost }) => cost.gradients)).value)
  return {
    id: 'ablation',
    title: 'What the settings change',
    caption: `Greedy PIG with one setting changed, minus Greedy PIG as everywhere else here (z = ${100 * main.share}% of the features per round, ${main.points} points, ${main.baseline} fill): the paper does not say its settings, these are our choice. "Better" means that the change is. ${sizeWords(columns.flat())}`,
    columns: ['change', 'gradients', ...mainMetrics.map(({ title, higherIsBetter }) => `${title} ${higherIsBetter ? '↑' : '↓'}`)],
    rows: ablated.map(({ entry, values }, i) => ({
      cells: [textCell(changed(entry)), gradients(values), ...columns.map(column => differenceCell(column[i]!))],
    })),
  }
}

export function informationTable(study: ImageStudy, statistics: Statistics, webp: string): ReportTable | undefined {
  if (study.information.length === 0) return undefined
  const curveOf = (value: InformationValue, metric: 'sic' | 'aic', least: number) =>
    value.probability >= least && value[metric].value !== null ? value[metric] : undefined
  const groups = informationThresholds.flatMap(least => (['sic', 'aic'] as const).map(metric => ({ least, metric })))
  const greedy = study.information.find(({ entry }) => entry.contestant === 'greedy-pig')
  const others = study.information.filter(one => one !== greedy)
  const column = (values: ReadonlyMap<string, InformationValue>, { least, metric }: (typeof groups)[number]): Column =>
    columnOf(values, value => curveOf(value, metric, least)?.value)
  const differences = groups.map(group =>
    greedy
      ? statistics.differences(
          others.map(({ values }) => [column(greedy.values, group), column(values, group)]),
          true,
        )
      : [],
  )
  const median = (values: ReadonlyMap<string, InformationValue>, { least, metric }: (typeof groups)[number]): string => {
    const found = [...values.values()].flatMap(value => {
      const y = curveOf(value, metric, least)?.y
      return y ? [{ x: Float64Array.from(y, (_, k) => k / (y.length - 1)), y: Float64Array.from(y) }] : []
    })
    return found.length === 0 ? '–' : number(aggregateCurves(found, 'median').value)
  }
  return {
    id: 'information',
    title: 'Performance information curves: SIC and AIC',
    caption: `Mean area by picture with its interval; below it the area under the median curve, the number of valid pictures, and Greedy PIG minus the method ("better" means that Greedy PIG is). Information is the size of the lossless WebP file (libwebp ${webp}); valid pictures are predicted with at least the probability in the heading. Maps are the order of the features, so that all methods show the same pieces; ties reveal more.`,
    columns: ['method', ...groups.map(({ least, metric }) => `${metric.toUpperCase()}, p ≥ ${least}`)],
    rows: study.information.map(one => ({
      cells: [
        textCell(one.entry.contestant),
        ...groups.map((group, g) => {
          const own = column(one.values, group)
          if (own.size === 0) return textCell('–', 'n = 0')
          const difference = differences[g]?.[others.indexOf(one)]
          const mean = meanCell(statistics.mean(own), `median curve ${median(one.values, group)}, n = ${own.size}`)
          if (!difference) return mean
          const { text, notes = [] } = differenceCell(difference)
          return { ...mean, notes: [...(mean.notes ?? []), `Greedy PIG ${text} ${notes[0] ?? ''}`], badge: difference.verdict }
        }),
      ],
    })),
  }
}

export function mosaicTable(study: ImageStudy, statistics: Statistics): ReportTable | undefined {
  const sides = [2, 3].filter(side => study.mosaics.some(({ values }) => values.some(value => value.side === side)))
  if (sides.length === 0) return undefined
  const readings = ['pointing', 'rank'] as const
  const column = (values: ImageStudy['mosaics'][number]['values'], side: number, reading: (typeof readings)[number]): Column =>
    new Map(values.filter(value => value.side === side).map(value => [value.sample, value[reading]]))
  const count = column(study.mosaics[0]!.values, sides[0]!, 'pointing').size
  return {
    id: 'mosaics',
    title: 'Pointing game on mosaics',
    caption: `${count} mosaics of each size, pictures of different classes that the model answers correctly on their own, explained for the class of one cell. Pointing: share of the first feature that lies inside that cell. Rank: share of the highest places, as many as the cell has, inside it. Guessing scores ${sides.map(side => `${number(1 / side ** 2)} at ${side} x ${side}`).join(', ')}. Greedy PIG's first feature is that of integrated gradients with one round's points.`,
    columns: ['method', ...sides.flatMap(side => [`pointing, ${side} x ${side}`, `rank, ${side} x ${side}`])],
    rows: study.mosaics.map(({ entry, values }) => ({
      cells: [
        textCell(entry.contestant),
        ...sides.flatMap(side => readings.map(reading => meanCell(statistics.mean(column(values, side, reading))))),
      ],
    })),
  }
}
