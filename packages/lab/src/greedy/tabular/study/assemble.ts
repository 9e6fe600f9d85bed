/** @file From results to a report. */
import { bootstrapMean, mean, unanimousInterval } from '../../../statistics/index.js'
import { areaOverColumns } from '../metrics/area.js'
import { cuesFound } from '../metrics/cues.js'
import { type Training, trainings } from '../model/masking.js'
import type {
  AblationScore,
  Bar,
  Curve,
  Difference,
  ModelSummary,
  RetrainedScore,
  SelectorScore,
  TabularReport,
} from '../report/data.js'
import { differences, type Measured, meanInterval } from './compare.js'
import { countsOf, type RetrainValue } from './retrain-stage.js'
import type { Asked, SelectValue } from './select-stage.js'
import type { TableSource } from './source.js'
import type { TabularResults } from './study.js'

/** A cue matters to a model where hiding all its columns costs so many nats of test loss: our choice. */
const matters = 0.005

const reference = 'greedy-pig'

/** A selection with its run. */
interface Found {
  readonly asked: Asked
  readonly value: SelectValue
}

/** One table under one training. */
interface Part {
  readonly source: TableSource
  readonly training: Training
  readonly found: readonly Found[]
  readonly ablation: readonly Found[]
}

export interface AssembleTabularOptions {
  readonly results: TabularResults
  readonly facts: readonly string[]
  readonly seed: number
}

export async function assembleTabularReport({ results, facts, seed }: AssembleTabularOptions): Promise<TabularReport> {
  const parts = partsOf(results)
  const scores: SelectorScore[] = []
  const retrained: RetrainedScore[] = []
  const ablation: AblationScore[] = []
  for (const part of parts) {
    scores.push(...(await scoresOf(results, part, seed)))
    retrained.push(...(await retrainedOf(results, part, seed)))
    ablation.push(...(await ablationOf(results, part, seed)))
  }
  return {
    title: 'Columns in the order of their worth: Greedy PIG on tables',
    facts: [...facts, `plan ${results.digest.slice(0, 16)}`],
    bars: barsOf(results, scores),
    designs: results.sources.flatMap(({ design }) => (design ? [{ name: design.name, summary: design.summary }] : [])),
    models: parts.map(part => modelsOf(results, part)),
    scores,
    curves: parts.flatMap(curvesOf),
    retrained,
    ablation,
  }
}

function partsOf({ sources, asked, selections }: TabularResults): Part[] {
  const all = asked.flatMap((one): Found[] => {
    const value = selections.get(one.cell.key)
    return value ? [{ asked: one, value }] : []
  })
  return sources.flatMap(source =>
    trainings.map(training => {
      const own = all.filter(({ asked: { run } }) => run.source === source && run.training === training)
      return {
        source,
        training,
        found: own.filter(({ asked: { ablation } }) => !ablation),
        ablation: own.filter(({ asked: { ablation } }) => ablation),
      }
    }),
  )
}

const fitOf = ({ fits }: TabularResults, { asked }: Found) => fits.get(asked.run.cell.key)!

/** True where all cues matter to the model. */
const isValid = (results: TabularResults, found: Found): boolean => fitOf(results, found).cueRises.every(rise => rise >= matters)

const bySelector = (found: readonly Found[]): Map<string, Found[]> => {
  const groups = new Map<string, Found[]>()
  for (const one of found) {
    const { name } = one.asked.selector
    groups.set(name, [...(groups.get(name) ?? []), one])
  }
  return groups
}

/** Seeds at which every selector gave an order. */
function commonSeeds(groups: ReadonlyMap<string, readonly Found[]>): number[] {
  const [first, ...others] = [...groups.values()].map(group => new Set(group.map(({ asked }) => asked.run.seed)))
  return [...(first ?? [])].filter(seed => others.every(set => set.has(seed)))
}

const at = (group: readonly Found[], seeds: readonly number[]): Found[] =>
  seeds.map(seed => group.find(({ asked }) => asked.run.seed === seed)!)

const aucAreaOf = ({ value }: Found): number => areaOverColumns(value.auc.map(auc => auc ?? Number.NaN))
const lossAreaOf = ({ value }: Found): number => areaOverColumns(value.loss)
const cuesOf = ({ asked: { run }, value }: Found): number => cuesFound(value.order, run.source.outline(run.seed).columns)

