/** @file From nodes to rows: means with intervals, and paired differences from Greedy PIG. */
import {
  bootstrapDifference,
  bootstrapMean,
  bootstrapPValue,
  detectableDifference,
  holm,
  standardDeviation,
} from '../../../statistics/index.js'
import { explainers, listedOrder } from '../explainers/index.js'
import { compressionMeasures, nodeMeasures } from './measures.js'
import type { GraphScores } from './study.js'

interface Interval {
  readonly value: number
  readonly low: number
  readonly high: number
}

/** Greedy PIG minus a rival, on the nodes that both have. */
interface Versus extends Interval {
  readonly n: number
  /** 2.8 s / sqrt(n): smaller differences are not resolved. */
  readonly detectable: number
  /** Of no difference, adjusted by Holm over the rivals. */
  readonly p: number
  readonly verdict: 'better' | 'worse' | 'not resolved'
}

export interface SummaryRow {
  readonly graph: string
  readonly architecture: string
  readonly task: 'nodes' | 'compression'
  readonly measure: string
  readonly title: string
  readonly higherIsBetter: boolean
  readonly method: string
  readonly control: boolean
  readonly score: Interval
  readonly n: number
  /** Mean gradients per explanation. */
  readonly gradients: number
  /** Undefined for Greedy PIG itself. */
  readonly versus?: Versus
}

/** What others are compared with, on its default objective. */
const champion = 'greedy-pig'

interface Column {
  readonly method: string
  readonly gradients: number
  /** One per row of sources; null where there is none. */
  readonly values: readonly (number | null)[]
}

const isControl = (name: string): boolean => explainers.find(one => one.name === name)?.control === true

type Header = Pick<SummaryRow, 'graph' | 'architecture' | 'task' | 'measure' | 'title' | 'higherIsBetter'>

function rowsOf(header: Header, columns: readonly Column[], sources: readonly number[], seed: number): SummaryRow[] {
  const best = columns.find(({ method }) => method === champion)
  const made = columns.flatMap(({ method, values, gradients }) => {
    const here = values.flatMap((value, i) => (value === null ? [] : [i]))
    if (here.length === 0) return []
    const pick = (list: readonly (number | null)[], at: readonly number[]): number[] => at.map(i => list[i]!)
    const { value, low, high } = bootstrapMean(
      pick(values, here),
      here.map(i => sources[i]!),
      { seed },
    )
    const both = best && method !== champion ? here.filter(i => best.values[i] !== null) : []
    const compared =
      both.length > 1
        ? compare(
            pick(best!.values, both),
            pick(values, both),
            both.map(i => sources[i]!),
            seed,
          )
        : undefined
    return [{ method, score: { value, low, high }, n: here.length, gradients, compared }]
  })
  const adjusted = holm(made.map(({ compared }) => compared?.p ?? Number.NaN))
  return made.map(({ compared, method, ...row }, i) => ({
    ...header,
    method,
    control: isControl(method),
    ...row,
    ...(compared
      ? { versus: { ...compared, p: adjusted[i]!, verdict: verdictOf(compared, adjusted[i]!, header.higherIsBetter) } }
      : {}),
  }))
}

function compare(own: readonly number[], other: readonly number[], sources: readonly number[], seed: number) {
  const estimate = bootstrapDifference(own, other, sources, { seed })
  const differences = own.map((value, i) => value - other[i]!)
  return {
    value: estimate.value,
    low: estimate.low,
    high: estimate.high,
    n: own.length,
    detectable: detectableDifference(standardDeviation(differences), own.length),
    p: bootstrapPValue(estimate),
  }
}

/** Better or worse where the interval leaves 0 out, Holm's p is at most 5%, and the difference is one that so many nodes can show. */
function verdictOf({ value, low, high, detectable }: Omit<Versus, 'verdict'>, p: number, higher: boolean): Versus['verdict'] {
  if (!(low > 0 || high < 0) || !(p <= 0.05) || Math.abs(value) < detectable) return 'not resolved'
  return value > 0 === higher ? 'better' : 'worse'
}

/** Nodes of one motif are one source: they share their edges. */
const sourcesOf = ({ nodes }: GraphScores): number[] => nodes.map(({ motif, node }) => (motif ? -1 - motif.number : node))

export function summaryOf(scores: readonly GraphScores[], seed: number): SummaryRow[] {
  return scores.flatMap(one => {
    const place = { graph: one.graph.name, architecture: one.architecture } as const
    const methods = listedOrder(Object.keys(one.nodes[0]?.methods ?? {}))
    const columns = (of: (typeof nodeMeasures)[number]['of']): Column[] =>
      methods.map(method => {
        const found = one.nodes.map(({ methods: all }) => all[method] ?? null)
        const costs = found.flatMap(value => (value ? [value.cost.gradients] : []))
        return {
          method,
          gradients: costs.reduce((sum, cost) => sum + cost, 0) / Math.max(1, costs.length),
          values: found.map(value => value && of(value)),
        }
      })
    const nodes = nodeMeasures.flatMap(({ name: measure, title, higherIsBetter, of }) =>
      rowsOf({ ...place, task: 'nodes', measure, title, higherIsBetter }, columns(of), sourcesOf(one), seed),
    )
    const { test } = one.graph.splits
    const compressed = compressionMeasures.flatMap(({ name: measure, title, higherIsBetter, of }) =>
      rowsOf(
        { ...place, task: 'compression', measure, title, higherIsBetter },
        [...one.compression].map(([method, value]) => ({ method, gradients: value.cost.gradients, values: of(value) })),
        [...test],
        seed,
      ),
    )
    return [...nodes, ...compressed]
  })
}

/** Whether motifs are what a network looks at, measured: ground truth counts only where both hold. */
export interface Gate {
  readonly graph: string
  readonly architecture: string
  readonly accuracy: number
  /** Share of the explained nodes whose prediction changes without their motif; undefined where there are no motifs. */
  readonly flips: number | undefined
  readonly n: number
  readonly counts: boolean
}

const least = { accuracy: 0.95, flips: 0.9 } as const

export const gatesOf = (scores: readonly GraphScores[]): Gate[] =>
  scores.map(({ graph, architecture, accuracy, nodes }) => {
    const inside = nodes.flatMap(({ motif }) => (motif ? [motif.flips] : []))
    const flips = inside.length === 0 ? undefined : inside.filter(Boolean).length / inside.length
    const counts = flips !== undefined && accuracy >= least.accuracy && flips >= least.flips
    return { graph: graph.name, architecture, accuracy, flips, n: inside.length, counts }
  })