async function scoresOf(results: TabularResults, part: Part, seed: number): Promise<SelectorScore[]> {
  const { source, training } = part
  const groups = bySelector(part.found)
  const seeds = commonSeeds(groups)
  if (seeds.length === 0) return []
  const areas = await measuredOf(source, groups, seeds, lossAreaOf, found => results.rowAreas(found.asked))
  const settings = settingsOf(source, seed)
  const areaDifferences = comparedWith(reference, areas.measured, areas.sources, settings)
  const valid = source.design ? seeds.filter(one => isValid(results, at(part.found, [one])[0]!)) : []
  const cues = [...groups].map(([selector, group]): Measured => ({ selector, values: at(group, valid).map(cuesOf) }))
  const ownCues = cues.find(({ selector }) => selector === reference)
  const cueRivals = cues.filter(({ selector }) => selector !== reference)
  const cueDifferences = ownCues ? differences(ownCues.values, cueRivals, valid, true, settings) : new Map()
  return [...groups].map(([selector, group], i): SelectorScore => {
    const members = at(group, seeds)
    const { rows } = source.outline(seeds[0]!)
    const found = Array.from(cues[i]!.values)
    const areaDifference = areaDifferences.get(selector)
    const cuesDifference = cueDifferences.get(selector)
    return {
      table: source.name,
      training,
      selector,
      n: areas.sources.length,
      area: meanInterval(areas.measured[i]!.values, areas.sources, settings),
      ...(areaDifference && { areaDifference }),
      aucArea: mean(members.map(aucAreaOf)),
      ...(valid.length > 0 && {
        cues: meanInterval(found, valid, settings),
        complete: completeOf(found, seed),
        ...(cuesDifference && { cuesDifference }),
      }),
      forwards: mean(members.map(({ value }) => value.forwards)) / rows.train,
      gradients: mean(members.map(({ value }) => value.gradients)) / rows.train,
    }
  })
}

function completeOf(found: readonly number[], seed: number): NonNullable<SelectorScore['complete']> {
  const hits = found.map(share => (share === 1 ? 1 : 0))
  const count = hits.filter(Boolean).length
  const of = hits.length
  const { low, high } =
    count === 0 || count === of ? unanimousInterval(count > 0, of) : bootstrapMean(hits, [...hits.keys()], { seed })
  return { count, of, low, high }
}

/** Fewer resamples of the many rows of a file. */
const settingsOf = ({ design }: TableSource, seed: number) => ({ seed, resamples: design ? 2000 : 1000 })

/** Of generated tables one value per seed; of a file one per test row, the mean over training seeds. */
async function measuredOf(
  source: TableSource,
  groups: ReadonlyMap<string, readonly Found[]>,
  seeds: readonly number[],
  perSeed: (found: Found) => number,
  perRow: (found: Found) => Promise<Float32Array>,
): Promise<{ readonly sources: readonly number[]; readonly measured: readonly Measured[] }> {
  if (source.design)
    return {
      sources: seeds,
      measured: [...groups].map(([selector, group]) => ({ selector, values: at(group, seeds).map(perSeed) })),
    }
  const count = source.outline(seeds[0]!).rows.test
  const measured: Measured[] = []
  for (const [selector, group] of groups) {
    const values = new Float64Array(count)
    for (const found of at(group, seeds)) {
      const own = await perRow(found)
      for (let row = 0; row < count; row++) values[row]! += own[row]! / seeds.length
    }
    measured.push({ selector, values })
  }
  return { sources: Array.from({ length: count }, (_, row) => row), measured }
}

function modelsOf(results: TabularResults, { source, training }: Part): ModelSummary {
  const fits = results.runs
    .filter(run => run.source === source && run.training === training)
    .flatMap(({ cell }) => results.fits.get(cell.key) ?? [])
  return {
    table: source.name,
    training,
    models: fits.length,
    ...(source.design && { valid: fits.filter(({ cueRises }) => cueRises.every(rise => rise >= matters)).length }),
    loss: mean(fits.map(({ loss }) => loss)),
    auc: mean(fits.map(({ auc }) => auc)),
    empty: mean(fits.map(({ empty }) => empty)),
  }
}

function curvesOf({ source, training, found }: Part): Curve[] {
  return [...bySelector(found)].map(([selector, group]) => {
    const over = (read: (value: SelectValue, k: number) => number): number[] =>
      group[0]!.value.loss.map((_, k) => mean(group.map(({ value }) => read(value, k))))
    const first = group[0]!
    const { columns } = source.outline(first.asked.run.seed)
    return {
      table: source.name,
      training,
      selector,
      loss: over(({ loss }, k) => loss[k]!),
      auc: over(({ auc }, k) => auc[k] ?? Number.NaN),
      order: first.value.order.map(column => columns[column]!.name),
    }
  })
}

async function retrainedOf(results: TabularResults, { source, training, found }: Part, seed: number): Promise<RetrainedScore[]> {
  const settings = settingsOf(source, seed)
  const columns = source.outline(source.seeds[0]!).columns.length
  const scores: RetrainedScore[] = []
  for (const count of countsOf(source, columns)) {
    const keyOf = ({ asked, value }: Found): string => results.retrainings.key(asked, value, count)
    const groups = bySelector(found.filter(one => results.retrained.has(keyOf(one))))
    const seeds = commonSeeds(groups)
    if (seeds.length === 0) continue
    const resultOf = (one: Found): RetrainValue => results.retrained.get(keyOf(one))!
    const { sources, measured } = await measuredOf(
      source,
      groups,
      seeds,
      one => resultOf(one).loss,
      one => results.rowLosses(keyOf(one)),
    )
    const compared = comparedWith(reference, measured, sources, settings)
    for (const [i, [selector, group]] of [...groups].entries()) {
      const difference = compared.get(selector)
      scores.push({
        table: source.name,
        training,
        selector,
        count,
        n: sources.length,
        loss: meanInterval(measured[i]!.values, sources, settings),
        auc: mean(at(group, seeds).map(one => resultOf(one).auc ?? Number.NaN)),
        ...(difference && { difference }),
      })
    }
  }
  return scores
}

/** Differences of losses or areas, of which less is better, from one of them. */
function comparedWith(
  name: string,
  measured: readonly Measured[],
  sources: readonly number[],
  settings: ReturnType<typeof settingsOf>,
): ReadonlyMap<string, Difference> {
  const own = measured.find(({ selector }) => selector === name)
  const others = measured.filter(({ selector }) => selector !== name)
  return own ? differences(own.values, others, sources, false, settings) : new Map()
}

/** Greedy-pig's settings, one changed at a time, on the same models. */
async function ablationOf(results: TabularResults, part: Part, seed: number): Promise<AblationScore[]> {
  const { source, training, found, ablation } = part
  const settings = settingsOf(source, seed)
  const defaults = found.filter(({ asked: { selector } }) => selector.name === reference)
  const groups = new Map<string, Found[]>([
    ['defaults', defaults.filter(({ asked: { run } }) => source.ablationSeeds.includes(run.seed))],
  ])
  for (const one of ablation) {
    const name = changed(one.asked, defaults[0]?.asked)
    groups.set(name, [...(groups.get(name) ?? []), one])
  }
  const seeds = commonSeeds(groups)
  if (ablation.length === 0 || seeds.length === 0) return []
  const { sources, measured } = await measuredOf(source, groups, seeds, lossAreaOf, one => results.rowAreas(one.asked))
  const compared = comparedWith('defaults', measured, sources, settings)
  const valid = source.design ? seeds.filter(one => isValid(results, at(found, [one])[0]!)) : []
  return [...groups].map(([name, group], i): AblationScore => {
    const difference = compared.get(name)
    return {
      table: source.name,
      training,
      settings: name,
      n: sources.length,
      area: meanInterval(measured[i]!.values, sources, settings),
      ...(difference && { difference }),
      ...(valid.length > 0 && { cues: meanInterval(at(group, valid).map(cuesOf), valid, settings) }),
      gradients: mean(at(group, seeds).map(({ value }) => value.gradients)) / source.outline(seeds[0]!).rows.train,
    }
  })
}

/** Options that differ from the defaults', in words. */
const changed = ({ options }: Asked, defaults: Asked | undefined): string =>
  Object.entries(options)
    .filter(([name, value]) => value !== defaults?.options[name])
    .map(([name, value]) => `${name}=${value}`)
    .join(', ')

function barsOf({ sources }: TabularResults, scores: readonly SelectorScore[]): Bar[] {
  return sources.flatMap(source =>
    trainings.flatMap((training): Bar[] => {
      const own = scores.filter(score => score.table === source.name && score.training === training)
      const greedy = own.find(({ selector }) => selector === reference)
      if (!greedy) return []
      return source.design?.copiesOnly ? cueBar(greedy, own) : source.design ? [] : areaBar(greedy, own)
    }),
  )
}

/** Where a model itself is better off with a copy, exact greedy selection takes it too: its count stands beside. */
function cueBar({ table, training, complete }: SelectorScore, all: readonly SelectorScore[]): Bar[] {
  if (!complete) return []
  const { count, of, low, high } = complete
  const exact = all.find(({ selector }) => selector === 'forward-selection')?.complete
  const detail = `${count} of ${of} models, share ${low.toFixed(2)} to ${high.toFixed(2)}${exact ? `; exact greedy selection ${exact.count} of ${exact.of}` : ''}`
  return [{ statement: `${table}, ${training} training: every cue comes before any copy`, met: count === of, detail }]
}

/** Best, or the paired difference from the best is not resolved by its interval. */
function areaBar(greedy: SelectorScore, all: readonly SelectorScore[]): Bar[] {
  const best = all.reduce((least, score) => (score.area.value < least.area.value ? score : least), greedy)
  const statement = `${greedy.table}, ${greedy.training} training: the area below the loss is the best or within the interval of the best`
  if (best === greedy) return [{ statement, met: true, detail: `the best, ${greedy.area.value.toFixed(4)}` }]
  const difference = best.areaDifference
  const within = difference?.low != null && difference.high != null && difference.low <= 0 && difference.high >= 0
  const interval = difference?.low == null ? 'no interval' : `${difference.low.toFixed(4)} to ${difference.high?.toFixed(4)}`
  const detail = `${greedy.area.value.toFixed(4)}; ${best.selector} ${best.area.value.toFixed(4)}, difference ${interval}`
  return [{ statement, met: within, detail }]
}
